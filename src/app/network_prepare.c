/* network_prepare: a member's own keys, made where they stay, and the card for the others. */
#include "app/network.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "app/json_members.h"
#include "base/mem.h"

const struct cli_option NETWORK_PREPARE_OPTIONS[] = {
    {"name", "TEXT", "the organisation's name, as the others read it",
     "nom de l'organisation, tel que les autres le lisent"},
    {"p2p", "HOST:PORT", "where the other members reach this one",
     "adresse à laquelle les autres membres joignent celui-ci"},
    {"out", "FILE", "a copy of the card (it is HOME/member.json)",
     "copie de la fiche (elle est HOME/member.json)"},
    {0},
};

static enum err check_name(const char *name, const char *p2p, struct diag *d)
{
    char host[NETWORK_ADDRESS_MAX + 1];
    uint16_t port;
    if (!name || !p2p)
        return diag_set(d, E_USAGE,
                        T("give --name and --p2p HOST:PORT", "donnez --name et --p2p HÔTE:PORT"));
    if (!name[0] || strlen(name) > NETWORK_NAME_MAX)
        return diag_set(d, E_USAGE,
                        T("--name: a text of 1 to 64 bytes", "--name : un texte de 1 à 64 octets"));
    enum err e = network_address_parse(p2p, host, &port, d);
    return e == E_OK ? e : diag_wrap(d, E_USAGE, T("--p2p: ", "--p2p : "));
}

enum err network_prepare(const struct cli *cli, const char *name, const char *p2p,
                         struct network_member *out, struct diag *d)
{
    struct made made = {0};
    struct buf card = {0};
    struct network_member m = {0};
    TRY(check_name(name, p2p, d));
    if (access(home_path(cli, "member.json"), F_OK) == 0)
        return diag_set(d, E_EXISTS,
                        T("%s is a member's folder already (member.json); it was left as it is",
                          "%s est déjà le dossier d'un membre (member.json) ; laissé tel quel"),
                        cli_home(cli));
    snprintf(m.name, sizeof m.name, "%s", name);
    snprintf(m.p2p, sizeof m.p2p, "%s", p2p);
    enum err e = E_OK;
    if (access(home_path(cli, "store/store.mdb"), F_OK) != 0) /* else a chain that was solo */
        e = home_create(cli, &made, d);
    if (e == E_OK)
        e = home_new_key(cli, "node", &made, &m.operator, d);
    if (e == E_OK)
        e = engine_keys_make(cli, &made, m.key32, m.node20, d);
    if (e == E_OK) {
        card_write(&card, &m);
        buf_puts(&card, "\n");
        e = file_write(home_path(cli, "member.json"), buf_view(&card), 0644, false, d);
    }
    if (e == E_OK)
        *out = m;
    made_end(&made, e == E_OK);
    buf_free(&card);
    return e;
}

int run_network_prepare(struct cli *cli)
{
    struct diag d = {0};
    struct network_member m;
    struct buf card = {0};
    const char *out = cli_get(cli, "out");
    enum err e = network_prepare(cli, cli_get(cli, "name"), cli_get(cli, "p2p"), &m, &d);
    if (e == E_OK) {
        card_write(&card, &m);
        buf_puts(&card, "\n");
        if (out)
            e = file_write(out, buf_view(&card), 0644, false, &d);
    }
    if (e == E_OK && (cli->json || !out)) {
        cli_print(&card);
    } else if (e == E_OK && !cli->quiet) {
        buf_clear(&card);
        buf_putf(&card,
                 T("The card of %s is in %s: hand it to the member who gathers them.\n",
                   "La fiche de %s est dans %s : remettez-la au membre qui les rassemble.\n"),
                 m.name, out);
        cli_print(&card);
    }
    buf_free(&card);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}
