/* vote_make: see vote_make.h. */
#include "app/vote_make.h"

#include <unistd.h>

#include "app/vote_secret.h"

#define LIMIT_CHOICE_BYTES (64u << 10)

static enum err read_choice(const struct cli *cli, const struct bel_election *e, uint8_t *choice,
                            struct diag *d)
{
    struct buf text = {0};
    const char *path = cli_get(cli, "choice");
    if (!path && isatty(STDIN_FILENO))
        return vote_ask(choice, e, d);
    if (!path)
        return diag_set(d, E_USAGE,
                        T("give the choice with --choice FILE (on a terminal it is asked for)",
                          "donnez le choix avec --choice FICHIER (dans un terminal il est "
                          "demandé)"));
    if (path[0] == '[')
        return diag_set(d, E_USAGE,
                        T("--choice takes a file, or - for standard input: what stands on the "
                          "command line can be seen by others",
                          "--choice prend un fichier, ou - pour l'entrée standard : ce qui est sur "
                          "la ligne de commande peut être vu par d'autres"));
    buf_reserve(&text, LIMIT_CHOICE_BYTES + 4096);
    enum err err = vote_input_read(&text, path, LIMIT_CHOICE_BYTES, d);
    if (err == E_OK)
        err = bel_choice_read(choice, e, buf_view(&text), d);
    vote_wipe(text.data, text.cap);
    buf_free(&text);
    return err;
}

static enum err read_credential(const struct cli *cli, const struct bel_election *e,
                                struct ed_scalar *x, struct diag *d)
{
    char credential[BEL_CREDENTIAL_CHARS + 1];
    const char *path = cli_get(cli, "credential"), *choice = cli_get(cli, "choice");
    if (!path)
        return diag_set(d, E_USAGE,
                        T("give the voting code with --credential FILE, or - for "
                          "standard input",
                          "donnez le code de vote avec --credential FICHIER, ou - pour "
                          "l'entrée standard"));
    if (strcmp(path, "-") == 0 && (!choice || strcmp(choice, "-") == 0))
        return diag_set(d, E_USAGE,
                        T("only one of credential and choice comes from standard input",
                          "un seul du code et du choix vient de l'entrée standard"));
    TRY(vote_credential_read(credential, path, d));
    bel_credential_secret(x, e->version, e->uuid, credential);
    vote_wipe(credential, sizeof credential);
    return E_OK;
}

enum err vote_make(const struct cli *cli, struct bel_election *e, struct arena *a,
                   struct buf *packed, struct bel_opening *opening, struct diag *d)
{
    struct ed_scalar x;
    uint8_t *choice = arena_zalloc(a, e->ciphertext_count, 1);
    TRY(read_credential(cli, e, &x, d));
    enum err err = read_choice(cli, e, choice, d);
    if (err == E_OK) {
        bel_election_prepare(e);
        err = bel_ballot_make(packed, e, &x, choice, a, opening, d);
    }
    vote_wipe(&x, sizeof x);
    vote_wipe(choice, e->ciphertext_count);
    return err;
}

/* --- challenges --------------------------------------------------------------------------------
 */

static enum err check_new(const struct cli *cli, const char *path, struct diag *d)
{
    if (cli_has(cli, "force") || access(path, F_OK) != 0)
        return E_OK;
    return diag_set(
        d, E_EXISTS,
        T("%s: already exists; --force replaces it", "%s : existe déjà ; --force le remplace"),
        path);
}

enum err vote_write_challenge(const struct cli *cli, const struct bel_election *e,
                              struct bytes packed, const struct bel_opening *opening,
                              const char *ballot_path, const char *opening_path, struct diag *d)
{
    struct buf ballot = {0}, text = {0};
    TRY(check_new(cli, ballot_path, d));
    TRY(check_new(cli, opening_path, d));
    enum err err = bel_unsigned_write(&ballot, e, packed);
    bel_opening_write(&text, e, packed, opening);
    buf_puts(&text, "\n");
    if (err == E_OK)
        err = file_write(ballot_path, buf_view(&ballot), 0644, true, d);
    if (err == E_OK)
        err = file_write(opening_path, buf_view(&text), 0600, true, d);
    vote_wipe(text.data, text.cap);
    buf_free(&ballot);
    buf_free(&text);
    return err;
}

void vote_wipe_opening(struct bel_opening *o, const struct bel_election *e)
{
    if (o->randomness)
        vote_wipe(o->randomness, e->ciphertext_count * sizeof *o->randomness);
    if (o->choice)
        vote_wipe(o->choice, e->ciphertext_count);
}
