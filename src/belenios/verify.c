/* verify: setup, tally, decryptions and result of an archive, around its ballots. */
#include "belenios/verify.h"

#include "base/lang.h"
#include "belenios/tally_shape.h"
#include "belenios/verify_steps.h"

/* --- setup -------------------------------------------------------------------------------------
 */

enum err bel_verify_setup(struct bel_report *r, struct arena *a, const struct bel_contents *c,
                          struct diag *d)
{
    struct buf setup = {0};
    bel_setup_write(&setup, &c->setup_hashes[0], &c->setup_hashes[1], &c->setup_hashes[2]);
    bool same = bytes_eq(buf_view(&setup), c->setup);
    buf_free(&setup);
    if (!same)
        return diag_set(
            d, E_INVALID,
            T("setup_data does not name the election, the trustees and the credentials "
              "before it, and nothing else",
              "setup_data ne nomme pas l'élection, les dépositaires et les droits de vote "
              "qui le précèdent, et rien d'autre"));
    TRY(bel_election_read(&r->election, a, c->election, d));
    bel_election_prepare(&r->election);
    r->has_setup = true;
    TRY(bel_trustees_read(&r->trustees, a, c->trustees, d));
    if (memcmp(r->trustees.key32, r->election.public_key32, EDWARDS_BYTES) != 0)
        return diag_set(d, E_PROOF,
                        T("the election's key is not the product of its trustees' keys",
                          "la clé de l'élection n'est pas le produit de celles des dépositaires"));
    return E_OK;
}

/* --- encrypted tally ---------------------------------------------------------------------------
 */

/* Why the document is not the sum that was found. */
static enum err tell_sums(const struct bel_contents *c, const struct bel_election *e,
                          const uint8_t *sums, struct diag *d)
{
    struct buf theirs = {0};
    TRY(bel_sums_read(&theirs, e, c->sums, d));
    size_t i = 0;
    while (i + 1 < e->ciphertext_count && memcmp(theirs.data + 64 * i, sums + 64 * i, 64) == 0)
        i++;
    buf_free(&theirs);
    diag_set(d, E_PROOF,
             T("the encrypted tally is not the sum of the ballots that count",
               "le total chiffré n'est pas la somme des bulletins qui comptent"));
    return bel_shape_where(d, E_PROOF, e, i);
}

static enum err tell_sized(const struct bel_contents *c, const struct bel_tally *t, struct diag *d)
{
    struct json *j;
    uint64_t count = 0, weight = 0;
    enum err e = bel_link_parse(&j, c->sized, d);
    if (e != E_OK)
        return diag_wrap(d, e, "%s: ", "sized_encrypted_tally");
    bool read = json_u64(&count, json_get(j, "num_tallied")) == E_OK &&
                json_u64(&weight, json_get(j, "total_weight")) == E_OK;
    json_free(j);
    if (read && (count != t->ballot_count || weight != t->total_weight))
        return diag_set(
            d, E_PROOF,
            T("num_tallied is %llu and total_weight %llu; %llu ballots of weight %llu "
              "count",
              "num_tallied est %llu et total_weight %llu ; %llu bulletins de poids %llu "
              "comptent"),
            (unsigned long long)count, (unsigned long long)weight,
            (unsigned long long)t->ballot_count, (unsigned long long)t->total_weight);
    return diag_set(
        d, E_INVALID,
        T("sized_encrypted_tally is not in canonical form or names another tally",
          "sized_encrypted_tally n'est pas sous forme canonique ou nomme un autre total"));
}

/* *sums: the packed tally, of the arena. */
static enum err check_tally(struct bytes *sums, struct arena *a, const struct bel_contents *c,
                            const struct bel_election *e, const struct bel_tally *t, struct diag *d)
{
    size_t len = 2 * EDWARDS_BYTES * e->ciphertext_count;
    uint8_t *packed = arena_alloc(a, len);
    struct buf json = {0};
    bel_tally_pack(packed, t);
    *sums = bytes_of(packed, len);
    bel_sums_write(&json, e, *sums);
    bool same = bytes_eq(buf_view(&json), c->sums);
    buf_clear(&json);
    bel_sized_write(&json, t->ballot_count, t->total_weight, &c->sums_hash);
    bool same_size = bytes_eq(buf_view(&json), c->sized);
    buf_free(&json);
    if (!same)
        return tell_sums(c, e, packed, d);
    return same_size ? E_OK : tell_sized(c, t, d);
}

/* --- partial decryptions -----------------------------------------------------------------------
 */

/* What the checked partial decryptions are: each owner once. */
struct opened {
    struct bytes sums;
    uint64_t owners[BEL_TRUSTEES_MAX];
    struct bytes decryptions[BEL_TRUSTEES_MAX];
    size_t count;
};

static enum err read_owner(uint64_t *out, const struct bel_decrypted *m,
                           const struct bel_trustees *t, struct diag *d)
{
    struct json *j;
    enum err e = bel_link_parse(&j, m->owned, d);
    if (e != E_OK)
        return diag_wrap(d, e, "%s: ", "owned");
    bool read = json_u64(out, json_get(j, "owner")) == E_OK;
    json_free(j);
    struct buf again = {0};
    bel_owned_write(&again, *out, &m->decryption_hash);
    read = read && bytes_eq(buf_view(&again), m->owned);
    buf_free(&again);
    if (!read)
        return diag_set(d, E_INVALID,
                        T("its owner is not named in canonical form, with the data before it",
                          "son auteur n'est pas nommé sous forme canonique, avec les données qui "
                          "précèdent"));
    if (*out < 1 || *out > t->count)
        return diag_set(d, E_RANGE,
                        T("trustee %llu: there are %zu", "dépositaire %llu : il y en a %zu"),
                        (unsigned long long)*out, t->count);
    return E_OK;
}

static enum err check_decryption(struct opened *o, struct arena *a, const struct bel_decrypted *m,
                                 const struct bel_report *r, struct diag *d)
{
    uint64_t owner = 0;
    TRY(read_owner(&owner, m, &r->trustees, d));
    for (size_t i = 0; i < o->count; i++)
        if (o->owners[i] == owner)
            return diag_set(
                d, E_EXISTS,
                T("trustee %llu has decrypted before", "le dépositaire %llu a déjà déchiffré"),
                (unsigned long long)owner);
    struct buf packed = {0};
    enum err e = bel_decryption_read(&packed, &r->election, m->decryption, d);
    if (e == E_OK)
        e = bel_decryption_check(&r->election, o->sums, buf_view(&packed),
                                 r->trustees.trustees[owner - 1].key32, d);
    if (e == E_OK) {
        o->owners[o->count] = owner;
        o->decryptions[o->count++] = bytes_of(arena_dup(a, packed.data, packed.len), packed.len);
    } else {
        diag_wrap(d, e, T("trustee %llu: ", "dépositaire %llu : "), (unsigned long long)owner);
    }
    buf_free(&packed);
    return e;
}

/* --- result ------------------------------------------------------------------------------------
 */

static enum err check_result(struct bel_report *r, struct arena *a, const struct bel_contents *c,
                             const struct opened *o, struct diag *d)
{
    const struct bel_election *e = &r->election;
    struct ed_point *points = arena_alloc(a, e->ciphertext_count * sizeof *points);
    uint64_t *counts = arena_zalloc(a, e->ciphertext_count, sizeof *counts);
    TRY(bel_open(points, e, &r->trustees, o->sums, o->owners, o->decryptions, o->count, d));
    TRY(bel_result_read(counts, e, c->result, d));
    TRY(bel_result_check(counts, e, points, d));
    r->counts = counts;
    r->has_result = true;
    return E_OK;
}

/* --- the whole ---------------------------------------------------------------------------------
 */

static struct bel_fault after_ballots(struct bel_report *r, struct arena *a,
                                      const struct bel_contents *c, const struct bel_tally *t)
{
    struct bel_fault f = {0};
    struct opened o = {0};
    if (!c->sums.data)
        return f;
    enum err e = check_tally(&o.sums, a, c, &r->election, t, &f.d);
    if (e != E_OK) {
        struct diag wanted;
        if (r->unit_count == 0 && bel_names_units(c)) { /* one in 16 hashes is a key as well */
            bel_units_wanted(c, &wanted);
            diag_wrap(&wanted, e, T("%s; or: ", "%s ; ou : "), f.d.text);
            f.d = wanted;
        }
        bel_fault_set(&f, e, c->tally_event, BEL_ENCRYPTED_TALLY);
        return f;
    }
    for (size_t i = 0; i < c->decrypted_count; i++) {
        e = check_decryption(&o, a, &c->decrypted[i], r, &f.d);
        if (e != E_OK) {
            bel_fault_set(&f, e, c->decrypted[i].event, BEL_PARTIAL_DECRYPTION);
            return f;
        }
        r->decryption_count++;
    }
    if (c->result.data && (e = check_result(r, a, c, &o, &f.d)) != E_OK)
        bel_fault_set(&f, e, c->result_event, BEL_RESULT);
    return f;
}

/* Voters and ballots, whose sum *tally becomes: the election's own, or those of the units that were
 * merged into it. */
static struct bel_fault check_ballots(struct bel_report *r, struct arena *a, struct bel_contents *c,
                                      struct bel_tally *tally,
                                      const struct bel_verify_options *options)
{
    struct bel_fault f = {0};
    enum err e;
    if (options->unit_count > 0) {
        e = bel_verify_units(r, a, c, tally, options, &f.d);
    } else {
        e = bel_roll_read(&r->roll, a, c->credentials, &f.d);
        if (e == E_INVALID && bel_names_units(c))
            e = bel_units_wanted(c, &f.d);
    }
    if (e != E_OK) {
        bel_fault_set(&f, e, 0, BEL_SETUP);
        return f;
    }
    if (options->unit_count > 0)
        return f;
    r->voter_count = r->roll.count;
    r->roll_weight = r->roll.total_weight;
    r->has_weights = r->roll.has_weights;
    f = bel_verify_ballots(c, &r->election, &r->roll, tally, c->sums.data != NULL, options);
    r->ballot_count = f.code == E_OK ? c->ballot_count : f.event - 1;
    if (f.code == E_OK) {
        r->hinted = c->hinted;
        r->counted = c->counted;
        r->total_weight = c->counted_weight;
    }
    return f;
}

static struct bel_fault check_all(struct bel_report *r, struct arena *a, struct bel_contents *c,
                                  const struct bel_verify_options *options)
{
    struct bel_fault f = {0};
    if (!c->setup.data)
        return f;
    enum err e = bel_verify_setup(r, a, c, &f.d);
    if (e != E_OK) {
        bel_fault_set(&f, e, 0, BEL_SETUP);
        return f;
    }
    struct bel_tally tally;
    bel_tally_init(&tally, &r->election);
    f = check_ballots(r, a, c, &tally, options);
    if (f.code == E_OK)
        f = after_ballots(r, a, c, &tally);
    bel_tally_fini(&tally);
    return f;
}

enum err bel_archive_verify(struct bel_report *out, struct arena *a, struct bytes file,
                            const struct bel_verify_options *options, struct diag *d)
{
    struct bel_contents c;
    *out = (struct bel_report){.fault_event = UINT64_MAX};
    bel_verify_read(&c, file, options);
    struct bel_fault f = check_all(out, a, &c, options);
    if (f.code == E_OK)
        f = c.fault;
    else
        c.event_count = f.event; /* what follows was not looked at */
    out->event_count = c.event_count;
    out->last_event = c.last_type;
    out->last_hash = c.last;
    if (f.code != E_OK)
        out->fault_event = f.event;
    bel_contents_free(&c);
    return f.code == E_OK ? E_OK : diag_set(d, f.code, "%s", f.d.text);
}

void bel_report_free(struct bel_report *r)
{
    if (r->has_setup)
        bel_election_free(&r->election);
    r->has_setup = false;
}
