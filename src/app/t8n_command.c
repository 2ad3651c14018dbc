/* t8n_command: `parvis t8n`: a state transition with the command line of geth's `evm t8n`. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/ethereum_commands.h"
#include "base/limits.h"
#include "base/mem.h"
#include "gateway/ethereum/forms.h"
#include "gateway/ethereum/trace3155.h"
#include "gateway/ethereum/transition.h"

const struct cli_option T8N_OPTIONS[] = {
    {"input.alloc", "FILE", "accounts before, or stdin (default alloc.json)",
     "comptes avant, ou stdin (défaut alloc.json)"},
    {"input.env", "FILE", "environment of the block, or stdin (default env.json)",
     "environnement du bloc, ou stdin (défaut env.json)"},
    {"input.txs", "FILE", "transactions, or stdin; .rlp: as a list in RLP (default txs.json)",
     "transactions, ou stdin ; .rlp : en liste RLP (défaut txs.json)"},
    {"output.basedir", "DIR", "folder of the files written", "dossier des fichiers écrits"},
    {"output.alloc", "FILE", "accounts after, or stdout, stderr (default alloc.json)",
     "comptes après, ou stdout, stderr (défaut alloc.json)"},
    {"output.result", "FILE", "the result, or stdout, stderr (default result.json)",
     "le résultat, ou stdout, stderr (défaut result.json)"},
    {"output.body", "FILE", "RLP of the transactions that stand in the block",
     "RLP des transactions qui tiennent dans le bloc"},
    {"state.fork", "NAME", "rules (default GrayGlacier)", "règles (défaut GrayGlacier)"},
    {"state.chainid", "N", "chain id (default 1)", "identifiant de la chaîne (défaut 1)"},
    {"state.reward", "WEI", "the miner's reward; -1: none (default 0)",
     "récompense du mineur ; -1 : aucune (défaut 0)"},
    {"trace", NULL, "write trace-INDEX-HASH.jsonl for every transaction (EIP-3155)",
     "écrit trace-INDICE-EMPREINTE.jsonl pour chaque transaction (EIP-3155)"},
    {"trace.memory", NULL, "memory in the traces", "mémoire dans les traces"},
    {0},
};

struct t8n {
    const struct cli *cli;
    const char *folder;
    struct json *in, *alloc, *env, *txs; /* in: of standard input */
    struct buf txs_rlp;
    struct trace3155 trace; /* of the transaction in hand */
    FILE *trace_file;
};

static const char *option(const struct t8n *t, const char *name, const char *standard)
{
    const char *value = cli_get(t->cli, name);
    return value ? value : standard;
}

static bool ends_with(const char *text, const char *end)
{
    size_t a = strlen(text), b = strlen(end);
    return a >= b && strcmp(text + a - b, end) == 0;
}

/* --- input ------------------------------------------------------------------------------------ */

static enum err read_stdin(struct t8n *t, struct diag *d)
{
    struct buf text = {0};
    enum err e = E_OK;
    for (size_t n = 1; n > 0 && e == E_OK;) {
        n = fread(buf_grow(&text, 65536), 1, 65536, stdin);
        text.len -= 65536 - n;
        if (text.len > LIMIT_IMPORT_FILE_BYTES)
            e = diag_set(d, E_TOO_LARGE, "%s", err_text(E_TOO_LARGE));
    }
    if (e == E_OK && json_parse(&t->in, buf_view(&text), d) != E_OK)
        e = diag_wrap(d, E_JSON, T("standard input: ", "entrée standard : "));
    buf_free(&text);
    return e;
}

/* read_input gives a member of standard input, or a file of its own (kept in *file_out). */
static enum err read_input(struct t8n *t, const char *path, const char *member,
                           struct json **file_out, const struct json **out, struct diag *d)
{
    if (strcmp(path, "stdin") != 0) {
        TRY(json_parse_file(file_out, path, d));
        *out = *file_out;
        return E_OK;
    }
    *out = json_get(t->in, member);
    return E_OK;
}

static enum err read_inputs(struct t8n *t, struct transition_input *in, struct diag *d)
{
    const char *alloc = option(t, "input.alloc", "alloc.json");
    const char *env = option(t, "input.env", "env.json");
    const char *txs = option(t, "input.txs", "txs.json");
    const struct json *rlp = NULL;
    if (strcmp(alloc, "stdin") == 0 || strcmp(env, "stdin") == 0 || strcmp(txs, "stdin") == 0)
        TRY(read_stdin(t, d));
    TRY(read_input(t, alloc, "alloc", &t->alloc, &in->alloc, d));
    TRY(read_input(t, env, "env", &t->env, &in->env, d));
    TRY(read_input(t, txs, "txs", &t->txs, &in->txs, d));
    if (ends_with(txs, ".rlp"))
        rlp = in->txs;
    else if (strcmp(txs, "stdin") == 0 && json_text(json_get(t->in, "txsRlp")))
        rlp = json_get(t->in, "txsRlp");
    if (!rlp)
        return E_OK;
    if (form_data(&t->txs_rlp, rlp) != E_OK)
        return diag_set(d, E_HEX,
                        T("%s: hexadecimal bytes in quotes are needed",
                          "%s : des octets hexadécimaux entre guillemets sont attendus"),
                        txs);
    in->txs = NULL;
    in->txs_rlp = buf_view(&t->txs_rlp);
    return E_OK;
}

static enum err read_rules(struct t8n *t, struct transition_input *in, struct diag *d)
{
    const char *reward = option(t, "state.reward", "0");
    struct u256 wei;
    in->fork = option(t, "state.fork", "GrayGlacier");
    in->chain_id = 1;
    TRY(cli_get_u64(t->cli, "state.chainid", 0, TX_CHAIN_ID_MAX, &in->chain_id));
    in->has_reward = strcmp(reward, "-1") != 0;
    if (!in->has_reward)
        return E_OK;
    if (u256_parse(&wei, reward) != E_OK || !u256_fits_u64(wei))
        return diag_set(d, E_USAGE,
                        T("--state.reward %s: give a whole number, or -1",
                          "--state.reward %s : donnez un nombre entier, ou -1"),
                        reward);
    in->reward_wei = wei.w[0];
    return E_OK;
}

/* --- output ----------------------------------------------------------------------------------- */

static enum err write_file(const struct t8n *t, const char *name, struct bytes text, struct diag *d)
{
    struct buf path = {0};
    buf_putf(&path, "%s%s%s", t->folder ? t->folder : "", t->folder ? "/" : "", name);
    errno = 0;
    FILE *f = fopen(buf_cstr(&path), "wbe");
    bool done = f && fwrite(text.data, 1, text.len, f) == text.len;
    if (f && fclose(f) != 0)
        done = false;
    enum err e = done ? E_OK : diag_os(d, E_IO, buf_cstr(&path), errno ? errno : EIO);
    buf_free(&path);
    return e;
}

/* What goes to standard output or standard error is one object of all that goes there. */
struct stream {
    const char *name;
    FILE *file;
    struct buf text;
};

static enum err place(const struct t8n *t, struct stream streams[2], const char *where,
                      const char *member, struct bytes json, struct diag *d)
{
    for (int i = 0; i < 2; i++) {
        if (strcmp(where, streams[i].name) != 0)
            continue;
        if (!streams[i].text.len)
            json_open(&streams[i].text, '{');
        json_put_key(&streams[i].text, member);
        buf_put(&streams[i].text, json.data, json.len);
        return E_OK;
    }
    return where[0] ? write_file(t, where, json, d) : E_OK;
}

static enum err write_outputs(const struct t8n *t, struct transition_output *out, struct diag *d)
{
    struct stream streams[2] = {{"stdout", stdout, {0}}, {"stderr", stderr, {0}}};
    struct buf body = {0};
    json_put_data(&body, out->body.data, out->body.len);
    enum err e = place(t, streams, option(t, "output.alloc", "alloc.json"), "alloc",
                       buf_view(&out->alloc), d);
    if (e == E_OK)
        e = place(t, streams, option(t, "output.result", "result.json"), "result",
                  buf_view(&out->result), d);
    if (e == E_OK)
        e = place(t, streams, option(t, "output.body", ""), "body", buf_view(&body), d);
    for (int i = 0; i < 2; i++) {
        if (streams[i].text.len) {
            json_close(&streams[i].text, '}');
            fprintf(streams[i].file, "%s\n", buf_cstr(&streams[i].text));
        }
        buf_free(&streams[i].text);
    }
    buf_free(&body);
    return e;
}

/* --- traces ----------------------------------------------------------------------------------- */

static const struct tracer *trace_begin(void *ctx, size_t index, const struct tx *tx)
{
    struct t8n *t = ctx;
    struct buf path = {0};
    buf_putf(&path, "%s%strace-%zu-", t->folder ? t->folder : "", t->folder ? "/" : "", index);
    buf_put_hex(&path, tx->hash.b, sizeof tx->hash.b);
    buf_puts(&path, ".jsonl");
    t->trace_file = fopen(buf_cstr(&path), "wbe");
    if (!t->trace_file)
        fprintf(stderr, "parvis: %s: %s\n", buf_cstr(&path), os_reason(errno));
    buf_free(&path);
    if (!t->trace_file)
        return NULL;
    trace3155_open(&t->trace, t->trace_file, cli_has(t->cli, "trace.memory"));
    return &t->trace.tracer;
}

static void trace_end(void *ctx, const struct receipt *r)
{
    struct t8n *t = ctx;
    if (!t->trace_file)
        return;
    if (r)
        trace3155_end(&t->trace, r->output, r->gas_used,
                      r->success ? NULL : "execution reverted or failed");
    trace3155_close(&t->trace);
    fclose(t->trace_file);
    t->trace_file = NULL;
}

/* --- the command ------------------------------------------------------------------------------ */

static enum err transition(struct t8n *t, struct diag *d)
{
    struct transition_input in = {0};
    struct transition_output out = {0};
    TRY(read_rules(t, &in, d));
    TRY(read_inputs(t, &in, d));
    if (t->folder && mkdir(t->folder, 0755) != 0 && errno != EEXIST)
        return diag_os(d, E_IO, t->folder, errno);
    if (cli_has(t->cli, "trace")) {
        in.trace_begin = trace_begin;
        in.trace_end = trace_end;
        in.trace_ctx = t;
    }
    struct evm *evm = evm_new();
    enum err e = transition_run(&in, evm, &out, d);
    evm_free(evm);
    if (e == E_OK)
        e = write_outputs(t, &out, d);
    transition_free(&out);
    return e;
}

static int run(struct cli *cli)
{
    struct diag d = {""};
    struct t8n t = {.cli = cli, .folder = cli_get(cli, "output.basedir")};
    enum err e = transition(&t, &d);
    json_free(t.in);
    json_free(t.alloc);
    json_free(t.env);
    json_free(t.txs);
    buf_free(&t.txs_rlp);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}

int run_t8n(struct cli *cli)
{
    return cli_run_deep(cli, run);
}
