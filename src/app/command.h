/* command: the command line as a table. One struct command says name, arguments, options and help
 * in both languages; parsing, --help, shell completion and the man page all come from it.
 *
 * Exit codes (also in the man page; exit_code maps errors to them):
 *   0 done   1 the answer is "no" (a difference, a failed transaction, a proof that fails)
 *   2 wrong command line   3 not found   4 no connection to the node
 *   5 invalid input (or the node refused it)   6 wrong key or passphrase
 *   7 stored data damaged   8 environment (disk, I/O, locked, a limit)   71 out of memory */
#ifndef PARVIS_APP_COMMAND_H
#define PARVIS_APP_COMMAND_H

#include "base/bytes.h"
#include "base/lang.h"

enum {
    EXIT_OK = 0,
    EXIT_NO = 1,
    EXIT_USAGE_ERROR = 2,
    EXIT_NOT_FOUND = 3,
    EXIT_CONNECTION = 4,
    EXIT_INPUT = 5,
    EXIT_WRONG_KEY = 6,
    EXIT_DAMAGED = 7,
    EXIT_ENVIRONMENT = 8,
};

/* An option: --name, or --name ARG when arg is not NULL. May be given several times. */
struct cli_option {
    const char *name;
    const char *arg;
    const char *en, *fr;
};

struct cli;

struct command {
    const char *name; /* "audit", "energy allocate" */
    const char *args; /* "FILE...", "" for none: shown in help; checked by min_args, max_args */
    unsigned min_args, max_args;
    const char *en, *fr;              /* one sentence */
    const struct cli_option *options; /* terminated by {0}; the common ones are added */
    int (*run)(struct cli *cli);      /* returns an exit code */
};

/* Options every command has: --home DIR, --key-file FILE, --passphrase-file FILE, --rpc URL,
 * --json,
 * --lang en|fr, --quiet, --help. */

/* Tables, each terminated by {0}. */
extern const struct command NODE_COMMANDS[];     /* init, node, status, audit, export, import ... */
extern const struct command CHAIN_COMMANDS[];    /* send, call, account, abi ... */
extern const struct command NETWORK_COMMANDS[];  /* network ... */
extern const struct command ENERGY_COMMANDS[];   /* energy ... */
extern const struct command VOTE_COMMANDS[];     /* vote ... */
extern const struct command ETHEREUM_COMMANDS[]; /* blocktest ... */
extern const struct command PROOF_COMMANDS[];    /* proof, verify-proof */
extern const struct command TOOL_COMMANDS[];     /* bench, version, completion, man */

struct cli {
    const struct command *command;
    const char **args; /* positional arguments */
    size_t arg_count;
    bool json;
    bool quiet;
    struct cli_value {
        const char *name;
        const char *value;
    } values[256];
    size_t value_count;
};

/* cli_get returns the last value of an option, or NULL; cli_get_nth the n-th of a repeated one;
 * cli_has tells a flag. Asking for an option the command does not declare is a bug (ASSERT);
 * cli_declares tells whether it does. */
const char *cli_get(const struct cli *cli, const char *name);
const char *cli_get_nth(const struct cli *cli, const char *name, size_t n);
bool cli_has(const struct cli *cli, const char *name);
bool cli_declares(const struct cli *cli, const char *name);
/* cli_get_u64 reads a number with bounds; *out keeps its value when the option is absent. On a bad
 * value it prints the reason and returns E_USAGE. */
enum err cli_get_u64(const struct cli *cli, const char *name, uint64_t min, uint64_t max,
                     uint64_t *out);

/* cli_fail prints "parvis: MESSAGE" (or {"error":{...}} with --json) to standard error and returns
 * the exit code of e. d may be NULL. E_USAGE without a message was explained before (cli_get_u64)
 * and prints nothing. */
int cli_fail(const struct cli *cli, enum err e, const struct diag *d);
int exit_code(enum err e);

/* cli_run_deep calls run(cli) on a thread whose stack is deep enough to execute contracts
 * (LIMIT_EVM_STACK_BYTES), and waits. */
int cli_run_deep(struct cli *cli, int (*run)(struct cli *cli));

/* cli_home is the node's folder: --home, else PARVIS_HOME, else ~/.parvis. */
const char *cli_home(const struct cli *cli);
/* cli_rpc is the node's address: --rpc, else PARVIS_RPC, else http://127.0.0.1:8545. */
const char *cli_rpc(const struct cli *cli);
/* cli_read_secret fills the 32-byte key or the passphrase that --key-file / --passphrase-file (or
 * PARVIS_PASSPHRASE_FILE) name, or HOME/store.key. *passphrase_out is freed with mem_free; NULL
 * when a key was read. E_OK | E_NOT_FOUND | E_KEY | E_IO. */
enum err cli_read_secret(const struct cli *cli, uint8_t key32[32], char **passphrase_out,
                         struct diag *d);

/* A progress bar on standard error: only on a terminal, at most 10 times a second; on a file a line
 * at most every 5 seconds. cli_progress is a struct progress (chain/audit.h) tick function whose
 * ctx is the struct cli. cli_progress_end clears the bar. */
void cli_progress(void *cli, const char *what, uint64_t done, uint64_t total);
void cli_progress_end(void);

/* cli_print writes a buffer to standard output, disarmed (text_disarm), and a newline where it has
 * none; frees nothing.
 * cli_print_end, at the very end: turns code into EXIT_ENVIRONMENT when standard output could not
 * be written, and says why, but for a reader that closed the pipe. */
void cli_print(struct buf *b);
int cli_print_end(int code);

#endif
