/* vote_cast: `parvis vote cast`. The ballot is made here; it goes to the ledger from a fresh
 * account unless one is named, so that nothing ties it to a person. */
#include <stdio.h>
#include <unistd.h>

#include "app/json_members.h"
#include "app/vote_commands.h"
#include "app/vote_ledger.h"
#include "app/vote_make.h"
#include "app/vote_secret.h"
#include "app/vote_time.h"

#define OPENED_BALLOT "opened-ballot.json"
#define OPENED_OPENING "opened-opening.json"

const struct cli_option VOTE_CAST_OPTIONS[] = {
    VOTE_MAKE_OPTIONS,
    {"from", "NAME|FILE",
     "account that sends it (default: a fresh one; needed where only admitted accounts may send)",
     "compte qui l'envoie (défaut : un compte neuf ; nécessaire là où seuls des comptes admis "
     "peuvent envoyer)"},
    {"ballot", "FILE", "cast this ballot, made by `vote ballot`, instead",
     "dépose ce bulletin, fait par `vote ballot`"},
    {"force", NULL, "opening a ballot instead (`o`) replaces the files of an earlier one",
     "l'ouverture d'un bulletin (`o`) remplace les fichiers d'une précédente"},
    {0},
};

struct casting {
    struct cli *cli;
    struct vote_ledger ledger;
    struct vote_consultation consultation;
    struct bel_election election;
    struct buf packed;
    struct bel_opening opening; /* until the voter has decided */
    char code[BEL_HASH_CHARS + 1];
    struct hash tracker;
    struct json *receipt;
    bool is_challenged;
};

static enum err take_ballot(struct casting *x, struct diag *d)
{
    struct buf text = {0};
    const char *path = cli_get(x->cli, "ballot");
    if (!path)
        return vote_make(x->cli, &x->election, &x->ledger.arena, &x->packed, &x->opening, d);
    if (cli_has(x->cli, "credential") || cli_has(x->cli, "choice"))
        return diag_set(d, E_USAGE,
                        T("--ballot is made already: --credential and --choice have no effect",
                          "--ballot est déjà fait : --credential et --choice sont sans effet"));
    TRY(vote_input_read(&text, path, LIMIT_BEL_BALLOT_BYTES, d));
    while (text.len && text.data[text.len - 1] == '\n')
        text.len--;
    enum err e = bel_ballot_read(&x->packed, &x->election, buf_view(&text), d);
    if (e != E_OK)
        diag_wrap(d, e, "%s: ", path);
    buf_free(&text);
    return e;
}

static void print_cast(const struct casting *x)
{
    char tracker[BEL_HASH_CHARS + 1];
    struct buf b = {0};
    const struct json *receipt = client_result(x->receipt);
    uint64_t block = 0;
    json_u64(&block, json_get(receipt, "blockNumber"));
    bel_hash_text(tracker, &x->tracker);
    if (x->cli->json) {
        json_open(&b, '{');
        json_put_u64_member(&b, "id", x->consultation.id);
        json_put_text_member(&b, "code", x->code);
        json_put_text_member(&b, "tracker", tracker);
        json_put_u64_member(&b, "block", block);
        json_put_key(&b, "transaction");
        json_print(&b, json_get(receipt, "transactionHash"));
        json_close(&b, '}');
    } else {
        buf_putf(&b,
                 T("Your ballot is in the urn (block %llu).\nballot code  %s\ntracker      %s\n",
                   "Votre bulletin est dans l'urne (bloc %llu).\ncode du bulletin  %s\nnuméro de "
                   "suivi   %s\n"),
                 (unsigned long long)block, x->code, tracker);
        if (!x->cli->quiet)
            buf_putf(&b,
                     T("Keep the tracker: `parvis vote check %llu %s` shows that it is still "
                       "there.\n",
                       "Gardez-le : `parvis vote check %llu %s` montre qu'il y est encore.\n"),
                     (unsigned long long)x->consultation.id, tracker);
    }
    cli_print(&b);
    buf_free(&b);
}

/* Sent, but not heard of again: without the tracker the voter could not look for it. */
static enum err tell_tracker(const struct casting *x, enum err e, struct diag *d)
{
    char tracker[BEL_HASH_CHARS + 1];
    bel_hash_text(tracker, &x->tracker);
    return diag_wrap(d, e,
                     T("the ballot was sent and may be in the urn; `parvis vote check %llu %s` "
                       "tells (its last word is the tracker: keep it): ",
                       "le bulletin est parti et il est peut-être dans l'urne ; `parvis vote check "
                       "%llu %s` le dit (le dernier mot est le numéro de suivi : gardez-le) : "),
                     (unsigned long long)x->consultation.id, tracker);
}

static enum err send(struct casting *x, struct diag *d)
{
    uint8_t key32[32];
    struct abi_value args[2] = {abi_u64(x->consultation.id), abi_bytes(buf_view(&x->packed))};
    TRY(bel_ballot_hash(&x->tracker, &x->election, buf_view(&x->packed)));
    TRY(vote_any_key(x->cli, key32, d));
    enum err e = vote_send(&x->ledger, key32, "cast", args, 2, &x->receipt, d);
    vote_wipe(key32, sizeof key32);
    if (e == E_TX_NOT_MEMBER)
        diag_wrap(
            d, e,
            T("give an admitted account with --from: ", "donnez un compte admis avec --from : "));
    return x->ledger.is_on_its_way ? tell_tracker(x, e, d) : e;
}

/* On a terminal the voter sees the ballot's code and decides: cast it, or have it opened (Benaloh
 * 2006). The device does not know beforehand which, so it cannot cheat unseen for long. */
static enum err decide(struct casting *x, struct diag *d)
{
    char answer[16] = "";
    TRY(bel_ballot_signed_text(x->code, &x->election, buf_view(&x->packed)));
    if (cli_has(x->cli, "ballot") || x->cli->json || !isatty(STDIN_FILENO))
        return E_OK;
    printf(T("\nballot code  %s\nNote it. Enter casts the ballot; `o` opens it instead, to check "
             "on another machine what it encrypts: ",
             "\ncode du bulletin  %s\nNotez-le. Entrée dépose le bulletin ; `o` l'ouvre plutôt, "
             "pour vérifier sur une autre machine ce qu'il chiffre : "),
           x->code);
    fflush(stdout);
    if (!fgets(answer, sizeof answer, stdin))
        return diag_set(d, E_IO,
                        T("the input ended; nothing was cast",
                          "l'entrée s'est terminée ; rien n'a été déposé"));
    x->is_challenged = answer[0] == 'o' || answer[0] == 'O';
    if (!x->is_challenged)
        return E_OK;
    TRY(vote_write_challenge(x->cli, &x->election, buf_view(&x->packed), &x->opening, OPENED_BALLOT,
                             OPENED_OPENING, d));
    printf(T("Check it on another machine: `parvis vote check-opening %s %s %s --code %s`. Nothing "
             "was cast; to vote run the command again.\n",
             "Vérifiez-le sur une autre machine : `parvis vote check-opening %s %s %s --code %s`. "
             "Rien n'a été déposé ; pour voter, relancez la commande.\n"),
           x->cli->args[0], OPENED_BALLOT, OPENED_OPENING, x->code);
    return E_OK;
}

/* What the ledger would say too, before the voter has taken the trouble. */
static enum err check_open(const struct vote_consultation *c, struct diag *d)
{
    struct buf when = {0};
    if (c->status == VOTE_OPEN)
        return E_OK;
    if (c->status == VOTE_DRAFT)
        return diag_set(d, E_REVERT,
                        T("consultation %llu is not published yet",
                          "la consultation %llu n'est pas encore publiée"),
                        (unsigned long long)c->id);
    bool early = c->status == VOTE_PUBLISHED;
    vote_put_time(&when, early ? c->opens_s : c->closes_s);
    diag_set(d, E_REVERT,
             early ? T("consultation %llu is not open yet: voting begins on %s",
                       "la consultation %llu n'est pas encore ouverte : le vote commence le %s")
                   : T("consultation %llu takes no ballots any more: it closed on %s",
                       "la consultation %llu ne prend plus de bulletins : close le %s"),
             (unsigned long long)c->id, buf_cstr(&when));
    if (c->status == VOTE_CANCELLED)
        diag_set(d, E_REVERT,
                 T("consultation %llu was cancelled: %s", "la consultation %llu est "
                                                          "annulée : %s"),
                 (unsigned long long)c->id, c->reason);
    buf_free(&when);
    return E_REVERT;
}

static enum err cast(struct casting *x, struct diag *d)
{
    uint64_t id;
    TRY(vote_id(&id, x->cli->args[0], d));
    TRY(vote_ledger_open(&x->ledger, x->cli, d));
    TRY(vote_consultation_get(&x->ledger, id, &x->consultation, d));
    TRY(check_open(&x->consultation, d));
    TRY(vote_election_get(&x->ledger, &x->consultation, &x->election, d));
    TRY(take_ballot(x, d));
    TRY(decide(x, d));
    vote_wipe_opening(&x->opening, &x->election);
    if (x->is_challenged)
        return E_OK;
    TRY(send(x, d));
    print_cast(x);
    return E_OK;
}

int vote_cast_run(struct cli *cli)
{
    struct diag d = {0};
    struct casting x = {.cli = cli};
    enum err e = cast(&x, &d);
    vote_wipe_opening(&x.opening, &x.election);
    json_free(x.receipt);
    buf_free(&x.packed);
    bel_election_free(&x.election);
    vote_ledger_close(&x.ledger);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}
