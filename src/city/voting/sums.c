#include "city/voting/sums.h"

#include "city/voting/price.h"

static struct hash sums_slot(uint64_t id)
{
    return RECORD_SLOT("sums", id);
}

static enum err store_sums(struct service_call *c, uint64_t id, const uint8_t *packed, size_t len)
{
    struct hash slot = sums_slot(id);
    return service_store(c, &slot, bytes_of(packed, len));
}

enum err sums_load(struct service_call *c, const struct consultation *v, struct bytes *out)
{
    struct record r;
    struct hash slot = sums_slot(v->id);
    size_t count = 2 * (size_t)v->ciphertexts;
    TRY(record_load(c, &slot, &r));
    if (!record_is_empty(&r)) {
        *out = bytes_of(r.p, (size_t)(r.end - r.p));
        return out->len == count * EDWARDS_BYTES ? E_OK : record_unreadable(c);
    }
    uint8_t *packed = arena_alloc(c->arena, count * EDWARDS_BYTES);
    for (size_t i = 0; i < count; i++)
        ed_encode(packed + i * EDWARDS_BYTES, &ED_IDENTITY);
    *out = bytes_of(packed, count * EDWARDS_BYTES);
    return E_OK;
}

enum err sums_change(struct service_call *c, const struct consultation *v,
                     struct voting_election *election, struct bytes ballot, struct bytes replaced,
                     uint64_t weight)
{
    struct bel_tally t;
    struct bytes packed;
    TRY(sums_load(c, v, &packed));
    TRY(service_charge(c, price_sums(v->ciphertexts) * (replaced.len ? 2 : 1)));
    bel_tally_init(&t, &election->e);
    if (replaced.len) { /* the numbers of the sums are progress's; here, what can be taken out */
        t.ballot_count = 1;
        t.total_weight = weight;
    }
    bool holds = election_sums(election, t.sums, packed) &&
                 (replaced.len == 0 || bel_tally_remove(&t, replaced, weight) == E_OK) &&
                 bel_tally_add(&t, ballot, weight) == E_OK;
    uint8_t *after = arena_alloc(c->arena, packed.len);
    if (holds) {
        bel_tally_pack(after, &t);
        election_note_sums(election, bytes_of(after, packed.len), t.sums);
    }
    bel_tally_fini(&t);
    return holds ? store_sums(c, v->id, after, packed.len) : record_unreadable(c);
}

enum err sums_merge(struct service_call *c, const struct consultation *v,
                    const struct consultation *units, size_t count)
{
    size_t points = 2 * (size_t)v->ciphertexts, bad;
    struct ed_point *sum = arena_alloc(c->arena, points * sizeof *sum);
    struct ed_point *one = arena_alloc(c->arena, points * sizeof *one);
    uint8_t *packed = arena_alloc(c->arena, points * EDWARDS_BYTES);
    for (size_t i = 0; i < points; i++)
        sum[i] = ED_IDENTITY;
    for (size_t k = 0; k < count; k++) {
        struct bytes of_unit;
        if (units[k].ciphertexts != v->ciphertexts)
            return record_unreadable(c);
        TRY(sums_load(c, &units[k], &of_unit));
        TRY(service_charge(c, price_sums(v->ciphertexts)));
        if (!ed_decode_prime_many(one, of_unit.data, EDWARDS_BYTES, points, &bad))
            return record_unreadable(c);
        for (size_t i = 0; i < points; i++)
            ed_add(&sum[i], &sum[i], &one[i]);
    }
    ed_encode_many(packed, sum, points);
    return store_sums(c, v->id, packed, points * EDWARDS_BYTES);
}
