/* cli: parsing by the command table, common options, errors, secrets, progress. */
#include "app/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/u256.h"
#include "codec/json.h"

const struct cli_option COMMON_OPTIONS[] = {
    {"home", "DIR", "the node's folder (default $PARVIS_HOME, else ~/.parvis)",
     "dossier du nœud (défaut $PARVIS_HOME, sinon ~/.parvis)"},
    {"key-file", "FILE",
     "file with the store's 32-byte key in hexadecimal (default HOME/store.key)",
     "fichier de la clé de 32 octets de la base, en hexadécimal (défaut HOME/store.key)"},
    {"passphrase-file", "FILE", "file with the store's passphrase instead of a key",
     "fichier de la phrase secrète de la base, à la place d'une clé"},
    {"rpc", "URL", "address of a running node (default $PARVIS_RPC, else http://127.0.0.1:8545)",
     "adresse d'un nœud en marche (défaut $PARVIS_RPC, sinon http://127.0.0.1:8545)"},
    {"json", NULL, "print the result as JSON", "affiche le résultat en JSON"},
    {"lang", "en|fr", "language of messages", "langue des messages"},
    {"quiet", NULL, "no progress, no comments", "ni progression ni commentaires"},
    {"help", NULL, "this help", "cette aide"},
    {0},
};

const struct command *const COMMAND_TABLES[] = {
    NODE_COMMANDS,   NETWORK_COMMANDS, CHAIN_COMMANDS,
    ENERGY_COMMANDS, VOTE_COMMANDS,    ETHEREUM_COMMANDS,
    PROOF_COMMANDS,  TOOL_COMMANDS,    NULL};

static const struct cli_option *option_in(const struct cli_option *table, const char *name)
{
    for (; table && table->name; table++)
        if (strcmp(table->name, name) == 0)
            return table;
    return NULL;
}

static const struct cli_option *option_named(const struct command *command, const char *name)
{
    const struct cli_option *o = option_in(command->options, name);
    return o ? o : option_in(COMMON_OPTIONS, name);
}

const char *cli_get_nth(const struct cli *cli, const char *name, size_t n)
{
    ASSERT(option_named(cli->command, name));
    for (size_t i = 0; i < cli->value_count; i++)
        if (strcmp(cli->values[i].name, name) == 0 && n-- == 0)
            return cli->values[i].value;
    return NULL;
}

const char *cli_get(const struct cli *cli, const char *name)
{
    ASSERT(option_named(cli->command, name));
    for (size_t i = cli->value_count; i > 0; i--)
        if (strcmp(cli->values[i - 1].name, name) == 0)
            return cli->values[i - 1].value;
    return NULL;
}

struct deep_run {
    struct cli *cli;
    int (*run)(struct cli *cli);
    int code;
};

static void *run_deep(void *ctx)
{
    struct deep_run *r = ctx;
    r->code = r->run(r->cli);
    return NULL;
}

int cli_run_deep(struct cli *cli, int (*run)(struct cli *cli))
{
    struct deep_run r = {.cli = cli, .run = run};
    struct diag d;
    void *nothing;
    int failed = thread_run(LIMIT_EVM_STACK_BYTES, run_deep, &r, &nothing);
    if (failed)
        return cli_fail(cli, diag_os(&d, E_IO, "pthread_create", failed), &d);
    return r.code;
}

bool cli_declares(const struct cli *cli, const char *name)
{
    return option_named(cli->command, name) != NULL;
}

bool cli_has(const struct cli *cli, const char *name)
{
    return cli_get(cli, name) != NULL;
}

enum err cli_get_u64(const struct cli *cli, const char *name, uint64_t min, uint64_t max,
                     uint64_t *out)
{
    const char *text = cli_get(cli, name);
    struct u256 value;
    if (!text)
        return E_OK;
    if (u256_parse(&value, text) != E_OK || !u256_fits_u64(value) || value.w[0] < min ||
        value.w[0] > max) {
        struct diag d;
        diag_set(&d, E_USAGE,
                 T("--%s %s: give a whole number from %llu to %llu",
                   "--%s %s : donnez un nombre entier de %llu à %llu"),
                 name, text, (unsigned long long)min, (unsigned long long)max);
        cli_fail(cli, E_USAGE, &d);
        return E_USAGE;
    }
    *out = value.w[0];
    return E_OK;
}

int exit_code(enum err e)
{
    switch ((int)e) {
    case E_OK:
        return EXIT_OK;
    case E_USAGE:
        return EXIT_USAGE_ERROR;
    case E_NOT_FOUND:
        return EXIT_NOT_FOUND;
    case E_CONNECT:
    case E_TIMEOUT:
        return EXIT_CONNECTION;
    case E_KEY:
        return EXIT_WRONG_KEY;
    case E_CORRUPT:
    case E_BLOCK:
    case E_VERSION:
        return EXIT_DAMAGED;
    case E_IO:
    case E_DISK_FULL:
    case E_MAP_FULL:
    case E_LOCKED:
    case E_LIMIT:
        return EXIT_ENVIRONMENT;
    case E_REVERT:
    case E_OUT_OF_GAS:
    case E_PROOF:
        return EXIT_NO;
    default: /* every other code is about something the user gave */
        return EXIT_INPUT;
    }
}

int cli_fail(const struct cli *cli, enum err e, const struct diag *d)
{
    const char *text = d && d->text[0] ? d->text : err_text(e);
    cli_progress_end();
    if (e == E_USAGE && text == err_text(e)) /* cli_get_u64 has said what was wrong */
        return EXIT_USAGE_ERROR;
    if (cli && cli->json) {
        struct buf b = {0};
        json_open(&b, '{');
        json_put_key(&b, "error");
        json_open(&b, '{');
        json_put_key(&b, "code");
        json_put_string(&b, err_name(e));
        json_put_key(&b, "message");
        json_put_string(&b, text);
        json_close(&b, '}');
        json_close(&b, '}');
        fprintf(stderr, "%s\n", buf_cstr(&b));
        buf_free(&b);
    } else {
        fprintf(stderr, T("parvis: %s\n", "parvis : %s\n"), text);
    }
    return exit_code(e);
}

const char *cli_home(const struct cli *cli)
{
    static char path[4096];
    const char *home = cli_get(cli, "home");
    if (!home)
        home = getenv("PARVIS_HOME");
    if (home && home[0])
        return home;
    snprintf(path, sizeof path, "%s/.parvis", getenv("HOME") ? getenv("HOME") : ".");
    return path;
}

const char *cli_rpc(const struct cli *cli)
{
    const char *url = cli_get(cli, "rpc");
    if (!url)
        url = getenv("PARVIS_RPC");
    return url ? url : "http://127.0.0.1:8545";
}

enum err file_read(struct buf *out, const char *path, size_t max_bytes, struct diag *d)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return diag_os(d, errno == ENOENT ? E_NOT_FOUND : E_IO, path, errno);
    uint8_t chunk[65536];
    size_t n;
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0) {
        buf_put(out, chunk, n);
        if (out->len > max_bytes) {
            fclose(f);
            return diag_set(d, E_TOO_LARGE,
                            T("%s: larger than %zu bytes", "%s : plus de %zu octets"), path,
                            max_bytes);
        }
    }
    enum err e = ferror(f) ? diag_os(d, E_IO, path, errno) : E_OK;
    fclose(f);
    return e;
}

/* A rename lasts only once the folder itself is on disk. */
static void sync_folder(const char *path)
{
    char folder[4200];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path + 1) : 1,
             slash ? path : ".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

static enum err write_failed(const char *path, const char *temporary, int fd, struct diag *d)
{
    int code = errno;
    if (fd >= 0)
        close(fd);
    unlink(temporary);
    return diag_os(d, code == ENOSPC || code == EDQUOT ? E_DISK_FULL : E_IO, path, code);
}

enum err file_write(const char *path, struct bytes content, unsigned mode, bool replace,
                    struct diag *d)
{
    char temporary[4200];
    if (!replace && access(path, F_OK) == 0)
        return diag_set(
            d, E_EXISTS,
            T("%s: already exists; it was left as it is", "%s : existe déjà ; laissé tel quel"),
            path);
    snprintf(temporary, sizeof temporary, "%s.tmp", path);
    unlink(temporary);
    int fd = open_new(temporary, mode);
    if (fd < 0)
        return diag_os(d, E_IO, path, errno);
    for (size_t done = 0; done < content.len;) {
        ssize_t n = write(fd, content.data + done, content.len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return write_failed(path, temporary, fd, d);
        done += (size_t)n;
    }
    if (fsync(fd) != 0)
        return write_failed(path, temporary, fd, d);
    if (close(fd) != 0 || rename(temporary, path) != 0)
        return write_failed(path, temporary, -1, d);
    sync_folder(path);
    return E_OK;
}

/* The first line of a secrets file, without its line end. */
static enum err read_first_line(struct buf *out, const char *path, struct diag *d)
{
    TRY(file_read(out, path, 4096, d));
    size_t n = 0;
    while (n < out->len && out->data[n] != '\n' && out->data[n] != '\r')
        n++;
    out->len = n;
    buf_cstr(out);
    return n ? E_OK : diag_set(d, E_KEY, T("%s: the file is empty", "%s : fichier vide"), path);
}

enum err cli_read_secret(const struct cli *cli, uint8_t key32[32], char **passphrase_out,
                         struct diag *d)
{
    char default_path[4200];
    struct buf line = {0};
    const char *passphrase_file = cli_get(cli, "passphrase-file");
    const char *key_file = cli_get(cli, "key-file");
    *passphrase_out = NULL;
    if (passphrase_file && key_file)
        return diag_set(d, E_USAGE,
                        T("give either --key-file or --passphrase-file, not both",
                          "donnez soit --key-file soit --passphrase-file, pas les deux"));
    if (!passphrase_file && !key_file)
        passphrase_file = getenv("PARVIS_PASSPHRASE_FILE");
    if (!key_file && !passphrase_file) {
        snprintf(default_path, sizeof default_path, "%s/store.key", cli_home(cli));
        key_file = default_path;
    }
    enum err e = read_first_line(&line, key_file ? key_file : passphrase_file, d);
    if (e == E_OK && !key_file) {
        *passphrase_out = mem_strdup(buf_cstr(&line));
    } else if (e == E_OK && hex_decode(key32, 32, (char *)line.data, line.len) != E_OK) {
        e = diag_set(d, E_KEY,
                     T("%s: a key is 64 hexadecimal digits",
                       "%s : une clé se compose de 64 chiffres hexadécimaux"),
                     key_file);
    } else if (e == E_NOT_FOUND) {
        diag_set(d, e,
                 T("%s: no key there; run `parvis init`, or give --key-file or --passphrase-file",
                   "%s : pas de clé ; lancez `parvis init`, ou donnez --key-file ou "
                   "--passphrase-file"),
                 key_file ? key_file : passphrase_file);
    }
    if (line.data)
        explicit_bzero(line.data, line.cap);
    buf_free(&line);
    return e;
}

static int print_errno; /* why standard output could not be written, the first time */

void cli_print(struct buf *b)
{
    text_disarm((char *)b->data, b->len, true);
    fwrite(b->data, 1, b->len, stdout);
    if (b->len == 0 || b->data[b->len - 1] != '\n')
        putchar('\n');
    if ((fflush(stdout) != 0 || ferror(stdout)) && !print_errno)
        print_errno = errno;
}

int cli_print_end(int code)
{
    if ((fflush(stdout) != 0 || ferror(stdout)) && !print_errno)
        print_errno = errno;
    if (!print_errno || code == EXIT_ENVIRONMENT) /* told already */
        return code;
    if (print_errno != EPIPE) /* `parvis ... | head`: the reader has what it wanted */
        fprintf(stderr, T("parvis: standard output: %s\n", "parvis : sortie standard : %s\n"),
                os_reason(print_errno));
    return code == EXIT_OK ? EXIT_ENVIRONMENT : code;
}

/* --- progress --------------------------------------------------------------------------------- */

static bool progress_shown;
static uint64_t progress_last_us;

void cli_progress(void *ctx, const char *what, uint64_t done, uint64_t total)
{
    const struct cli *cli = ctx;
    bool terminal = isatty(STDERR_FILENO);
    uint64_t now_us = clock_mono_us();
    uint64_t period_us = terminal ? 100000 : 5000000;
    if (cli->quiet || (done != total && now_us - progress_last_us < period_us))
        return;
    if (!terminal && progress_last_us == 0) { /* a log needs no bar for what is over at once */
        progress_last_us = now_us;
        return;
    }
    if (!terminal && done == total && now_us - progress_last_us < period_us)
        return;
    progress_last_us = now_us;
    unsigned percent = total ? (unsigned)(done * 100 / total) : 0;
    if (terminal) {
        char bar[31];
        for (unsigned i = 0; i < 30; i++)
            bar[i] = i * 100 < percent * 30 ? '#' : '.';
        bar[30] = 0;
        fprintf(stderr, "\r%s [%s] %3u%% %llu/%llu\033[K", what, bar, percent,
                (unsigned long long)done, (unsigned long long)total);
        progress_shown = true;
    } else {
        fprintf(stderr, "%s: %u%% (%llu/%llu)\n", what, percent, (unsigned long long)done,
                (unsigned long long)total);
    }
}

void cli_progress_end(void)
{
    if (progress_shown)
        fprintf(stderr, "\r\033[K");
    progress_shown = false;
    progress_last_us = 0;
}

/* --- parsing ---------------------------------------------------------------------------------- */

/* How many words of argv name this command; 0 if they do not. */
static int match_words(const char *name, int argc, char **argv)
{
    int words = 0;
    while (*name) {
        size_t len = strcspn(name, " ");
        if (words >= argc || strlen(argv[words]) != len || strncmp(argv[words], name, len) != 0)
            return 0;
        words++;
        name += len;
        name += *name == ' ';
    }
    return words;
}

const struct command *command_find(int argc, char **argv, int *words_out)
{
    const struct command *best = NULL;
    *words_out = 0;
    for (size_t t = 0; COMMAND_TABLES[t]; t++) {
        for (const struct command *c = COMMAND_TABLES[t]; c->name; c++) {
            int words = match_words(c->name, argc, argv);
            if (words > *words_out) {
                best = c;
                *words_out = words;
            }
        }
    }
    return best;
}

static enum err usage_error(const struct command *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum err usage_error(const struct command *c, const char *format, ...)
{
    va_list ap;
    fprintf(stderr, T("parvis %s: ", "parvis %s : "), c->name);
    va_start(ap, format);
    vfprintf(stderr, format, ap);
    va_end(ap);
    fprintf(stderr, T("\nTry `parvis %s --help`.\n", "\nVoir `parvis %s --help`.\n"), c->name);
    return E_USAGE;
}

static enum err add_value(struct cli *cli, const char *name, const char *value)
{
    if (cli->value_count == sizeof cli->values / sizeof cli->values[0])
        return usage_error(cli->command, T("too many options at --%s", "trop d'options à --%s"),
                           name);
    cli->values[cli->value_count++] = (struct cli_value){name, value};
    return E_OK;
}

static enum err parse_option(struct cli *cli, int argc, char **argv, int *i)
{
    char name[64];
    const char *text = argv[*i] + 2;
    size_t len = strcspn(text, "=");
    snprintf(name, sizeof name, "%.*s", (int)(len < 63 ? len : 63), text);
    const struct cli_option *o = option_named(cli->command, name);
    if (!o)
        return usage_error(cli->command, T("unknown option %s", "option inconnue : %s"), argv[*i]);
    const char *value = text[len] == '=' ? text + len + 1 : NULL;
    if (!o->arg && value)
        return usage_error(cli->command,
                           T("option --%s takes no value", "l'option --%s ne prend pas de valeur"),
                           o->name);
    if (o->arg && !value) {
        if (*i + 1 >= argc)
            return usage_error(cli->command,
                               T("option --%s needs a value", "l'option --%s demande une valeur"),
                               o->name);
        value = argv[++*i];
    }
    return add_value(cli, o->name, value ? value : "");
}

enum err cli_parse(struct cli *cli, const struct command *command, int argc, char **argv)
{
    bool options_end = false;
    *cli = (struct cli){.command = command};
    cli->args = mem_zalloc((size_t)argc + 1, sizeof *cli->args);
    for (int i = 0; i < argc; i++) {
        if (!options_end && strcmp(argv[i], "--") == 0)
            options_end = true;
        else if (!options_end && strcmp(argv[i], "-h") == 0)
            TRY(add_value(cli, "help", ""));
        else if (!options_end && strncmp(argv[i], "--", 2) == 0)
            TRY(parse_option(cli, argc, argv, &i));
        else
            cli->args[cli->arg_count++] = argv[i];
    }
    cli->json = cli_has(cli, "json");
    cli->quiet = cli_has(cli, "quiet");
    if (cli_get(cli, "lang") && !lang_parse(&lang_current, cli_get(cli, "lang")))
        return usage_error(command, T("--lang %s: use en or fr", "--lang %s : en ou fr"),
                           cli_get(cli, "lang"));
    if (cli_has(cli, "help"))
        return E_OK;
    if (cli_get(cli, "home") && !cli_get(cli, "home")[0])
        return usage_error(
            command, T("option --%s needs a value", "l'option --%s demande une valeur"), "home");
    if (cli->arg_count < command->min_args)
        return usage_error(command, T("missing argument: %s", "argument manquant : %s"),
                           command->args);
    if (cli->arg_count > command->max_args)
        return usage_error(command, T("unexpected argument: %s", "argument en trop : %s"),
                           cli->args[command->max_args]);
    return E_OK;
}
