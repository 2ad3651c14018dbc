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
const struct cli_option VOTE_CHALLENGE_OPTIONS[] = {
    VOTE_MAKE_OPTIONS,
    {"out", "FILE", "file for the ballot, in Belenios' JSON",
     "fichier du bulletin, dans le JSON de Belenios"},
    {"opening", "FILE", "file for what it encrypts and with what randomness",
     "fichier de ce qu'il chiffre et avec quel aléa"},
    {0},
};

static void print_tracker(const struct cli *cli, const struct bel_election *e, struct bytes packed)
{
    struct hash h;
    char tracker[BEL_HASH_CHARS + 1];
    struct buf b = {0};
    if (bel_ballot_hash(&h, e, packed) != E_OK)
        return;
    bel_hash_text(tracker, &h);
    if (cli->json) {
        json_open(&b, '{');
        json_put_text_member(&b, "tracker", tracker);
        json_close(&b, '}');
    } else {
        buf_putf(&b, T("tracker  %s", "suivi    %s"), tracker);
    }
    cli_print(&b);
    buf_free(&b);
}

/* The arena held secrets: a ballot's randomness gives its choice away. */
static int end(const struct cli *cli, struct arena *a, struct bel_election *e,
               struct bel_opening *o, enum err err, const struct diag *d)
{
    if (o && o->randomness)
        vote_wipe(o->randomness, e->ciphertext_count * sizeof *o->randomness);
    if (o && o->choice)
        vote_wipe(o->choice, e->ciphertext_count);
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
        print_tracker(cli, &e, buf_view(&packed));
    else if (err == E_OK && !out)
        cli_print(&text);
    buf_free(&packed);
    buf_free(&text);
    return end(cli, &a, &e, NULL, err, &d);
}

/* --- challenge: the tracker is told before anything is opened (Benaloh 2006) -------------------
 */

static enum err write_pair(const struct cli *cli, const struct bel_election *e, struct bytes packed,
                           const struct bel_opening *o, struct diag *d)
{
    struct buf ballot = {0}, opening = {0};
    enum err err = bel_ballot_write(&ballot, e, packed);
    bel_opening_write(&opening, e, packed, o);
    buf_puts(&opening, "\n");
    if (err == E_OK)
        err = file_write(cli_get(cli, "out"), buf_view(&ballot), 0644, true, d);
    if (err == E_OK)
        err = file_write(cli_get(cli, "opening"), buf_view(&opening), 0600, true, d);
    vote_wipe(opening.data, opening.cap);
    buf_free(&ballot);
    buf_free(&opening);
    return err;
}

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
        print_tracker(cli, &e, buf_view(&packed));
        err = write_pair(cli, &e, buf_view(&packed), &o, &d);
    }
    if (err == E_OK && !cli->json && !cli->quiet) {
        struct buf b = {0};
        buf_putf(
            &b,
            T("This ballot is opened: never cast it. Check it on another machine: `parvis vote "
              "check-opening %s %s %s`.\n",
              "Ce bulletin est ouvert : ne le déposez jamais. Vérifiez-le sur une autre "
              "machine : `parvis vote check-opening %s %s %s`.\n"),
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
        json_open(&b, '[');
        for (size_t i = 0; i < e->question_count; i++) {
            struct buf names = {0};
            put_names(&names, &e->questions[i], o->choice + e->questions[i].first_ciphertext);
            json_put_string(&b, buf_cstr(&names));
            buf_free(&names);
        }
        json_close(&b, ']');
    } else {
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
    if (err == E_OK && (err = bel_ballot_read(packed, e, buf_view(&text), d)) != E_OK)
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
    if (err == E_OK) {
        bel_election_prepare(&e);
        err = bel_ballot_verify(&e, buf_view(&packed), &d);
    }
    if (err == E_OK)
        err = bel_opening_check(&e, buf_view(&packed), &o, &d);
    if (err == E_OK) {
        print_tracker(cli, &e, buf_view(&packed));
        print_choice(cli, &e, &o);
    }
    buf_free(&packed);
    return end(cli, &a, &e, &o, err, &d);
}
