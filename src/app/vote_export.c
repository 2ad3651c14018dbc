/* vote_export: `parvis vote export`: the election as one Belenios archive, a pure function of what
 * the ledger holds. Written page by page; every event's hash is compared with the ledger's own. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "app/json_members.h"
#include "app/vote_commands.h"
#include "app/vote_events.h"
#include "app/vote_roll_view.h"
#include "belenios/tally.h"
#include "crypto/sha256.h"

const struct cli_option VOTE_EXPORT_OPTIONS[] = {
    {"force", NULL, "replaces the file if it is there", "remplace le fichier s'il existe"},
    {0},
};

struct export
{
    struct cli *cli;
    struct vote_ledger ledger;
    struct arena arena; /* election and roll, for the whole run */
    struct vote_consultation consultation;
    struct bel_election election;
    struct bel_writer writer;
    struct buf pending; /* written to the file after each page */
    struct buf scratch;
    int fd;
    char temporary[4300];
    uint64_t bytes;
};

/* --- the file ----------------------------------------------------------------------------------
 */

static enum err open_file(struct export *x, struct diag *d)
{
    const char *path = x->cli->args[1];
    if (!cli_has(x->cli, "force") && access(path, F_OK) == 0)
        return diag_set(
            d, E_EXISTS,
            T("%s: already exists; --force replaces it", "%s : existe déjà ; --force le remplace"),
            path);
    snprintf(x->temporary, sizeof x->temporary, "%s.tmp", path);
    unlink(x->temporary);
    x->fd = open_new(x->temporary, 0644);
    return x->fd < 0 ? diag_os(d, E_IO, path, errno) : E_OK;
}

static enum err failed(struct export *x, struct diag *d)
{
    int code = errno;
    return diag_os(d, code == ENOSPC || code == EDQUOT ? E_DISK_FULL : E_IO, x->cli->args[1], code);
}

static enum err flush(struct export *x, struct diag *d)
{
    for (size_t done = 0; done < x->pending.len;) {
        ssize_t n = write(x->fd, x->pending.data + done, x->pending.len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return failed(x, d);
        done += (size_t)n;
    }
    x->bytes += x->pending.len;
    buf_clear(&x->pending);
    return E_OK;
}

static enum err finish_file(struct export *x, struct diag *d)
{
    TRY(flush(x, d));
    if (fsync(x->fd) != 0 || rename(x->temporary, x->cli->args[1]) != 0)
        return failed(x, d);
    x->temporary[0] = 0;
    return E_OK;
}

/* --- events ------------------------------------------------------------------------------------
 */

static struct hash add(struct export *x, struct bytes body)
{
    struct hash h;
    bel_writer_data(&x->writer, body);
    sha256_once(&h, body.data, body.len);
    return h;
}

static struct hash add_scratch(struct export *x)
{
    struct hash h = add(x, buf_view(&x->scratch));
    buf_clear(&x->scratch);
    return h;
}

/* public_credentials.json. Where every weight is 1 the roll alone does not say whether they are
 * written: the payload of the Setup event does. */
static void put_credentials(struct export *x, struct bel_roll *roll, const struct hash *election,
                            const struct hash *trustees, const struct hash *payload)
{
    struct buf setup = {0};
    struct hash credentials, made;
    for (unsigned tries = 0; tries < 2; tries++) {
        buf_clear(&x->scratch);
        buf_clear(&setup);
        bel_roll_write(&x->scratch, roll);
        sha256_once(&credentials, x->scratch.data, x->scratch.len);
        bel_setup_write(&setup, election, trustees, &credentials);
        sha256_once(&made, setup.data, setup.len);
        if (hash_eq(&made, payload))
            break;
        roll->has_weights = !roll->has_weights;
    }
    buf_free(&setup);
}

/* Of a consultation that units were merged into, the last events of theirs stand in place of
 * credentials: its voters are theirs. */
static enum err put_units(struct export *x, struct diag *d)
{
    const struct vote_consultation *c = &x->consultation;
    for (size_t i = 0; i < c->unit_count; i++) {
        struct vote_consultation unit;
        char hex[65];
        TRY(vote_consultation_get(&x->ledger, c->units[i], &unit, d));
        hex_encode(hex, unit.last_event.b, sizeof unit.last_event.b);
        buf_putf(&x->scratch, "%s\"%s\"", i ? "," : "[", hex);
    }
    buf_puts(&x->scratch, "]");
    return E_OK;
}

static enum err add_setup(struct export *x, const struct vote_event *e, struct hash *payload,
                          struct diag *d)
{
    struct hash election, trustees, credentials;
    struct abi_value arg = abi_u64(x->consultation.id), v;
    struct bel_roll roll;
    election = add(x, x->election.document);
    TRY(vote_view(&x->ledger, "trusteesOf", &arg, 1, &v, d));
    trustees = add(x, v.item[0].bytes);
    if (x->consultation.unit_count) {
        TRY(put_units(x, d));
    } else {
        TRY(vote_roll_get(&x->ledger, &x->consultation, &roll, d));
        put_credentials(x, &roll, &election, &trustees, &e->payload);
    }
    credentials = add_scratch(x);
    bel_setup_write(&x->scratch, &election, &trustees, &credentials);
    *payload = add_scratch(x);
    return E_OK;
}

static enum err add_sums(struct export *x, struct bytes sums, struct hash *payload, struct diag *d)
{
    if (sums.len != 2 * EDWARDS_BYTES * x->election.ciphertext_count)
        return diag_set(d, E_INVALID, T("the sums have %zu bytes", "les sommes ont %zu octets"),
                        sums.len);
    bel_sums_write(&x->scratch, &x->election, sums);
    struct hash tally = add_scratch(x);
    bel_sized_write(&x->scratch, x->consultation.counted, x->consultation.counted_weight, &tally);
    *payload = add_scratch(x);
    return E_OK;
}

static enum err add_decryption(struct export *x, const struct vote_event *e, struct hash *payload,
                               struct diag *d)
{
    if (e->body.len != bel_decryption_bytes(&x->election))
        return diag_set(
            d, E_INVALID,
            T("a part of the decryption has %zu bytes", "une part du déchiffrement a %zu octets"),
            e->body.len);
    bel_decryption_write(&x->scratch, &x->election, e->body);
    struct hash part = add_scratch(x);
    bel_owned_write(&x->scratch, e->owner, &part);
    *payload = add_scratch(x);
    return E_OK;
}

static enum err add_payload(struct export *x, const struct vote_event *e, struct hash *payload,
                            struct diag *d)
{
    switch (e->type) {
    case BEL_SETUP:
        return add_setup(x, e, payload, d);
    case BEL_BALLOT:
        if (bel_ballot_write(&x->scratch, &x->election, e->body) != E_OK)
            return diag_set(d, E_INVALID,
                            T("a ballot has no document", "un bulletin est sans "
                                                          "document"));
        *payload = add_scratch(x);
        return E_OK;
    case BEL_ENCRYPTED_TALLY:
        return add_sums(x, e->body, payload, d);
    case BEL_PARTIAL_DECRYPTION:
        return add_decryption(x, e, payload, d);
    case BEL_RESULT:
        *payload = add(x, e->body);
        return E_OK;
    default:
        return E_OK;
    }
}

static enum err add_event(struct export *x, const struct vote_event *e, struct diag *d)
{
    struct hash payload, hash;
    uint64_t height = x->writer.height;
    enum err err = add_payload(x, e, &payload, d);
    if (err == E_OK) {
        bel_writer_event(&x->writer, e->type, e->type == BEL_END_BALLOTS ? NULL : &payload, &hash);
        if (!hash_eq(&hash, &e->hash))
            err = diag_set(d, E_PROOF,
                           T("what the node answers does not hash to the event on the ledger",
                             "ce que répond le nœud n'a pas le hash de l'événement du registre"));
    }
    return err == E_OK ? E_OK
                       : diag_wrap(d, err, T("event %llu: ", "événement %llu : "),
                                   (unsigned long long)height);
}

static enum err add_events(struct export *x, struct diag *d)
{
    uint64_t end = x->consultation.events; /* later ones are left to a later export */
    while (x->writer.height < end) {
        struct vote_event *events;
        size_t count;
        if (x->writer.height > 0) /* the Setup event needs what the consultation told */
            arena_reset(&x->ledger.arena);
        TRY(vote_events_get(&x->ledger, x->consultation.id, x->writer.height, &events, &count, d));
        if (count == 0)
            return diag_set(d, E_INVALID,
                            T("the node has no event %llu", "le nœud n'a pas "
                                                            "d'événement %llu"),
                            (unsigned long long)x->writer.height);
        for (size_t i = 0; i < count && x->writer.height < end; i++)
            TRY(add_event(x, &events[i], d));
        TRY(flush(x, d));
        cli_progress(x->cli, T("events", "événements"), x->writer.height, end);
    }
    cli_progress_end();
    if (!hash_eq(&x->writer.last, &x->consultation.last_event))
        return diag_set(d, E_PROOF,
                        T("the last event is not the ledger's",
                          "le dernier événement n'est pas celui du registre"));
    return E_OK;
}

/* --- the command -------------------------------------------------------------------------------
 */

static enum err keep_election(struct export *x, struct diag *d)
{
    struct bel_election read;
    struct vote_consultation *c = &x->consultation;
    TRY(vote_election_get(&x->ledger, c, &read, d));
    struct bytes document = {arena_dup(&x->arena, read.document.data, read.document.len),
                             read.document.len};
    c->name = arena_strdup(&x->arena, c->name);
    c->uuid = arena_strdup(&x->arena, c->uuid);
    c->units = arena_dup(&x->arena, c->units, c->unit_count * sizeof *c->units);
    return bel_election_read(&x->election, &x->arena, document, d);
}

static void print_end(const struct export *x)
{
    struct buf b = {0};
    char hex[65];
    hex_encode(hex, x->writer.last.b, sizeof x->writer.last.b);
    if (x->cli->json) {
        json_open(&b, '{');
        json_put_u64_member(&b, "events", x->writer.height);
        json_put_u64_member(&b, "bytes", x->bytes);
        json_put_text_member(&b, "lastEvent", hex);
        json_close(&b, '}');
    } else {
        buf_putf(&b,
                 T("%s: %llu events, %llu bytes\nlast event %s\n",
                   "%s : %llu événements, %llu octets\ndernier événement %s\n"),
                 x->cli->args[1], (unsigned long long)x->writer.height,
                 (unsigned long long)x->bytes, hex);
        buf_putf(
            &b,
            T("Check it with `parvis vote verify %s", "Vérifiez-la avec `parvis vote verify %s"),
            x->cli->args[1]);
        for (size_t i = 0; i < x->consultation.unit_count; i++)
            buf_putf(&b, " --unit %llu.bel", (unsigned long long)x->consultation.units[i]);
        buf_puts(&b, x->consultation.unit_count
                         ? T("`, the archives of the consultations of these numbers.\n",
                             "`, les archives des consultations de ces numéros.\n")
                         : "`.\n");
    }
    if (!x->cli->quiet)
        cli_print(&b);
    buf_free(&b);
}

static enum err export(struct export *x, struct diag *d) {
    uint64_t id; TRY(vote_id(&id, x->cli->args[0], d));
    TRY(vote_ledger_open(&x->ledger, x->cli, d));
    TRY(vote_consultation_get(&x->ledger, id, &x->consultation, d));
    if (x->consultation.events ==
        0) return diag_set(d, E_INVALID,
                           T("consultation %llu is not published yet",
                             "la consultation %llu n'est pas encore publiée"),
                           (unsigned long long)id);
    TRY(keep_election(x, d));
    TRY(open_file(x, d));
    bel_writer_begin(&x->writer, &x->pending, x->consultation.published_s);
    TRY(add_events(x, d));
    return finish_file(x, d);
}

int vote_export_run(struct cli *cli)
{
    struct diag d = {0};
    struct export x = {.cli = cli, .fd = -1};
    enum err e = export(&x, &d);
    if (e == E_OK)
        print_end(&x);
    if (x.fd >= 0)
        close(x.fd);
    if (x.fd >= 0 && x.temporary[0])
        unlink(x.temporary);
    buf_free(&x.pending);
    buf_free(&x.scratch);
    vote_ledger_close(&x.ledger);
    arena_free(&x.arena);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}
