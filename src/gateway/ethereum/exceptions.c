#include "gateway/ethereum/exceptions.h"

#include <stddef.h>
#include <string.h>

/* A name may stand in several rows: each refusal it allows. */
static const struct {
    const char *name;
    enum err e;
} ROWS[] = {
    /* execution-spec-tests, without "TransactionException." */
    {"GAS_ALLOWANCE_EXCEEDED", E_TX_GAS_LIMIT},
    {"GAS_LIMIT_EXCEEDS_MAXIMUM", E_TX_GAS_LIMIT},
    {"INITCODE_SIZE_EXCEEDED", E_TX_INITCODE},
    {"INSUFFICIENT_ACCOUNT_FUNDS", E_TX_FUNDS},
    {"INSUFFICIENT_MAX_FEE_PER_BLOB_GAS", E_TX_BLOB_FEE},
    {"INSUFFICIENT_MAX_FEE_PER_GAS", E_TX_FEE},
    {"INTRINSIC_GAS_BELOW_FLOOR_GAS_COST", E_TX_INTRINSIC_GAS},
    {"INTRINSIC_GAS_TOO_LOW", E_TX_INTRINSIC_GAS},
    {"INVALID_CHAINID", E_TX_CHAIN_ID},
    {"INVALID_SIGNATURE_VRS", E_SIGNATURE},
    {"NONCE_IS_MAX", E_TX_NONCE_MAX},
    {"NONCE_MISMATCH_TOO_HIGH", E_TX_NONCE_HIGH},
    {"NONCE_MISMATCH_TOO_LOW", E_TX_NONCE_LOW},
    {"PRIORITY_GREATER_THAN_MAX_FEE_PER_GAS", E_TX_FEE},
    {"SENDER_NOT_EOA", E_TX_SENDER_CODE},
    {"TYPE_1_TX_PRE_FORK", E_TX_TYPE},
    {"TYPE_2_TX_PRE_FORK", E_TX_TYPE},
    {"TYPE_3_TX_BLOB_COUNT_EXCEEDED", E_TX_BLOBS},
    {"TYPE_3_TX_CONTRACT_CREATION", E_TX_CREATE},
    {"TYPE_3_TX_INVALID_BLOB_VERSIONED_HASH", E_TX_BLOBS},
    {"TYPE_3_TX_MAX_BLOB_GAS_ALLOWANCE_EXCEEDED", E_TX_BLOBS},
    {"TYPE_3_TX_PRE_FORK", E_TX_TYPE},
    {"TYPE_3_TX_ZERO_BLOBS", E_TX_BLOBS},
    {"TYPE_3_TX_ZERO_BLOBS_PRE_FORK", E_TX_TYPE},
    {"TYPE_4_EMPTY_AUTHORIZATION_LIST", E_TX_AUTHS},
    {"TYPE_4_TX_CONTRACT_CREATION", E_TX_CREATE},
    {"TYPE_4_TX_PRE_FORK", E_TX_TYPE},
    /* ethereum/tests */
    {"IntrinsicGas", E_TX_INTRINSIC_GAS},
    {"SenderNotEOA", E_TX_SENDER_CODE},
    {"TR_BLOBCREATE", E_TX_CREATE},
    {"TR_BLOBLIST_OVERSIZE", E_TX_BLOBS},
    {"TR_BLOBVERSION_INVALID", E_TX_BLOBS},
    {"TR_EMPTYBLOB", E_TX_BLOBS},
    {"TR_FeeCapLessThanBlocks", E_TX_FEE},
    {"TR_GasLimitReached", E_TX_GAS_LIMIT},
    {"TR_InitCodeLimitExceeded", E_TX_INITCODE},
    {"TR_IntrinsicGas", E_TX_INTRINSIC_GAS},
    {"TR_NoFunds", E_TX_FUNDS},
    {"TR_NoFundsOrGas", E_TX_FUNDS},
    {"TR_NoFundsOrGas", E_TX_INTRINSIC_GAS},
    {"TR_NoFundsX", E_TX_FUNDS},
    {"TR_NonceHasMaxValue", E_TX_NONCE_MAX},
    {"TR_NonceTooHigh", E_TX_NONCE_HIGH},
    {"TR_NonceTooLow", E_TX_NONCE_LOW},
    {"TR_RLP_WRONGVALUE", E_RLP},
    {"TR_RLP_WRONGVALUE", E_RANGE},
    {"TR_TipGtFeeCap", E_TX_FEE},
    {"TR_TypeNotSupported", E_TX_TYPE},
};

/* One name, of len characters. */
static bool allows(const char *name, size_t len, enum err e)
{
    bool known = false;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++)
        if (strlen(ROWS[i].name) == len && strncmp(ROWS[i].name, name, len) == 0) {
            known = true;
            if (ROWS[i].e == e)
                return true;
        }
    return !known;
}

bool exception_allows(const char *expected, enum err e)
{
    static const char PREFIX[] = "TransactionException.";
    if (e == E_OK)
        return false;
    while (*expected) {
        size_t len = strcspn(expected, "|");
        size_t skip = strncmp(expected, PREFIX, sizeof PREFIX - 1) == 0 ? sizeof PREFIX - 1 : 0;
        if (allows(expected + skip, len - skip, e))
            return true;
        expected += len + (expected[len] == '|');
    }
    return false;
}
