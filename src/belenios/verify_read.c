/* verify_read: the container, the chain and the order of events. */
#include "base/lang.h"
#include "base/mem.h"
#include "belenios/verify_steps.h"

#define PENDING_MAX 4 /* data records that wait for their event */

/* Which event may follow, and how many data records it takes. */
static const struct {
    unsigned follows; /* a bit for each type it may come after; bit FIRST: the start */
    size_t data;
} RULES[BEL_EVENT_TYPES] = {
#define FIRST (1u << BEL_EVENT_TYPES)
#define AFTER(type) (1u << (type))
    [BEL_SETUP] = {FIRST, 4},
    [BEL_BALLOT] = {AFTER(BEL_SETUP) | AFTER(BEL_BALLOT), 1},
    [BEL_END_BALLOTS] = {AFTER(BEL_SETUP) | AFTER(BEL_BALLOT), 0},
    [BEL_ENCRYPTED_TALLY] = {AFTER(BEL_END_BALLOTS), 2},
    [BEL_PARTIAL_DECRYPTION] = {AFTER(BEL_ENCRYPTED_TALLY) | AFTER(BEL_PARTIAL_DECRYPTION), 2},
    [BEL_RESULT] = {AFTER(BEL_PARTIAL_DECRYPTION), 1},
};

struct reading {
    struct bel_contents *c;
    struct bel_reader reader, older;
    bool has_older;
    const struct hash *anchor; /* NULL once found */
    struct bel_record pending[PENDING_MAX];
    size_t pending_count;
};

void bel_fault_set(struct bel_fault *f, enum err code, uint64_t event, enum bel_event_type type)
{
    f->code = code;
    f->event = event;
    diag_wrap(&f->d, code, T("event %llu (%s): ", "événement %llu (%s) : "),
              (unsigned long long)event, bel_event_name(type));
}

/* --- an older copy -----------------------------------------------------------------------------
 */

static enum err next_event(struct bel_reader *r, struct bel_record *out, struct diag *d)
{
    do
        TRY(bel_reader_next(r, out, d));
    while (!out->is_event);
    return E_OK;
}

/* The older copy's next event must be this one. */
static enum err compare_older(struct reading *x, const struct hash *event, struct diag *d)
{
    struct bel_record old;
    if (!x->has_older)
        return E_OK;
    enum err e = next_event(&x->older, &old, d);
    if (e == E_NOT_FOUND) {
        x->has_older = false; /* from here on this archive is newer */
        return E_OK;
    }
    if (e != E_OK)
        return diag_wrap(d, e, T("the older copy: ", "la copie plus ancienne : "));
    if (!hash_eq(&old.hash, event))
        return diag_set(d, E_PROOF,
                        T("the older copy has another event here: something was removed, added or "
                          "changed since",
                          "la copie plus ancienne a un autre événement ici : quelque chose a été "
                          "retiré, ajouté ou modifié depuis"));
    return E_OK;
}

static enum err end_older(struct reading *x, struct diag *d)
{
    struct bel_record old;
    if (!x->has_older)
        return E_OK;
    enum err e = next_event(&x->older, &old, d);
    if (e == E_NOT_FOUND)
        return E_OK;
    if (e == E_OK)
        return diag_set(
            d, E_PROOF,
            T("the older copy goes on after event %llu, where this archive ends",
              "la copie plus ancienne continue après l'événement %llu, où cette archive "
              "finit"),
            (unsigned long long)x->c->event_count - 1);
    return diag_wrap(d, e, T("the older copy: ", "la copie plus ancienne : "));
}

/* --- ballots -----------------------------------------------------------------------------------
 */

static struct bytes place_body(const struct bel_contents *c, size_t i)
{
    return bytes_of(c->file.data + c->ballots[i].offset, c->ballots[i].len);
}

static void insert_copy(struct bel_contents *c, size_t i)
{
    size_t at = (size_t)c->ballots[i].prefix & (c->copy_slots - 1);
    while (c->copies[at])
        at = (at + 1) & (c->copy_slots - 1);
    c->copies[at] = (uint32_t)(i + 1);
}

/* The number of an earlier ballot of the same bytes, or SIZE_MAX. */
static size_t find_copy(const struct bel_contents *c, uint64_t prefix, struct bytes body)
{
    if (!c->copy_slots)
        return SIZE_MAX;
    for (size_t at = (size_t)prefix & (c->copy_slots - 1); c->copies[at];
         at = (at + 1) & (c->copy_slots - 1)) {
        size_t i = c->copies[at] - 1;
        if (c->ballots[i].prefix == prefix && bytes_eq(place_body(c, i), body))
            return i;
    }
    return SIZE_MAX;
}

static enum err take_ballot(struct bel_contents *c, const struct bel_record *r, struct diag *d)
{
    uint64_t prefix = be64_get(r->hash.b);
    size_t earlier = find_copy(c, prefix, r->body);
    if (earlier != SIZE_MAX)
        return diag_set(
            d, E_EXISTS,
            T("the ballot is a copy of ballot %zu", "le bulletin est une copie du bulletin %zu"),
            earlier + 1);
    if (c->ballot_count == UINT32_MAX - 1)
        return diag_set(d, E_TOO_LARGE, T("more than %zu ballots", "plus de %zu bulletins"),
                        c->ballot_count);
    if (r->body.len > LIMIT_BEL_BALLOT_BYTES)
        return diag_set(d, E_TOO_LARGE,
                        T("a ballot of more than %u bytes", "un bulletin de plus de %u octets"),
                        LIMIT_BEL_BALLOT_BYTES);
    if (c->ballot_count == c->ballot_cap) {
        c->ballot_cap = c->ballot_cap ? c->ballot_cap + c->ballot_cap / 2 : 1024;
        c->ballots = mem_resize(c->ballots, c->ballot_cap, sizeof *c->ballots);
    }
    c->ballots[c->ballot_count++] =
        (struct bel_place){.offset = (uint64_t)(r->body.data - c->file.data),
                           .prefix = prefix,
                           .len = (uint32_t)r->body.len};
    if (2 * c->ballot_count <= c->copy_slots) {
        insert_copy(c, c->ballot_count - 1);
        return E_OK;
    }
    mem_free(c->copies);
    c->copy_slots = c->copy_slots ? 2 * c->copy_slots : 4096;
    c->copies = mem_zalloc(c->copy_slots, sizeof *c->copies);
    for (size_t i = 0; i < c->ballot_count; i++)
        insert_copy(c, i);
    return E_OK;
}

/* --- events ------------------------------------------------------------------------------------
 */

static enum err check_order(const struct reading *x, const struct bel_event *e, struct diag *d)
{
    const struct bel_contents *c = x->c;
    if (e->height != c->event_count)
        return diag_set(d, E_INVALID,
                        T("its height is %llu, it is event %llu",
                          "sa hauteur est %llu, il est l'événement %llu"),
                        (unsigned long long)e->height, (unsigned long long)c->event_count);
    if (e->has_parent && !hash_eq(&e->parent, &c->last))
        return diag_set(
            d, E_INVALID,
            T("its parent is not the event before", "son parent n'est pas l'événement précédent"));
    unsigned before = c->event_count == 0 ? FIRST : AFTER(c->last_type);
    if (!(RULES[e->type].follows & before))
        return diag_set(d, E_INVALID, T("may not follow %s", "ne peut pas suivre %s"),
                        c->event_count == 0 ? T("the beginning", "le début")
                                            : bel_event_name(c->last_type));
    if (x->pending_count != RULES[e->type].data)
        return diag_set(d, E_INVALID,
                        T("%zu records of data stand before it, it takes %zu",
                          "%zu enregistrements de données le précèdent, il en prend %zu"),
                        x->pending_count, RULES[e->type].data);
    if (e->has_payload && !hash_eq(&e->payload, &x->pending[x->pending_count - 1].hash))
        return diag_set(d, E_INVALID,
                        T("its payload is not the record before it",
                          "son contenu (payload) n'est pas l'enregistrement qui le précède"));
    return E_OK;
}

static enum err take_event(struct reading *x, const struct bel_event *e, struct diag *d)
{
    struct bel_contents *c = x->c;
    const struct bel_record *p = x->pending;
    switch (e->type) {
    case BEL_SETUP:
        c->election = p[0].body;
        c->trustees = p[1].body;
        c->credentials = p[2].body;
        c->setup = p[3].body;
        for (size_t i = 0; i < 3; i++)
            c->setup_hashes[i] = p[i].hash;
        return E_OK;
    case BEL_BALLOT:
        return take_ballot(c, &p[0], d);
    case BEL_END_BALLOTS:
        return E_OK;
    case BEL_ENCRYPTED_TALLY:
        c->sums = p[0].body;
        c->sums_hash = p[0].hash;
        c->sized = p[1].body;
        c->tally_event = e->height;
        return E_OK;
    case BEL_PARTIAL_DECRYPTION:
        if (c->decrypted_count == c->decrypted_cap) {
            c->decrypted_cap = c->decrypted_cap ? 2 * c->decrypted_cap : 8;
            c->decrypted = mem_resize(c->decrypted, c->decrypted_cap, sizeof *c->decrypted);
        }
        c->decrypted[c->decrypted_count++] =
            (struct bel_decrypted){e->height, p[0].body, p[1].body, p[0].hash};
        return E_OK;
    case BEL_RESULT:
        c->result = p[0].body;
        c->result_event = e->height;
        return E_OK;
    case BEL_EVENT_TYPES:
        break;
    }
    ASSERT(!"no such event");
    return E_INVALID;
}

/* One event with the data before it. false: reading ends, c->fault says why. */
static bool read_event(struct reading *x, const struct bel_record *record)
{
    struct bel_contents *c = x->c;
    struct bel_event e;
    struct diag *d = &c->fault.d;
    enum err code = bel_event_read(&e, record->body, d);
    if (code != E_OK) {
        c->fault.code = code;
        c->fault.event = c->event_count;
        diag_wrap(d, code, T("event %llu: ", "événement %llu : "),
                  (unsigned long long)c->event_count);
        return false;
    }
    code = compare_older(x, &record->hash, d);
    if (code == E_OK)
        code = check_order(x, &e, d);
    if (code == E_OK)
        code = take_event(x, &e, d);
    if (code != E_OK) {
        bel_fault_set(&c->fault, code, c->event_count, e.type);
        return false;
    }
    x->pending_count = 0;
    c->event_count++;
    c->last_type = e.type;
    c->last = record->hash;
    if (x->anchor && hash_eq(x->anchor, &record->hash))
        x->anchor = NULL;
    return true;
}

static void outside(struct bel_contents *c, enum err code)
{
    c->fault.code = code;
    c->fault.event = BEL_OUTSIDE;
}

static void read_records(struct reading *x, const struct bel_verify_options *o)
{
    struct bel_contents *c = x->c;
    struct diag *d = &c->fault.d;
    struct bel_record record;
    enum err e;
    while ((e = bel_reader_next(&x->reader, &record, d)) == E_OK) {
        if (record.is_event) {
            if (!read_event(x, &record))
                return;
            if (o->tick && c->event_count % 1024 == 0)
                o->tick(o->tick_ctx, T("events", "événements"), x->reader.at, c->file.len);
            continue;
        }
        if (x->pending_count == PENDING_MAX) {
            outside(c, diag_set(d, E_INVALID,
                                T("record at byte %llu: no event takes so much data",
                                  "enregistrement à l'octet %llu : aucun événement ne prend autant "
                                  "de données"),
                                (unsigned long long)record.offset));
            return;
        }
        x->pending[x->pending_count++] = record;
    }
    if (e != E_NOT_FOUND)
        outside(c, e);
    else if (x->pending_count)
        outside(c, diag_set(d, E_INVALID,
                            T("record at byte %llu: data that no event takes",
                              "enregistrement à l'octet %llu : des données qu'aucun événement ne "
                              "prend"),
                            (unsigned long long)x->pending[0].offset));
    else if (c->event_count == 0)
        outside(c, diag_set(d, E_INVALID,
                            T("the archive has no event", "l'archive n'a aucun événement")));
    else if ((e = end_older(x, d)) != E_OK)
        outside(c, e);
    else if (x->anchor)
        outside(c,
                diag_set(d, E_PROOF,
                         T("the trusted event is not in this archive: something was removed or "
                           "changed, or the archive is older than it",
                           "l'événement de confiance n'est pas dans cette archive : quelque chose "
                           "a été retiré ou modifié, ou l'archive est plus ancienne que lui")));
}

void bel_verify_read(struct bel_contents *c, struct bytes file,
                     const struct bel_verify_options *options)
{
    *c = (struct bel_contents){.file = file};
    struct reading x = {.c = c, .anchor = options->anchor, .has_older = options->older.len > 0};
    enum err e = bel_reader_begin(&x.reader, file, &c->fault.d);
    if (e == E_OK && x.has_older) {
        e = bel_reader_begin(&x.older, options->older, &c->fault.d);
        if (e != E_OK)
            diag_wrap(&c->fault.d, e, T("the older copy: ", "la copie plus ancienne : "));
    }
    if (e == E_OK)
        read_records(&x, options);
    else
        outside(c, e);
}

void bel_contents_free(struct bel_contents *c)
{
    mem_free(c->ballots);
    mem_free(c->copies);
    mem_free(c->decrypted);
}
