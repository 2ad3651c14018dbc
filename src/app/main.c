/* main: find the command, parse, run. */
#include <signal.h>
#include <stdio.h>

#include "app/cli.h"
#include "base/mem.h"
#include "city/service.h"

static int print_help(void (*put)(struct buf *, const struct command *), const struct command *c)
{
    struct buf b = {0};
    put(&b, c);
    cli_print(&b);
    buf_free(&b);
    return EXIT_OK;
}

static void overview(struct buf *b, const struct command *c)
{
    (void)c;
    help_overview(b);
}

int main(int argc, char **argv)
{
    static struct cli cli;
    static char version_word[] = "version";
    int words;
    lang_from_environment();
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        (strcmp(argv[1], "help") == 0 && argc == 2)) {
        print_help(overview, NULL);
        return argc < 2 ? EXIT_USAGE_ERROR : EXIT_OK;
    }
    if (strcmp(argv[1], "--version") == 0)
        argv[1] = version_word;
    const struct command *command = command_find(argc - 1, argv + 1, &words);
    if (!command) {
        fprintf(stderr,
                T("parvis: unknown command %s; `parvis --help` lists them\n",
                  "parvis : commande inconnue %s ; `parvis --help` les liste\n"),
                argv[1]);
        return EXIT_USAGE_ERROR;
    }
    if (cli_parse(&cli, command, argc - 1 - words, argv + 1 + words) != E_OK)
        return EXIT_USAGE_ERROR;
    if (cli_has(&cli, "help"))
        return print_help(help_command, command);
    services_init();
    int code = command->run(&cli);
    cli_progress_end();
    mem_free(cli.args);
    if (fflush(stdout) != 0 || ferror(stdout))
        return EXIT_ENVIRONMENT;
    return code;
}
