/* bench: what this machine does in one process, without a network. */
#include "app/bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/cli.h"
#include "app/home.h"
#include "base/clock.h"
#include "base/mem.h"
#include "chain/pool.h"
#include "chain/store_dir.h"
#include "city/energy/allocation.h"
#include "crypto/ecdsa.h"
#include "crypto/keccak.h"
#include "crypto/seal.h"
#include "engine/engine.h"

const struct cli_option BENCH_OPTIONS[] = {
    {"transfers", "N", "transfers of the ledger benchmark (default 20000)",
     "virements de la mesure du registre (défaut 20000)"},
    {0},
};

struct figure {
    const char *name;
    const char *unit;
    double value;
};

struct bench {
    const char *name;
    const char *en, *fr;
    /* fills figures and their count */
    enum err (*run)(struct cli *cli, struct figure *out, size_t *count, struct diag *d);
};

static double cpu_us(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return ((double)u.ru_utime.tv_sec + (double)u.ru_stime.tv_sec) * 1e6 +
           (double)u.ru_utime.tv_usec + (double)u.ru_stime.tv_usec;
}

/* Repeats a piece of work for about a quarter of a second of CPU; returns microseconds per piece.
 */
static double measure(void (*piece)(void *), void *ctx)
{
    double start = cpu_us(), elapsed;
    uint64_t count = 0;
    do {
        for (int i = 0; i < 64; i++)
            piece(ctx);
        count += 64;
        elapsed = cpu_us() - start;
    } while (elapsed < 250000);
    return elapsed / (double)count;
}

/* --- pieces ----------------------------------------------------------------------------------- */

static void keccak_piece(void *ctx)
{
    struct hash h;
    keccak256(&h, ctx, 1024);
    memcpy(ctx, h.b, 32);
}

static enum err bench_keccak(struct cli *cli, struct figure *out, size_t *count, struct diag *d)
{
    (void)cli;
    (void)d;
    uint8_t data[1024] = {1};
    out[0] = (struct figure){"keccak256", "MB/s", 1024.0 / measure(keccak_piece, data)};
    *count = 1;
    return E_OK;
}

struct recovery {
    struct hash digest;
    struct ecdsa_signature signature;
    struct address address;
    bool failed;
};

static void recover_piece(void *ctx)
{
    struct recovery *r = ctx;
    r->failed |= ecdsa_recover(&r->address, &r->digest, &r->signature, false) != E_OK;
}

static enum err bench_recover(struct cli *cli, struct figure *out, size_t *count, struct diag *d)
{
    (void)cli;
    struct recovery r = {.digest = {{7}}};
    uint8_t key32[32] = {[31] = 1};
    TRY(ecdsa_sign(&r.signature, &r.digest, key32));
    double each_us = measure(recover_piece, &r);
    if (r.failed)
        return diag_set(
            d, E_SIGNATURE,
            T("a signature made here does not hold", "une signature faite ici n'est pas valide"));
    out[0] = (struct figure){"signature recovery", "us", each_us};
    out[1] = (struct figure){"recovery limit of all processors", "per s",
                             1e6 / each_us * (double)sysconf(_SC_NPROCESSORS_ONLN)};
    *count = 2;
    return E_OK;
}

struct sealing {
    struct seal seal;
    struct buf out;
    uint8_t record[120];
};

static void seal_piece(void *ctx)
{
    struct sealing *s = ctx;
    buf_clear(&s->out);
    seal_encrypt(&s->seal, &s->out, bytes_of(s->record, sizeof s->record), bytes_of("key", 3));
}

static enum err bench_seal(struct cli *cli, struct figure *out, size_t *count, struct diag *d)
{
    (void)cli;
    (void)d;
    static struct sealing s;
    uint8_t key[SEAL_KEY_BYTES] = {3};
    seal_init(&s.seal, key);
    out[0] = (struct figure){"sealing a record of 120 bytes", "us", measure(seal_piece, &s)};
    seal_wipe(&s.seal);
    buf_free(&s.out);
    *count = 1;
    return E_OK;
}

#define ALLOCATION_POINTS 100

struct allocating {
    struct allocation_scratch scratch;
    uint64_t consumption_wh[64][ALLOCATION_POINTS];
    uint64_t production_wh[64];
    uint64_t out[ALLOCATION_POINTS];
    unsigned step;
};

static void allocation_piece(void *ctx)
{
    struct allocating *a = ctx;
    unsigned k = a->step++ % 64;
    allocate_default(a->out, a->production_wh[k], a->consumption_wh[k], ALLOCATION_POINTS,
                     &a->scratch);
}

static enum err bench_allocation(struct cli *cli, struct figure *out, size_t *count, struct diag *d)
{
    (void)cli;
    (void)d;
    struct allocating *a = mem_zalloc(1, sizeof *a);
    void *memory = mem_alloc(allocation_scratch_bytes(ALLOCATION_POINTS));
    uint64_t x = 88172645463325252ull;
    allocation_scratch_init(&a->scratch, memory, ALLOCATION_POINTS);
    for (unsigned k = 0; k < 64; k++) {
        uint64_t total = 0;
        for (unsigned i = 0; i < ALLOCATION_POINTS; i++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            a->consumption_wh[k][i] = x % 900;
            total += a->consumption_wh[k][i];
        }
        a->production_wh[k] = total / 2; /* always short: every step has remainders to place */
    }
    double each_us = measure(allocation_piece, a);
    out[0] = (struct figure){"allocation, default key, 100 meters", "meter-steps/s",
                             ALLOCATION_POINTS * 1e6 / each_us};
    mem_free(memory);
    mem_free(a);
    *count = 1;
    return E_OK;
}

/* --- the ledger ------------------------------------------------------------------------------- */

#define LEDGER_SENDERS 100

/* A throwaway ledger with funded senders, opened. */
static enum err open_ledger(const char *dir, const struct address *proposer, uint8_t keys[][32],
                            struct chain **out, struct diag *d)
{
    struct buf text = {0};
    struct genesis genesis;
    struct store *store;
    uint8_t store_key[32] = {9};
    buf_puts(&text,
             "{\"parvis\":1,\"chainId\":20260,\"timestamp\":1356998400,\"gasLimit\":500000000,"
             "\"engine\":{\"name\":\"solo\",\"proposer\":\"");
    buf_put_hex(&text, proposer->b, 20);
    buf_puts(&text, "\"},\"roles\":{\"issuer\":\"");
    buf_put_hex(&text, proposer->b, 20);
    buf_puts(&text, "\",\"registrar\":\"");
    buf_put_hex(&text, proposer->b, 20);
    buf_puts(&text, "\"},\"alloc\":{");
    for (unsigned i = 0; i < LEDGER_SENDERS; i++) {
        struct address a;
        TRY(ecdsa_address(&a, keys[i]));
        buf_puts(&text, i ? ",\"" : "\"");
        buf_put_hex(&text, a.b, 20);
        buf_puts(&text, "\":{\"balance\":\"1000000000000000000\"}");
    }
    buf_putf(&text, "},\"services\":{\"money\":{\"reserve\":\"%u000000000000000000\"}}}",
             LEDGER_SENDERS);
    TRY(genesis_parse(&genesis, buf_view(&text), d));
    struct store_config config = {.dir = dir, .key32 = store_key, .create = true};
    enum err e = store_open(&store, &config, d);
    if (e == E_OK)
        e = chain_create(store, &genesis, d);
    genesis_free(&genesis);
    buf_free(&text);
    if (e != E_OK)
        return e;
    struct chain_config chain_config = {.store = store};
    return chain_open(out, &chain_config, d);
}

static struct bytes *sign_transfers(struct arena *arena, uint8_t keys[][32], size_t count)
{
    struct bytes *raw = arena_zalloc(arena, count, sizeof *raw);
    for (size_t i = 0; i < count; i++) {
        struct tx t = {.has_chain_id = true,
                       .chain_id = 20260,
                       .nonce = i / LEDGER_SENDERS,
                       .gas_limit = 21000,
                       .value = u256_from_u64(1)};
        uint64_t recipient = i * 7919 % 10007;
        t.to.b[0] = 1;
        memcpy(t.to.b + 12, &recipient, sizeof recipient);
        ASSERT(tx_sign(&t, arena, keys[i % LEDGER_SENDERS]) == E_OK);
        raw[i] = t.raw;
    }
    return raw;
}

static enum err push_transfers(struct engine *engine, const struct bytes *raw, size_t count,
                               struct figure *out, struct diag *d)
{
    struct chain *chain = engine->chain;
    TRY(engine->ops->start(engine, d));
    double cpu = cpu_us();
    uint64_t start_us = clock_mono_us();
    enum err e = E_OK;
    for (size_t i = 0; i < count && e == E_OK; i++) {
        struct hash hash;
        e = engine->ops->submit(engine, raw[i], &hash, NULL);
    }
    while (e == E_OK && chain_head(chain).tx_total < count && !engine->failed)
        usleep(200);
    double elapsed_us = (double)(clock_mono_us() - start_us);
    cpu = cpu_us() - cpu;
    engine->ops->stop(engine);
    if (e != E_OK || engine->failed)
        return diag_set(d, e, "%s", engine->failed ? engine->failure.text : err_text(e));
    out[0] = (struct figure){"durable transfers, one client thread", "per s",
                             (double)count * 1e6 / elapsed_us};
    out[1] = (struct figure){"CPU per transfer, all threads", "us", cpu / (double)count};
    out[2] = (struct figure){"blocks", "", (double)chain_head(chain).number};
    return E_OK;
}

static enum err bench_ledger(struct cli *cli, struct figure *out, size_t *count, struct diag *d)
{
    static uint8_t keys[LEDGER_SENDERS][32];
    static struct engine engine;
    char dir[] = "/tmp/parvis-bench-XXXXXX";
    uint64_t transfers = 20000;
    struct arena arena = {0};
    struct chain *chain = NULL;
    TRY(cli_get_u64(cli, "transfers", 100, 10000000, &transfers));
    if (!mkdtemp(dir))
        return diag_os(d, E_IO, dir, errno);
    for (unsigned i = 0; i < LEDGER_SENDERS; i++)
        keys[i][31] = (uint8_t)(i + 1);
    engine = (struct engine){.ops = &ENGINE_SOLO};
    ecdsa_key_generate(engine.key32);
    enum err e = ecdsa_address(&engine.address, engine.key32);
    if (e == E_OK)
        e = open_ledger(dir, &engine.address, keys, &chain, d);
    if (e == E_OK) {
        engine.chain = chain;
        e = push_transfers(&engine, sign_transfers(&arena, keys, transfers), transfers, out, d);
        chain_close(chain);
    }
    arena_free(&arena);
    store_dir_remove(dir);
    *count = 3;
    return e;
}

static const struct bench BENCHES[] = {
    {"keccak", "hashing", "hachage", bench_keccak},
    {"recover", "signature recovery", "recouvrement de signature", bench_recover},
    {"seal", "sealing of records", "scellement des enregistrements", bench_seal},
    {"allocation", "energy allocation in memory", "répartition d'énergie en mémoire",
     bench_allocation},
    {"ledger", "transfers into durable blocks", "virements en blocs durables", bench_ledger},
};

static enum err check_names(const struct cli *cli, struct diag *d)
{
    for (size_t i = 0; i < cli->arg_count; i++) {
        bool known = false;
        for (size_t k = 0; k < sizeof BENCHES / sizeof BENCHES[0]; k++)
            known |= strcmp(cli->args[i], BENCHES[k].name) == 0;
        if (!known)
            return diag_set(
                d, E_NOT_FOUND,
                T("no benchmark %s; there are keccak, recover, seal, allocation, ledger",
                  "pas de mesure %s ; il y a keccak, recover, seal, allocation, ledger"),
                cli->args[i]);
    }
    return E_OK;
}

static bool wanted(const struct cli *cli, const char *name)
{
    for (size_t i = 0; i < cli->arg_count; i++)
        if (strcmp(cli->args[i], name) == 0)
            return true;
    return cli->arg_count == 0;
}

static void put_figure(const struct cli *cli, struct buf *b, const struct figure *f)
{
    if (!cli->json) {
        buf_putf(b, "%-38s %14.*f %s\n", f->name, f->value < 1000 ? 2 : 0, f->value, f->unit);
        return;
    }
    char number[64];
    snprintf(number, sizeof number, "%.3f", f->value);
    json_open(b, '{');
    json_put_key(b, "name");
    json_put_string(b, f->name);
    json_put_key(b, "value");
    json_put_raw(b, number);
    json_put_key(b, "unit");
    json_put_string(b, f->unit);
    json_close(b, '}');
}

int run_bench(struct cli *cli)
{
    struct diag d = {0};
    struct buf b = {0};
    enum err known = check_names(cli, &d);
    if (known != E_OK)
        return cli_fail(cli, known, &d);
    if (cli->json)
        json_open(&b, '[');
    for (size_t i = 0; i < sizeof BENCHES / sizeof BENCHES[0]; i++) {
        struct figure figures[8];
        if (!wanted(cli, BENCHES[i].name))
            continue;
        cli_progress(cli, T(BENCHES[i].en, BENCHES[i].fr), i, sizeof BENCHES / sizeof BENCHES[0]);
        size_t count = 0;
        enum err e = BENCHES[i].run(cli, figures, &count, &d);
        if (e != E_OK) {
            buf_free(&b);
            return cli_fail(cli, e, &d);
        }
        for (size_t k = 0; k < count; k++)
            put_figure(cli, &b, &figures[k]);
    }
    if (cli->json)
        json_close(&b, ']');
    cli_progress_end();
    cli_print(&b);
    buf_free(&b);
    return EXIT_OK;
}
