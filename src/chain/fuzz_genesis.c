/* fuzz_genesis: any text is either refused with a message, or parsed, applied to an empty state,
 * and parsed again from its kept text to the same values. */
#include <stddef.h>
#include <stdint.h>

#include "chain/genesis.h"
#include "city/service.h"
#include "evm/test_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_values(const struct genesis *g)
{
    ASSERT(g->chain_id >= 1 && g->chain_id <= TX_CHAIN_ID_MAX);
    ASSERT(g->gas_limit >= 21000 && g->gas_limit < 1ULL << 53);
    ASSERT(g->extra_data_len <= sizeof g->extra_data);
    ASSERT(!address_is_zero(&g->proposer));
}

/* Twice from the same text: the same nonce, balance and code for every allocated account. */
static void check_alloc(const struct genesis *g, struct state *one, struct state *two)
{
    const struct json *m = json_first(json_get(g->json, "alloc"));
    for (; m; m = json_next(m)) {
        struct address a;
        enum err e = address_from_hex(&a, json_key(m));
        ASSERT(e == E_OK);
        struct hash code_one = state_code_hash(one, &a), code_two = state_code_hash(two, &a);
        ASSERT(state_nonce(one, &a) == state_nonce(two, &a));
        ASSERT(u256_eq(state_balance(one, &a), state_balance(two, &a)));
        ASSERT(hash_eq(&code_one, &code_two));
        ASSERT(state_has_storage(one, &a) == state_has_storage(two, &a));
    }
}

/* An Ethereum chain's genesis: block 0's header has the form of its rules and can be encoded. */
static void try_ethereum(struct bytes text)
{
    struct genesis g;
    struct diag d = {{0}};
    struct hash root = {{0}};
    struct buf rlp = {0};
    enum err e = genesis_parse_ethereum(&g, text, &d);
    if (e != E_OK) {
        ASSERT((e == E_JSON || e == E_GENESIS) && d.text[0] && !g.json);
        return;
    }
    ASSERT(g.is_ethereum && g.extra_data_len <= sizeof g.extra_data);
    struct state *s = state_new(&EMPTY_READER);
    e = genesis_apply(&g, s, &d);
    ASSERT(e == E_OK);
    state_free(s);
    struct header h = genesis_header(&g, &root), back;
    header_encode(&rlp, &h);
    e = header_decode(&back, buf_view(&rlp));
    ASSERT(e == E_OK && back.form == h.form);
    buf_free(&rlp);
    genesis_free(&g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct genesis g, again;
    struct diag d = {{0}};
    try_ethereum(bytes_of(data, size));
    enum err e = genesis_parse(&g, bytes_of(data, size), &d);
    if (e != E_OK) {
        ASSERT(e == E_JSON || e == E_GENESIS);
        ASSERT(d.text[0] && !g.json && !g.text.data);
        return 0;
    }
    check_values(&g);
    e = genesis_parse(&again, buf_view(&g.text), &d);
    ASSERT(e == E_OK && again.chain_id == g.chain_id && again.gas_limit == g.gas_limit);
    struct state *one = state_new(&EMPTY_READER), *two = state_new(&EMPTY_READER);
    e = genesis_apply(&g, one, &d);
    ASSERT(e == E_OK || e == E_GENESIS);
    enum err e2 = genesis_apply(&again, two, &d);
    ASSERT(e == e2);
    if (e == E_OK)
        check_alloc(&g, one, two);
    state_free(one);
    state_free(two);
    genesis_free(&g);
    genesis_free(&again);
    return 0;
}
