/* call_object: the objects of eth_call and its kin: a message, and what is to be different of the
 * state and the block around it. Names that are not known are refused in overrides, where a typing
 * error would change the answer in silence. */
#include "rpc/rpc_internal.h"

/* member returns an object's member, NULL when absent or null. */
static const struct json *member(const struct json *object, const char *name)
{
    const struct json *j = json_get(object, name);
    return j && json_is_null(j) ? NULL : j;
}

/* known tells whether every member of an object is one of the names. */
static bool known(struct rpc_call *c, const struct json *object, const char *what,
                  const char *const *names, size_t count)
{
    for (const struct json *m = json_first(object); m; m = json_next(m)) {
        size_t i = 0;
        while (i < count && strcmp(json_key(m), names[i]) != 0)
            i++;
        if (i == count)
            return rpc_fail(c, RPC_PARAMS, "%s has an unknown member \"%.60s\"", what, json_key(m));
    }
    return true;
}
#define KNOWN(c, object, what, names) known(c, object, what, names, sizeof(names) / sizeof *(names))

/* --- a message -------------------------------------------------------------------------------- */

static bool read_access_list(struct rpc_call *c, const struct json *j, struct call_request *out)
{
    size_t n = json_count(j), k = 0, slots = 0;
    if (!json_is_array(j) || n > RPC_ITEMS_MAX)
        return rpc_fail(c, RPC_PARAMS, "accessList must be an array of at most %u entries",
                        RPC_ITEMS_MAX);
    struct tx_access *list = arena_zalloc(&c->arena, n ? n : 1, sizeof *list);
    for (const struct json *entry = json_first(j); entry; entry = json_next(entry), k++) {
        const struct json *keys = json_get(entry, "storageKeys");
        if (!read_address(c, json_get(entry, "address"), "accessList[].address", &list[k].address))
            return false;
        if (!keys || !json_is_array(keys) || (slots += json_count(keys)) > 16 * RPC_ITEMS_MAX)
            return rpc_fail(c, RPC_PARAMS, "accessList[].storageKeys must be an array");
        struct hash *slot = arena_zalloc(&c->arena, json_count(keys) + 1, sizeof *slot);
        list[k].slots = slot;
        for (const struct json *key = json_first(keys); key; key = json_next(key))
            if (!read_hash(c, key, "a storage key", &slot[list[k].slot_count++]))
                return false;
    }
    out->access = list;
    out->access_count = n;
    return true;
}

static bool read_authorizations(struct rpc_call *c, const struct json *j, struct call_request *out)
{
    size_t n = json_count(j), k = 0;
    if (!json_is_array(j) || n == 0 || n > RPC_ITEMS_MAX)
        return rpc_fail(c, RPC_PARAMS, "authorizationList must be an array of 1 to %u entries",
                        RPC_ITEMS_MAX);
    if (out->is_create)
        return rpc_fail(c, RPC_PARAMS, "a set-code transaction cannot create a contract");
    struct tx_auth *list = arena_zalloc(&c->arena, n, sizeof *list);
    for (const struct json *entry = json_first(j); entry; entry = json_next(entry), k++) {
        const struct json *parity = member(entry, "yParity");
        if (!read_u256(c, member(entry, "chainId"), "authorizationList[].chainId",
                       &list[k].chain_id) ||
            !read_address(c, member(entry, "address"), "authorizationList[].address",
                          &list[k].address) ||
            !read_u64(c, member(entry, "nonce"), "authorizationList[].nonce", &list[k].nonce) ||
            !read_u256(c, parity ? parity : member(entry, "v"), "authorizationList[].yParity",
                       &list[k].y_parity) ||
            !read_u256(c, member(entry, "r"), "authorizationList[].r", &list[k].r) ||
            !read_u256(c, member(entry, "s"), "authorizationList[].s", &list[k].s))
            return false;
    }
    out->auths = list;
    out->auth_count = n;
    return true;
}

static bool has_blobs(struct rpc_call *c)
{
    return chain_genesis(c->chain)->is_ethereum;
}

static bool read_blobs(struct rpc_call *c, const struct json *j, struct call_request *out)
{
    const struct json *hashes = member(j, "blobVersionedHashes"),
                      *fee = member(j, "maxFeePerBlobGas");
    if (member(j, "blobs") || member(j, "commitments") || member(j, "proofs"))
        return rpc_fail(c, RPC_UNSUPPORTED, "blobs themselves are not taken, only their hashes");
    if (fee && !read_u256(c, fee, "maxFeePerBlobGas", &out->max_fee_per_blob_gas))
        return false;
    if (!hashes)
        return true;
    if (!has_blobs(c))
        return rpc_fail(c, RPC_UNSUPPORTED,
                        "transaction type not supported: this chain has no blobs");
    size_t n = json_count(hashes), k = 0;
    if (!json_is_array(hashes) || n == 0 || n > RPC_ITEMS_MAX)
        return rpc_fail(c, RPC_PARAMS, "blobVersionedHashes must be an array of hashes");
    struct hash *list = arena_zalloc(&c->arena, n, sizeof *list);
    for (const struct json *h = json_first(hashes); h; h = json_next(h))
        if (!read_hash(c, h, "a blob's versioned hash", &list[k++]))
            return false;
    out->blob_hashes = list;
    out->blob_hash_count = n;
    return true;
}

static bool read_fees(struct rpc_call *c, const struct json *j, struct call_request *out)
{
    const struct json *price = member(j, "gasPrice"), *fee = member(j, "maxFeePerGas"),
                      *tip = member(j, "maxPriorityFeePerGas");
    if (price && (fee || tip))
        return rpc_fail(c, RPC_PARAMS,
                        "both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified");
    if ((price && !read_u256(c, price, "gasPrice", &out->max_fee)) ||
        (fee && !read_u256(c, fee, "maxFeePerGas", &out->max_fee)) ||
        (tip && !read_u256(c, tip, "maxPriorityFeePerGas", &out->max_priority_fee)))
        return false;
    out->is_legacy = price != NULL;
    if (price)
        out->max_priority_fee = out->max_fee;
    return true;
}

static bool read_input(struct rpc_call *c, const struct json *j, struct call_request *out)
{
    const struct json *data = member(j, "data"), *input = member(j, "input");
    struct bytes other = {0};
    if ((data && !read_data(c, data, "data", &out->data)) ||
        (input && !read_data(c, input, "input", &other)))
        return false;
    if (input && data && !bytes_eq(out->data, other))
        return rpc_fail(c, RPC_PARAMS, "both data and input are set and differ");
    if (input)
        out->data = other;
    return true;
}

/* What names the type or the chain must fit the rest. */
static bool read_marks(struct rpc_call *c, const struct json *j)
{
    const struct json *type = member(j, "type"), *id = member(j, "chainId");
    uint64_t n;
    if (type && (!read_u64(c, type, "type", &n) || n > TX_SET_CODE))
        return rpc_fail(c, RPC_PARAMS, "type must be one of 0x0 to 0x4");
    if (type && n == TX_BLOB && !has_blobs(c))
        return rpc_fail(c, RPC_UNSUPPORTED,
                        "transaction type not supported: this chain has no blobs");
    if (id && !read_u64(c, id, "chainId", &n))
        return false;
    if (id && n != chain_id(c->chain))
        return rpc_fail(c, RPC_PARAMS, "chainId does not match node's (have=%llu, want=%llu)",
                        (unsigned long long)n, (unsigned long long)chain_id(c->chain));
    return true;
}

bool read_call(struct rpc_call *c, const struct json *j, struct call_request *out)
{
    *out = (struct call_request){0};
    if (!j || !json_is_object(j))
        return rpc_fail(c, RPC_PARAMS, "the first parameter must be a transaction object");
    const struct json *from = member(j, "from"), *to = member(j, "to"), *gas = member(j, "gas"),
                      *value = member(j, "value"), *nonce = member(j, "nonce"),
                      *list = member(j, "accessList"), *auths = member(j, "authorizationList");
    out->is_create = to == NULL;
    out->has_nonce = nonce != NULL;
    return (!from || read_address(c, from, "from", &out->from)) &&
           (!to || read_address(c, to, "to", &out->to)) &&
           (!gas || read_u64(c, gas, "gas", &out->gas)) &&
           (!value || read_u256(c, value, "value", &out->value)) &&
           (!nonce || read_u64(c, nonce, "nonce", &out->nonce)) && read_marks(c, j) &&
           read_fees(c, j, out) && read_input(c, j, out) &&
           (!list || read_access_list(c, list, out)) &&
           (!auths || read_authorizations(c, auths, out)) && read_blobs(c, j, out);
}

/* --- overrides -------------------------------------------------------------------------------- */

static bool read_slots(struct rpc_call *c, const struct json *j, const char *what,
                       struct account_override *out)
{
    size_t n = json_count(j), k = 0;
    if (!json_is_object(j) || n > 16 * RPC_ITEMS_MAX)
        return rpc_fail(c, RPC_PARAMS, "%s must be an object of at most %u slots", what,
                        16 * RPC_ITEMS_MAX);
    struct slot_override *slots = arena_zalloc(&c->arena, n + 1, sizeof *slots);
    for (const struct json *m = json_first(j); m; m = json_next(m), k++) {
        const char *key = json_key(m);
        if (strlen(key) != 66 || hash_from_hex(&slots[k].key, key) != E_OK)
            return rpc_fail(c, RPC_PARAMS, "%s: a slot must be 32 bytes (0x and 64 digits)", what);
        if (!read_hash(c, m, "a slot's value", &slots[k].value))
            return false;
    }
    out->slots = slots;
    out->slot_count = n;
    return true;
}

static bool read_account(struct rpc_call *c, const struct json *j, struct account_override *out)
{
    static const char *const names[] = {"nonce", "balance",   "code",
                                        "state", "stateDiff", "movePrecompileToAddress"};
    if (!json_is_object(j))
        return rpc_fail(c, RPC_PARAMS, "a state override must be an object");
    const struct json *nonce = member(j, "nonce"), *balance = member(j, "balance"),
                      *code = member(j, "code"), *state = member(j, "state"),
                      *diff = member(j, "stateDiff"), *move = member(j, "movePrecompileToAddress");
    if (!KNOWN(c, j, "a state override", names))
        return false;
    if (state && diff) {
        char who[43];
        address_text(who, &out->address);
        return rpc_fail(c, RPC_PARAMS, "account %s has both 'state' and 'stateDiff'", who);
    }
    out->has_nonce = nonce != NULL;
    out->has_balance = balance != NULL;
    out->has_code = code != NULL;
    out->has_state = state != NULL;
    out->has_move = move != NULL;
    return (!nonce || read_u64(c, nonce, "nonce", &out->nonce)) &&
           (!balance || read_u256(c, balance, "balance", &out->balance)) &&
           (!code || read_data(c, code, "code", &out->code)) &&
           (!state || read_slots(c, state, "state", out)) &&
           (!diff || read_slots(c, diff, "stateDiff", out)) &&
           (!move || read_address(c, move, "movePrecompileToAddress", &out->move_to));
}

bool read_state_override(struct rpc_call *c, const struct json *j, struct state_override *out)
{
    size_t n = j ? json_count(j) : 0, k = 0;
    *out = (struct state_override){0};
    if (!j || json_is_null(j))
        return true;
    if (!json_is_object(j) || n > RPC_ITEMS_MAX)
        return rpc_fail(c, RPC_PARAMS, "state overrides must be an object of at most %u accounts",
                        RPC_ITEMS_MAX);
    struct account_override *accounts = arena_zalloc(&c->arena, n + 1, sizeof *accounts);
    for (const struct json *m = json_first(j); m; m = json_next(m), k++) {
        const char *key = json_key(m);
        if (strlen(key) != 42 || address_from_hex(&accounts[k].address, key) != E_OK)
            return rpc_fail(c, RPC_PARAMS, "state overrides: \"%.60s\" is not an address", key);
        for (size_t i = 0; i < k; i++)
            if (address_eq(&accounts[i].address, &accounts[k].address))
                return rpc_fail(c, RPC_PARAMS, "state overrides: %s is there twice", key);
        if (!read_account(c, m, &accounts[k]))
            return false;
    }
    out->accounts = accounts;
    out->count = n;
    return true;
}

static bool read_withdrawals(struct rpc_call *c, const struct json *j, struct block_override *out)
{
    size_t n = json_count(j), k = 0;
    if (!json_is_array(j) || n > RPC_ITEMS_MAX)
        return rpc_fail(c, RPC_PARAMS, "withdrawals must be an array");
    if (n && !has_blobs(c))
        return rpc_fail(c, RPC_UNSUPPORTED, "this chain has no withdrawals");
    struct withdrawal *list = arena_zalloc(&c->arena, n + 1, sizeof *list);
    for (const struct json *w = json_first(j); w; w = json_next(w), k++)
        if (!read_u64(c, member(w, "index"), "withdrawals[].index", &list[k].index) ||
            !read_u64(c, member(w, "validatorIndex"), "withdrawals[].validatorIndex",
                      &list[k].validator_index) ||
            !read_address(c, member(w, "address"), "withdrawals[].address", &list[k].address) ||
            !read_u64(c, member(w, "amount"), "withdrawals[].amount", &list[k].amount_gwei))
            return false;
    out->withdrawals = list;
    out->withdrawal_count = n;
    return true;
}

bool read_block_override(struct rpc_call *c, const struct json *j, bool of_block,
                         struct block_override *out)
{
    static const char *const names[] = {"number",     "time",       "gasLimit",      "feeRecipient",
                                        "prevRandao", "difficulty", "baseFeePerGas", "blobBaseFee",
                                        "beaconRoot", "withdrawals"};
    *out = (struct block_override){0};
    if (!j || json_is_null(j))
        return true;
    if (!json_is_object(j))
        return rpc_fail(c, RPC_PARAMS, "block overrides must be an object");
    if (!KNOWN(c, j, "the block overrides", names))
        return false;
    const struct json *number = member(j, "number"), *time = member(j, "time"),
                      *gas = member(j, "gasLimit"), *recipient = member(j, "feeRecipient"),
                      *randao = member(j, "prevRandao"), *difficulty = member(j, "difficulty"),
                      *fee = member(j, "baseFeePerGas"), *blob_fee = member(j, "blobBaseFee"),
                      *beacon = member(j, "beaconRoot"), *withdrawals = member(j, "withdrawals");
    if (!of_block && (beacon || withdrawals))
        return rpc_fail(c, RPC_PARAMS, "block override \"%s\" is not supported for this RPC method",
                        beacon ? "beaconRoot" : "withdrawals");
    out->has_number = number != NULL;
    out->has_time = time != NULL;
    out->has_gas_limit = gas != NULL;
    out->has_beneficiary = recipient != NULL;
    out->has_prev_randao = randao != NULL;
    out->has_difficulty = difficulty != NULL;
    out->has_base_fee = fee != NULL;
    out->has_blob_base_fee = blob_fee != NULL;
    out->has_beacon_root = beacon != NULL;
    return (!number || read_u64(c, number, "number", &out->number)) &&
           (!time || read_u64(c, time, "time", &out->time_s)) &&
           (!gas || read_u64(c, gas, "gasLimit", &out->gas_limit)) &&
           (!recipient || read_address(c, recipient, "feeRecipient", &out->beneficiary)) &&
           (!randao || read_hash(c, randao, "prevRandao", &out->prev_randao)) &&
           (!difficulty || read_u256(c, difficulty, "difficulty", &out->difficulty)) &&
           (!fee || read_u256(c, fee, "baseFeePerGas", &out->base_fee)) &&
           (!blob_fee || read_u256(c, blob_fee, "blobBaseFee", &out->blob_base_fee)) &&
           (!beacon || read_hash(c, beacon, "beaconRoot", &out->beacon_root)) &&
           (!withdrawals || read_withdrawals(c, withdrawals, out));
}
