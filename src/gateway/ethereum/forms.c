#include "gateway/ethereum/forms.h"

#include <stdio.h>

#include "base/lang.h"
#include "chain/schedule.h"
#include "crypto/keccak.h"

#define BIGINT_MARK "0x:bigint "
#define BASE_FEE_DEFAULT 10u /* what the tests mean where they do not say */

/* --- single values ---------------------------------------------------------------------------- */

enum err form_u256(struct u256 *out, const struct json *j)
{
    const char *text = json_text(j);
    struct u256 v;
    if (!text) {
        uint64_t number;
        TRY(json_u64(&number, j));
        *out = u256_from_u64(number);
        return E_OK;
    }
    if (strncmp(text, BIGINT_MARK, strlen(BIGINT_MARK)) == 0)
        text += strlen(BIGINT_MARK);
    if (!text[0] || strcmp(text, "0x") == 0) { /* some fixtures write zero so */
        *out = U256_ZERO;
        return E_OK;
    }
    if (strncmp(text, "0x", 2) == 0) /* u256_parse counts digits; leading zeros say nothing */
        for (text += 2; text[0] == '0' && text[1]; text++)
            ;
    else {
        enum err e = u256_parse(&v, text);
        if (e == E_OK)
            *out = v;
        return e == E_INVALID ? E_JSON : e;
    }
    size_t len = strlen(text);
    char padded[65];
    uint8_t be[32];
    if (strspn(text, "0123456789abcdefABCDEF") != len)
        return E_JSON;
    if (len > 64)
        return E_RANGE;
    memset(padded, '0', 64);
    memcpy(padded + 64 - len, text, len);
    TRY(hex_decode(be, sizeof be, padded, 64));
    *out = u256_from_be(be);
    return E_OK;
}

enum err form_u64(uint64_t *out, const struct json *j)
{
    struct u256 v;
    TRY(form_u256(&v, j));
    if (!u256_fits_u64(v))
        return E_RANGE;
    *out = v.w[0];
    return E_OK;
}

static const char *after_0x(const char *text)
{
    return text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? text + 2 : text;
}

enum err form_data(struct buf *out, const struct json *j)
{
    const char *text = json_text(j);
    if (!text)
        return E_JSON;
    text = after_0x(text);
    size_t len = strlen(text);
    if (len % 2) {
        char first[2] = {'0', text[0]};
        uint8_t byte;
        if (hex_decode(&byte, 1, first, 2) != E_OK)
            return E_JSON;
        buf_put_u8(out, byte);
        text++;
        len--;
    }
    return len && hex_decode_buf(out, text, len) != E_OK ? E_JSON : E_OK;
}

/* Digits of at most len bytes, padded in front. */
static enum err padded(uint8_t *out, size_t len, const char *text)
{
    char digits[64];
    text = after_0x(text);
    size_t n = strlen(text);
    if (n > 2 * len)
        return E_RANGE;
    memset(digits, '0', sizeof digits);
    memcpy(digits + 2 * len - n, text, n);
    return hex_decode(out, len, digits, 2 * len) == E_OK ? E_OK : E_JSON;
}

enum err form_hash_text(struct hash *out, const char *text)
{
    return padded(out->b, sizeof out->b, text);
}

enum err form_address_text(struct address *out, const char *text)
{
    return padded(out->b, sizeof out->b, text);
}

enum err form_hash(struct hash *out, const struct json *j)
{
    return json_text(j) ? form_hash_text(out, json_text(j)) : E_JSON;
}

enum err form_address(struct address *out, const struct json *j)
{
    return json_text(j) ? form_address_text(out, json_text(j)) : E_JSON;
}

/* --- environments ----------------------------------------------------------------------------- */

/* The hashes that "blockHashes" lists. */
struct listed_hashes {
    size_t count;
    struct {
        uint64_t number;
        struct hash hash;
    } entry[];
};

static struct hash listed_hash(void *ctx, uint64_t number)
{
    const struct listed_hashes *list = ctx;
    for (size_t i = 0; i < list->count; i++)
        if (list->entry[i].number == number)
            return list->entry[i].hash;
    return (struct hash){{0}};
}

/* State tests have no chain: the hash of block 5 is keccak256("5"). */
static struct hash made_up_hash(void *ctx, uint64_t number)
{
    char text[24];
    (void)ctx;
    int n = snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    return keccak256_of(bytes_of(text, (size_t)n));
}

static enum err read_hashes(struct block_env *out, struct arena *a, const struct json *object)
{
    size_t n = 0;
    if (!json_is_object(object) || json_count(object) == 0) {
        out->block_hash = made_up_hash;
        return E_OK;
    }
    struct listed_hashes *list =
        arena_alloc(a, sizeof *list + json_count(object) * sizeof list->entry[0]);
    for (const struct json *j = json_first(object); j; j = json_next(j), n++) {
        struct u256 number;
        if (u256_parse(&number, json_key(j)) != E_OK || !u256_fits_u64(number))
            return E_JSON;
        list->entry[n].number = number.w[0];
        TRY(form_hash(&list->entry[n].hash, j));
    }
    list->count = n;
    out->block_hash = listed_hash;
    out->block_hash_ctx = list;
    return E_OK;
}

static enum err bad_member(struct diag *d, const char *name)
{
    return diag_set(d, E_JSON, T("%s: absent, or not as expected", "%s : absent ou inattendu"),
                    name);
}

/* A number that may be absent. */
static enum err env_u256(struct u256 *out, const struct json *env, const char *name, struct diag *d)
{
    const struct json *j = json_get(env, name);
    if (j && !json_is_null(j) && form_u256(out, j) != E_OK)
        return bad_member(d, name);
    return E_OK;
}

static enum err env_u64(uint64_t *out, const struct json *env, const char *name, struct diag *d)
{
    const struct json *j = json_get(env, name);
    if (j && !json_is_null(j) && form_u64(out, j) != E_OK)
        return bad_member(d, name);
    return E_OK;
}

/* What a fork puts in the place of another thing, or does not have. */
static enum err by_fork(struct block_env *out, const struct json *env, struct diag *d)
{
    struct u256 random = U256_ZERO;
    struct schedule schedule;
    uint64_t excess = 0;
    enum fork fork = out->fork;
    TRY(env_u256(&random, env, "currentRandom", d));
    TRY(env_u64(&excess, env, "currentExcessBlobGas", d));
    if (fork >= FORK_LONDON) {
        out->base_fee = u256_from_u64(BASE_FEE_DEFAULT);
        TRY(env_u256(&out->base_fee, env, "currentBaseFee", d));
    }
    if (fork >= FORK_PARIS) {
        u256_to_be(out->prev_randao.b, random);
        out->difficulty = U256_ZERO;
    }
    schedule_of(&schedule, fork, out->chain_id);
    struct rules rules =
        schedule_rules(&schedule, out->number, out->timestamp_s, fork >= FORK_PARIS);
    out->blobs_max = (unsigned)rules.blobs.max;
    out->blob_base_fee = schedule_blob_fee(excess, rules.blobs.base_fee_fraction);
    return E_OK;
}

enum err form_env(struct block_env *out, struct arena *a, const struct json *env, enum fork fork,
                  uint64_t chain_id, struct diag *d)
{
    struct block_env e = {.chain_id = chain_id, .fork = fork};
    const struct json *coinbase = json_get(env, "currentCoinbase");
    if (!json_is_object(env))
        return bad_member(d, "env");
    if (coinbase && form_address(&e.beneficiary, coinbase) != E_OK)
        return bad_member(d, "currentCoinbase");
    TRY(env_u64(&e.gas_limit, env, "currentGasLimit", d));
    TRY(env_u64(&e.number, env, "currentNumber", d));
    TRY(env_u64(&e.timestamp_s, env, "currentTimestamp", d));
    TRY(env_u256(&e.difficulty, env, "currentDifficulty", d));
    if (read_hashes(&e, a, json_get(env, "blockHashes")) != E_OK)
        return bad_member(d, "blockHashes");
    TRY(by_fork(&e, env, d));
    *out = e;
    return E_OK;
}

/* --- transactions ----------------------------------------------------------------------------- */

static const struct json *either(const struct json *object, const char *a, const char *b)
{
    const struct json *j = json_get(object, a);
    return j && !json_is_null(j) ? j : json_get(object, b);
}

static enum err copy_data(struct bytes *out, struct arena *a, const struct json *j)
{
    struct buf b = {0};
    enum err e = form_data(&b, j);
    if (e == E_OK)
        *out = bytes_of(arena_dup(a, b.data, b.len), b.len);
    buf_free(&b);
    return e;
}

enum err form_access_list(struct tx *t, struct arena *a, const struct json *list)
{
    struct tx_access *access = arena_zalloc(a, json_count(list) + 1, sizeof *access);
    t->access_count = 0;
    for (const struct json *j = json_first(list); j; j = json_next(j)) {
        struct tx_access *entry = &access[t->access_count++];
        const struct json *keys = json_get(j, "storageKeys");
        struct hash *slots = arena_zalloc(a, json_count(keys) + 1, sizeof *slots);
        TRY(form_address(&entry->address, json_get(j, "address")));
        for (const struct json *k = json_first(keys); k; k = json_next(k))
            TRY(form_hash(&slots[entry->slot_count++], k));
        entry->slots = slots;
    }
    t->access = access;
    return E_OK;
}

enum err form_auths(struct tx *t, struct arena *a, const struct json *list)
{
    t->auths = arena_zalloc(a, json_count(list) + 1, sizeof *t->auths);
    t->auth_count = 0;
    for (const struct json *j = json_first(list); j; j = json_next(j)) {
        struct tx_auth *auth = &t->auths[t->auth_count++];
        TRY(form_u256(&auth->chain_id, json_get(j, "chainId")));
        TRY(form_address(&auth->address, json_get(j, "address")));
        TRY(form_u64(&auth->nonce, json_get(j, "nonce")));
        TRY(form_u256(&auth->y_parity, either(j, "yParity", "v")));
        TRY(form_u256(&auth->r, json_get(j, "r")));
        TRY(form_u256(&auth->s, json_get(j, "s")));
    }
    return E_OK;
}

enum err form_blob_hashes(struct tx *t, struct arena *a, const struct json *list)
{
    struct hash *hashes = arena_zalloc(a, json_count(list) + 1, sizeof *hashes);
    t->blob_hash_count = 0;
    for (const struct json *j = json_first(list); j; j = json_next(j))
        TRY(form_hash(&hashes[t->blob_hash_count++], j));
    t->blob_hashes = hashes;
    return E_OK;
}

/* What a transaction without "type" must be. */
static enum tx_type guess_type(const struct json *tx)
{
    if (json_is_array(json_get(tx, "authorizationList")))
        return TX_SET_CODE;
    if (json_is_array(json_get(tx, "blobVersionedHashes")) || json_get(tx, "maxFeePerBlobGas"))
        return TX_BLOB;
    if (json_get(tx, "maxFeePerGas"))
        return TX_DYNAMIC_FEE;
    return json_is_array(either(tx, "accessList", "accessLists")) ? TX_ACCESS_LIST : TX_LEGACY;
}

enum err form_tx_common(struct tx *t, struct arena *a, const struct json *tx)
{
    uint64_t type = guess_type(tx);
    const struct json *to = json_get(tx, "to");
    if (json_get(tx, "type"))
        TRY(form_u64(&type, json_get(tx, "type")));
    if (type > TX_SET_CODE)
        return E_TX_TYPE;
    t->type = (enum tx_type)type;
    TRY(form_u64(&t->nonce, json_get(tx, "nonce")));
    if (t->type >= TX_DYNAMIC_FEE) {
        TRY(form_u256(&t->max_fee, json_get(tx, "maxFeePerGas")));
        TRY(form_u256(&t->max_priority_fee, json_get(tx, "maxPriorityFeePerGas")));
    } else {
        TRY(form_u256(&t->max_fee, json_get(tx, "gasPrice")));
        t->max_priority_fee = t->max_fee;
    }
    t->is_create = !json_text(to) || !after_0x(json_text(to))[0];
    if (!t->is_create)
        TRY(form_address(&t->to, to));
    if (t->type == TX_BLOB) {
        TRY(form_u256(&t->max_fee_per_blob_gas, json_get(tx, "maxFeePerBlobGas")));
        TRY(form_blob_hashes(t, a, json_get(tx, "blobVersionedHashes")));
    }
    if (t->type == TX_SET_CODE)
        TRY(form_auths(t, a, json_get(tx, "authorizationList")));
    if (json_get(tx, "sender")) {
        TRY(form_address(&t->sender, json_get(tx, "sender")));
        t->has_sender = true;
    }
    return E_OK;
}

/* v, r, s as a signed transaction has them. */
static enum err read_signature(struct tx *t, const struct json *tx)
{
    struct u256 v, r, s;
    TRY(form_u256(&v, either(tx, "yParity", "v")));
    TRY(form_u256(&r, json_get(tx, "r")));
    TRY(form_u256(&s, json_get(tx, "s")));
    u256_to_be(t->signature.r, r);
    u256_to_be(t->signature.s, s);
    if (!u256_fits_u64(v))
        return E_RANGE;
    if (t->type != TX_LEGACY) {
        t->signature.y_parity = (uint8_t)v.w[0];
        return v.w[0] > 1 ? E_SIGNATURE : E_OK;
    }
    t->has_chain_id = v.w[0] >= 35;
    if (t->has_chain_id) {
        t->chain_id = (v.w[0] - 35) / 2;
        t->signature.y_parity = (uint8_t)((v.w[0] - 35) % 2);
        return E_OK;
    }
    t->signature.y_parity = (uint8_t)(v.w[0] - 27);
    return v.w[0] == 27 || v.w[0] == 28 ? E_OK : E_SIGNATURE;
}

enum err form_tx(struct tx *out, struct arena *a, const struct json *tx, uint64_t chain_id)
{
    struct tx t = {.has_chain_id = true, .chain_id = chain_id};
    struct hash key;
    TRY(form_tx_common(&t, a, tx));
    TRY(form_u64(&t.gas_limit, either(tx, "gas", "gasLimit")));
    TRY(form_u256(&t.value, json_get(tx, "value")));
    TRY(copy_data(&t.data, a, either(tx, "input", "data")));
    if (t.type != TX_LEGACY && either(tx, "accessList", "accessLists"))
        TRY(form_access_list(&t, a, either(tx, "accessList", "accessLists")));
    if (json_get(tx, "chainId"))
        TRY(form_u64(&t.chain_id, json_get(tx, "chainId")));
    if (json_get(tx, "secretKey")) {
        TRY(form_hash(&key, json_get(tx, "secretKey")));
        const struct json *protected = json_get(tx, "protected");
        if (t.type == TX_LEGACY && json_is_bool(protected) && !json_true(protected))
            t.has_chain_id = false;
        TRY(tx_sign(&t, a, key.b));
    } else if (json_get(tx, "r")) {
        TRY(read_signature(&t, tx));
        TRY(tx_encode(&t, a));
    } else {
        if (!t.has_sender)
            return E_JSON;
        TRY(tx_encode(&t, a));
    }
    *out = t;
    return E_OK;
}
