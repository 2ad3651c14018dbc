/* Tests of audit, export and import: a good chain passes; each alteration, made with the store's
 * own key as an attacker inside would, is named. */
#include "chain/audit.h"
#include "chain/blocks.h"
#include "chain/replay.h"
#include "chain/test_ledger.h"

#include <stdlib.h>
#include <unistd.h>

#include "crypto/keccak.h"
#include "store/tables.h"

/* make_chain builds a chain of four blocks and closes it. */
static bool make_chain(struct ledger *l)
{
    if (!ledger_begin(l))
        return false;
    for (int i = 0; i < 4; i++) {
        ledger_transfer(l, 0, 1, 5);
        ledger_transfer(l, 1, 2, 6);
        ledger_transfer(l, 0, 3, 7);
        CHECK_INT(ledger_block(l), 3);
    }
    chain_close(l->chain);
    l->chain = NULL;
    return true;
}

struct ticks {
    size_t count;
    uint64_t done, total;
};

static void note_tick(void *ctx, const char *what, uint64_t done, uint64_t total)
{
    struct ticks *t = ctx;
    CHECK(what[0] != 0 && done <= total);
    t->count++;
    t->done = done;
    t->total = total;
}

static enum err audit_once(const char *dir, enum replay_mode mode, struct ticks *ticks,
                           struct audit_report *report, struct diag *d)
{
    struct store *s = ledger_store(dir, false);
    struct progress progress = {note_tick, ticks};
    *ticks = (struct ticks){0};
    replay_mode = mode;
    enum err e = audit_run(s, test_tmpdir(), &progress, report, d);
    replay_mode = REPLAY_AUTO;
    CHECK(e != E_OK || ticks->count > 0);
    store_close(s);
    return e;
}

/* audit_dir audits the store of a directory: block after block, then overlapped, which must say the
 * same. */
static enum err audit_dir(const char *dir, struct audit_report *report, struct diag *d)
{
    struct ticks ticks, ticks2;
    struct audit_report report2;
    struct diag d2;
    enum err e = audit_once(dir, REPLAY_IN_TURN, &ticks, report, d);
    CHECK_ERR(audit_once(dir, REPLAY_OVERLAPPED, &ticks2, &report2, &d2), e);
    CHECK(e == E_OK || strcmp(d->text, d2.text) == 0);
    CHECK(memcmp(&ticks, &ticks2, sizeof ticks) == 0);
    CHECK(memcmp(report, &report2, sizeof report2) == 0);
    return e;
}

TEST(a_good_chain_passes)
{
    struct ledger l;
    struct audit_report report;
    struct diag d = {""};
    REQUIRE(make_chain(&l));
    enum err e = audit_dir(l.dir, &report, &d);
    if (e != E_OK)
        test_fail(__FILE__, __LINE__, "audit: %s", d.text);
    CHECK_INT(report.blocks, 5);
    CHECK_INT(report.transactions, 12);
    CHECK_INT(report.gas, 12 * 21000);
    CHECK(report.records > 30);
    ledger_end(&l);
}

/* More blocks than are read ahead at once, with and without transactions enough for the workers. */
TEST(a_chain_longer_than_what_is_read_ahead_passes)
{
    struct ledger l;
    struct audit_report report;
    struct diag d = {""};
    size_t total = 0;
    REQUIRE(ledger_begin(&l));
    for (size_t i = 0; i < 40; i++) {
        for (size_t k = 0; k < 1 + i % 7; k++)
            ledger_transfer(&l, k % 5, 1, 1);
        total += ledger_block(&l);
    }
    chain_close(l.chain);
    l.chain = NULL;
    CHECK_ERR(audit_dir(l.dir, &report, &d), E_OK);
    CHECK_INT(report.blocks, 41);
    CHECK_INT(report.transactions, total);
    ledger_end(&l);
}

TEST(a_chain_of_only_block_0_passes)
{
    struct ledger l;
    struct audit_report report;
    struct diag d = {""};
    REQUIRE(ledger_begin(&l));
    chain_close(l.chain);
    l.chain = NULL;
    CHECK_ERR(audit_dir(l.dir, &report, &d), E_OK);
    CHECK_INT(report.blocks, 1);
    ledger_end(&l);
}

/* --- alterations ------------------------------------------------------------------------------ */

/* How a record is changed: its value is given, and replaced by what is left in it. */
typedef void (*alteration)(struct buf *value);

static void alter(const char *dir, enum store_table table, struct store_key key, alteration change)
{
    struct store *s = ledger_store(dir, false);
    struct store_txn *t;
    struct buf value = {0};
    CHECK_ERR(store_begin_write(s, &t), E_OK);
    CHECK_ERR(store_get(t, table, key, &value), E_OK);
    change(&value);
    CHECK_ERR(value.len ? store_put(t, table, key, buf_view(&value)) : store_del(t, table, key),
              E_OK);
    CHECK_ERR(store_commit(t), E_OK);
    buf_free(&value);
    store_close(s);
}

/* altered makes a chain, alters it, and expects the audit to say `named`. */
static void altered(enum store_table table, struct store_key key, alteration change,
                    const char *named)
{
    struct ledger l;
    struct audit_report report;
    struct diag d = {""};
    REQUIRE(make_chain(&l));
    alter(l.dir, table, key, change);
    CHECK_ERR(audit_dir(l.dir, &report, &d), E_CORRUPT);
    if (!strstr(d.text, named))
        test_fail(__FILE__, __LINE__, "\"%s\" does not name \"%s\"", d.text, named);
    ledger_end(&l);
}

static struct store_key at(uint64_t height)
{
    return (struct store_key){.height = height};
}

static void remove_it(struct buf *value)
{
    buf_clear(value);
}

static void flip_last(struct buf *value)
{
    value->data[value->len - 1] ^= 1;
}

static void flip_seal(struct buf *value)
{
    value->data[40] ^= 1;
}

static void flip_counts(struct buf *value)
{
    value->data[65 + 4 + 7] ^= 1;
}

static void flip_timestamp_of_header(struct buf *value)
{
    uint8_t *time = memmem(value->data, value->len, "\x84\x65\x53\xf1", 4); /* 17000000xx */
    CHECK(time != NULL);
    if (time)
        time[4] ^= 0x40;
}

static void swap_sender(struct buf *value)
{
    value->data[4 + 3] ^= 1;
}

static void change_gas_of_second(struct buf *value)
{
    value->data[4 + 14 + 2 + 7] ^= 1;
}

static void drop_last_receipt(struct buf *value)
{
    value->len -= 14;
    value->data[3] -= 1;
}

TEST(an_altered_header_is_named)
{
    altered(TABLE_HEADER, at(2), flip_timestamp_of_header, "block 2");
    altered(TABLE_HEADER, at(3), flip_seal, "block 3: the seal");
    altered(TABLE_HEADER, at(3), flip_counts, "block 3: the counts");
    altered(TABLE_HEADER, at(1), remove_it, "block 1: the header");
    altered(TABLE_HEADER, at(0), flip_last, "block 0");
}

TEST(an_altered_body_is_named)
{
    altered(TABLE_BODY, at(2), flip_last, "block 2, transaction 2");
    altered(TABLE_BODY, at(2), swap_sender, "block 2, transaction 0");
    altered(TABLE_BODY, at(4), remove_it, "block 4: the transactions");
}

TEST(an_altered_receipt_is_named)
{
    altered(TABLE_RECEIPTS, at(3), change_gas_of_second, "block 3, transaction 1");
    altered(TABLE_RECEIPTS, at(3), drop_last_receipt, "block 3: the receipts");
    altered(TABLE_RECEIPTS, at(3), remove_it, "block 3: the receipts");
}

/* The hash of a transaction of a ledger made by make_chain. */
static struct hash tx_hash_of(uint64_t number, size_t index, bool of_block)
{
    struct ledger l;
    struct store_txn *t;
    struct arena a = {0};
    struct block b = {0};
    struct stored_header h;
    struct hash hash = {{0}};
    if (!make_chain(&l))
        return hash;
    struct store *s = ledger_store(l.dir, false);
    CHECK_ERR(store_begin_read(s, &t), E_OK);
    CHECK_ERR(blocks_header(t, number, &a, &h), E_OK);
    CHECK_ERR(blocks_body(t, number, &a, &b), E_OK);
    hash = of_block ? h.hash : b.txs[index].hash;
    store_abort(t);
    store_close(s);
    arena_free(&a);
    ledger_end(&l);
    return hash;
}

TEST(an_altered_index_is_named)
{
    struct hash tx = tx_hash_of(2, 1, false), block = tx_hash_of(3, 0, true);
    struct store_key tx_key = {.name = bytes_of(tx.b, 32)};
    struct store_key block_key = {.name = bytes_of(block.b, 32)};
    altered(TABLE_TX_HASH, tx_key, flip_last, "block 2, transaction 1");
    altered(TABLE_TX_HASH, tx_key, remove_it, "block 2, transaction 1");
    altered(TABLE_BLOCK_HASH, block_key, flip_last, "block 3");
    struct store_key head = {.name = bytes_str(META_HEAD)};
    altered(TABLE_META, head, flip_last, "block 4");
    struct store_key genesis = {.name = bytes_str(META_GENESIS)};
    struct ledger l;
    struct audit_report report;
    struct diag d = {""};
    REQUIRE(make_chain(&l));
    alter(l.dir, TABLE_META, genesis, remove_it);
    CHECK_ERR(audit_dir(l.dir, &report, &d), E_NOT_FOUND);
    CHECK(strstr(d.text, "genesis"));
    ledger_end(&l);
}

TEST(an_altered_flat_record_is_named)
{
    struct ledger l;
    REQUIRE(ledger_begin(&l));
    struct hash name = keccak256_of(bytes_of(l.accounts[1].b, 20));
    ledger_end(&l);
    struct store_key key = {.name = bytes_of(name.b, 32)};
    altered(TABLE_FLAT, key, flip_last, "state at block 4");
    altered(TABLE_FLAT, key, remove_it, "state at block 4");
}

static void put(const char *dir, enum store_table table, struct store_key key, const char *value)
{
    struct store *s = ledger_store(dir, false);
    struct store_txn *t;
    CHECK_ERR(store_begin_write(s, &t), E_OK);
    CHECK_ERR(store_put(t, table, key, bytes_str(value)), E_OK);
    CHECK_ERR(store_commit(t), E_OK);
    store_close(s);
}

TEST(left_over_records_are_named)
{
    struct ledger l;
    struct audit_report report;
    struct diag d = {""};
    REQUIRE(make_chain(&l));
    put(l.dir, TABLE_TX_HASH, (struct store_key){.name = bytes_str("nobody's hash")}, "x");
    CHECK_ERR(audit_dir(l.dir, &report, &d), E_CORRUPT);
    CHECK(strstr(d.text, "tx_hash") && strstr(d.text, "13"));
    ledger_end(&l);
    REQUIRE(make_chain(&l));
    put(l.dir, TABLE_CODE, (struct store_key){.name = bytes_str("not its hash")}, "code");
    CHECK_ERR(audit_dir(l.dir, &report, &d), E_CORRUPT);
    CHECK(strstr(d.text, "table code"));
    ledger_end(&l);
}

/* --- export and import ------------------------------------------------------------------------ */

static struct chain_head head_of(const char *dir)
{
    struct chain_config config = {.store = ledger_store(dir, false)};
    struct chain *c = NULL;
    struct diag d = {""};
    struct chain_head head = {0};
    if (config.store && chain_open(&c, &config, &d) == E_OK) {
        head = chain_head(c);
        chain_close(c);
    } else {
        test_fail(__FILE__, __LINE__, "chain_open: %s", d.text);
        store_close(config.store);
    }
    return head;
}

static enum err export_dir(const char *dir, const char *path, struct diag *d)
{
    struct store *s = ledger_store(dir, false);
    struct ticks ticks = {0};
    struct progress progress = {note_tick, &ticks};
    enum err e = chain_export(s, path, &progress, d);
    store_close(s);
    return e;
}

/* import_dir imports into a directory: overlapped, and block after block into another one, which
 * must say the same. */
static enum err import_dir(const char *dir, const char *path, struct diag *d)
{
    struct diag d2 = {""};
    char beside[700];
    snprintf(beside, sizeof beside, "%s/in-turn", test_tmpdir());
    struct store_config config = {.dir = dir, .key32 = LEDGER_STORE_KEY, .create = true};
    struct store_config config2 = {.dir = beside, .key32 = LEDGER_STORE_KEY, .create = true};
    bool exists = access(dir, F_OK) == 0;
    replay_mode = REPLAY_OVERLAPPED;
    enum err e = chain_import_new(&config, path, NULL, d);
    replay_mode = REPLAY_IN_TURN;
    enum err e2 = chain_import_new(&config2, path, NULL, &d2);
    replay_mode = REPLAY_AUTO;
    if (!exists) {
        CHECK_ERR(e2, e);
        CHECK(e == E_OK || strcmp(d->text, d2.text) == 0);
    }
    return e;
}

TEST(an_exported_chain_imports_to_the_same_head)
{
    struct ledger l;
    struct diag d = {""};
    char path[600], dir[600];
    struct audit_report report;
    REQUIRE(make_chain(&l));
    snprintf(path, sizeof path, "%s/chain.parvis", l.dir);
    snprintf(dir, sizeof dir, "%s/imported/", l.dir);
    CHECK_ERR(export_dir(l.dir, path, &d), E_OK);
    CHECK_ERR(import_dir(dir, path, &d), E_OK);
    struct chain_head before = head_of(l.dir), after = head_of(dir);
    CHECK(before.number == 4 && memcmp(&before, &after, sizeof before) == 0);
    CHECK_ERR(audit_dir(dir, &report, &d), E_OK);
    CHECK_ERR(import_dir(dir, path, &d), E_EXISTS);

    struct store *s = ledger_store(dir, false); /* into a store that has one */
    CHECK_ERR(chain_import(s, path, NULL, &d), E_EXISTS);
    store_close(s);
    CHECK_ERR(import_dir(test_tmpdir(), "/nonexistent/file", &d), E_NOT_FOUND);
    s = ledger_store(l.dir, false);
    CHECK_ERR(chain_export(s, "/nonexistent/file", NULL, &d), E_IO);
    store_close(s);
    ledger_end(&l);
}

static size_t read_all(const char *path, uint8_t *out, size_t cap)
{
    FILE *f = fopen(path, "rb");
    size_t len = f ? fread(out, 1, cap, f) : 0;
    if (f)
        fclose(f);
    return len;
}

static void write_all(const char *path, const uint8_t *data, size_t len)
{
    FILE *f = fopen(path, "wb");
    CHECK(f && fwrite(data, 1, len, f) == len);
    if (f)
        fclose(f);
}

TEST(every_bad_byte_of_a_file_is_noticed)
{
    struct ledger l;
    struct diag d = {""};
    char path[600], bad[600], dir[600];
    static uint8_t file[1 << 16];
    REQUIRE(make_chain(&l));
    snprintf(path, sizeof path, "%s/chain.parvis", l.dir);
    snprintf(bad, sizeof bad, "%s/bad.parvis", l.dir);
    snprintf(dir, sizeof dir, "%s/imported", l.dir);
    CHECK_ERR(export_dir(l.dir, path, &d), E_OK);
    size_t len = read_all(path, file, sizeof file), noticed = 0;
    REQUIRE(len > 1000 && len < sizeof file);
    for (size_t i = 0; i < len; i += i < 64 ? 1 : 13) {
        file[i] ^= 1 + (uint8_t)(test_random() % 255);
        write_all(bad, file, len);
        enum err e = import_dir(dir, bad, &d);
        CHECK(e == E_CORRUPT || e == E_VERSION);
        CHECK(strstr(d.text, "bad.parvis") && access(dir, F_OK) != 0);
        noticed += e != E_OK;
        (void)read_all(path, file, sizeof file);
    }
    for (size_t cut = 1; cut < len; cut += 97) {
        write_all(bad, file, len - cut);
        CHECK_ERR(import_dir(dir, bad, &d), E_CORRUPT);
    }
    file[len] = 0;
    write_all(bad, file, len + 1);
    CHECK_ERR(import_dir(dir, bad, &d), E_CORRUPT);
    CHECK(strstr(d.text, "follow"));
    char beside[700];
    snprintf(beside, sizeof beside, "%s.import", dir);
    CHECK(access(beside, F_OK) != 0);
    test_count(noticed);
    ledger_end(&l);
}

/* resum makes a changed record's sum right again, as a forger would. */
static void resum(uint8_t *record)
{
    struct hash sum;
    size_t len = 5 + (size_t)be32_get(record + 1);
    keccak256(&sum, record, len);
    memcpy(record + len, sum.b, 8);
}

TEST(a_forged_file_is_refused)
{
    struct ledger l;
    struct diag d = {""};
    char path[600], dir[600];
    static uint8_t file[1 << 16], forged[1 << 16];
    REQUIRE(make_chain(&l));
    snprintf(path, sizeof path, "%s/chain.parvis", l.dir);
    snprintf(dir, sizeof dir, "%s/imported", l.dir);
    CHECK_ERR(export_dir(l.dir, path, &d), E_OK);
    size_t len = read_all(path, file, sizeof file);
    uint8_t *genesis = forged + 15, *block, *end;
    size_t refused = 0, at_byte = 15 + 5 + be32_get(file + 15 + 1) + 8;
    size_t block_len = be32_get(file + at_byte + 1);
    REQUIRE(file[at_byte] == 'B');
    for (size_t i = 0; i < block_len; i += 7) { /* anywhere in block 1 */
        memcpy(forged, file, len);
        block = forged + at_byte;
        block[5 + i] ^= 1;
        resum(block);
        write_all(path, forged, len);
        enum err e = import_dir(dir, path, &d);
        CHECK(e == E_CORRUPT || e == E_BLOCK);
        CHECK(strstr(d.text, "block 1") && access(dir, F_OK) != 0);
        refused += e != E_OK;
    }
    memcpy(forged, file, len); /* another genesis: the blocks do not follow it */
    uint8_t *time = memmem(genesis, 300, "1700000000", 10);
    REQUIRE(time);
    time[9] = '1';
    resum(genesis);
    write_all(path, forged, len);
    enum err e = import_dir(dir, path, &d);
    CHECK(e == E_BLOCK || e == E_CORRUPT);
    memcpy(forged, file, len); /* the end names another head */
    end = forged + len - 5 - 40 - 8;
    REQUIRE(*end == 'E');
    end[5 + 20] ^= 1;
    resum(end);
    write_all(path, forged, len);
    CHECK_ERR(import_dir(dir, path, &d), E_CORRUPT);
    end[5 + 20] ^= 1;
    end[5 + 7] ^= 1; /* or another count */
    resum(end);
    write_all(path, forged, len);
    CHECK_ERR(import_dir(dir, path, &d), E_CORRUPT);
    test_count(refused);
    ledger_end(&l);
}
