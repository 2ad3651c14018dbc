/* test_snapshot: a ledger with something of everything, and snapshots of it, for tests. */
#ifndef PARVIS_CHAIN_TEST_SNAPSHOT_H
#define PARVIS_CHAIN_TEST_SNAPSHOT_H

#include "chain/audit.h"
#include "chain/blocks.h"
#include "chain/snapshot_internal.h"
#include "chain/test_ledger.h"

#include <unistd.h>

#include "city/energy/energy.h"
#include "city/energy/readings.h"
#include "city/service.h"

#define SNAP_COUNTER                                                                            \
    "c100000000000000000000000000000000000001"                 /* counts in slot 0, and logs it \
                                                                */
#define SNAP_KEEPER "c100000000000000000000000000000000000002" /* slot (word 0) = word 1 */
#define SNAP_ALLOC                                                               \
    "\"0x" SNAP_COUNTER                                                          \
    "\": {\"code\": \"0x5f54600101805f555f5260aa60205fa100\"}, \"0x" SNAP_KEEPER \
    "\": {\"code\": \"0x6020355f355500\", \"storage\": {\"0x01\": \"0x02\"}}"

static inline bool snap_begin(struct ledger *l)
{
    return ledger_begin_as(l, &(struct ledger){.alloc = SNAP_ALLOC});
}

static inline void snap_send(struct ledger *l, struct tx *t, struct bytes data)
{
    t->data = data;
    t->gas_limit = 6000000;
    CHECK_ERR(ledger_send(l, t, 0), E_OK);
    l->nonces[0]++;
}

static inline void snap_call(struct ledger *l, const char *to, uint64_t key, uint64_t value)
{
    uint8_t data[64];
    struct tx t = ledger_unsigned(l, 0, 0, 0);
    u256_to_be(data, u256_from_u64(key));
    u256_to_be(data + 32, u256_from_u64(value));
    CHECK_ERR(address_from_hex(&t.to, to), E_OK);
    snap_send(l, &t, bytes_of(data, sizeof data));
}

static inline void snap_create(struct ledger *l, const char *init_hex)
{
    struct buf init = {0};
    struct tx t = ledger_unsigned(l, 0, 0, 0);
    CHECK_ERR(hex_decode_buf(&init, init_hex, strlen(init_hex)), E_OK);
    t.is_create = true;
    snap_send(l, &t, buf_view(&init));
    buf_free(&init);
}

/* snap_service calls the energy service; arguments as text, or `bytes_opt` as the last one. */
static inline void snap_service(struct ledger *l, const char *method, const char *const *args,
                                struct bytes bytes_opt)
{
    struct abi_value items[16] = {0};
    struct buf data = {0};
    struct diag d = {""};
    const struct abi_entry *m = NULL;
    for (size_t i = 0; i < service_method_count(&ENERGY_SERVICE); i++)
        if (strcmp(service_method_entry(&ENERGY_SERVICE, i)->name, method) == 0)
            m = service_method_entry(&ENERGY_SERVICE, i);
    REQUIRE(m && m->inputs.size <= 16);
    struct abi_value tuple = {.item = items, .count = m->inputs.size};
    for (size_t i = 0; i < m->inputs.size; i++)
        if (bytes_opt.len && i + 1 == m->inputs.size)
            items[i] = abi_bytes(bytes_opt);
        else if (abi_value_from_text(&items[i], &l->arena, &m->inputs.item[i], args[i], &d) != E_OK)
            test_fail(__FILE__, __LINE__, "%s: argument %zu: %s", method, i, d.text);
    buf_put(&data, m->selector, 4);
    abi_encode(&data, &m->inputs, &tuple);
    struct tx t = ledger_unsigned(l, 0, 0, 0);
    t.to = ENERGY_SERVICE.address;
    snap_send(l, &t, buf_view(&data));
    buf_free(&data);
}

#define SNAP_SITE "0x1111111111111111111111111111111111111111111111111111111111111111"

static inline void snap_point(struct ledger *l, char role)
{
    char name[67], holder[] = "0x00000000000000000000000000000000000000a0", kind[2] = {role, 0};
    bool makes = role == '1';
    snprintf(name, sizeof name, "0x%064x", (unsigned)(1 + l->nonces[0]));
    holder[41] = role;
    snap_service(l, "addPoint",
                 (const char *[]){"1", name, kind, holder, "0", "1698796800", makes ? "36000" : "0",
                                  makes ? "100000" : "0", makes ? "200000" : "0", SNAP_SITE, "900",
                                  "7", "0", "0"},
                 bytes_of(NULL, 0));
}

static inline void snap_day(struct ledger *l, uint32_t day)
{
    struct buf batch = {0};
    char text[16];
    readings_begin(&batch);
    for (size_t i = 0; i < 3; i++) {
        uint64_t v[48];
        for (size_t t = 0; t < 48; t++)
            v[t] = 100 + (day * 31 + i * 97 + t * 53) % 1000;
        readings_put(&batch, v, 48);
    }
    snprintf(text, sizeof text, "%u", day);
    snap_service(l, "submitDay", (const char *[]){"1", text, NULL}, buf_view(&batch));
    buf_free(&batch);
}

/* snap_block makes a block in which every transaction must succeed. */
static inline void snap_block(struct ledger *l)
{
    struct chain_view *v;
    struct block b = {0};
    struct arena a = {0};
    ledger_block(l);
    CHECK_ERR(chain_view_open(l->chain, &v), E_OK);
    CHECK_ERR(chain_load_block(v, chain_view_head(v), &a, true, &b), E_OK);
    for (size_t i = 0; i < b.tx_count; i++)
        if (!b.receipts[i].success)
            test_fail(__FILE__, __LINE__, "block %" PRIu64 ", transaction %zu failed",
                      b.header.number, i);
    chain_view_close(v);
    arena_free(&a);
}

/* snap_blocks: five blocks with transfers, contracts made, called and destroyed, slots set and
 * cleared, a code that two contracts share, days of readings (long values). */
static inline void snap_blocks(struct ledger *l)
{
    uint64_t n = chain_head(l->chain).number;
    ledger_transfer(l, 1, 2, 5 + n);
    ledger_transfer(l, 2, 7, 1); /* made by the first block */
    snap_call(l, SNAP_COUNTER, 0, 0);
    for (uint64_t i = 0; i < 12; i++)
        snap_call(l, SNAP_KEEPER, i + n, i * 1000003 + n);
    snap_block(l);
    snap_create(l, "600a600c600039600a6000f3602a60005260206000f3"); /* code that returns 42 */
    snap_create(l, "600a600c600039600a6000f3602a60005260206000f3");
    snap_create(l, "60015f555fff"); /* sets a slot and is gone */
    snap_block(l);
    if (n == 0) {
        snap_service(l, "createOperation",
                     (const char *[]){"0", "1698796800", "30", "1", SNAP_SITE, "7", "3"},
                     bytes_of(NULL, 0));
        snap_point(l, '0');
        snap_point(l, '0');
        snap_point(l, '1');
        snap_block(l);
    } else {
        ledger_block(l); /* without a transaction */
    }
    snap_day(l, 19662 + (uint32_t)n / 5);
    snap_call(l, SNAP_COUNTER, 0, 0);
    snap_block(l);
    for (uint64_t i = 0; i < 12; i += 3)
        snap_call(l, SNAP_KEEPER, i + n, 0);
    snap_block(l);
}

/* --- making and taking ------------------------------------------------------------------------ */

static inline enum err snap_make(struct store *s, const char *dir, uint64_t number, struct diag *d)
{
    uint64_t made = 0;
    struct snapshot_make_config config = {.store = s, .dir = dir, .number = number};
    enum err e = snapshot_make(&config, &made, d);
    CHECK(e != E_OK || number == SNAPSHOT_HEAD || made == number);
    return e;
}

/* A snapshot in memory. */
struct snap {
    struct arena arena;
    uint64_t number;
    struct hash head_hash;
    struct bytes manifest;
    struct bytes *chunks;
    size_t count;
};

static inline bool snap_load(struct snap *out, struct store *s, const char *dir, uint64_t number)
{
    struct snapshot_info *list;
    size_t count;
    *out = (struct snap){.number = number};
    CHECK_ERR(snapshot_list(s, dir, &out->arena, &list, &count), E_OK);
    for (size_t i = 0; i < count; i++)
        if (list[i].number == number) {
            out->manifest = list[i].manifest;
            out->count = list[i].chunks;
        }
    uint64_t stated = 0;
    if (!out->count || snapshot_manifest_block(out->manifest, &stated, &out->head_hash) != E_OK ||
        stated != number) {
        test_fail(__FILE__, __LINE__, "no snapshot %" PRIu64 " in %s", number, dir);
        return false;
    }
    out->chunks = arena_zalloc(&out->arena, out->count, sizeof *out->chunks);
    for (size_t i = 0; i < out->count; i++) {
        struct buf chunk = {0};
        CHECK_ERR(snapshot_load_chunk(s, dir, number, (uint32_t)i, &chunk), E_OK);
        CHECK(chunk.len <= LIMIT_SNAPSHOT_CHUNK_BYTES);
        out->chunks[i] = bytes_of(arena_dup(&out->arena, chunk.data, chunk.len), chunk.len);
        buf_free(&chunk);
    }
    return true;
}

static inline struct snapshot_take_config snap_config(const struct snap *s, const char *to,
                                                      const uint8_t *key)
{
    return (struct snapshot_take_config){
        .store = {.dir = to, .key32 = key}, .manifest = s->manifest, .head_hash = s->head_hash};
}

static inline enum err snap_take_with(const struct snap *s,
                                      const struct snapshot_take_config *config, struct diag *d)
{
    struct snapshot_take *take;
    enum err e = snapshot_take_begin(&take, config, d);
    if (e != E_OK)
        return e;
    CHECK_INT(snapshot_take_chunks(take), s->count);
    for (uint32_t i = 0; i < s->count && e == E_OK; i++) {
        CHECK_INT(snapshot_take_next(take), i);
        e = snapshot_take_chunk(take, i, s->chunks[i], d);
    }
    if (e == E_OK)
        e = snapshot_take_end(take, d);
    snapshot_take_free(take);
    return e;
}

static inline enum err snap_take(const struct snap *s, const char *to, const uint8_t *key,
                                 struct diag *d)
{
    struct snapshot_take_config config = snap_config(s, to, key);
    return snap_take_with(s, &config, d);
}

/* --- a ledger with a snapshot ----------------------------------------------------------------- */

static const uint8_t SNAP_OTHER_KEY[32] = "the key of another node's store.";

static inline struct store *snap_open_store(const char *dir, const uint8_t *key)
{
    struct store *s = NULL;
    struct diag d = {""};
    struct store_config config = {.dir = dir, .key32 = key};
    if (store_open(&s, &config, &d) != E_OK)
        test_fail(__FILE__, __LINE__, "store_open: %s", d.text);
    return s;
}

static inline void snap_path(char out[600], const char *dir, const char *name)
{
    snprintf(out, 600, "%.500s/%s", dir, name);
}

static inline void snap_audit(const char *dir, const uint8_t *key, uint64_t blocks)
{
    struct audit_report report;
    struct diag d = {""};
    struct store *s = snap_open_store(dir, key);
    if (s && audit_run(s, test_tmpdir(), NULL, &report, &d) != E_OK)
        test_fail(__FILE__, __LINE__, "audit: %s", d.text);
    CHECK_INT(report.blocks, blocks);
    store_close(s);
}

static inline bool snap_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* A ledger of ten blocks, open, with a snapshot of its head in memory. */
struct made {
    struct ledger l;
    char snapshots[600], taken[600], beside[620];
    struct snap snap;
};

static inline bool made_begin(struct made *m)
{
    struct diag d = {""};
    if (!snap_begin(&m->l))
        return false;
    snap_path(m->snapshots, m->l.dir, "snapshots");
    snap_path(m->taken, m->l.dir, "taken");
    snprintf(m->beside, sizeof m->beside, "%s.take", m->taken);
    snap_blocks(&m->l);
    snap_blocks(&m->l);
    if (snap_make(chain_store(m->l.chain), m->snapshots, SNAPSHOT_HEAD, &d) == E_OK)
        return snap_load(&m->snap, chain_store(m->l.chain), m->snapshots, 10);
    test_fail(__FILE__, __LINE__, "snapshot_make: %s", d.text);
    return false;
}

static inline void made_end(struct made *m)
{
    arena_free(&m->snap.arena);
    ledger_end(&m->l);
}

#endif
