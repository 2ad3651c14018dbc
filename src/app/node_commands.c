/* node_commands: node, status, audit, export, import; the table (init is in init_command.c). */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <poll.h>
#include <unistd.h>

#include "app/client.h"
#include "app/home.h"
#include "app/init_command.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "chain/audit.h"
#include "chain/consensus.h"
#include "chain/store_dir.h"
#include "crypto/ecdsa.h"
#include "engine/engine.h"
#include "rpc/rpc.h"

/* --- node ------------------------------------------------------------------------------------- */

static const struct cli_option NODE_OPTIONS[] = {
    {"host", "ADDRESS", "address to listen on (default 127.0.0.1)",
     "adresse d'écoute (défaut 127.0.0.1)"},
    {"port", "N", "port to listen on, 0 for any (default 8545)",
     "port d'écoute, 0 pour un port libre (défaut 8545)"},
    {"threads", "N", "threads that serve requests (default: one per processor, at most 8)",
     "fils qui servent les requêtes (défaut : un par processeur, 8 au plus)"},
    {"block-ms", "N", "a block at most every N milliseconds (default 0: as soon as there is work)",
     "un bloc au plus toutes les N millisecondes (défaut 0 : dès qu'il y a du travail)"},
    {"archive", NULL, "keep the state of every block", "garde l'état de chaque bloc"},
    {"follow", "URL",
     "keep a full copy outside the network: take the blocks of the node at URL and "
     "execute them all",
     "tient une copie complète hors du réseau : reprend les blocs du nœud URL et les exécute tous"},
    {"trust", "FILE",
     "with --follow: a trusted header (parvis network trust), when the copy is older "
     "than two weeks",
     "avec --follow : un en-tête de confiance (parvis network trust), si la copie a plus de deux "
     "semaines"},
    {"snapshot-blocks", "N",
     "on a network: a snapshot for members that join every N blocks, 0: "
     "never (default 1000)",
     "dans un réseau : un instantané pour les nouveaux membres tous les N blocs, 0 : jamais "
     "(défaut "
     "1000)"},
    MAP_MB_OPTION,
    {"log", "LEVEL", "error, warn, info or debug (default info)",
     "error, warn, info ou debug (défaut info)"},
    {0},
};

struct node_options {
    uint64_t port, threads, block_ms, snapshot_blocks;
};

static enum err read_node_options(const struct cli *cli, struct node_options *o, struct diag *d)
{
    static const char *const LEVELS[] = {"error", "warn", "info", "debug"};
    const char *level = cli_get(cli, "log");
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    *o = (struct node_options){.port = 8545,
                               .threads = processors > 8 ? 8 : (uint64_t)processors,
                               .snapshot_blocks = 1000};
    TRY(cli_get_u64(cli, "port", 0, 65535, &o->port));
    TRY(cli_get_u64(cli, "threads", 1, 64, &o->threads));
    TRY(cli_get_u64(cli, "block-ms", 0, 60000, &o->block_ms));
    TRY(cli_get_u64(cli, "snapshot-blocks", 0, UINT32_MAX, &o->snapshot_blocks));
    for (int i = 0; level && i < 4; i++) {
        if (strcmp(level, LEVELS[i]) == 0) {
            log_set_level((enum log_level)i);
            return E_OK;
        }
    }
    if (cli_get(cli, "trust") && !cli_get(cli, "follow"))
        return diag_set(d, E_USAGE, T("--trust goes with --follow", "--trust va avec --follow"));
    if (level)
        return diag_set(
            d, E_USAGE,
            T("--log %s: use error, warn, info or debug", "--log %s : error, warn, info ou debug"),
            level);
    return E_OK;
}

static void announce(const struct cli *cli, uint16_t port, struct chain *chain)
{
    struct buf b = {0};
    const char *host = cli_get(cli, "host") ? cli_get(cli, "host") : "127.0.0.1";
    struct chain_head head = chain_head(chain);
    if (cli->json) {
        char url[300];
        snprintf(url, sizeof url, "http://%s:%u", host, port);
        json_open(&b, '{');
        json_put_key(&b, "url");
        json_put_string(&b, url);
        json_put_key(&b, "chainId");
        json_put_u64(&b, chain_id(chain));
        json_put_key(&b, "block");
        json_put_u64(&b, head.number);
        json_close(&b, '}');
    } else {
        buf_putf(&b,
                 T("Parvis node: chain %llu, block %llu, serving at http://%s:%u/\n",
                   "Nœud Parvis : chaîne %llu, bloc %llu, à l'écoute sur http://%s:%u/\n"),
                 (unsigned long long)chain_id(chain), (unsigned long long)head.number, host, port);
    }
    cli_print(&b);
    buf_free(&b);
}

/* Waits for SIGINT or SIGTERM, or for the engine to fail. */
static void wait_for_end(int signals, const struct engine *engine)
{
    struct pollfd fd = {.fd = signals, .events = POLLIN};
    while (!engine->failed) {
        int n = poll(&fd, 1, 200);
        if (n > 0 || (n < 0 && errno != EINTR))
            return;
    }
}

/* Signals are blocked before any thread starts, so that only the signalfd sees them. */
static int block_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

/* What a node runs with. A member that joins by state sync has no ledger at first. */
struct node {
    const struct cli *cli;
    struct chain *chain; /* NULL: to be taken from the peers */
    struct engine engine;
    struct engine_sync sync;
    struct buf peers; /* the engine's, while there is no ledger to ask */
    char app_socket[4400], rpc_socket[4400], snapshot_dir[4400];
};

static enum err take_begin(void *ctx, struct snapshot_take_config *config,
                           struct snapshot_take **out, struct diag *d)
{
    const struct node *n = ctx;
    return home_take_begin(n->cli, config, out, d);
}

static enum err open_ledger(void *ctx, struct chain **out, struct diag *d)
{
    const struct node *n = ctx;
    struct store *store = NULL;
    TRY(home_open_store(n->cli, false, false, &store, d));
    struct chain_config config = {.store = store, .archive = cli_has(n->cli, "archive")};
    enum err e = chain_open(out, &config, d);
    if (e != E_OK)
        store_close(store);
    return e;
}

/* read_peers notes whom the engine's configuration names: "ID@HOST:PORT,...", as `join` or this
 * node's keeper wrote it. */
static enum err read_peers(struct node *n, struct diag *d)
{
    static const char KEY[] = "\npersistent_peers = \"";
    struct buf text = {0};
    enum err e = file_read(&text, home_path(n->cli, "engine/config/config.toml"), 1u << 20, d);
    const char *at = e == E_OK ? strstr(buf_cstr(&text), KEY) : NULL;
    if (at)
        buf_put(&n->peers, at + strlen(KEY), strcspn(at + strlen(KEY), "\"\n"));
    buf_free(&text);
    return e;
}

static bool is_peer(void *ctx, const uint8_t node20[20])
{
    const struct node *n = ctx;
    uint8_t peer20[20];
    struct bytes left = buf_view(&n->peers);
    while (left.len) {
        const uint8_t *end = memchr(left.data, ',', left.len);
        size_t len = end ? (size_t)(end - left.data) : left.len, at = 0;
        while (at < len && left.data[at] == ' ')
            at++;
        if (len - at > 40 && left.data[at + 40] == '@' &&
            hex_decode(peer20, sizeof peer20, (const char *)left.data + at, 40) == E_OK &&
            memcmp(peer20, node20, sizeof peer20) == 0)
            return true;
        len += end != NULL;
        left = bytes_of(left.data + len, left.len - len);
    }
    return false;
}

/* choose_engine: the ledger itself says who orders its blocks. */
static enum err choose_engine(struct node *n, const struct node_options *o, struct diag *d)
{
    struct engine *e = &n->engine;
    *e = (struct engine){.chain = n->chain,
                         .block_ms = (unsigned)o->block_ms,
                         .app_socket = n->app_socket,
                         .snapshot_dir = n->snapshot_dir,
                         .snapshot_blocks = o->snapshot_blocks};
    snprintf(n->app_socket, sizeof n->app_socket, "%s", home_path(n->cli, "engine/app.sock"));
    snprintf(n->rpc_socket, sizeof n->rpc_socket, "%s", home_path(n->cli, "engine/rpc.sock"));
    snprintf(n->snapshot_dir, sizeof n->snapshot_dir, "%s", home_path(n->cli, "snapshots"));
    if (n->chain && cli_get(n->cli, "follow")) {
        e->ops = &ENGINE_FOLLOW;
        e->follow_url = cli_get(n->cli, "follow");
        e->trust_path = cli_get(n->cli, "trust");
        return E_OK;
    }
    if (!n->chain || chain_members(n->chain).founded) {
        n->sync = (struct engine_sync){take_begin, open_ledger, n, is_peer};
        e->ops = &ENGINE_COMET;
        e->rpc_socket = n->rpc_socket;
        e->sync = n->chain ? NULL : &n->sync;
        return n->chain ? E_OK : read_peers(n, d);
    }
    if (chain_genesis(n->chain)->is_ethereum) {
        e->ops = &ENGINE_HOLD; /* nobody here may continue it */
        return E_OK;
    }
    e->ops = &ENGINE_SOLO;
    TRY(key_load(n->cli, "node", e->key32, d));
    TRY(ecdsa_address(&e->address, e->key32));
    if (address_eq(&e->address, &chain_genesis(n->chain)->proposer))
        return E_OK;
    return diag_set(d, E_KEY,
                    T("the key `node` is not the proposer's of this chain: `parvis account "
                      "remove node`, then `parvis account import node FILE` with that key",
                      "la clé `node` n'est pas celle du proposeur de la chaîne : `parvis "
                      "account remove node`, puis `parvis account import node FICHIER` avec "
                      "cette clé"));
}

/* wait_for_ledger: until the engine has taken one. False when the node is to end before. */
static bool wait_for_ledger(struct node *n, int signals)
{
    struct pollfd fd = {.fd = signals, .events = POLLIN};
    while (!n->chain && !n->engine.failed) {
        int ready = poll(&fd, 1, 200);
        if (ready > 0 || (ready < 0 && errno != EINTR))
            return false;
        n->chain = n->engine.chain = atomic_load(&n->engine.synced);
    }
    return n->chain != NULL;
}

static enum err serve(struct node *n, const struct node_options *o, struct diag *d)
{
    struct rpc *rpc = NULL;
    TRY(choose_engine(n, o, d));
    int signals = block_signals();
    if (signals < 0)
        return diag_os(d, E_IO, "signalfd", errno);
    struct engine *engine = &n->engine;
    enum err e = engine->ops->start(engine, d);
    if (e != E_OK) {
        close(signals);
        return e;
    }
    struct rpc_config config = {
        .host = cli_get(n->cli, "host") ? cli_get(n->cli, "host") : "127.0.0.1",
        .port = (uint16_t)o->port,
        .threads = (unsigned)o->threads,
    };
    if (wait_for_ledger(n, signals))
        e = rpc_start(&rpc, engine, &config, d);
    if (rpc) {
        announce(n->cli, rpc_port(rpc), n->chain);
        wait_for_end(signals, engine);
        log_info("app", "stopping");
        rpc_stop(rpc);
    }
    engine->ops->stop(engine);
    if (!n->chain) /* taken in the meantime */
        n->chain = atomic_load(&engine->synced);
    close(signals);
    explicit_bzero(engine->key32, sizeof engine->key32);
    if (e == E_OK && engine->failed) {
        *d = engine->failure;
        return engine->failure_code;
    }
    return e;
}

/* has_ledger: false in the folder of a member that is to take it from its peers. */
static bool has_ledger(const struct cli *cli)
{
    return access(home_path(cli, "store/store.head"), F_OK) == 0 ||
           access(home_path(cli, "engine/config/config.toml"), F_OK) != 0;
}

static int run_node(struct cli *cli)
{
    struct diag d = {0};
    struct node_options options;
    struct node *n = mem_zalloc(1, sizeof *n);
    n->cli = cli;
    enum err e = read_node_options(cli, &options, &d);
    if (e == E_OK && has_ledger(cli))
        e = open_ledger(n, &n->chain, &d);
    if (e == E_OK)
        e = serve(n, &options, &d);
    chain_close(n->chain);
    buf_free(&n->peers);
    mem_free(n);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}

/* --- status ----------------------------------------------------------------------------------- */

/* A value by itself: json_print would put a comma after text that is no JSON. */
static void put_plain_json(struct buf *out, const struct json *value)
{
    struct buf text = {0};
    json_print(&text, value);
    buf_put(out, text.data, text.len);
    buf_free(&text);
}

static int run_status(struct cli *cli)
{
    struct diag d = {0};
    struct client *client = NULL;
    struct json *reply = NULL;
    struct buf out = {0};
    enum err e = client_open(&client, cli_rpc(cli), &d);
    if (e == E_OK)
        e = client_call(client, "parvis_status", "[]", &reply, &d);
    if (e == E_OK && cli->json) {
        json_print(&out, client_result(reply));
    } else if (e == E_OK) {
        for (const struct json *m = json_first(client_result(reply)); m; m = json_next(m)) {
            buf_putf(&out, "%-18s ", json_key(m));
            if (json_is_string(m))
                buf_puts(&out, json_text(m));
            else
                put_plain_json(&out, m);
            buf_puts(&out, "\n");
        }
    }
    if (e == E_OK)
        cli_print(&out);
    json_free(reply);
    client_close(client);
    buf_free(&out);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}

/* --- audit ------------------------------------------------------------------------------------ */

static const struct cli_option AUDIT_OPTIONS[] = {
    {"scratch", "DIR", "folder for the re-execution's own store (default HOME)",
     "dossier de la base de réexécution (défaut HOME)"},
    {0},
};

static void put_rate(struct buf *b, const char *name, uint64_t count, uint64_t elapsed_us)
{
    json_put_key(b, name);
    json_put_u64(b, elapsed_us ? (uint64_t)((double)count * 1e6 / (double)elapsed_us) : 0);
}

static void print_audit(const struct cli *cli, const struct audit_report *r)
{
    struct buf b = {0};
    double seconds = (double)r->elapsed_us / 1e6;
    if (cli->json) {
        json_open(&b, '{');
        json_put_key(&b, "holds");
        json_put_bool(&b, true);
        json_put_key(&b, "blocks");
        json_put_u64(&b, r->blocks);
        json_put_key(&b, "transactions");
        json_put_u64(&b, r->transactions);
        json_put_key(&b, "gas");
        json_put_u64(&b, r->gas);
        json_put_key(&b, "records");
        json_put_u64(&b, r->records);
        json_put_key(&b, "elapsed_us");
        json_put_u64(&b, r->elapsed_us);
        put_rate(&b, "blocks_per_s", r->blocks, r->elapsed_us);
        put_rate(&b, "gas_per_s", r->gas, r->elapsed_us);
        json_close(&b, '}');
    } else {
        buf_putf(
            &b,
            T("The ledger holds: %llu blocks, %llu transactions, %llu records checked in %.2f s "
              "(%.0f blocks/s, %.0f gas/s)\n",
              "Le registre est intègre : %llu blocs, %llu transactions, %llu enregistrements "
              "vérifiés en %.2f s (%.0f blocs/s, %.0f gas/s)\n"),
            (unsigned long long)r->blocks, (unsigned long long)r->transactions,
            (unsigned long long)r->records, seconds, seconds > 0 ? (double)r->blocks / seconds : 0,
            seconds > 0 ? (double)r->gas / seconds : 0);
    }
    cli_print(&b);
    buf_free(&b);
}

static int audit(struct cli *cli)
{
    struct diag d = {0};
    struct store *store = NULL;
    struct audit_report report = {0};
    struct progress progress = {cli_progress, cli};
    char scratch[4500];
    snprintf(scratch, sizeof scratch, "%s/audit-XXXXXX",
             cli_get(cli, "scratch") ? cli_get(cli, "scratch") : cli_home(cli));
    enum err e = home_open_store(cli, false, true, &store, &d);
    if (e != E_OK)
        return cli_fail(cli, e, &d);
    if (!mkdtemp(scratch)) {
        diag_os(&d, E_IO, scratch, errno);
        store_close(store);
        return cli_fail(cli, E_IO, &d);
    }
    uint64_t start_us = clock_mono_us();
    e = audit_run(store, scratch, &progress, &report, &d);
    report.elapsed_us = clock_mono_us() - start_us;
    store_dir_remove(scratch);
    store_close(store);
    cli_progress_end();
    if (e == E_OK)
        print_audit(cli, &report);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}

static int run_audit(struct cli *cli)
{
    return cli_run_deep(cli, audit);
}

/* --- rollback --------------------------------------------------------------------------------- */

static void print_rollback(const struct cli *cli, const struct consensus_point *at)
{
    struct buf b = {0};
    if (cli->json) {
        json_open(&b, '{');
        json_put_key(&b, "block");
        json_put_u64(&b, at->block);
        json_put_key(&b, "consensusHeight");
        json_put_u64(&b, at->height);
        json_close(&b, '}');
    } else {
        buf_putf(&b, T("The last block is now %llu", "Le dernier bloc est maintenant %llu"),
                 (unsigned long long)at->block);
        if (at->height)
            buf_putf(&b,
                     T(", the engine's last height %llu", ", la dernière hauteur du moteur %llu"),
                     (unsigned long long)at->height);
        buf_puts(&b, "\n");
    }
    cli_print(&b);
    buf_free(&b);
}

static int run_rollback(struct cli *cli)
{
    struct diag d = {0};
    struct store *store = NULL;
    struct consensus_point at = {0};
    enum err e = home_open_store(cli, false, false, &store, &d);
    if (e == E_OK)
        e = chain_rollback(store, &at, &d);
    store_close(store);
    if (e == E_OK)
        print_rollback(cli, &at);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}

/* --- export, import --------------------------------------------------------------------------- */

static int run_export(struct cli *cli)
{
    struct diag d = {0};
    struct store *store = NULL;
    struct progress progress = {cli_progress, cli};
    enum err e = home_open_store(cli, false, true, &store, &d);
    if (e == E_OK)
        e = chain_export(store, cli->args[0], &progress, &d);
    store_close(store);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}

static const struct cli_option IMPORT_OPTIONS[] = {MAP_MB_OPTION, {0}};

static int import(struct cli *cli)
{
    struct diag d = {0};
    struct made made = {0};
    struct progress progress = {cli_progress, cli};
    enum err e = access(cli->args[0], R_OK) == 0
                     ? E_OK
                     : diag_os(&d, errno == ENOENT ? E_NOT_FOUND : E_IO, cli->args[0], errno);
    if (e == E_OK)
        e = home_create(cli, &made, &d);
    if (e == E_OK)
        e = home_import_store(cli, cli->args[0], &progress, &d);
    made_end(&made, e == E_OK);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}

static int run_import(struct cli *cli)
{
    return cli_run_deep(cli, import);
}

const struct command NODE_COMMANDS[] = {
    {"init", "", 0, 0, "makes a new ledger in the node's folder",
     "crée un nouveau registre dans le dossier du nœud", INIT_OPTIONS, run_init},
    {"node", "", 0, 0, "runs the node and serves JSON-RPC, metrics and the page",
     "fait tourner le nœud et sert JSON-RPC, mesures et page", NODE_OPTIONS, run_node},
    {"status", "", 0, 0, "tells the state of a running node", "donne l'état d'un nœud en marche",
     NULL, run_status},
    {"audit", "", 0, 0, "re-executes the whole copy from genesis and checks every record",
     "réexécute toute la copie depuis la genèse et vérifie chaque enregistrement", AUDIT_OPTIONS,
     run_audit},
    {"rollback", "", 0, 0,
     "takes the last block back (on a network: the engine's last height), when the engine's data "
     "is one height behind",
     "reprend le dernier bloc (dans un réseau : la dernière hauteur du moteur), quand les données "
     "du moteur sont en retard d'une hauteur",
     NULL, run_rollback},
    {"export", "FILE", 1, 1, "writes the whole chain to one file",
     "écrit toute la chaîne dans un fichier", NULL, run_export},
    {"import", "FILE", 1, 1, "makes a ledger from an exported chain, checking every block",
     "crée un registre à partir d'une chaîne exportée, en vérifiant chaque bloc", IMPORT_OPTIONS,
     run_import},
    {0},
};
