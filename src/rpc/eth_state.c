/* State: balances, nonces, code, storage and proofs.
 *
 * Long values  a city service keeps records of any length in a slot. eth_getStorageAt answers 32
 *              bytes always: such a record's keccak256 (parvis_getStorage gives the record itself).
 *              eth_getProof gives a record longer than 32 bytes as DATA with all its bytes, since
 *              that is what the proof proves; words are QUANTITYs as Ethereum has them. */
#include "crypto/keccak.h"
#include "rpc/methods.h"
#include "state/account.h"

/* state_of opens the state named by parameter i. */
static bool state_of(struct rpc_call *c, size_t i, struct statedb_view **out, bool *pending_out)
{
    uint64_t number;
    if (!param_block(c, i, &number, pending_out))
        return false;
    enum err e = chain_state_at(c->view, number, out);
    return e == E_OK || rpc_fail_err(c, e);
}

static bool account_of(struct rpc_call *c, struct statedb_view *s, const struct address *a,
                       struct account *out)
{
    bool exists;
    const struct state_reader *reader = statedb_view_reader(s);
    enum err e = reader->account(reader->ctx, a, out, &exists);
    return e == E_OK || rpc_fail_err(c, e);
}

bool eth_get_balance(struct rpc_call *c)
{
    struct address a;
    struct statedb_view *s;
    struct account account;
    if (!param_address(c, 0, &a) || !state_of(c, 1, &s, NULL) || !account_of(c, s, &a, &account))
        return false;
    json_put_quantity_u256(c->out, account.balance);
    return true;
}

bool eth_get_nonce(struct rpc_call *c)
{
    struct address a;
    struct statedb_view *s;
    struct account account;
    bool pending;
    if (!param_address(c, 0, &a) || !state_of(c, 1, &s, &pending) ||
        !account_of(c, s, &a, &account))
        return false;
    struct pool *pool = chain_pool(c->chain);
    if (pending && pool)
        account.nonce = pool_next_nonce(pool, &a, account.nonce);
    json_put_quantity(c->out, account.nonce);
    return true;
}

bool eth_get_code(struct rpc_call *c)
{
    struct address a;
    struct statedb_view *s;
    struct account account;
    if (!param_address(c, 0, &a) || !state_of(c, 1, &s, NULL) || !account_of(c, s, &a, &account))
        return false;
    buf_clear(&c->scratch);
    if (!hash_eq(&account.code_hash, &KECCAK_EMPTY)) {
        const struct state_reader *reader = statedb_view_reader(s);
        enum err e = reader->code(reader->ctx, &account.code_hash, &c->scratch);
        if (e != E_OK)
            return rpc_fail_err(c, e);
    }
    json_put_data(c->out, c->scratch.data, c->scratch.len);
    return true;
}

/* record_of reads a slot into c->scratch. */
static bool record_of(struct rpc_call *c)
{
    struct address a;
    struct hash slot;
    struct statedb_view *s;
    if (!param_address(c, 0, &a) || !read_slot(c, param(c, 1), &slot) || !state_of(c, 2, &s, NULL))
        return false;
    const struct state_reader *reader = statedb_view_reader(s);
    buf_clear(&c->scratch);
    enum err e = reader->storage(reader->ctx, &a, &slot, &c->scratch);
    return e == E_OK || rpc_fail_err(c, e);
}

/* A slot's 32 bytes as eth_getStorageAt has them. */
static struct hash word_of(struct bytes record)
{
    struct hash word = {{0}};
    if (record.len > 32)
        word = keccak256_of(record);
    else if (record.len)
        memcpy(word.b + 32 - record.len, record.data, record.len);
    return word;
}

bool eth_get_storage_at(struct rpc_call *c)
{
    if (!record_of(c))
        return false;
    struct hash word = word_of(buf_view(&c->scratch));
    put_hash(c->out, &word);
    return true;
}

bool parvis_get_storage(struct rpc_call *c)
{
    if (!record_of(c))
        return false;
    json_put_data(c->out, c->scratch.data, c->scratch.len);
    return true;
}

static bool put_values(struct rpc_call *c, struct statedb_view *s, const struct json *slots)
{
    struct address a;
    const char *who = json_key(slots);
    const struct state_reader *reader = statedb_view_reader(s);
    if (strlen(who) != 42 || address_from_hex(&a, who) != E_OK)
        return rpc_fail(c, RPC_PARAMS, "\"%.60s\" is not an address", who);
    if (!json_is_array(slots))
        return rpc_fail(c, RPC_PARAMS, "the slots of %s must be an array", who);
    json_put_key(c->out, who);
    json_open(c->out, '[');
    for (const struct json *key = json_first(slots); key; key = json_next(key)) {
        struct hash slot;
        if (!read_slot(c, key, &slot))
            return false;
        buf_clear(&c->scratch);
        enum err e = reader->storage(reader->ctx, &a, &slot, &c->scratch);
        if (e != E_OK)
            return rpc_fail_err(c, e);
        struct hash word = word_of(buf_view(&c->scratch));
        put_hash(c->out, &word);
    }
    json_close(c->out, ']');
    return true;
}

bool eth_get_storage_values(struct rpc_call *c)
{
    struct statedb_view *s;
    const struct json *wanted = param(c, 0);
    size_t count = 0;
    if (!wanted || !json_is_object(wanted))
        return rpc_fail(c, RPC_PARAMS, "give an object of accounts and their slots");
    for (const struct json *m = json_first(wanted); m; m = json_next(m))
        count += json_count(m);
    if (json_count(wanted) == 0)
        return rpc_fail(c, RPC_PARAMS, "empty request");
    if (count > RPC_PROOF_KEYS_MAX)
        return rpc_fail(c, RPC_PARAMS, "too many slots (max %u)", RPC_PROOF_KEYS_MAX);
    if (!state_of(c, 1, &s, NULL))
        return false;
    json_open(c->out, '{');
    for (const struct json *m = json_first(wanted); m; m = json_next(m))
        if (!put_values(c, s, m))
            return false;
    json_close(c->out, '}');
    return true;
}

bool put_proof(struct rpc_call *c, const char *name)
{
    struct rlp list = rlp_reader(buf_view(&c->scratch)), nodes;
    enum err e = rlp_next_list(&list, &nodes);
    json_put_key(c->out, name);
    json_open(c->out, '[');
    while (e == E_OK && !rlp_at_end(&nodes)) {
        struct bytes node;
        e = rlp_next_string(&nodes, &node);
        if (e == E_OK)
            json_put_data(c->out, node.data, node.len);
    }
    json_close(c->out, ']');
    return e == E_OK || rpc_fail(c, RPC_INTERNAL, "malformed proof");
}

static bool put_storage_proof(struct rpc_call *c, struct statedb_view *s, const struct address *a,
                              const struct json *key)
{
    struct hash slot;
    if (!read_slot(c, key, &slot))
        return false;
    const struct state_reader *reader = statedb_view_reader(s);
    buf_clear(&c->scratch);
    enum err e = reader->storage(reader->ctx, a, &slot, &c->scratch);
    if (e != E_OK)
        return rpc_fail_err(c, e);
    json_open(c->out, '{');
    json_put_key(c->out, "key");
    if (strlen(json_text(key)) == 66)
        put_hash(c->out, &slot);
    else /* a short name is a number */
        json_put_quantity_u256(c->out, u256_from_be(slot.b));
    json_put_key(c->out, "value");
    if (c->scratch.len > 32)
        json_put_data(c->out, c->scratch.data, c->scratch.len);
    else
        json_put_quantity_u256(c->out, u256_from_be_min(buf_view(&c->scratch)));
    buf_clear(&c->scratch);
    e = statedb_prove_storage(s, a, &slot, &c->scratch);
    if (e != E_OK)
        return rpc_fail_err(c, e);
    if (!put_proof(c, "proof"))
        return false;
    json_close(c->out, '}');
    return true;
}

bool eth_get_proof(struct rpc_call *c)
{
    struct address a;
    struct statedb_view *s;
    struct account account;
    const struct json *keys = param(c, 1);
    if (!param_address(c, 0, &a))
        return false;
    if (!keys || !json_is_array(keys) || json_count(keys) > RPC_PROOF_KEYS_MAX)
        return rpc_fail(c, RPC_PARAMS, "the storage keys must be an array of at most %u",
                        RPC_PROOF_KEYS_MAX);
    if (!state_of(c, 2, &s, NULL) || !account_of(c, s, &a, &account))
        return false;
    struct buf *out = c->out;
    buf_clear(&c->scratch);
    enum err e = statedb_prove_account(s, &a, &c->scratch);
    if (e != E_OK)
        return rpc_fail_err(c, e);
    json_open(out, '{');
    json_put_key(out, "address");
    put_address(out, &a);
    if (!put_proof(c, "accountProof"))
        return false;
    json_put_key(out, "balance");
    json_put_quantity_u256(out, account.balance);
    json_put_key(out, "codeHash");
    put_hash(out, &account.code_hash);
    json_put_key(out, "nonce");
    json_put_quantity(out, account.nonce);
    json_put_key(out, "storageHash");
    put_hash(out, &account.storage_root);
    json_put_key(out, "storageProof");
    json_open(out, '[');
    for (const struct json *key = json_first(keys); key; key = json_next(key))
        if (!call_in_time(c) || !put_storage_proof(c, s, &a, key))
            return false;
    json_close(out, ']');
    json_close(out, '}');
    return true;
}
