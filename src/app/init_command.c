/* init_command: `parvis init`: a folder, its secrets, a genesis, block 0. */
#include "app/init_command.h"

#include <stdio.h>
#include <unistd.h>

#include "app/home.h"
#include "app/json_members.h"
#include "app/make_genesis.h"
#include "chain/chain.h"
#include "chain/store_dir.h"

const struct cli_option INIT_OPTIONS[] = {
    {"genesis", "FILE", "begin with this genesis instead of making one",
     "commence par cette genèse au lieu d'en créer une"},
    GENESIS_OPTIONS,
    MAP_MB_OPTION,
    {0},
};

/* What can be wrong with the command line or the given genesis is found before anything is made. */
static enum err check_init(const struct cli *cli, struct buf *given, struct diag *d)
{
    static const char *const MAKING[] = {"chain-id",  "timestamp",       "alloc",
                                         "admission", "controller-name", "controller-contact"};
    const char *path = cli_get(cli, "genesis");
    for (size_t i = 0; path && i < sizeof MAKING / sizeof MAKING[0]; i++)
        if (cli_has(cli, MAKING[i]))
            return diag_set(d, E_USAGE,
                            T("--%s has no effect with --genesis: write it in the file",
                              "--%s est sans effet avec --genesis : écrivez-le dans le fichier"),
                            MAKING[i]);
    if (!path)
        return genesis_check_options(cli, d);
    struct genesis genesis = {0};
    enum err e = file_read(given, path, 64u << 20, d);
    if (e == E_OK && (e = genesis_parse(&genesis, buf_view(given), d)) != E_OK)
        diag_wrap(d, e, T("%s: ", "%s : "), path);
    genesis_free(&genesis);
    return e;
}

static void print_init(const struct cli *cli, const struct genesis *genesis,
                       const struct address *node, const struct address *admin)
{
    struct buf out = {0};
    bool sealer = address_eq(node, &genesis->proposer);
    bool key_in_home = access(home_path(cli, "store.key"), F_OK) == 0;
    char hex[41];
    hex_encode(hex, genesis->proposer.b, 20);
    if (cli->json) {
        json_open(&out, '{');
        json_put_text_member(&out, "home", cli_home(cli));
        json_put_key(&out, "chainId");
        json_put_u64(&out, genesis->chain_id);
        json_put_address_member(&out, "proposer", &genesis->proposer);
        if (admin)
            json_put_address_member(&out, "admin", admin);
        json_close(&out, '}');
        cli_print(&out);
    } else if (!cli->quiet) {
        buf_putf(&out,
                 T("A new ledger in %s\n  chain id  %llu\n  proposer  0x%s\n",
                   "Nouveau registre dans %s\n  chaîne    %llu\n  proposeur 0x%s\n"),
                 cli_home(cli), (unsigned long long)genesis->chain_id, hex);
        if (!sealer)
            buf_puts(&out, T("This node does not hold the proposer's key: replace `node` "
                             "(`parvis account remove node`, `parvis account import node FILE`).\n",
                             "Ce nœud n'a pas la clé du proposeur : remplacez `node` (`parvis "
                             "account remove node`, `parvis account import node FICHIER`).\n"));
        buf_putf(&out,
                 T("Start it with `parvis node --home %s`. ", "Lancez-le avec `parvis node "
                                                              "--home %s`. "),
                 cli_home(cli));
        buf_puts(&out, key_in_home ? T("Keep store.key safe: without it nothing can be read.\n",
                                       "Gardez store.key en lieu sûr : sans elle, rien n'est "
                                       "lisible.\n")
                                   : T("Keep its key or passphrase safe: without it nothing can "
                                       "be read.\n",
                                       "Gardez sa clé ou sa phrase secrète en lieu sûr : sans "
                                       "elle, rien n'est lisible.\n"));
        cli_print(&out);
    }
    buf_free(&out);
}

enum err init_create_ledger(const struct cli *cli, const struct genesis *genesis, struct diag *d)
{
    struct store *store = NULL;
    TRY(home_open_store(cli, true, false, &store, d));
    enum err e = chain_create(store, genesis, d);
    if (e == E_OK)
        e = file_write(home_path(cli, "genesis.json"), buf_view(&genesis->text), 0600, true, d);
    store_close(store);
    if (e != E_OK) /* nothing half-made stays behind */
        store_dir_remove(home_path(cli, "store"));
    return e;
}

int run_init(struct cli *cli)
{
    struct diag d = {0};
    struct buf text = {0};
    struct genesis genesis = {0};
    struct made made = {0};
    struct address node = {0}, admin = {0};
    bool given = cli_get(cli, "genesis") != NULL;
    enum err e = check_init(cli, &text, &d);
    if (e == E_OK)
        e = home_create(cli, &made, &d);
    if (e == E_OK)
        e = home_new_key(cli, "node", &made, &node, &d);
    if (e == E_OK && !given)
        e = home_new_key(cli, "admin", &made, &admin, &d);
    if (e == E_OK && !given)
        e = genesis_make(cli, &text, &(struct genesis_founders){.proposer = node, .admin = admin},
                         &d);
    if (e == E_OK)
        e = genesis_parse(&genesis, buf_view(&text), &d);
    if (e == E_OK)
        e = init_create_ledger(cli, &genesis, &d);
    if (e == E_OK)
        print_init(cli, &genesis, &node, given ? NULL : &admin);
    made_end(&made, e == E_OK);
    genesis_free(&genesis);
    buf_free(&text);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}
