#include "city/energy/readings.h"

#define VALUE_LIMIT (1ull << 50)

enum stream_mode { STREAM_ABSENT, STREAM_CONSTANT, STREAM_VALUES };

static void put_varint(struct buf *out, uint64_t v)
{
    while (v >= 0x80) {
        buf_put_u8(out, (uint8_t)(v | 0x80));
        v >>= 7;
    }
    buf_put_u8(out, (uint8_t)v);
}

void readings_begin(struct buf *out)
{
    buf_put_u8(out, READINGS_VERSION);
}

void readings_put(struct buf *out, const uint64_t *wh, size_t steps)
{
    bool absent = true, zero = true;
    for (size_t t = 0; t < steps; t++) {
        ASSERT(wh[t] < VALUE_LIMIT || wh[t] == READING_ABSENT);
        absent = absent && wh[t] == READING_ABSENT;
        zero = zero && wh[t] == 0;
    }
    if (absent || zero) {
        buf_put_u8(out, absent ? STREAM_ABSENT : STREAM_CONSTANT);
        return;
    }
    buf_put_u8(out, STREAM_VALUES);
    for (size_t t = 0; t < steps; t++)
        put_varint(out, wh[t] + 1); /* READING_ABSENT + 1 wraps to 0 */
}

void coefficients_put(struct buf *out, const uint32_t *ppm, size_t steps)
{
    bool constant = true;
    for (size_t t = 0; t < steps; t++)
        constant = constant && ppm[t] == ppm[0];
    buf_put_u8(out, constant ? STREAM_CONSTANT : STREAM_VALUES);
    for (size_t t = 0; t < (constant ? 1 : steps); t++)
        put_varint(out, ppm[t]);
}

enum err readings_open(struct readings_reader *r, struct bytes batch)
{
    static const uint8_t EMPTY[1];
    const uint8_t *p = batch.len != 0 ? batch.data : EMPTY;
    *r = (struct readings_reader){p, p, p + batch.len};
    if (batch.len == 0 || *r->p != READINGS_VERSION)
        return E_INVALID;
    r->p++;
    return E_OK;
}

bool readings_at_end(const struct readings_reader *r)
{
    return r->p == r->end;
}

static enum err next_mode(struct readings_reader *r, uint8_t *mode)
{
    if (r->p == r->end || *r->p > STREAM_VALUES)
        return E_INVALID;
    *mode = *r->p++;
    return E_OK;
}

/* At most 8 bytes: values below 2^50 (+1) need no more. */
static enum err next_varint(struct readings_reader *r, uint64_t *out)
{
    const uint8_t *p = r->p, *end = r->end;
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 56 && p != end; shift += 7) {
        uint8_t byte = *p++;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            if (byte == 0 && shift != 0)
                return E_INVALID; /* not the shortest form */
            r->p = p;
            *out = v;
            return E_OK;
        }
    }
    return E_INVALID;
}

enum err readings_next(struct readings_reader *r, uint64_t *out, size_t stride, size_t steps)
{
    uint8_t mode;
    TRY(next_mode(r, &mode));
    if (mode != STREAM_VALUES) {
        for (size_t t = 0; t < steps; t++)
            out[t * stride] = mode == STREAM_ABSENT ? READING_ABSENT : 0;
        return E_OK;
    }
    for (size_t t = 0; t < steps; t++) {
        uint64_t v;
        TRY(next_varint(r, &v));
        if (v > VALUE_LIMIT)
            return E_INVALID;
        out[t * stride] = v - 1; /* 0 becomes READING_ABSENT */
    }
    return E_OK;
}

enum err coefficients_next(struct readings_reader *r, uint32_t *out, size_t stride, size_t steps)
{
    uint8_t mode;
    TRY(next_mode(r, &mode));
    if (mode == STREAM_ABSENT)
        return E_INVALID;
    uint64_t v = 0;
    for (size_t t = 0; t < steps; t++) {
        if (t == 0 || mode == STREAM_VALUES)
            TRY(next_varint(r, &v));
        if (v > 1000000)
            return E_INVALID;
        out[t * stride] = (uint32_t)v;
    }
    return E_OK;
}
