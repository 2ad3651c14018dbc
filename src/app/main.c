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

/* The language is wanted before the command line is known to be good: for what is wrong with it. */
static void scan_language(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0)
            return;
        if (strcmp(argv[i], "--lang") == 0 && i + 1 < argc)
            lang_parse(&lang_current, argv[i + 1]);
        else if (strncmp(argv[i], "--lang=", 7) == 0)
            lang_parse(&lang_current, argv[i] + 7);
    }
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

/* What does not begin with a command: the first word of several ("account"), or a mistake. */
static int no_command(int argc, char **argv)
{
    struct buf group = {0};
    bool help = argc > 2 && is_help(argv[2]);
    size_t count = help_group(&group, argv[1]);
    if (count > 0 && help)
        cli_print(&group);
    else if (count > 0)
        fprintf(stderr,
                T("parvis: %s: one of these is wanted:\n%s",
                  "parvis : %s : il faut l'une de ces commandes :\n%s"),
                argv[1], buf_cstr(&group));
    else if (argv[1][0] == '-')
        fprintf(stderr,
                T("parvis: %s: options come after the command; `parvis --help` lists the "
                  "commands\n",
                  "parvis : %s : les options suivent la commande ; `parvis --help` liste les "
                  "commandes\n"),
                argv[1]);
    else
        fprintf(stderr,
                T("parvis: unknown command %s; `parvis --help` lists them\n",
                  "parvis : commande inconnue %s ; `parvis --help` les liste\n"),
                argv[1]);
    buf_free(&group);
    return count > 0 && help ? EXIT_OK : EXIT_USAGE_ERROR;
}

static int run(int argc, char **argv)
{
    static struct cli cli;
    static char version_word[] = "version";
    int words;
    lang_from_environment();
    scan_language(argc, argv);
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2) {
        print_help(overview, NULL);
        return EXIT_USAGE_ERROR;
    }
    bool help_first = is_help(argv[1]);
    if (help_first) { /* `parvis help send` is `parvis send --help` */
        argc--;
        argv++;
    }
    if (help_first && (argc < 2 || argv[1][0] == '-'))
        return print_help(overview, NULL);
    if (strcmp(argv[1], "--version") == 0)
        argv[1] = version_word;
    const struct command *command = command_find(argc - 1, argv + 1, &words);
    if (!command)
        return no_command(argc, argv);
    if (help_first)
        return print_help(help_command, command);
    if (cli_parse(&cli, command, argc - 1 - words, argv + 1 + words) != E_OK)
        return EXIT_USAGE_ERROR;
    if (cli_has(&cli, "help"))
        return print_help(help_command, command);
    services_init();
    int code = command->run(&cli);
    cli_progress_end();
    mem_free(cli.args);
    return code;
}

int main(int argc, char **argv)
{
    return cli_print_end(run(argc, argv));
}
