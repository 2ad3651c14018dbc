/* tool_commands: bench, version, completion, man. */
#include <stdio.h>

#include "app/bench.h"
#include "app/help.h"
#include "codec/json.h"

static int run_version(struct cli *cli)
{
    struct buf b = {0};
    if (cli->json) {
        json_open(&b, '{');
        json_put_key(&b, "version");
        json_put_string(&b, PARVIS_VERSION);
        json_put_key(&b, "compiler");
        json_put_string(&b, __VERSION__);
        json_close(&b, '}');
    } else {
        buf_putf(&b, "parvis %s (%s)\n", PARVIS_VERSION, __VERSION__);
    }
    cli_print(&b);
    buf_free(&b);
    return EXIT_OK;
}

static int print_text(void (*put)(struct buf *))
{
    struct buf b = {0};
    put(&b);
    cli_print(&b);
    buf_free(&b);
    return EXIT_OK;
}

static int run_completion(struct cli *cli)
{
    (void)cli;
    return print_text(help_completion);
}

static int run_man(struct cli *cli)
{
    (void)cli;
    return print_text(help_man);
}

const struct command TOOL_COMMANDS[] = {
    {"bench", "[NAME...]", 0, 16, "measures this machine: hashing, signatures, allocation, blocks",
     "mesure cette machine : hachage, signatures, allocation, blocs", BENCH_OPTIONS, run_bench},
    {"version", "", 0, 0, "tells the version", "donne la version", NULL, run_version},
    {"completion", "", 0, 0, "prints the completion script for bash",
     "affiche le script de complétion pour bash", NULL, run_completion},
    {"man", "", 0, 0, "prints the manual page (roff): parvis man | man -l -",
     "affiche la page de manuel (roff) : parvis man | man -l -", NULL, run_man},
    {0},
};
