/* decryption_open: partial decryptions put together. */
#include "base/lang.h"
#include "belenios/tally.h"
#include "belenios/tally_shape.h"

#define ITEM_BYTES (EDWARDS_BYTES + BEL_PROOF_BYTES)
#define NOBODY SIZE_MAX

/* The place of each trustee's decryption among those supplied (the first of several). */
static void find_owners(size_t place[BEL_TRUSTEES_MAX], const struct bel_trustees *t,
                        const uint64_t *owners, size_t count)
{
    for (size_t i = 0; i < t->count; i++)
        place[i] = NOBODY;
    for (size_t i = count; i-- > 0;)
        if (owners[i] >= 1 && owners[i] <= t->count)
            place[owners[i] - 1] = i;
}

static enum err entry_suffices(const struct bel_trustees_entry *entry,
                               const size_t place[BEL_TRUSTEES_MAX], struct diag *d)
{
    size_t needed = entry->threshold ? entry->threshold : 1, supplied = 0;
    for (size_t i = 0; i < entry->size; i++)
        supplied += place[entry->first + i] != NOBODY;
    if (supplied >= needed)
        return E_OK;
    if (!entry->threshold)
        return diag_set(d, E_NOT_FOUND,
                        T("the partial decryption of trustee %zu is missing",
                          "il manque le déchiffrement partiel du dépositaire %zu"),
                        entry->first + 1);
    return diag_set(d, E_NOT_FOUND,
                    T("%zu partial decryptions of trustees %zu to %zu: %zu are needed",
                      "%zu déchiffrements partiels des dépositaires %zu à %zu : il en faut %zu"),
                    supplied, entry->first + 1, entry->first + entry->size, needed);
}

static enum err suffice(const struct bel_trustees *t, const size_t place[BEL_TRUSTEES_MAX],
                        struct diag *d)
{
    for (size_t i = 0; i < t->entry_count; i++)
        TRY(entry_suffices(&t->entries[i], place, d));
    return E_OK;
}

enum err bel_decryptions_suffice(const struct bel_trustees *t, const uint64_t *owners, size_t count,
                                 struct diag *d)
{
    size_t place[BEL_TRUSTEES_MAX];
    find_owners(place, t, owners, count);
    return suffice(t, place, d);
}

/* Who is needed of all that are supplied, and to which power. */
struct opener {
    const uint8_t *factors; /* its partial decryption */
    struct ed_scalar power;
};

/* Lagrange's coefficient at 0 for members[i]: the product over the others j of j / (j - i). */
static struct ed_scalar lagrange(const uint64_t *members, size_t count, size_t i)
{
    struct ed_scalar above = ED_ONE, below = ED_ONE, own = ed_scalar_of(members[i]);
    for (size_t j = 0; j < count; j++) {
        if (j == i)
            continue;
        struct ed_scalar other = ed_scalar_of(members[j]);
        above = ed_scalar_mul(above, other);
        below = ed_scalar_mul(below, ed_scalar_sub(other, own));
    }
    return ed_scalar_mul(above, ed_scalar_inverse(below));
}

static size_t choose(struct opener *out, const struct bel_trustees *t,
                     const size_t place[BEL_TRUSTEES_MAX], const struct bytes *decryptions)
{
    size_t count = 0;
    for (size_t k = 0; k < t->entry_count; k++) {
        const struct bel_trustees_entry *entry = &t->entries[k];
        if (!entry->threshold) {
            out[count++] = (struct opener){decryptions[place[entry->first]].data, ED_ONE};
            continue;
        }
        uint64_t members[BEL_TRUSTEES_MAX];
        size_t chosen = 0;
        for (size_t i = 0; i < entry->size && chosen < entry->threshold; i++) {
            if (place[entry->first + i] == NOBODY)
                continue;
            members[chosen] = i + 1;
            out[count + chosen++].factors = decryptions[place[entry->first + i]].data;
        }
        for (size_t i = 0; i < chosen; i++)
            out[count + i].power = lagrange(members, chosen, i);
        count += chosen;
    }
    return count;
}

/* beta less the product of the factors' powers. */
static enum err open_one(struct ed_point *out, const uint8_t *beta32, const struct opener *openers,
                         size_t count, size_t i, struct diag *d)
{
    struct ed_point factors[BEL_TRUSTEES_MAX], sum;
    struct ed_scalar powers[BEL_TRUSTEES_MAX];
    bool decoded = ed_decode(out, beta32);
    for (size_t k = 0; decoded && k < count; k++) {
        decoded = ed_decode(&factors[k], openers[k].factors + ITEM_BYTES * i);
        powers[k] = openers[k].power;
    }
    if (!decoded)
        return diag_set(d, E_INVALID, T("not a point of the group", "pas un point du groupe"));
    ed_msm(&sum, factors, powers, count);
    ed_sub(out, out, &sum);
    return E_OK;
}

enum err bel_open(struct ed_point *out, const struct bel_election *e, const struct bel_trustees *t,
                  struct bytes packed_sums, const uint64_t *owners, const struct bytes *decryptions,
                  size_t count, struct diag *d)
{
    size_t place[BEL_TRUSTEES_MAX];
    struct opener openers[BEL_TRUSTEES_MAX];
    if (packed_sums.len != 2 * EDWARDS_BYTES * e->ciphertext_count)
        return diag_set(d, E_INVALID,
                        T("sums of another election", "des totaux d'une autre élection"));
    for (size_t i = 0; i < count; i++)
        if (decryptions[i].len != bel_decryption_bytes(e))
            return diag_set(
                d, E_INVALID,
                T("a partial decryption of %zu bytes: this election's have %zu",
                  "un déchiffrement partiel de %zu octets : cette élection en demande %zu"),
                decryptions[i].len, bel_decryption_bytes(e));
    find_owners(place, t, owners, count);
    TRY(suffice(t, place, d));
    size_t needed = choose(openers, t, place, decryptions);
    for (size_t i = 0; i < e->ciphertext_count; i++) {
        const uint8_t *beta32 = packed_sums.data + 2 * EDWARDS_BYTES * i + EDWARDS_BYTES;
        enum err code = open_one(&out[i], beta32, openers, needed, i, d);
        if (code != E_OK)
            return bel_shape_where(d, code, e, i);
    }
    return E_OK;
}
