/* fuzz_tx: transactions, receipts and headers. What decodes encodes to the same bytes; what a
 * transaction's decoder accepts never breaks the checks behind it. */
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "chain/block.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t KEY[32] = {[31] = 1};

/* Signing the decoded fields anew encodes every one of them: decoding that again must give the same
 * fields, and recovering must give the signer. */
static void check_signing(const struct tx *t, struct arena *a)
{
    struct tx mine = *t, back;
    if (mine.has_chain_id && mine.chain_id > TX_CHAIN_ID_MAX)
        return;
    enum err e = tx_sign(&mine, a, KEY);
    ASSERT(e == E_OK);
    e = tx_decode(&back, a, mine.raw);
    if (e == E_TX_TOO_LARGE) /* the new signature may be a byte or two longer */
        return;
    ASSERT(e == E_OK && hash_eq(&back.hash, &mine.hash));
    ASSERT(back.type == t->type && back.nonce == t->nonce && back.gas_limit == t->gas_limit);
    ASSERT(back.has_chain_id == t->has_chain_id && back.chain_id == t->chain_id);
    ASSERT(u256_eq(back.value, t->value) && u256_eq(back.max_fee, t->max_fee));
    ASSERT(u256_eq(back.max_priority_fee, t->max_priority_fee));
    ASSERT(back.is_create == t->is_create && address_eq(&back.to, &t->to));
    ASSERT(bytes_eq(back.data, t->data) && back.access_count == t->access_count);
    ASSERT(back.auth_count == t->auth_count && back.blob_hash_count == t->blob_hash_count);
    e = tx_recover(&back);
    ASSERT(e == E_OK && address_eq(&back.sender, &mine.sender));
}

static void try_tx(struct bytes b, struct arena *a)
{
    struct tx t;
    uint64_t gas, floor;
    if (tx_decode(&t, a, b) != E_OK)
        return;
    ASSERT(b.len <= LIMIT_TX_BYTES && t.raw.len == b.len && !t.has_sender);
    for (int fork = 0; fork < FORK_COUNT; fork++) {
        enum err e = tx_intrinsic_gas(&t, (enum fork)fork, &gas, &floor);
        ASSERT(e == E_OK && gas >= 21000 && (floor == 0 || floor >= 21000));
        if (tx_check(&t, (enum fork)fork, 0, 6) == E_OK)
            ASSERT(t.gas_limit >= gas && t.gas_limit >= floor && t.nonce < UINT64_MAX);
    }
    enum err e = tx_recover(&t);
    ASSERT(e == E_OK || e == E_SIGNATURE);
    ASSERT(t.has_sender == (e == E_OK));
    check_signing(&t, a);
}

static void try_receipt(struct bytes b, struct arena *a)
{
    struct receipt r;
    struct buf out = {0};
    if (receipt_decode(&r, a, b) == E_OK) {
        receipt_encode(&out, &r);
        ASSERT(bytes_eq(buf_view(&out), b));
    }
    buf_free(&out);
}

static void try_header(struct bytes b)
{
    struct header h;
    struct buf out = {0};
    if (header_decode(&h, b) == E_OK) {
        header_encode(&out, &h);
        ASSERT(bytes_eq(buf_view(&out), b));
    }
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct bytes b = bytes_of(data, size);
    try_tx(b, &a);
    try_receipt(b, &a);
    try_header(b);
    arena_free(&a);
    return 0;
}
