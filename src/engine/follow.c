#include "engine/follow.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/lang.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/thread.h"
#include "chain/blocks.h"
#include "chain/consensus.h"
#include "chain/pool.h"
#include "chain/recover.h"
#include "chain/replay.h"
#include "crypto/sha256.h"
#include "engine/light.h"

#define POLL_MS 500u
#define RETRY_MS 5000u
#define FETCH_MS 60000u /* patience with one request */
#define SEND_MS 10000u  /* and with one that a client waits for */
#define LINKS_PER_REQUEST 500u
#define BLOCKS_PER_REQUEST 64u /* at most: fewer where they are large or the line is slow */
#define STEPS_MAX 512u         /* headers fetched to reach the newest one */

struct follow {
    pthread_t thread;
    _Atomic bool stopping;
    struct source *source;
    pthread_mutex_t send_lock;
    struct source *sender; /* for transactions that are passed on */
    struct recover *recover;
    size_t at_most; /* blocks in the next request */
    struct light_trust trust;
    bool has_trust;
    struct arena trust_arena;
};

/* --- whose signatures count ------------------------------------------------------------------- */

/* trust_ledger takes the members as the ledger here knows them. */
static void trust_ledger(struct engine *e, struct follow *f)
{
    struct chain_head head = chain_head(e->chain);
    struct consensus_members m = chain_members(e->chain);
    struct light_set set = {.count = m.count};
    set.validators = arena_zalloc(&f->trust_arena, m.count + 1, sizeof *set.validators);
    for (size_t i = 0; i < m.count; i++) {
        struct hash digest;
        struct light_validator *v = &set.validators[i];
        sha256_once(&digest, m.list[i].key32, sizeof m.list[i].key32);
        memcpy(v->key32, m.list[i].key32, sizeof v->key32);
        memcpy(v->address20, digest.b, sizeof v->address20);
        v->power = m.list[i].power;
        set.power += v->power;
    }
    light_set_sort(&set);
    f->trust = (struct light_trust){
        .chain_id =
            arena_printf(&f->trust_arena, "parvis-%llu", (unsigned long long)chain_id(e->chain)),
        .time = {.s = (int64_t)head.timestamp_s},
        .set = set,
        .period_s = LIGHT_PERIOD_S,
    };
    f->has_trust = true;
}

static enum err trust_file(struct engine *e, struct follow *f, struct diag *d)
{
    struct json *j = NULL;
    TRY(json_parse_file(&j, e->trust_path, d));
    enum err code = light_read_trust(&f->trust, &f->trust_arena, j, d);
    if (code != E_OK)
        diag_wrap(d, code, "%s: ", e->trust_path);
    json_free(j);
    f->has_trust = code == E_OK;
    return code;
}

/* A block that the members signed: the hash that their header carries, and which block the node
 * followed says that is. */
struct signed_block {
    struct hash hash;
    uint64_t number;
};

/* follow_header asks for the header of an engine's height (0: the newest) and checks it; the trust
 * moves on to it. *height_out is its height, also when it does not follow from the trust; 0 when it
 * does not even hold in itself. */
static enum err follow_header(struct follow *f, uint64_t height, struct signed_block *out,
                              uint64_t *height_out, struct diag *d)
{
    struct buf text = {0};
    struct json *j = NULL;
    struct arena a = {0};
    struct light_block b;
    struct light_trust trust = f->trust;
    struct light_time now = {.s = (int64_t)clock_unix_s()};
    uint64_t number = 0;
    *height_out = 0;
    enum err e = source_light(f->source, height, &text, &number, d);
    if (e == E_OK)
        e = json_parse(&j, buf_view(&text), d);
    if (e == E_OK)
        e = light_read_block(&b, &a, j, d);
    if (e == E_OK)
        e = light_check(&b, d);
    if (e == E_OK)
        *height_out = b.header.height;
    if (e == E_OK)
        e = light_step(&trust, &b, now, d);
    if (e == E_OK && b.header.app_hash.len != sizeof out->hash.b)
        e = diag_set(d, E_PROOF,
                     T("the header signed carries no block's hash",
                       "l'en-tête signé ne porte l'empreinte d'aucun bloc"));
    if (e == E_OK) { /* what the trust borrows moves to memory of its own */
        arena_free(&f->trust_arena);
        f->trust_arena = a;
        a = (struct arena){0};
        memcpy(out->hash.b, b.header.app_hash.data, sizeof out->hash.b);
        out->number = number;
        trust.chain_id = b.header.chain_id;
        f->trust = trust;
    }
    arena_free(&a);
    json_free(j);
    buf_free(&text);
    return e;
}

/* newest_signed moves the trust to the newest header: at once, or by way of the height in the
 * middle, when too few of the trusted members signed it. */
static enum err newest_signed(struct follow *f, struct signed_block *out, struct diag *d)
{
    uint64_t middle = 0, height;
    enum err e = E_PROOF;
    for (unsigned steps = 0; steps < STEPS_MAX && !atomic_load(&f->stopping); steps++) {
        e = follow_header(f, middle, out, &height, d);
        if (e == E_OK && middle == 0)
            return E_OK;
        if (e != E_OK && (e != E_PROOF || height <= f->trust.height + 1))
            return e;
        middle = e == E_OK ? 0 : f->trust.height + (height - f->trust.height) / 2;
    }
    return e == E_OK ? E_PROOF : e;
}

/* --- blocks ----------------------------------------------------------------------------------- */

/* check_number: the header of the signed hash bears the number that the node followed told. */
static enum err check_number(struct follow *f, const struct signed_block *b, struct diag *d)
{
    struct source_link link;
    TRY(source_links(f->source, b->number, 1, &link, d));
    if (hash_eq(&link.hash, &b->hash) && link.number == b->number)
        return E_OK;
    return diag_set(d, E_PROOF,
                    T("block %llu of the node followed is not the one that was signed",
                      "le bloc %llu du nœud suivi n'est pas celui qui a été signé"),
                    (unsigned long long)b->number);
}

/* check_links: the hashes of the blocks from the head here to `last`, which must be `hash`. They
 * are asked for from the last one on, so that each is known before it is asked for. */
static enum err check_links(struct engine *e, struct follow *f, uint64_t last,
                            const struct hash *hash, struct hash *hashes, struct diag *d)
{
    struct chain_head head = chain_head(e->chain);
    struct source_link *links = mem_alloc(LINKS_PER_REQUEST * sizeof *links);
    struct hash expected = *hash;
    enum err code = E_OK;
    for (uint64_t end = last + 1; code == E_OK && end > head.number + 1;) {
        uint64_t left = end - head.number - 1;
        size_t count = left < LINKS_PER_REQUEST ? (size_t)left : LINKS_PER_REQUEST;
        code = source_links(f->source, end - count, count, links, d);
        for (size_t i = count; code == E_OK && i-- > 0;) {
            if (!hash_eq(&links[i].hash, &expected))
                code = diag_set(d, E_PROOF,
                                T("block %llu of the node followed is not the one that was signed",
                                  "le bloc %llu du nœud suivi n'est pas celui qui a été signé"),
                                (unsigned long long)(end - count + i));
            hashes[end - count + i - head.number - 1] = links[i].hash;
            expected = links[i].parent;
        }
        end -= count;
    }
    mem_free(links);
    if (code == E_OK && !hash_eq(&expected, &head.hash))
        return diag_set(d, E_PROOF,
                        T("what the members signed does not continue block %llu here: this copy is "
                          "of another chain, or was altered (parvis audit)",
                          "ce que les membres ont signé ne continue pas le bloc %llu d'ici : cette "
                          "copie est celle d'une autre chaîne, ou a été altérée (parvis audit)"),
                        (unsigned long long)head.number);
    return code;
}

/* is_next: the header is the next one here, and the block's content is what it names. Whatever else
 * is wrong with the block then is the fault of those who signed it. */
static bool is_next(struct engine *e, const struct block *b)
{
    struct chain_head head = chain_head(e->chain);
    struct hash txs = blocks_tx_root(b->txs, b->tx_count), reports = block_withdrawals_root(b);
    return b->header.number == head.number + 1 && hash_eq(&b->header.parent_hash, &head.hash) &&
           hash_eq(&b->header.transactions_root, &txs) &&
           hash_eq(&b->header.withdrawals_root, &reports) && b->ommer_count == 0;
}

/* take_block executes one block and stores it. hash_opt: what it must be. */
static enum err take_block(struct engine *e, struct follow *f, struct block *b,
                           const struct hash *hash_opt, struct diag *d)
{
    const struct block *made;
    bool sealed = ecdsa_signature_is_set(&b->seal);
    struct recover_seal seal = {.block_hash = b->hash, .signature = b->seal};
    uint64_t number = chain_head(e->chain).number + 1;
    size_t bad;
    if ((hash_opt && !hash_eq(&b->hash, hash_opt)) || !is_next(e, b))
        return diag_set(d, E_PROOF,
                        T("the node followed gives another block %llu than its header",
                          "le nœud suivi donne un autre bloc %llu que son en-tête"),
                        (unsigned long long)number);
    (void)recover_finish(
        recover_start_block(f->recover, b->txs, b->tx_count, sealed ? &seal : NULL), &bad);
    if (replay_check_seal(e->chain, sealed ? &seal : NULL, d) != E_OK)
        return diag_wrap(d, E_PROOF, T("block %llu: ", "bloc %llu : "), (unsigned long long)number);
    chain_tell_time(e->chain, clock_unix_s());
    enum err code = replay_block(e->chain, b, sealed ? &seal : NULL, &made, d);
    if (code == E_BLOCK && !hash_opt) /* nobody but the node followed vouches for it */
        code = E_PROOF;
    if (code != E_OK)
        return diag_wrap(d, code, T("block %llu: ", "bloc %llu : "),
                         (unsigned long long)b->header.number);
    return chain_commit(e->chain, sealed ? &b->seal : NULL);
}

/* fetch_blocks fetches some of the *count blocks from `first` on. After an answer that was too
 * large or too slow the next request is for half as many, down to the one block that must come. */
static enum err fetch_blocks(struct follow *f, uint64_t first, size_t *count, struct arena *a,
                             struct block *out, struct diag *d)
{
    size_t asked = *count < f->at_most ? *count : f->at_most;
    *count = asked;
    arena_reset(a);
    enum err e = source_blocks(f->source, first, count, a, out, d);
    if (e == E_OK && f->at_most < BLOCKS_PER_REQUEST)
        f->at_most *= 2;
    if ((e == E_TOO_LARGE || e == E_TIMEOUT) && asked > 1)
        f->at_most = asked / 2;
    return e;
}

/* take_blocks takes the blocks up to `last`. Without hashes (the time before the network) it ends
 * with the block that founds it. */
static enum err take_blocks(struct engine *e, struct follow *f, uint64_t last,
                            const struct hash *hashes_opt, struct diag *d)
{
    struct arena a = {0};
    struct block *blocks = mem_zalloc(BLOCKS_PER_REQUEST, sizeof *blocks);
    uint64_t begin = chain_head(e->chain).number + 1;
    enum err code = E_OK;
    bool over = false;
    for (uint64_t first = begin; code == E_OK && !over && first <= last;) {
        uint64_t left = last - first + 1;
        size_t count = left < BLOCKS_PER_REQUEST ? (size_t)left : BLOCKS_PER_REQUEST;
        code = fetch_blocks(f, first, &count, &a, blocks, d);
        for (size_t i = 0; code == E_OK && !over && i < count; i++) {
            code =
                take_block(e, f, &blocks[i], hashes_opt ? &hashes_opt[first + i - begin] : NULL, d);
            over = atomic_load(&f->stopping) || (!hashes_opt && chain_members(e->chain).founded);
        }
        first += count;
    }
    mem_free(blocks);
    arena_free(&a);
    return code;
}

/* catch_up_signed takes the blocks that the members signed. */
static enum err catch_up_signed(struct engine *e, struct follow *f, struct diag *d)
{
    struct chain_head head = chain_head(e->chain);
    struct signed_block newest;
    if (!f->has_trust)
        trust_ledger(e, f);
    TRY(newest_signed(f, &newest, d));
    if (newest.number < head.number)
        return E_OK;
    if (newest.number > head.number)
        TRY(check_number(f, &newest, d));
    struct hash *hashes = mem_alloc((newest.number - head.number + 1) * sizeof *hashes);
    enum err code = check_links(e, f, newest.number, &newest.hash, hashes, d);
    if (code == E_OK)
        code = take_blocks(e, f, newest.number, hashes, d);
    mem_free(hashes);
    return code;
}

/* catch_up takes what the node followed has more than this copy. */
static enum err catch_up(struct engine *e, struct follow *f, struct diag *d)
{
    uint64_t last;
    if (chain_members(e->chain).founded)
        return catch_up_signed(e, f, d);
    TRY(source_head(f->source, &last, d));
    return last <= chain_head(e->chain).number ? E_OK : take_blocks(e, f, last, NULL, d);
}

/* --- the engine's life ------------------------------------------------------------------------ */

/* is_fatal: executing what the members signed went another way here, or it cannot be stored. The
 * rest lies with the node followed, and may pass. */
static bool is_fatal(enum err e)
{
    switch (e) {
    case E_BLOCK:
    case E_CORRUPT:
    case E_IO:
    case E_DISK_FULL:
    case E_MAP_FULL:
        return true;
    default:
        return false;
    }
}

static void rest(struct engine *e, struct follow *f, unsigned ms)
{
    uint64_t until_us = clock_mono_us() + ms * UINT64_C(1000), now_us;
    while (!atomic_load(&f->stopping) && (now_us = clock_mono_us()) < until_us)
        pool_pause(chain_pool(e->chain), (unsigned)((until_us - now_us + 999) / 1000));
}

static void *run(void *arg)
{
    struct engine *e = arg;
    struct follow *f = e->private_data;
    enum err last = E_OK;
    while (!atomic_load(&f->stopping)) {
        struct diag d = {""};
        enum err code = catch_up(e, f, &d);
        if (is_fatal(code)) {
            e->failure_code = code;
            diag_set(&e->failure, code, "%s", d.text[0] ? d.text : err_text(code));
            atomic_store(&e->failed, true);
            log_error("engine", "%s", e->failure.text);
            break;
        }
        /* a height that is not decided yet is ordinary: the block is a second old */
        if (code != E_OK && code != E_NOT_FOUND && code != last)
            log_warn("engine", T("following %s: %s", "suivi de %s : %s"), e->follow_url,
                     d.text[0] ? d.text : err_text(code));
        last = code;
        rest(e, f, code == E_OK || code == E_NOT_FOUND ? POLL_MS : RETRY_MS);
    }
    return NULL;
}

static void follow_free(struct follow *f)
{
    source_close(f->source);
    source_close(f->sender);
    recover_free(f->recover);
    arena_free(&f->trust_arena);
    pthread_mutex_destroy(&f->send_lock);
    mem_free(f);
}

static enum err follow_start(struct engine *e, struct diag *d)
{
    struct follow *f = mem_zalloc(1, sizeof *f);
    pthread_mutex_init(&f->send_lock, NULL);
    f->recover = recover_new();
    f->at_most = BLOCKS_PER_REQUEST;
    atomic_store(&e->failed, false);
    enum err code = source_open(&f->source, e->follow_url, FETCH_MS, &f->stopping, d);
    if (code == E_OK)
        code = source_open(&f->sender, e->follow_url, SEND_MS, &f->stopping, d);
    if (code == E_OK && e->trust_path)
        code = trust_file(e, f, d);
    e->private_data = f;
    if (code == E_OK && thread_start(&f->thread, LIMIT_EVM_STACK_BYTES, run, e) != 0)
        code = diag_set(d, E_IO, T("no thread for the engine", "pas de fil pour le moteur"));
    if (code != E_OK) {
        follow_free(f);
        e->private_data = NULL;
    }
    return code;
}

static void follow_stop(struct engine *e)
{
    struct follow *f = e->private_data;
    if (!f)
        return;
    atomic_store(&f->stopping, true);
    pool_wake(chain_pool(e->chain));
    pthread_join(f->thread, NULL);
    follow_free(f);
    e->private_data = NULL;
}

/* never_came: the node followed gave no verdict. The transaction waits here: its sender may send it
 * again. */
static bool never_came(enum err e)
{
    switch (e) {
    case E_CONNECT:
    case E_TIMEOUT:
    case E_TOO_LARGE:
    case E_JSON:
        return true;
    default:
        return false;
    }
}

/* follow_submit keeps the transaction here, so that it can be looked up, and passes it on; again
 * where it is known here, for the first time may have failed. What the node refuses does not wait
 * here either: nobody would take it out, and its place is another's. */
static enum err follow_submit(struct engine *e, struct bytes raw, struct hash *hash_out,
                              struct diag *why)
{
    struct follow *f = e->private_data;
    struct diag d = {""};
    if (atomic_load(&e->failed))
        return E_STOPPED;
    chain_tell_time(e->chain, clock_unix_s());
    enum err known = pool_add(chain_pool(e->chain), raw, hash_out, why);
    if (known != E_OK && known != E_TX_KNOWN)
        return known;
    pthread_mutex_lock(&f->send_lock);
    enum err code = source_send(f->sender, raw, &d);
    pthread_mutex_unlock(&f->send_lock);
    if (code == E_OK || code == E_TX_KNOWN)
        return code;
    if (code == E_TX_NONCE_LOW && known == E_TX_KNOWN) /* in a block that is on its way here */
        return E_TX_KNOWN;
    if (!never_came(code))
        pool_drop(chain_pool(e->chain), hash_out);
    log_warn("engine", T("following %s: %s", "suivi de %s : %s"), e->follow_url, d.text);
    return code;
}

const struct engine_ops ENGINE_FOLLOW = {
    .name = "follow",
    .start = follow_start,
    .stop = follow_stop,
    .submit = follow_submit,
};
