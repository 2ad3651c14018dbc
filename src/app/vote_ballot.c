/* vote_ballot: `parvis vote ballot`, `challenge` and `check-opening`: ballots that are not cast. */
#include <stdio.h>

#include "app/json_members.h"
#include "app/vote_commands.h"
#include "app/vote_ledger.h"
#include "app/vote_make.h"
#include "app/vote_secret.h"

const struct cli_option VOTE_BALLOT_OPTIONS[] = {
    VOTE_MAKE_OPTIONS,
    {"out", "FILE", "file for the ballot, in Belenios' JSON (default: standard output)",
     "fichier du bulletin, dans le JSON de Belenios (défaut : sortie standard)"},
    {0},
};
const struct cli_option VOTE_OPENING_OPTIONS[] = {
    {"code", "CODE", "the ballot code that the voter noted: the ballot must have it",
     "code du bulletin noté par l'électeur : le bulletin doit l'avoir"},
    {0},
};
const struct cli_option VOTE_CHALLENGE_OPTIONS[] = {
    VOTE_MAKE_OPTIONS,
    {"out", "FILE", "file for the ballot, without its signature: it cannot be cast",
     "fichier du bulletin, sans sa signature : il ne peut être déposé"},
    {"opening", "FILE", "file for what it encrypts and with what randomness",
     "fichier de ce qu'il chiffre et avec quel aléa"},
    {"force", NULL, "replaces the files if they are there", "remplace les fichiers s'ils existent"},
    {0},
};

/* The code is what a voter compares; a ballot that can be cast has its tracker besides. */
static void print_code(const struct cli *cli, const struct bel_election *e, struct bytes packed,
                       bool has_tracker)
{
    struct hash h;
    char code[BEL_HASH_CHARS + 1], tracker[BEL_HASH_CHARS + 1] = "";
    struct buf b = {0};
    if (bel_ballot_signed_text(code, e, packed) != E_OK)
        return;
    if (has_tracker && bel_ballot_hash(&h, e, packed) == E_OK)
        bel_hash_text(tracker, &h);
    if (cli->json) {
        json_open(&b, '{');
        json_put_text_member(&b, "code", code);
        if (has_tracker)
            json_put_text_member(&b, "tracker", tracker);
        json_close(&b, '}');
    } else {
        buf_putf(&b, T("ballot code  %s\n", "code du bulletin  %s\n"), code);
        if (has_tracker)
            buf_putf(&b, T("tracker      %s\n", "numéro de suivi   %s\n"), tracker);
    }
    cli_print(&b);
    buf_free(&b);
}

/* The arena held secrets: a ballot's randomness gives its choice away. */
static int end(const struct cli *cli, struct arena *a, struct bel_election *e,
               struct bel_opening *o, enum err err, const struct diag *d)
{
    if (o)
        vote_wipe_opening(o, e);
    bel_election_free(e);
    arena_free(a);
    return err == E_OK ? EXIT_OK : cli_fail(cli, err, d);
}

int vote_ballot_run(struct cli *cli)
{
    struct diag d = {0};
    struct arena a = {0};
    struct bel_election e = {0};
    struct buf packed = {0}, text = {0};
    const char *out = cli_get(cli, "out");
    enum err err = vote_election_of(cli, cli->args[0], &a, &e, &d);
    if (err == E_OK)
        err = vote_make(cli, &e, &a, &packed, NULL, &d);
    if (err == E_OK)
        err = bel_ballot_write(&text, &e, buf_view(&packed));
    if (err == E_OK && out)
        err = file_write(out, buf_view(&text), 0644, true, &d);
    if (err == E_OK && out && !cli->quiet)
        print_code(cli, &e, buf_view(&packed), true);
    else if (err == E_OK && !out)
        cli_print(&text);
    buf_free(&packed);
    buf_free(&text);
    return end(cli, &a, &e, NULL, err, &d);
}

/* --- challenge: the code is told before anything is opened (Benaloh 2006) ----------------------
 */

int vote_challenge_run(struct cli *cli)
{
    struct diag d = {0};
    struct arena a = {0};
    struct bel_election e = {0};
    struct bel_opening o = {0};
    struct buf packed = {0};
    enum err err = E_OK;
    if (!cli_has(cli, "out") || !cli_has(cli, "opening"))
        err = diag_set(&d, E_USAGE,
                       T("give --out FILE for the ballot and --opening FILE",
                         "donnez --out FICHIER pour le bulletin et --opening FICHIER"));
    if (err == E_OK)
        err = vote_election_of(cli, cli->args[0], &a, &e, &d);
    if (err == E_OK)
        err = vote_make(cli, &e, &a, &packed, &o, &d);
    if (err == E_OK) {
        print_code(cli, &e, buf_view(&packed), false);
        err = vote_write_challenge(cli, &e, buf_view(&packed), &o, cli_get(cli, "out"),
                                   cli_get(cli, "opening"), &d);
    }
    if (err == E_OK && !cli->json && !cli->quiet) {
        struct buf b = {0};
        buf_putf(&b,
                 T("Check it on another machine: `parvis vote check-opening %s %s %s`. The ballot "
                   "cannot be "
                   "cast; to vote make a fresh one.\n",
                   "Vérifiez-le sur une autre machine : `parvis vote check-opening %s %s %s`. Ce "
                   "bulletin ne peut être déposé ; pour voter, faites-en un nouveau.\n"),
                 cli->args[0], cli_get(cli, "out"), cli_get(cli, "opening"));
        cli_print(&b);
        buf_free(&b);
    }
    buf_free(&packed);
    return end(cli, &a, &e, &o, err, &d);
}

/* --- check-opening -----------------------------------------------------------------------------
 */

static void put_names(struct buf *b, const struct bel_question *q, const uint8_t *choice)
{
    const char *comma = "";
    if (q->kind == BEL_HOMOMORPHIC && q->has_blank && *choice++)
        buf_puts(b, T("blank vote", "vote blanc"));
    for (size_t i = 0; i < q->answer_count; i++) {
        if (choice[i]) {
            buf_putf(b, "%s%s", comma, q->answers[i]);
            comma = ", ";
        }
    }
    for (size_t i = 0; i < q->list_count; i++) {
        if (*choice++)
            buf_putf(b, "%s", q->lists[i].name);
        for (size_t k = 0; k < q->lists[i].candidate_count; k++)
            if (*choice++)
                buf_putf(b, ", %s", q->lists[i].candidates[k]);
    }
}

static void print_choice(const struct cli *cli, const struct bel_election *e,
                         const struct bel_opening *o)
{
    struct buf b = {0};
    if (cli->json) {
        json_open(&b, '{');
        json_put_text_member(&b, "code", o->hash);
        json_put_key(&b, "choice");
        json_open(&b, '[');
        for (size_t i = 0; i < e->question_count; i++) {
            struct buf names = {0};
            put_names(&names, &e->questions[i], o->choice + e->questions[i].first_ciphertext);
            json_put_string(&b, buf_cstr(&names));
            buf_free(&names);
        }
        json_close(&b, ']');
        json_close(&b, '}');
    } else {
        buf_putf(&b, T("ballot code  %s\n", "code du bulletin  %s\n"), o->hash);
        buf_puts(&b, T("The ballot encrypts exactly this:\n", "Le bulletin chiffre exactement "
                                                              "ceci :\n"));
        for (size_t i = 0; i < e->question_count; i++) {
            buf_putf(&b, "  %zu. %s: ", i + 1, e->questions[i].question);
            put_names(&b, &e->questions[i], o->choice + e->questions[i].first_ciphertext);
            buf_puts(&b, "\n");
        }
    }
    cli_print(&b);
    buf_free(&b);
}

static enum err read_pair(struct cli *cli, const struct bel_election *e, struct arena *a,
                          struct buf *packed, struct bel_opening *o, struct diag *d)
{
    struct buf text = {0};
    enum err err = file_read(&text, cli->args[1], LIMIT_BEL_BALLOT_BYTES, d);
    while (err == E_OK && text.len && text.data[text.len - 1] == '\n')
        text.len--;
    if (err == E_OK && (err = bel_unsigned_read(packed, e, buf_view(&text), d)) != E_OK)
        diag_wrap(d, err, "%s: ", cli->args[1]);
    buf_clear(&text);
    if (err == E_OK)
        err = file_read(&text, cli->args[2], LIMIT_BEL_BALLOT_BYTES, d);
    if (err == E_OK && (err = bel_opening_read(o, a, e, buf_view(&text), d)) != E_OK)
        diag_wrap(d, err, "%s: ", cli->args[2]);
    vote_wipe(text.data, text.cap);
    buf_free(&text);
    return err;
}

static enum err check_code(const struct cli *cli, const struct bel_opening *o, struct diag *d)
{
    const char *code = cli_get(cli, "code");
    if (!code || strcmp(code, o->hash) == 0)
        return E_OK;
    return diag_set(d, E_PROOF,
                    T("the ballot's code is %s, not %s: the device opened another ballot than the "
                      "one it showed",
                      "le code du bulletin est %s, et non %s : l'appareil a ouvert un autre "
                      "bulletin que celui qu'il a montré"),
                    o->hash, code);
}

int vote_check_opening_run(struct cli *cli)
{
    struct diag d = {0};
    struct arena a = {0};
    struct bel_election e = {0};
    struct bel_opening o = {0};
    struct buf packed = {0};
    enum err err = vote_election_of(cli, cli->args[0], &a, &e, &d);
    if (err == E_OK)
        err = read_pair(cli, &e, &a, &packed, &o, &d);
    if (err == E_OK)
        err = bel_opening_check(&e, buf_view(&packed), &o, &d);
    if (err == E_OK)
        err = check_code(cli, &o, &d);
    if (err == E_OK)
        print_choice(cli, &e, &o);
    buf_free(&packed);
    return end(cli, &a, &e, &o, err, &d);
}
