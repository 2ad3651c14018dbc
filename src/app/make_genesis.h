/* make_genesis: the genesis of a new chain, from the options of `init` and `network init`. */
#ifndef PARVIS_APP_MAKE_GENESIS_H
#define PARVIS_APP_MAKE_GENESIS_H

#include "app/cli.h"
#include "app/network.h"

/* The options that genesis_make reads. */
/* clang-format off */
#define GENESIS_OPTIONS \
    {"chain-id", "N", "chain id of the new chain (default 20260)", \
     "identifiant de la nouvelle chaîne (défaut 20260)"}, \
    {"timestamp", "SECONDS", "time of block 0, Unix seconds (default now)", \
     "date du bloc 0, en secondes Unix (défaut : maintenant)"}, \
    {"alloc", "ADDRESS=AMOUNT", "gives an account city currency at genesis; repeatable", \
     "dote un compte de monnaie locale à la genèse ; répétable"}, \
    {"admission", "open|members", "who may send transactions (default open)", \
     "qui peut envoyer des transactions (défaut open)"}, \
    {"controller-name", "TEXT", \
     "who answers for the services' data, written in the genesis (default: who runs the chain)", \
     "responsable des données des services, écrit dans la genèse (défaut : qui tient la chaîne)"}, \
    {"controller-contact", "TEXT", "how to reach them (default: not stated)", \
     "comment le joindre (défaut : non précisé)"}
/* clang-format on */

/* Who is named in a genesis. */
struct genesis_founders {
    struct address proposer; /* seals blocks while there are no members */
    struct address admin;    /* holds every role */
    const struct network_member *members;
    size_t member_count; /* 0: a chain of one node */
};

/* genesis_make appends the text. E_OK | E_USAGE | E_INVALID, d names the option. */
enum err genesis_make(const struct cli *cli, struct buf *b, const struct genesis_founders *f,
                      struct diag *d);

/* genesis_check_options finds what is wrong with the options before anything is made. The codes of
 * genesis_make and genesis_parse. */
enum err genesis_check_options(const struct cli *cli, struct diag *d);

#endif
