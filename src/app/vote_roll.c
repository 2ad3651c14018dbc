/* vote_roll: `parvis vote roll` and `parvis vote strike`: the registrar's work.
 *
 * Resumable: the credentials are on disk before the first public one is posted, and the ledger
 * takes them in one order only, so that a run that was cut goes on where it stopped. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/vote_commands.h"
#include "app/vote_roll_view.h"
#include "app/vote_show.h"
#include "app/vote_voters.h"
#include "base/limits.h"

#define KEYS_PER_CALL 500u

const struct cli_option VOTE_ROLL_OPTIONS[] = {
    {"out", "DIR", "folder for the credentials, which are secret (default: voters-ID)",
     "dossier des codes de vote, qui sont secrets (défaut : voters-ID)"},
    {"from", "NAME|FILE", "the registrar's key: a name in HOME/keys or a file (default admin)",
     "clé du registraire : un nom de HOME/keys ou un fichier (défaut admin)"},
    {0},
};

struct enrol {
    struct cli *cli;
    struct vote_ledger ledger;
    struct vote_consultation consultation;
    struct vote_voters voters;
    struct arena arena; /* the roll */
    struct bel_roll roll;
    uint8_t key32[32];
    char secrets[4200], public[4200];
};

/* --- the folder --------------------------------------------------------------------------------
 */

static enum err make_folder(struct enrol *x, struct diag *d)
{
    char standard[40];
    const char *dir = cli_get(x->cli, "out");
    snprintf(standard, sizeof standard, "voters-%llu", (unsigned long long)x->consultation.id);
    if (!dir)
        dir = standard;
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return diag_os(d, E_IO, dir, errno);
    snprintf(x->secrets, sizeof x->secrets, "%s/credentials.json", dir);
    snprintf(x->public, sizeof x->public, "%s/public_creds.json", dir);
    return E_OK;
}

/* Credentials that exist are kept: some may be posted, or printed, already. */
static enum err take_credentials(struct enrol *x, struct diag *d)
{
    TRY(make_folder(x, d));
    if (access(x->secrets, F_OK) == 0)
        TRY(vote_credentials_read(&x->voters, x->secrets, d));
    else
        TRY(vote_credentials_new(&x->voters, x->secrets, d));
    vote_voters_roll(&x->roll, &x->arena, &x->voters, x->consultation.uuid);
    return E_OK;
}

static enum err write_public(struct enrol *x, struct diag *d)
{
    struct buf text = {0};
    bel_roll_write(&text, &x->roll);
    enum err e = file_write(x->public, buf_view(&text), 0644, true, d);
    buf_free(&text);
    return e;
}

/* --- posting -----------------------------------------------------------------------------------
 */

/* What the ledger has already must be the beginning of this roll. */
static enum err check_posted(struct enrol *x, struct diag *d)
{
    struct bel_roll posted;
    TRY(vote_roll_get(&x->ledger, &x->consultation, &posted, d));
    bool same = posted.count <= x->roll.count, weighs = true;
    for (size_t i = 0; same && i < posted.count; i++) {
        same = memcmp(posted.voters[i].key32, x->roll.voters[i].key32, EDWARDS_BYTES) == 0;
        weighs = weighs && posted.voters[i].weight == x->roll.voters[i].weight;
    }
    if (same && weighs)
        return E_OK;
    if (same)
        return diag_set(d, E_EXISTS,
                        T("%zu voters are on the ledger's roll, with other weights than in %s; "
                          "posted weights cannot be changed: give the file they were posted from",
                          "%zu électeurs sont sur la liste du registre, avec d'autres poids que "
                          "dans %s ; un poids inscrit ne peut être changé : donnez le fichier de "
                          "leur inscription"),
                        posted.count, x->cli->args[1]);
    return diag_set(d, E_EXISTS,
                    T("%zu voters are on the ledger's roll, and they are not those of %s; give the "
                      "folder of the run that posted them with --out",
                      "%zu électeurs sont sur la liste du registre, et ce ne sont pas ceux de %s ; "
                      "donnez avec --out le dossier de l'exécution qui les a inscrits"),
                    posted.count, x->secrets);
}

static enum err post_batch(struct enrol *x, struct sender *s, size_t from, size_t count,
                           struct diag *d)
{
    char what[64];
    struct buf keys = {0};
    struct abi_value *weights = mem_zalloc(count, sizeof *weights);
    for (size_t i = 0; i < count; i++) {
        buf_put(&keys, x->roll.voters[from + i].key32, EDWARDS_BYTES);
        weights[i] = abi_u64(x->roll.voters[from + i].weight);
    }
    struct abi_value args[3] = {abi_u64(x->consultation.id),
                                abi_bytes(buf_view(&keys)),
                                {.item = weights, .count = x->roll.has_weights ? count : 0}};
    snprintf(what, sizeof what, "addVoters %zu-%zu", from + 1, from + count);
    enum err e = sender_send(s, x->ledger.voting, "addVoters", args, 3, LIMIT_TX_GAS, what, d);
    mem_free(weights);
    buf_free(&keys);
    return e;
}

static enum err post(struct enrol *x, struct diag *d)
{
    struct sender *s = sender_new(x->ledger.client, x->key32);
    enum err e = E_OK;
    for (size_t at = x->consultation.voters; e == E_OK && at < x->roll.count;) {
        size_t count = x->roll.count - at < KEYS_PER_CALL ? x->roll.count - at : KEYS_PER_CALL;
        e = post_batch(x, s, at, count, d);
        at += count;
        cli_progress(x->cli, T("posting credentials", "inscription des codes"), at, x->roll.count);
    }
    if (e == E_OK)
        e = sender_drain(s, d);
    sender_free(s);
    cli_progress_end();
    return e;
}

/* --- vote roll ---------------------------------------------------------------------------------
 */

static void print_end(const struct enrol *x)
{
    struct buf b = {0};
    if (x->cli->json || x->cli->quiet)
        return;
    buf_putf(&b,
             T("%zu credentials in %s, which is secret: print the sheets (`parvis vote sheets "
               "%llu`), hand them out, then destroy it.\n",
               "%zu codes de vote dans %s, qui est secret : imprimez les feuilles (`parvis vote "
               "sheets %llu`), remettez-les, puis détruisez-le.\n"),
             x->voters.count, x->secrets, (unsigned long long)x->consultation.id);
    cli_print(&b);
    buf_free(&b);
}

static enum err enrol(struct enrol *x, struct diag *d)
{
    uint64_t id;
    TRY(vote_id(&id, x->cli->args[0], d));
    TRY(vote_key(x->cli, x->key32, d));
    TRY(vote_ledger_open(&x->ledger, x->cli, d));
    TRY(client_wait_idle(x->ledger.client, x->key32, d));
    TRY(vote_consultation_get(&x->ledger, id, &x->consultation, d));
    if (x->consultation.status != VOTE_DRAFT)
        return diag_set(
            d, E_INVALID,
            T("consultation %llu is published: its roll changes no more (`parvis vote "
              "strike` takes a voter off)",
              "la consultation %llu est publiée : sa liste ne change plus (`parvis vote "
              "strike` en raye un électeur)"),
            (unsigned long long)id);
    TRY(take_credentials(x, d));
    TRY(check_posted(x, d));
    TRY(write_public(x, d));
    TRY(post(x, d));
    TRY(vote_print_state(&x->ledger, id, NULL, d));
    print_end(x);
    return E_OK;
}

int vote_roll_run(struct cli *cli)
{
    struct diag d = {0};
    struct enrol x = {.cli = cli};
    struct problems p = {0};
    enum err e = vote_voters_read(&x.voters, cli->args[1], &p, &d);
    if (p.count > 1 && !cli->json)
        fprintf(stderr, "%s", buf_cstr(&p.text));
    problems_free(&p);
    if (e == E_OK)
        e = enrol(&x, &d);
    explicit_bzero(x.key32, sizeof x.key32);
    vote_voters_free(&x.voters);
    vote_ledger_close(&x.ledger);
    arena_free(&x.arena);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}

/* --- vote strike -------------------------------------------------------------------------------
 */

const struct cli_option VOTE_STRIKE_OPTIONS[] = {
    {"credentials", "FILE", "credentials.json of `vote roll`, to name the voter by login",
     "credentials.json de `vote roll`, pour nommer l'électeur par son identifiant"},
    {"reason", "TEXT", "why; the ledger keeps it: name no person",
     "motif ; le registre le garde : ne nommez personne"},
    {"from", "NAME|FILE", "the registrar's key: a name in HOME/keys or a file (default admin)",
     "clé du registraire : un nom de HOME/keys ou un fichier (défaut admin)"},
    {0},
};

/* The voter's public key: 64 digits, or by the login in the file of credentials. */
static enum err find_key(const struct cli *cli, const char *uuid, uint8_t key32[EDWARDS_BYTES],
                         struct diag *d)
{
    struct json *file = NULL;
    const char *who = cli->args[1], *path = cli_get(cli, "credentials");
    if (!path) {
        if (bel_point_bytes(key32, who, strlen(who)))
            return E_OK;
        return diag_set(d, E_INVALID,
                        T("%s: give a public key of 64 hexadecimal digits, or a login with "
                          "--credentials FILE",
                          "%s : donnez une clé publique de 64 chiffres hexadécimaux, ou un "
                          "identifiant avec --credentials FICHIER"),
                        who);
    }
    TRY(json_parse_file(&file, path, d));
    const char *credential = json_text(json_get(file, who));
    enum err e = E_OK;
    if (!credential || !bel_credential_is_well_formed(credential)) {
        e = diag_set(d, E_NOT_FOUND, T("%s: no credential of \"%s\"", "%s : pas de code de « %s »"),
                     path, who);
    } else {
        struct ed_scalar x;
        bel_credential_secret(&x, bel_version(1), uuid, credential);
        bel_credential_public(key32, &x);
        explicit_bzero(&x, sizeof x);
    }
    json_free(file);
    return e;
}

static enum err strike(struct vote_ledger *l, const uint8_t key32[32], struct diag *d)
{
    uint64_t id;
    uint8_t voter32[EDWARDS_BYTES];
    struct vote_consultation c;
    struct json *receipt = NULL;
    const char *reason = cli_get(l->cli, "reason");
    if (!reason || !reason[0])
        return diag_set(d, E_USAGE,
                        T("--reason is needed: the ledger keeps it beside the credential",
                          "--reason est nécessaire : le registre le garde à côté du code"));
    TRY(vote_id(&id, l->cli->args[0], d));
    TRY(vote_consultation_get(l, id, &c, d));
    TRY(find_key(l->cli, c.uuid, voter32, d));
    struct abi_value args[3] = {abi_u64(id), abi_bytes32(voter32), abi_bytes(bytes_str(reason))};
    TRY(vote_send(l, key32, "strike", args, 3, &receipt, d));
    enum err e = vote_print_state(l, id, receipt, d);
    json_free(receipt);
    return e;
}

int vote_strike_run(struct cli *cli)
{
    struct diag d = {0};
    struct vote_ledger l = {0};
    uint8_t key32[32];
    enum err e = vote_key(cli, key32, &d);
    if (e == E_OK)
        e = vote_ledger_open(&l, cli, &d);
    if (e == E_OK)
        e = strike(&l, key32, &d);
    explicit_bzero(key32, sizeof key32);
    vote_ledger_close(&l);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}
