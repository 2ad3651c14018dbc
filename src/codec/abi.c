/* Values to bytes and back.
 *
 * Decoding accepts exactly what encoding writes (the specification's "strict mode"): each tail
 * stands where the one before it ends, padding is zero, nothing is left over. So no two parts of a
 * value share bytes, every element takes at least one word of the input, and the memory for a
 * decoded value is bounded by a small multiple of the input's length. */
#include "codec/abi_internal.h"

size_t abi_head_bytes(const struct abi_type *type)
{
    if (type->dynamic || (type->kind != ABI_FIXED_ARRAY && type->kind != ABI_TUPLE))
        return ABI_WORD;
    return abi_members_head_bytes(type, type->size);
}

size_t abi_members_head_bytes(const struct abi_type *type, size_t count)
{
    if (type->kind != ABI_TUPLE)
        return count * abi_head_bytes(type->item);
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += abi_head_bytes(&type->item[i]);
    return bytes;
}

/* The word's bits from `bits` up are all zero. */
static bool high_bits_zero(struct u256 w, unsigned bits)
{
    return u256_bit_len(w) <= bits;
}

bool abi_word_holds(const struct abi_type *type, struct u256 w)
{
    switch (type->kind) {
    case ABI_UINT:
        return high_bits_zero(w, type->bits);
    case ABI_INT: /* bits-1 up are copies of the sign: the word, or its complement, is short */
        return high_bits_zero(w, type->bits - 1) ||
               high_bits_zero((struct u256){{~w.w[0], ~w.w[1], ~w.w[2], ~w.w[3]}}, type->bits - 1);
    case ABI_ADDRESS:
        return high_bits_zero(w, 160);
    case ABI_BOOL:
        return high_bits_zero(w, 1);
    case ABI_FIXED_BYTES: {
        uint8_t be[ABI_WORD];
        u256_to_be(be, w);
        for (size_t i = type->size; i < ABI_WORD; i++)
            if (be[i])
                return false;
        return true;
    }
    case ABI_BYTES:
    case ABI_STRING:
    case ABI_ARRAY:
    case ABI_FIXED_ARRAY:
    case ABI_TUPLE:
        break;
    }
    return false;
}

static bool is_elementary(const struct abi_type *type)
{
    return type->kind <= ABI_FIXED_BYTES;
}

/* ---- decoding ---- */

struct decoder {
    struct arena *arena;
    struct bytes data;
};

static enum err decode_here(struct decoder *d, struct abi_value *out, const struct abi_type *type,
                            size_t at, size_t *end);

/* A word that counts bytes of the input from `at` on: an offset or a length. */
static enum err decode_size(const struct decoder *d, size_t at, size_t *out)
{
    if (at > d->data.len || d->data.len - at < ABI_WORD)
        return E_ABI;
    struct u256 w = u256_from_be(d->data.data + at);
    if (!u256_fits_u64(w) || w.w[0] > d->data.len)
        return E_ABI;
    *out = w.w[0];
    return E_OK;
}

/* `count` members, whose head starts at `at`; *end is where their tails end. */
static enum err decode_members(struct decoder *d, struct abi_value *out,
                               const struct abi_type *type, size_t count, size_t at, size_t *end)
{
    if (count > 0 && type->kind != ABI_TUPLE &&
        count > (d->data.len - at) / abi_head_bytes(type->item))
        return E_ABI;
    size_t head_bytes = abi_members_head_bytes(type, count);
    if (head_bytes > d->data.len - at)
        return E_ABI;
    out->count = count;
    out->item = arena_zalloc(d->arena, count, sizeof *out->item);
    size_t tail = at + head_bytes, head = at;
    for (size_t i = 0; i < count; i++) {
        const struct abi_type *member = abi_member(type, i);
        if (member->dynamic) {
            size_t offset;
            TRY(decode_size(d, head, &offset));
            if (offset != tail - at)
                return E_ABI;
            TRY(decode_here(d, &out->item[i], member, tail, &tail));
            head += ABI_WORD;
        } else {
            TRY(decode_here(d, &out->item[i], member, head, &head));
        }
    }
    *end = tail;
    return E_OK;
}

static enum err decode_bytes(struct decoder *d, struct abi_value *out, size_t at, size_t *end)
{
    size_t len;
    TRY(decode_size(d, at, &len));
    at += ABI_WORD;
    size_t available = d->data.len - at, padding = (ABI_WORD - len % ABI_WORD) % ABI_WORD;
    if (len > available || padding > available - len)
        return E_ABI;
    for (size_t i = 0; i < padding; i++)
        if (d->data.data[at + len + i])
            return E_ABI;
    out->bytes = bytes_of(d->data.data + at, len);
    *end = at + len + padding;
    return E_OK;
}

/* The value that stands at `at`, offsets followed already. at <= data.len. */
static enum err decode_here(struct decoder *d, struct abi_value *out, const struct abi_type *type,
                            size_t at, size_t *end)
{
    switch (type->kind) {
    case ABI_BYTES:
    case ABI_STRING:
        return decode_bytes(d, out, at, end);
    case ABI_ARRAY: {
        size_t count;
        TRY(decode_size(d, at, &count));
        return decode_members(d, out, type, count, at + ABI_WORD, end);
    }
    case ABI_FIXED_ARRAY:
    case ABI_TUPLE:
        return decode_members(d, out, type, type->size, at, end);
    case ABI_UINT:
    case ABI_INT:
    case ABI_ADDRESS:
    case ABI_BOOL:
    case ABI_FIXED_BYTES:
        break;
    }
    if (d->data.len - at < ABI_WORD)
        return E_ABI;
    out->word = u256_from_be(d->data.data + at);
    *end = at + ABI_WORD;
    return abi_word_holds(type, out->word) ? E_OK : E_ABI;
}

enum err abi_decode(struct abi_value *out, struct arena *a, const struct abi_type *type,
                    struct bytes data)
{
    struct decoder d = {a, data};
    struct abi_value v = {0};
    size_t end = 0;
    if (type->dynamic && type->kind != ABI_TUPLE) {
        /* alone, a dynamic value stands behind its offset, as in a tuple of one */
        TRY(decode_size(&d, 0, &end));
        if (end != ABI_WORD)
            return E_ABI;
    }
    TRY(decode_here(&d, &v, type, end, &end));
    if (end != data.len)
        return E_ABI;
    *out = v;
    return E_OK;
}

/* ---- encoding ---- */

static void put_word(struct buf *out, size_t at, struct u256 w)
{
    u256_to_be(out->data + at, w);
}

static void put_size(struct buf *out, size_t at, size_t size)
{
    put_word(out, at, u256_from_u64(size));
}

static void encode_tail(struct buf *out, const struct abi_type *type, const struct abi_value *v);

/* Writes members at `at`, where their head has been grown already; tails go to the end of out. */
static void encode_members(struct buf *out, size_t at, const struct abi_type *type,
                           const struct abi_value *v)
{
    size_t head = at;
    for (size_t i = 0; i < v->count; i++) {
        const struct abi_type *member = abi_member(type, i);
        const struct abi_value *value = &v->item[i];
        if (member->dynamic) {
            put_size(out, head, out->len - at);
            encode_tail(out, member, value);
        } else if (is_elementary(member)) {
            ASSERT(abi_word_holds(member, value->word));
            put_word(out, head, value->word);
        } else {
            ASSERT(value->count == member->size);
            encode_members(out, head, member, value);
        }
        head += abi_head_bytes(member);
    }
}

/* Appends a value where it stands, without an offset in front. */
static void encode_tail(struct buf *out, const struct abi_type *type, const struct abi_value *v)
{
    if (type->kind == ABI_BYTES || type->kind == ABI_STRING) {
        size_t len = v->bytes.len, padding = (ABI_WORD - len % ABI_WORD) % ABI_WORD;
        buf_grow(out, ABI_WORD);
        put_size(out, out->len - ABI_WORD, len);
        buf_put(out, v->bytes.data, len);
        if (padding)
            memset(buf_grow(out, padding), 0, padding);
        return;
    }
    if (is_elementary(type)) {
        ASSERT(abi_word_holds(type, v->word));
        buf_grow(out, ABI_WORD);
        put_word(out, out->len - ABI_WORD, v->word);
        return;
    }
    if (type->kind == ABI_ARRAY) {
        buf_grow(out, ABI_WORD);
        put_size(out, out->len - ABI_WORD, v->count);
    } else {
        ASSERT(v->count == type->size);
    }
    size_t at = out->len, head_bytes = abi_members_head_bytes(type, v->count);
    buf_grow(out, head_bytes);
    encode_members(out, at, type, v);
}

void abi_encode(struct buf *out, const struct abi_type *type, const struct abi_value *value)
{
    if (type->dynamic && type->kind != ABI_TUPLE) {
        buf_grow(out, ABI_WORD);
        put_size(out, out->len - ABI_WORD, ABI_WORD);
    }
    encode_tail(out, type, value);
}

/* ---- values ---- */

struct abi_value abi_address(const struct address *a)
{
    return (struct abi_value){.word = u256_from_be_min(bytes_of(a->b, sizeof a->b))};
}

struct abi_value abi_bytes32(const uint8_t b[32])
{
    return (struct abi_value){.word = u256_from_be(b)};
}

struct address abi_get_address(const struct abi_value *v)
{
    uint8_t be[ABI_WORD];
    struct address a;
    u256_to_be(be, v->word);
    memcpy(a.b, be + 12, sizeof a.b);
    return a;
}

void abi_get_bytes32(uint8_t out[32], const struct abi_value *v)
{
    u256_to_be(out, v->word);
}
