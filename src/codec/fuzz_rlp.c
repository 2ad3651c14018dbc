/* Any bytes: what rlp_check accepts, and only that within the depth limit, is what an encoder
 * writes. */
#include "base/limits.h"
#include "codec/rlp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Decodes r and encodes the same items; false where a read fails. *deepest is the deepest nesting.
 */
static bool encode_again(struct buf *out, struct rlp r, unsigned level, unsigned *deepest)
{
    struct rlp_item item;
    *deepest = level > *deepest ? level : *deepest;
    while (!rlp_at_end(&r)) {
        const uint8_t *from = r.p;
        if (rlp_next(&r, &item) != E_OK) {
            ASSERT(r.p == from);
            return false;
        }
        ASSERT(item.raw.data == from && item.raw.data + item.raw.len == r.p);
        if (!item.is_list) {
            ASSERT(rlp_string_size(item.payload) == item.raw.len);
            rlp_put_string(out, item.payload.data, item.payload.len);
            continue;
        }
        ASSERT(rlp_list_size(item.payload.len) == item.raw.len);
        size_t mark = rlp_list_open(out);
        if (level > 2 * LIMIT_RLP_DEPTH ||
            !encode_again(out, rlp_reader(item.payload), level + 1, deepest))
            return false;
        rlp_list_close(out, mark);
    }
    return true;
}

/* An integer that is read is the one that is written. */
static void check_integers(struct bytes b)
{
    struct rlp r = rlp_reader(b), again = r;
    struct u256 w;
    uint64_t v = 0;
    struct buf out = {0};
    if (rlp_next_u256(&r, &w) == E_OK) {
        bool narrow = rlp_next_u64(&again, &v) == E_OK;
        ASSERT(narrow == u256_fits_u64(w) && (!narrow || v == w.w[0]));
        rlp_put_u256(&out, w);
        ASSERT(bytes_eq(buf_view(&out), bytes_of(b.data, (size_t)(r.p - b.data))));
    }
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes b = bytes_of(data, size);
    struct buf again = {0};
    struct rlp r = rlp_reader(b);
    struct rlp_item item;
    unsigned deepest = 0;
    bool accepted = rlp_check(b) == E_OK;
    bool readable = encode_again(&again, r, 0, &deepest);
    bool single = rlp_next(&r, &item) == E_OK && rlp_at_end(&r);
    ASSERT(!readable || bytes_eq(buf_view(&again), b));
    ASSERT(accepted == (readable && single && deepest <= LIMIT_RLP_DEPTH));
    check_integers(b);
    buf_free(&again);
    return 0;
}
