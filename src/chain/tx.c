#include "chain/tx.h"

#include "base/limits.h"
#include "crypto/keccak.h"
#include "evm/frame.h"

#define GAS_TX 21000u
#define GAS_TX_CREATE 32000u /* EIP-2 */
#define GAS_DATA_ZERO 4u
#define GAS_DATA_FRONTIER 68u
#define GAS_DATA_ISTANBUL 16u    /* EIP-2028 */
#define GAS_ACCESS_ADDRESS 2400u /* EIP-2930 */
#define GAS_ACCESS_SLOT 1900u
#define GAS_INITCODE_WORD 2u /* EIP-3860 */
#define GAS_FLOOR_TOKEN 10u  /* EIP-7623 */
#define TOKENS_PER_BYTE 4u   /* a byte that is not zero; a zero byte is one token */
#define GAS_AUTH 25000u      /* EIP-7702 */
#define AUTH_MAGIC 0x05u     /* EIP-7702 */
#define TX_BLOBS_MAX 6u      /* of one transaction (EIP-7594) */
#define BLOB_HASH_VERSION 1u /* EIP-4844: a KZG commitment */

/* The order of secp256k1, and half of it (EIP-2), big-endian. */
static const uint8_t ORDER[32] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                  0xff, 0xff, 0xff, 0xff, 0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48,
                                  0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41};
static const uint8_t HALF_ORDER[32] = {
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0};

/* --- decoding --------------------------------------------------------------------------------- */

/* EIP-1559 and what came after it. */
static bool has_two_fees(enum tx_type type)
{
    return type >= TX_DYNAMIC_FEE;
}

/* A transaction's list, split: its fields before the signature, and those after. */
struct fields {
    uint8_t type;
    struct rlp list;
    const uint8_t *begin;
};

static enum err open_fields(struct fields *out, struct bytes raw)
{
    struct rlp whole = rlp_reader(raw);
    out->type = TX_LEGACY;
    if (raw.len == 0)
        return E_RLP;
    if (raw.data[0] < 0x80) { /* EIP-2718; an RLP string cannot be a transaction */
        out->type = raw.data[0];
        if (out->type < TX_ACCESS_LIST || out->type > TX_SET_CODE)
            return E_TX_TYPE;
        whole.p++;
    }
    TRY(rlp_next_list(&whole, &out->list));
    out->begin = out->list.p;
    return rlp_at_end(&whole) ? E_OK : E_RLP;
}

static enum err read_to(struct tx *t, struct rlp *r)
{
    struct bytes to;
    TRY(rlp_next_string(r, &to));
    t->is_create = to.len == 0;
    if (t->is_create)
        return E_OK;
    if (to.len != sizeof t->to.b)
        return E_RLP;
    memcpy(t->to.b, to.data, to.len);
    return E_OK;
}

static enum err count_items(struct rlp list, size_t *count_out)
{
    struct rlp_item item;
    *count_out = 0;
    for (; !rlp_at_end(&list); ++*count_out)
        TRY(rlp_next(&list, &item));
    return E_OK;
}

static enum err read_access(struct tx_access *out, struct arena *a, struct rlp *list)
{
    struct rlp entry, slots;
    TRY(rlp_next_list(list, &entry));
    TRY(rlp_next_fixed(&entry, out->address.b, sizeof out->address.b));
    TRY(rlp_next_list(&entry, &slots));
    if (!rlp_at_end(&entry))
        return E_RLP;
    TRY(count_items(slots, &out->slot_count));
    struct hash *slot = out->slot_count ? arena_alloc(a, out->slot_count * sizeof *slot) : NULL;
    for (size_t i = 0; i < out->slot_count; i++)
        TRY(rlp_next_fixed(&slots, slot[i].b, sizeof slot[i].b));
    out->slots = slot;
    return E_OK;
}

static enum err read_access_list(struct tx *t, struct arena *a, struct rlp *r)
{
    struct rlp list;
    TRY(rlp_next_list(r, &list));
    TRY(count_items(list, &t->access_count));
    struct tx_access *access =
        t->access_count ? arena_zalloc(a, t->access_count, sizeof *access) : NULL;
    for (size_t i = 0; i < t->access_count; i++)
        TRY(read_access(&access[i], a, &list));
    t->access = access;
    return E_OK;
}

static enum err read_blobs(struct tx *t, struct arena *a, struct rlp *r)
{
    struct rlp list;
    TRY(rlp_next_u256(r, &t->max_fee_per_blob_gas));
    TRY(rlp_next_list(r, &list));
    TRY(count_items(list, &t->blob_hash_count));
    struct hash *hash =
        t->blob_hash_count ? arena_alloc(a, t->blob_hash_count * sizeof *hash) : NULL;
    for (size_t i = 0; i < t->blob_hash_count; i++)
        TRY(rlp_next_fixed(&list, hash[i].b, sizeof hash[i].b));
    t->blob_hashes = hash;
    return E_OK;
}

static enum err read_auth(struct tx_auth *out, struct rlp *list)
{
    struct rlp tuple;
    TRY(rlp_next_list(list, &tuple));
    TRY(rlp_next_u256(&tuple, &out->chain_id));
    TRY(rlp_next_fixed(&tuple, out->address.b, sizeof out->address.b));
    TRY(rlp_next_u64(&tuple, &out->nonce));
    TRY(rlp_next_u256(&tuple, &out->y_parity));
    if (u256_bit_len(out->y_parity) > 8)
        return E_RANGE;
    TRY(rlp_next_u256(&tuple, &out->r));
    TRY(rlp_next_u256(&tuple, &out->s));
    return rlp_at_end(&tuple) ? E_OK : E_RLP;
}

static enum err read_auths(struct tx *t, struct arena *a, struct rlp *r)
{
    struct rlp list;
    TRY(rlp_next_list(r, &list));
    TRY(count_items(list, &t->auth_count));
    t->auths = t->auth_count ? arena_zalloc(a, t->auth_count, sizeof *t->auths) : NULL;
    for (size_t i = 0; i < t->auth_count; i++)
        TRY(read_auth(&t->auths[i], &list));
    return E_OK;
}

/* EIP-155: v = 27, 28, or 35 + 2 * chain id, or one more. */
static enum err read_v(struct tx *t, uint64_t v)
{
    if (v == 27 || v == 28) {
        t->signature.y_parity = (uint8_t)(v - 27);
        return E_OK;
    }
    if (v < 35)
        return E_SIGNATURE;
    t->has_chain_id = true;
    t->chain_id = (v - 35) / 2;
    t->signature.y_parity = (uint8_t)((v - 35) % 2);
    return E_OK;
}

static bool is_scalar(const uint8_t b[32])
{
    static const uint8_t zero[32];
    return memcmp(b, zero, 32) != 0 && memcmp(b, ORDER, 32) < 0;
}

static enum err read_signature(struct tx *t, struct rlp *r)
{
    uint64_t v;
    struct u256 word;
    TRY(rlp_next_u64(r, &v));
    if (t->type == TX_LEGACY) {
        TRY(read_v(t, v));
    } else {
        if (v > 1)
            return E_SIGNATURE;
        t->signature.y_parity = (uint8_t)v;
    }
    TRY(rlp_next_u256(r, &word));
    u256_to_be(t->signature.r, word);
    TRY(rlp_next_u256(r, &word));
    u256_to_be(t->signature.s, word);
    return is_scalar(t->signature.r) && is_scalar(t->signature.s) ? E_OK : E_SIGNATURE;
}

static enum err read_fields(struct tx *t, struct arena *a, struct rlp *r)
{
    if (t->type != TX_LEGACY) {
        TRY(rlp_next_u64(r, &t->chain_id));
        t->has_chain_id = true;
    }
    TRY(rlp_next_u64(r, &t->nonce));
    TRY(rlp_next_u256(r, &t->max_priority_fee));
    if (has_two_fees(t->type))
        TRY(rlp_next_u256(r, &t->max_fee));
    else
        t->max_fee = t->max_priority_fee;
    TRY(rlp_next_u64(r, &t->gas_limit));
    TRY(read_to(t, r));
    TRY(rlp_next_u256(r, &t->value));
    TRY(rlp_next_string(r, &t->data));
    if (t->type != TX_LEGACY)
        TRY(read_access_list(t, a, r));
    if (t->type == TX_BLOB)
        TRY(read_blobs(t, a, r));
    if (t->type == TX_SET_CODE)
        TRY(read_auths(t, a, r));
    TRY(read_signature(t, r));
    return rlp_at_end(r) ? E_OK : E_RLP;
}

enum err tx_decode(struct tx *out, struct arena *a, struct bytes raw)
{
    struct fields f;
    if (raw.len > LIMIT_TX_BYTES)
        return E_TX_TOO_LARGE;
    TRY(open_fields(&f, raw));
    struct tx t = {.type = (enum tx_type)f.type, .raw = raw};
    TRY(read_fields(&t, a, &f.list));
    keccak256(&t.hash, raw.data, raw.len);
    *out = t;
    return E_OK;
}

/* --- encoding and signing --------------------------------------------------------------------- */

static void put_access_list(struct buf *out, const struct tx *t)
{
    size_t list = rlp_list_open(out);
    for (size_t i = 0; i < t->access_count; i++) {
        const struct tx_access *access = &t->access[i];
        size_t entry = rlp_list_open(out);
        rlp_put_string(out, access->address.b, sizeof access->address.b);
        size_t slots = rlp_list_open(out);
        for (size_t k = 0; k < access->slot_count; k++)
            rlp_put_string(out, access->slots[k].b, sizeof access->slots[k].b);
        rlp_list_close(out, slots);
        rlp_list_close(out, entry);
    }
    rlp_list_close(out, list);
}

static void put_blobs(struct buf *out, const struct tx *t)
{
    rlp_put_u256(out, t->max_fee_per_blob_gas);
    size_t list = rlp_list_open(out);
    for (size_t i = 0; i < t->blob_hash_count; i++)
        rlp_put_string(out, t->blob_hashes[i].b, sizeof t->blob_hashes[i].b);
    rlp_list_close(out, list);
}

static void put_auths(struct buf *out, const struct tx *t)
{
    size_t list = rlp_list_open(out);
    for (size_t i = 0; i < t->auth_count; i++) {
        const struct tx_auth *auth = &t->auths[i];
        size_t tuple = rlp_list_open(out);
        rlp_put_u256(out, auth->chain_id);
        rlp_put_string(out, auth->address.b, sizeof auth->address.b);
        rlp_put_u64(out, auth->nonce);
        rlp_put_u256(out, auth->y_parity);
        rlp_put_u256(out, auth->r);
        rlp_put_u256(out, auth->s);
        rlp_list_close(out, tuple);
    }
    rlp_list_close(out, list);
}

/* Everything before the signature. */
static void put_unsigned(struct buf *out, const struct tx *t)
{
    if (t->type != TX_LEGACY)
        rlp_put_u64(out, t->chain_id);
    rlp_put_u64(out, t->nonce);
    rlp_put_u256(out, t->max_priority_fee);
    if (has_two_fees(t->type))
        rlp_put_u256(out, t->max_fee);
    rlp_put_u64(out, t->gas_limit);
    rlp_put_string(out, t->to.b, t->is_create ? 0 : sizeof t->to.b);
    rlp_put_u256(out, t->value);
    rlp_put_string(out, t->data.data, t->data.len);
    if (t->type != TX_LEGACY)
        put_access_list(out, t);
    if (t->type == TX_BLOB)
        put_blobs(out, t);
    if (t->type == TX_SET_CODE)
        put_auths(out, t);
}

static void put_signature(struct buf *out, const struct tx *t)
{
    uint64_t v = t->signature.y_parity;
    if (t->type == TX_LEGACY)
        v += t->has_chain_id ? 35 + 2 * t->chain_id : 27;
    rlp_put_u64(out, v);
    rlp_put_u256(out, u256_from_be(t->signature.r));
    rlp_put_u256(out, u256_from_be(t->signature.s));
}

/* signing_hash hashes what is signed: type byte, header of the list, the fields before the
 * signature as they stand in the encoding, and EIP-155's chain id. */
static struct hash signing_hash(const struct tx *t, struct bytes unsigned_fields)
{
    struct buf head = {0}, tail = {0};
    struct keccak k;
    struct hash h;
    if (t->type == TX_LEGACY && t->has_chain_id) {
        rlp_put_u64(&tail, t->chain_id);
        rlp_put_u64(&tail, 0);
        rlp_put_u64(&tail, 0);
    }
    if (t->type != TX_LEGACY)
        buf_put_u8(&head, (uint8_t)t->type);
    rlp_list_header(&head, unsigned_fields.len + tail.len);
    keccak_init(&k);
    keccak_update(&k, head.data, head.len);
    keccak_update(&k, unsigned_fields.data, unsigned_fields.len);
    keccak_update(&k, tail.data, tail.len);
    keccak_final(&k, &h);
    buf_free(&head);
    buf_free(&tail);
    return h;
}

/* finish puts the signature behind the fields and keeps the whole as raw. */
static void finish(struct tx *t, struct arena *a, struct buf *fields)
{
    struct buf raw = {0};
    put_signature(fields, t);
    if (t->type != TX_LEGACY)
        buf_put_u8(&raw, (uint8_t)t->type);
    rlp_list_header(&raw, fields->len);
    buf_put(&raw, fields->data, fields->len);
    t->raw = bytes_of(arena_dup(a, raw.data, raw.len), raw.len);
    keccak256(&t->hash, raw.data, raw.len);
    buf_free(&raw);
}

enum err tx_encode(struct tx *t, struct arena *a)
{
    struct buf fields = {0};
    if (t->has_chain_id && t->chain_id > TX_CHAIN_ID_MAX)
        return E_RANGE;
    put_unsigned(&fields, t);
    finish(t, a, &fields);
    buf_free(&fields);
    return E_OK;
}

enum err tx_sign(struct tx *t, struct arena *a, const uint8_t key32[32])
{
    struct buf fields = {0};
    ASSERT(t->type == TX_LEGACY || t->has_chain_id);
    if (t->has_chain_id && t->chain_id > TX_CHAIN_ID_MAX)
        return E_RANGE;
    put_unsigned(&fields, t);
    struct hash digest = signing_hash(t, buf_view(&fields));
    enum err e = ecdsa_sign(&t->signature, &digest, key32);
    if (e == E_OK)
        e = ecdsa_address(&t->sender, key32);
    if (e == E_OK) {
        t->has_sender = true;
        finish(t, a, &fields);
    }
    buf_free(&fields);
    return e;
}

/* Items of the list before the signature. */
static size_t unsigned_count(enum tx_type type)
{
    switch (type) {
    case TX_LEGACY:
        return 6;
    case TX_ACCESS_LIST:
        return 8;
    case TX_DYNAMIC_FEE:
        return 9;
    case TX_BLOB:
        return 11;
    case TX_SET_CODE:
        return 10;
    }
    return 0;
}

enum err tx_recover(struct tx *t)
{
    struct fields f;
    struct rlp_item item;
    size_t count = unsigned_count(t->type);
    enum err e = open_fields(&f, t->raw);
    for (size_t i = 0; i < count && e == E_OK; i++)
        e = rlp_next(&f.list, &item);
    ASSERT(e == E_OK); /* tx_decode read it, or tx_sign made it */
    struct bytes unsigned_fields = bytes_of(f.begin, (size_t)(f.list.p - f.begin));
    struct hash digest = signing_hash(t, unsigned_fields);
    TRY(ecdsa_recover(&t->sender, &digest, &t->signature, true)); /* tx_check looks at high s */
    t->has_sender = true;
    for (size_t i = 0; i < t->auth_count; i++)
        tx_recover_auth(&t->auths[i]);
    return E_OK;
}

/* EIP-7702: keccak256(0x05 || rlp([chain_id, address, nonce])). */
static struct hash auth_digest(const struct tx_auth *auth)
{
    struct buf b = {0};
    buf_put_u8(&b, AUTH_MAGIC);
    size_t list = rlp_list_open(&b);
    rlp_put_u256(&b, auth->chain_id);
    rlp_put_string(&b, auth->address.b, sizeof auth->address.b);
    rlp_put_u64(&b, auth->nonce);
    rlp_list_close(&b, list);
    struct hash h = keccak256_of(buf_view(&b));
    buf_free(&b);
    return h;
}

void tx_recover_auth(struct tx_auth *auth)
{
    struct ecdsa_signature signature;
    auth->is_recovered = true;
    auth->has_authority = false;
    if (u256_bit_len(auth->y_parity) > 1)
        return;
    u256_to_be(signature.r, auth->r);
    u256_to_be(signature.s, auth->s);
    signature.y_parity = (uint8_t)auth->y_parity.w[0];
    if (!is_scalar(signature.r) || !is_scalar(signature.s))
        return;
    struct hash digest = auth_digest(auth);
    auth->has_authority = ecdsa_recover(&auth->authority, &digest, &signature, false) == E_OK;
}

enum err tx_auth_sign(struct tx_auth *auth, const uint8_t key32[32])
{
    struct ecdsa_signature signature;
    struct hash digest = auth_digest(auth);
    TRY(ecdsa_sign(&signature, &digest, key32));
    TRY(ecdsa_address(&auth->authority, key32));
    auth->y_parity = u256_from_u64(signature.y_parity);
    auth->r = u256_from_be(signature.r);
    auth->s = u256_from_be(signature.s);
    auth->is_recovered = auth->has_authority = true;
    return E_OK;
}

/* --- gas -------------------------------------------------------------------------------------- */

/* add puts count * price on *sum. False when it does not fit. */
static bool add(uint64_t *sum, uint64_t count, uint64_t price)
{
    uint64_t cost;
    return !__builtin_mul_overflow(count, price, &cost) && !__builtin_add_overflow(*sum, cost, sum);
}

static size_t count_zeros(struct bytes b)
{
    size_t zeros = 0;
    for (size_t i = 0; i < b.len; i++)
        zeros += b.data[i] == 0;
    return zeros;
}

enum err tx_intrinsic_gas(const struct tx *t, enum fork fork, uint64_t *gas_out,
                          uint64_t *floor_out)
{
    uint64_t gas = GAS_TX, floor = 0, slots = 0;
    uint64_t zeros = count_zeros(t->data), others = t->data.len - zeros;
    bool fits = add(&gas, zeros, GAS_DATA_ZERO) &&
                add(&gas, others, fork >= FORK_ISTANBUL ? GAS_DATA_ISTANBUL : GAS_DATA_FRONTIER);
    if (t->is_create && fork >= FORK_HOMESTEAD)
        fits = fits && add(&gas, 1, GAS_TX_CREATE);
    if (t->is_create && fork >= FORK_SHANGHAI)
        fits = fits && add(&gas, t->data.len / 32 + (t->data.len % 32 != 0), GAS_INITCODE_WORD);
    for (size_t i = 0; i < t->access_count; i++)
        fits = fits && add(&slots, t->access[i].slot_count, 1);
    fits =
        fits && add(&gas, t->access_count, GAS_ACCESS_ADDRESS) && add(&gas, slots, GAS_ACCESS_SLOT);
    fits = fits && add(&gas, t->auth_count, GAS_AUTH);
    if (fork >= FORK_PRAGUE) {
        floor = GAS_TX;
        fits = fits && add(&floor, zeros, GAS_FLOOR_TOKEN) &&
               add(&floor, others, (uint64_t)GAS_FLOOR_TOKEN * TOKENS_PER_BYTE);
    }
    if (!fits)
        return E_RANGE;
    *gas_out = gas;
    *floor_out = floor;
    return E_OK;
}

/* --- static validity -------------------------------------------------------------------------- */

static enum err check_type(const struct tx *t, enum fork fork, unsigned blobs_max)
{
    switch (t->type) {
    case TX_LEGACY:
        if (t->has_chain_id && fork < FORK_EIP158) /* EIP-155 came with it: v is then unknown */
            return E_SIGNATURE;
        break;
    case TX_ACCESS_LIST:
        if (fork < FORK_BERLIN)
            return E_TX_TYPE;
        break;
    case TX_DYNAMIC_FEE:
        if (fork < FORK_LONDON)
            return E_TX_TYPE;
        break;
    case TX_BLOB:
        if (fork < FORK_CANCUN || blobs_max == 0)
            return E_TX_TYPE;
        break;
    case TX_SET_CODE:
        if (fork < FORK_PRAGUE)
            return E_TX_TYPE;
        break;
    }
    return E_OK;
}

/* What types 3 and 4 demand of their own lists. */
static enum err check_lists(const struct tx *t, enum fork fork, unsigned blobs_max)
{
    if (t->type < TX_BLOB)
        return E_OK;
    if (t->is_create)
        return E_TX_CREATE;
    if (t->type == TX_SET_CODE)
        return t->auth_count ? E_OK : E_TX_AUTHS;
    if (fork >= FORK_OSAKA && blobs_max > TX_BLOBS_MAX)
        blobs_max = TX_BLOBS_MAX;
    if (t->blob_hash_count == 0 || t->blob_hash_count > blobs_max)
        return E_TX_BLOBS;
    for (size_t i = 0; i < t->blob_hash_count; i++)
        if (t->blob_hashes[i].b[0] != BLOB_HASH_VERSION)
            return E_TX_BLOBS;
    return E_OK;
}

uint64_t tx_blob_gas(const struct tx *t)
{
    return (uint64_t)t->blob_hash_count * TX_GAS_PER_BLOB;
}

enum err tx_check(const struct tx *t, enum fork fork, uint64_t chain_id, unsigned blobs_max)
{
    uint64_t gas, floor;
    struct u256 cost;
    TRY(check_type(t, fork, blobs_max));
    if (chain_id && t->has_chain_id && t->chain_id != chain_id)
        return E_TX_CHAIN_ID;
    TRY(check_lists(t, fork, blobs_max));
    if (fork >= FORK_HOMESTEAD && memcmp(t->signature.s, HALF_ORDER, 32) > 0)
        return E_SIGNATURE;
    if (t->nonce == UINT64_MAX) /* EIP-2681 */
        return E_TX_NONCE_MAX;
    if (u256_cmp(t->max_priority_fee, t->max_fee) > 0)
        return E_TX_FEE;
    if (u256_mul(&cost, t->max_fee, u256_from_u64(t->gas_limit)))
        return E_TX_FUNDS; /* nobody has that much */
    if (t->is_create && fork >= FORK_SHANGHAI && t->data.len > LIMIT_INITCODE_BYTES)
        return E_TX_INITCODE;
    if (tx_intrinsic_gas(t, fork, &gas, &floor) != E_OK)
        return E_TX_INTRINSIC_GAS;
    if (t->gas_limit < gas || t->gas_limit < floor)
        return E_TX_INTRINSIC_GAS;
    if (fork >= FORK_OSAKA && t->gas_limit > LIMIT_TX_GAS) /* EIP-7825 */
        return E_TX_GAS_LIMIT;
    return E_OK;
}

struct u256 tx_effective_gas_price(const struct tx *t, struct u256 base_fee)
{
    struct u256 price;
    if (u256_add(&price, base_fee, t->max_priority_fee) || u256_cmp(price, t->max_fee) > 0)
        return t->max_fee;
    return price;
}

struct address tx_create_address(const struct address *sender, uint64_t nonce)
{
    return frame_create_address(sender, nonce);
}
