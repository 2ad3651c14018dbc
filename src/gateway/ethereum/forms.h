/* forms: the JSON forms in which Ethereum's tests and transition tools give an environment, a
 * transaction and single values.
 *
 * Numbers come as "0x.." with or without leading zeros, decimal, or with the mark "0x:bigint 0x..."
 * that says "too wide on purpose". Byte strings may have an odd digit in front and no "0x". */
#ifndef PARVIS_GATEWAY_ETHEREUM_FORMS_H
#define PARVIS_GATEWAY_ETHEREUM_FORMS_H

#include "chain/tx.h"
#include "codec/json.h"
#include "evm/frame.h"

/* Single values. E_OK | E_JSON (absent, or not of this form) | E_RANGE (too wide). form_data
 * appends. form_hash and form_address pad short values in front. */
enum err form_u64(uint64_t *out, const struct json *j);
enum err form_u256(struct u256 *out, const struct json *j);
enum err form_data(struct buf *out, const struct json *j);
enum err form_hash(struct hash *out, const struct json *j);
enum err form_address(struct address *out, const struct json *j);
/* The same from text (the name of a member). */
enum err form_hash_text(struct hash *out, const char *text);
enum err form_address_text(struct address *out, const char *text);

/* form_env reads currentCoinbase, currentGasLimit, currentNumber, currentTimestamp,
 * currentDifficulty, currentRandom, currentBaseFee, currentExcessBlobGas and blockHashes. What is
 * absent is 0, but for the base fee from London on (10) and the excess blob gas. fork, chain_id and
 * what follows from the fork (blobs_max, blob_base_fee; prev_randao for the difficulty from Paris
 * on) are set too. block_hash answers from "blockHashes" if there are any, else as the state tests
 * expect: keccak256 of the decimal number. The map lives in the arena.
 * E_OK | E_JSON, d names the member. */
enum err form_env(struct block_env *out, struct arena *a, const struct json *env, enum fork fork,
                  uint64_t chain_id, struct diag *d);

/* form_tx reads one transaction: {"type"?, "chainId"?, "nonce", "gasPrice" | "maxFeePerGas" +
 * "maxPriorityFeePerGas", "gas" | "gasLimit", "to", "value", "input" | "data", "accessList"?,
 * "maxFeePerBlobGas"?, "blobVersionedHashes"?, "authorizationList"?, "v", "r", "s" | "secretKey",
 * "sender"?, "protected"?}. Without "type" it follows from what is there. With "secretKey" it is
 * signed (a legacy one for the chain unless "protected" is false); else the signature comes from v,
 * r, s and the sender from tx_recover; without either, "sender" is taken at its word. raw and hash
 * are always made. Lists live in the arena.
 * E_OK | E_JSON | E_RANGE | E_TX_TYPE | E_SIGNATURE (v) | E_KEY. */
enum err form_tx(struct tx *out, struct arena *a, const struct json *tx, uint64_t chain_id);

/* Its parts, for state tests, which list several gas limits, values and data. form_tx_common reads
 * what they have once: all but gas, value, data, access list and signature. */
enum err form_tx_common(struct tx *t, struct arena *a, const struct json *tx);
enum err form_access_list(struct tx *t, struct arena *a, const struct json *list);
enum err form_auths(struct tx *t, struct arena *a, const struct json *list);
enum err form_blob_hashes(struct tx *t, struct arena *a, const struct json *list);

#endif
