/* import_ethereum_command: `parvis import-ethereum`: a folder with the store of an Ethereum chain.
 */
#include <stdio.h>

#include "app/ethereum_commands.h"
#include "app/home.h"
#include "base/limits.h"
#include "chain/audit.h"
#include "chain/store_dir.h"

const struct cli_option IMPORT_ETHEREUM_OPTIONS[] = {MAP_MB_OPTION, {0}};

static void print_chain(const struct cli *cli, struct chain *c)
{
    struct buf out = {0};
    char hex[65];
    struct chain_head head = chain_head(c);
    hex_encode(hex, head.hash.b, sizeof head.hash.b);
    if (cli->json) {
        json_open(&out, '{');
        json_put_key(&out, "home");
        json_put_string(&out, cli_home(cli));
        json_put_key(&out, "chainId");
        json_put_u64(&out, chain_id(c));
        json_put_key(&out, "block");
        json_put_u64(&out, head.number);
        json_put_key(&out, "hash");
        json_put_data(&out, head.hash.b, sizeof head.hash.b);
        json_put_key(&out, "transactions");
        json_put_u64(&out, head.tx_total);
        json_close(&out, '}');
    } else {
        buf_putf(&out,
                 T("An Ethereum chain in %s\n  chain id      %llu\n  last block    %llu 0x%s\n"
                   "  transactions  %llu\nServe it, read-only, with `parvis node --home %s`.\n",
                   "Une chaîne Ethereum dans %s\n  chaîne        %llu\n  dernier bloc  %llu 0x%s\n"
                   "  transactions  %llu\nServez-la, en lecture seule, avec `parvis node --home "
                   "%s`.\n"),
                 cli_home(cli), (unsigned long long)chain_id(c), (unsigned long long)head.number,
                 hex, (unsigned long long)head.tx_total, cli_home(cli));
    }
    if (cli->json || !cli->quiet)
        cli_print(&out);
    buf_free(&out);
}

static enum err import(struct cli *cli, struct bytes genesis, struct diag *d)
{
    struct progress progress = {cli_progress, cli};
    struct store *store = NULL;
    struct chain *c = NULL;
    TRY(home_open_store(cli, true, false, &store, d));
    enum err e = chain_import_ethereum(store, genesis, cli->arg_count > 1 ? cli->args[1] : NULL,
                                       &progress, d);
    if (e == E_OK)
        e = file_write(home_path(cli, "genesis.json"), genesis, 0600, true, d);
    struct chain_config config = {.store = store, .audit = true};
    if (e == E_OK)
        e = chain_open(&c, &config, d);
    cli_progress_end();
    if (e == E_OK) {
        print_chain(cli, c);
        chain_close(c); /* closes the store */
        return E_OK;
    }
    store_close(store);
    store_dir_remove(home_path(cli, "store"));
    return e;
}

static int run(struct cli *cli)
{
    struct diag d = {0};
    struct buf genesis = {0};
    struct made made = {0};
    enum err e = file_read(&genesis, cli->args[0], LIMIT_IMPORT_FILE_BYTES, &d);
    if (e == E_OK)
        e = home_create(cli, &made, &d);
    if (e == E_OK)
        e = import(cli, buf_view(&genesis), &d);
    made_end(&made, e == E_OK);
    buf_free(&genesis);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}

int run_import_ethereum(struct cli *cli)
{
    return cli_run_deep(cli, run);
}
