/* verify_merged: the units of a consultation that others were merged into.
 *
 * Its Setup names them by their last events, which pin down their whole archives. Files are matched
 * with names first, then the elections compared, then every unit's ballots verified, so that a
 * wrong file costs no time. A unit may be merged itself: its own units join the queue behind. */
#include "base/lang.h"
#include "base/mem.h"
#include "belenios/verify_steps.h"

#define HEX_CHARS 64
#define NAME_CHARS (HEX_CHARS + 3) /* a comma or bracket before it, and quotes */
#define TOLD_MAX 6                 /* names in one message */

/* --- names in place of credentials -------------------------------------------------------------
 */

/* The i-th name as it stands in the document. */
static const char *name_at(const struct bel_contents *c, size_t i)
{
    return (const char *)c->credentials.data + i * NAME_CHARS + 2;
}

/* How many are named; 0: these are no names. */
static size_t names(const struct bel_contents *c)
{
    struct bytes json = c->credentials;
    size_t count = json.len / NAME_CHARS;
    if (c->ballot_count > 0 || count < 2 || count > BEL_UNITS_MAX ||
        json.len != count * NAME_CHARS + 1 || json.data[json.len - 1] != ']')
        return 0;
    for (size_t i = 0; i < count; i++) {
        struct hash h;
        char again[HEX_CHARS + 1];
        const char *hex = name_at(c, i);
        if (hex[-2] != (i ? ',' : '[') || hex[-1] != '"' || hex[HEX_CHARS] != '"' ||
            hex_decode(h.b, sizeof h.b, hex, HEX_CHARS) != E_OK)
            return 0;
        hex_encode(again, h.b, sizeof h.b);
        if (memcmp(again, hex, HEX_CHARS) != 0)
            return 0;
    }
    return count;
}

static void read_name(struct hash *out, const struct bel_contents *c, size_t i)
{
    enum err e = hex_decode(out->b, sizeof out->b, name_at(c, i), HEX_CHARS);
    ASSERT(e == E_OK); /* names() saw it */
}

bool bel_names_units(const struct bel_contents *c)
{
    return names(c) > 0;
}

enum err bel_units_wanted(const struct bel_contents *c, struct diag *d)
{
    struct buf list = {0};
    size_t count = names(c);
    for (size_t i = 0; i < count && i < TOLD_MAX; i++)
        buf_putf(&list, "%s%.*s", i ? ", " : "", HEX_CHARS, name_at(c, i));
    if (count > TOLD_MAX)
        buf_puts(&list, ", ...");
    diag_set(d, E_UNSUPPORTED,
             T("%zu units were merged into this consultation; give the archive of each (--unit "
               "FILE.bel), which ends with the event: %s",
               "%zu unités ont été réunies dans cette consultation ; donnez l'archive de chacune "
               "(--unit FICHIER.bel), dont le dernier événement est : %s"),
             count, buf_cstr(&list));
    buf_free(&list);
    return E_UNSUPPORTED;
}

/* --- files -------------------------------------------------------------------------------------
 */

struct unit_file {
    struct bel_contents c;
    const char *name;
    bool is_named;
};

struct merging {
    struct bel_report *r; /* of the merged consultation */
    struct arena *a;
    const struct bel_contents *c;
    const struct bel_verify_options *options;
    struct unit_file *files;
    size_t file_count;
    /* The first name without a file. */
    bool is_wanting;
    struct hash wanted;
    size_t wanted_by; /* the unit that names it, or BEL_NO_UNIT */
};

static enum err in_unit(const struct unit_file *f, enum err e, struct diag *d)
{
    return diag_wrap(d, e, T("unit %s: ", "unité %s : "), f->name);
}

static struct unit_file *find_file(const struct merging *m, const struct hash *last)
{
    for (size_t i = 0; i < m->file_count; i++)
        if (hash_eq(&m->files[i].c.last, last))
            return &m->files[i];
    return NULL;
}

/* Container and chain of every file. */
static enum err open_files(struct merging *m, struct diag *d)
{
    struct bel_verify_options reading = {.tick = m->options->tick,
                                         .tick_ctx = m->options->tick_ctx};
    for (size_t i = 0; i < m->options->unit_count; i++) {
        struct unit_file *f = &m->files[i];
        f->name = m->options->units[i].name;
        bel_verify_read(&f->c, m->options->units[i].file, &reading);
        m->file_count = i + 1; /* from here on it is freed */
        if (f->c.fault.code != E_OK) {
            diag_set(d, f->c.fault.code, "%s", f->c.fault.d.text);
            return in_unit(f, f->c.fault.code, d);
        }
        const struct unit_file *same = find_file(m, &f->c.last);
        if (same != f) {
            diag_set(d, E_EXISTS,
                     T("given twice: the same archive as %s",
                       "donnée deux fois : la même archive que %s"),
                     same->name);
            return in_unit(f, E_EXISTS, d);
        }
    }
    return E_OK;
}

/* Whether its credentials are names of units: one of them is given, or they are not voters' keys.
 */
static bool is_merged(const struct merging *m, const struct bel_contents *c)
{
    struct arena scratch = {0};
    struct bel_roll roll;
    struct diag d = {0};
    size_t count = names(c);
    for (size_t i = 0; i < count; i++) {
        struct hash h;
        read_name(&h, c, i);
        if (find_file(m, &h))
            return true;
    }
    bool has_voters = count == 0 || bel_roll_read(&roll, &scratch, c->credentials, &d) == E_OK;
    arena_free(&scratch);
    return !has_voters;
}

/* --- who was merged into whom ------------------------------------------------------------------
 */

static enum err queue_named(struct merging *m, const struct bel_contents *c, size_t parent,
                            struct diag *d)
{
    size_t count = names(c);
    for (size_t i = 0; i < count; i++) {
        struct hash last;
        read_name(&last, c, i);
        struct unit_file *f = find_file(m, &last);
        if (!f) {
            if (!m->is_wanting) {
                m->is_wanting = true;
                m->wanted = last;
                m->wanted_by = parent;
            }
            continue;
        }
        if (f->is_named) {
            diag_set(d, E_EXISTS,
                     T("merged twice: its ballots would count twice",
                       "réunie deux fois : ses bulletins compteraient deux fois"));
            return in_unit(f, E_EXISTS, d);
        }
        f->is_named = true;
        m->r->units[m->r->unit_count++] =
            (struct bel_unit){.file = (size_t)(f - m->files), .parent = parent, .last_event = last};
    }
    return E_OK;
}

static enum err tell_unnamed(const struct merging *m, const struct unit_file *f, struct diag *d)
{
    char own[HEX_CHARS + 1], wanted[HEX_CHARS + 1];
    hex_encode(own, f->c.last.b, sizeof f->c.last.b);
    hex_encode(wanted, m->wanted.b, sizeof m->wanted.b);
    diag_set(d, E_NOT_FOUND,
             T("its last event is %s, which this consultation does not name",
               "son dernier événement est %s, que cette consultation ne nomme pas"),
             own);
    in_unit(f, E_NOT_FOUND, d);
    if (m->is_wanting) {
        struct diag all;
        diag_set(&all, E_NOT_FOUND,
                 T("%s; the unit that ends with %s is not given",
                   "%s ; l'unité qui finit par %s n'est pas donnée"),
                 d->text, wanted);
        *d = all;
    }
    return E_NOT_FOUND;
}

static enum err tell_wanting(const struct merging *m, struct diag *d)
{
    char hex[HEX_CHARS + 1];
    hex_encode(hex, m->wanted.b, sizeof m->wanted.b);
    diag_set(d, E_UNSUPPORTED,
             T("the archive of a unit is not given (--unit FILE.bel): the one whose last event is "
               "%s",
               "l'archive d'une unité n'est pas donnée (--unit FICHIER.bel) : celle dont le "
               "dernier événement est %s"),
             hex);
    if (m->wanted_by != BEL_NO_UNIT)
        in_unit(&m->files[m->r->units[m->wanted_by].file], E_UNSUPPORTED, d);
    return E_UNSUPPORTED;
}

/* Every name has its file, every file its name. */
static enum err match_files(struct merging *m, struct diag *d)
{
    struct bel_report *r = m->r;
    r->units = arena_zalloc(m->a, m->file_count, sizeof *r->units);
    if (names(m->c) == 0)
        return diag_set(d, E_INVALID,
                        T("no units were merged into this one: it has voters of its own, and "
                          "--unit has no place",
                          "aucune unité n'a été réunie dans celle-ci : elle a ses propres "
                          "électeurs, et --unit n'y a pas sa place"));
    TRY(queue_named(m, m->c, BEL_NO_UNIT, d));
    for (size_t i = 0; i < r->unit_count; i++) {
        const struct bel_contents *c = &m->files[r->units[i].file].c;
        r->units[i].is_merged = is_merged(m, c);
        if (r->units[i].is_merged)
            TRY(queue_named(m, c, i, d));
    }
    for (size_t i = 0; i < m->file_count; i++)
        if (!m->files[i].is_named)
            return tell_unnamed(m, &m->files[i], d);
    return m->is_wanting ? tell_wanting(m, d) : E_OK;
}

/* --- a unit ------------------------------------------------------------------------------------
 */

/* Whether two elections ask the same under the same key: all but what tells them apart. */
static bool asks_the_same(const struct bel_election *a, const struct bel_election *b)
{
    struct buf json[2] = {{0}, {0}};
    const struct bel_election *e[2] = {a, b};
    for (size_t i = 0; i < 2; i++) {
        struct bel_election bare = *e[i];
        bare.uuid = bare.name = "";
        bare.administrator = bare.credential_authority = NULL;
        bel_election_write(&json[i], &bare);
    }
    bool same = bytes_eq(buf_view(&json[0]), buf_view(&json[1]));
    buf_free(&json[0]);
    buf_free(&json[1]);
    return same;
}

static enum err check_uuid(const struct merging *m, size_t unit, struct diag *d)
{
    const char *uuid = m->r->units[unit].uuid;
    bool again = strcmp(uuid, m->r->election.uuid) == 0;
    for (size_t i = 0; i < unit; i++)
        again = again || strcmp(uuid, m->r->units[i].uuid) == 0;
    return again ? diag_set(d, E_EXISTS,
                            T("its uuid %s is another's of this consultation",
                              "son uuid %s est celui d'une autre dans cette consultation"),
                            uuid)
                 : E_OK;
}

/* All but its ballots. *own is the unit's report, for its election. */
static enum err check_unit_setup(struct merging *m, struct bel_report *own, size_t unit,
                                 struct diag *d)
{
    struct bel_unit *u = &m->r->units[unit];
    const struct bel_contents *c = &m->files[u->file].c;
    if (c->last_type != BEL_END_BALLOTS)
        return diag_set(d, E_INVALID,
                        T("its last event is %s: its voting had not ended when it was merged",
                          "son dernier événement est %s : son vote n'était pas terminé à la "
                          "réunion"),
                        bel_event_name(c->last_type));
    TRY(bel_verify_setup(own, m->a, c, d));
    u->name = own->election.name;
    u->uuid = own->election.uuid;
    TRY(check_uuid(m, unit, d));
    if (!bytes_eq(c->trustees, m->c->trustees))
        return diag_set(d, E_PROOF,
                        T("its trustees are not those of this consultation",
                          "ses dépositaires ne sont pas ceux de cette consultation"));
    if (!asks_the_same(&own->election, &m->r->election))
        return diag_set(d, E_PROOF,
                        T("its description or questions are not those of this consultation",
                          "sa description ou ses questions ne sont pas celles de cette "
                          "consultation"));
    return u->is_merged ? E_OK : bel_roll_read(&own->roll, m->a, c->credentials, d);
}

/* A unit's numbers go to all it was merged into. */
static enum err add_numbers(struct merging *m, size_t unit, const struct bel_report *own,
                            const struct bel_contents *c, struct diag *d)
{
    struct bel_report *r = m->r;
    for (size_t i = unit; i != BEL_NO_UNIT; i = r->units[i].parent) {
        struct bel_unit *u = &r->units[i];
        u->voter_count += own->roll.count;
        u->ballot_count += c->ballot_count;
        u->counted += c->counted;
        u->total_weight += c->counted_weight;
    }
    r->voter_count += own->roll.count;
    r->roll_weight += own->roll.total_weight;
    r->has_weights = r->has_weights || own->roll.has_weights;
    r->ballot_count += c->ballot_count;
    r->counted += c->counted;
    r->total_weight += c->counted_weight;
    return r->roll_weight <= BEL_WEIGHT_MAX
               ? E_OK
               : diag_set(d, E_RANGE,
                          T("the weights of all units sum to more than %llu",
                            "la somme des poids de toutes les unités dépasse %llu"),
                          (unsigned long long)BEL_WEIGHT_MAX);
}

static enum err check_unit_ballots(struct merging *m, const struct bel_report *own, size_t unit,
                                   struct bel_tally *tally, struct diag *d)
{
    struct bel_contents *c = &m->files[m->r->units[unit].file].c;
    struct bel_verify_options options = {
        .threads = m->options->threads, .tick = m->options->tick, .tick_ctx = m->options->tick_ctx};
    struct bel_tally part;
    bel_tally_init(&part, &own->election);
    struct bel_fault f = bel_verify_ballots(c, &own->election, &own->roll, &part, true, &options);
    if (f.code == E_OK) {
        bel_tally_merge(tally, &part);
        f.code = add_numbers(m, unit, own, c, &f.d);
    }
    bel_tally_fini(&part);
    return f.code == E_OK ? E_OK : diag_set(d, f.code, "%s", f.d.text);
}

static enum err check_unit(struct merging *m, size_t unit, struct bel_tally *tally, struct diag *d)
{
    const struct bel_unit *u = &m->r->units[unit];
    struct bel_report own = {0};
    enum err e = check_unit_setup(m, &own, unit, d);
    if (e == E_OK && !u->is_merged)
        e = check_unit_ballots(m, &own, unit, tally, d);
    bel_report_free(&own);
    return e == E_OK ? E_OK : in_unit(&m->files[u->file], e, d);
}

enum err bel_verify_units(struct bel_report *r, struct arena *a, const struct bel_contents *c,
                          struct bel_tally *tally, const struct bel_verify_options *options,
                          struct diag *d)
{
    struct merging m = {.r = r, .a = a, .c = c, .options = options};
    m.files = mem_zalloc(options->unit_count, sizeof *m.files);
    enum err e = open_files(&m, d);
    if (e == E_OK)
        e = match_files(&m, d);
    for (size_t i = 0; e == E_OK && i < r->unit_count; i++)
        e = check_unit(&m, i, tally, d);
    for (size_t i = 0; i < m.file_count; i++)
        bel_contents_free(&m.files[i].c);
    mem_free(m.files);
    return e;
}
