/* Tests of forged snapshots: chunks that their manifest names, of the trusted block, whose content
 * does not hold. Each is refused with a message that names the place. */
#include "chain/test_snapshot.h"

#include <stdlib.h>
#include <unistd.h>

#include "crypto/sha256.h"

#define RECORDS_MAX 4000

/* A record of a snapshot; the bytes are its own. */
struct piece {
    enum snapshot_section section;
    uint8_t kind;
    struct buf content;
    uint32_t stated_len; /* forged length, if not 0 */
};

struct forge {
    struct ledger l;
    struct snap snap;
    struct piece at[RECORDS_MAX];
    size_t count;
    char taken[600];
    size_t refused;
};

static struct forge f;

static void read_section(enum snapshot_section section, struct bytes rest)
{
    struct record_in r;
    bool too_long;
    while (record_next(&rest, &r, &too_long)) {
        REQUIRE(f.count < RECORDS_MAX);
        f.at[f.count] = (struct piece){.section = section, .kind = r.kind};
        buf_put(&f.at[f.count++].content, r.content.data, r.content.len);
    }
    CHECK(rest.len == 0 && !too_long);
}

/* begin makes a ledger and a snapshot of it, and takes that apart. */
static bool begin(void)
{
    struct diag d = {""};
    char dir[600];
    struct manifest m;
    f.count = f.refused = 0;
    if (!snap_begin(&f.l))
        return false;
    snap_blocks(&f.l);
    snprintf(dir, sizeof dir, "%.500s/snapshots", f.l.dir);
    snprintf(f.taken, sizeof f.taken, "%.500s/taken", f.l.dir);
    struct store *store = chain_store(f.l.chain);
    if (snap_make(store, dir, 5, &d) != E_OK || !snap_load(&f.snap, store, dir, 5))
        return false;
    CHECK_ERR(manifest_decode(&m, f.snap.manifest), E_OK);
    for (uint32_t i = 0, section = 0, at = 0; section < SECTION_COUNT; section++) {
        struct buf content = {0};
        for (uint32_t end = at + m.chunks[section]; at < end; at++, i++) {
            struct hash hash = manifest_chunk_hash(&m, i);
            CHECK_ERR(chunk_open(&content, f.snap.chunks[i], &hash), E_OK);
        }
        read_section((enum snapshot_section)section, buf_view(&content));
        buf_free(&content);
    }
    return true;
}

static void end(void)
{
    for (size_t i = 0; i < f.count; i++)
        buf_free(&f.at[i].content);
    test_count(f.refused);
    arena_free(&f.snap.arena);
    ledger_end(&f.l);
}

/* A snapshot under construction. */
struct forged {
    struct manifest m;
    struct snap snap;
    struct buf hashes, content, manifest;
    struct bytes chunks[4000];
};

static struct forged out;

static void cut(enum snapshot_section section, size_t len)
{
    struct hash hash;
    struct buf chunk = {0};
    sha256_once(&hash, out.content.data, len);
    buf_put(&out.hashes, hash.b, 32);
    chunk_pack(&chunk, bytes_of(out.content.data, len));
    out.chunks[out.snap.count++] =
        bytes_of(arena_dup(&out.snap.arena, chunk.data, chunk.len), chunk.len);
    buf_free(&chunk);
    out.m.chunks[section]++;
    out.m.content_bytes += len;
    memmove(out.content.data, out.content.data + len, out.content.len - len);
    out.content.len -= len;
}

/* put_together makes chunks of the pieces, and the manifest that names them. tail: bytes to leave
 * away at the end of a section. */
static void put_together(size_t content_bytes, enum snapshot_section of_tail, size_t tail)
{
    struct manifest good;
    CHECK_ERR(manifest_decode(&good, f.snap.manifest), E_OK);
    out.snap.count = 0;
    out.m = (struct manifest){.number = good.number, .header_rlp = good.header_rlp};
    for (enum snapshot_section section = 0; section < SECTION_COUNT; section++) {
        for (size_t i = 0; i < f.count; i++) {
            const struct piece *p = &f.at[i];
            uint8_t head[RECORD_HEAD_BYTES] = {p->kind};
            if (p->section != section)
                continue;
            be32_put(head + 1, p->stated_len ? p->stated_len : (uint32_t)p->content.len);
            buf_put(&out.content, head, sizeof head);
            buf_put(&out.content, p->content.data, p->content.len);
        }
        if (tail && section == of_tail)
            out.content.len -= tail;
        while (out.content.len > content_bytes)
            cut(section, content_bytes);
        if (out.content.len)
            cut(section, out.content.len);
    }
    out.m.hashes = buf_view(&out.hashes);
    manifest_encode(&out.manifest, &out.m);
    out.snap.number = good.number;
    out.snap.head_hash = f.snap.head_hash;
    out.snap.manifest = buf_view(&out.manifest);
    out.snap.chunks = out.chunks;
}

static void scrap(void)
{
    arena_free(&out.snap.arena);
    buf_free(&out.hashes);
    buf_free(&out.content);
    buf_free(&out.manifest);
}

/* take takes what put_together made, and expects E_BLOCK and a message with both texts. */
static void take(const char *named, const char *named_too)
{
    struct diag d = {""};
    enum err e = snap_take(&out.snap, f.taken, LEDGER_STORE_KEY, &d);
    if (e != E_BLOCK || !strstr(d.text, named) || !strstr(d.text, named_too) ||
        strncmp(d.text, "chunk ", 6) != 0)
        test_fail(__FILE__, __LINE__, "%s: \"%s\" for \"%s\", \"%s\"", err_name(e), d.text, named,
                  named_too);
    CHECK(access(f.taken, F_OK) != 0);
    f.refused += e == E_BLOCK;
    scrap();
}

static void refused(const char *named, const char *named_too)
{
    put_together(snapshot_content_bytes, 0, 0);
    take(named, named_too);
}

static size_t find(uint8_t kind, size_t nth)
{
    for (size_t i = 0; i < f.count; i++)
        if (f.at[i].kind == kind && nth-- == 0)
            return i;
    test_fail(__FILE__, __LINE__, "no record %c", kind);
    return 0;
}

static void flip(uint8_t kind, size_t nth, size_t byte, const char *named, const char *named_too)
{
    uint8_t *p = &f.at[find(kind, nth)].content.data[byte];
    *p ^= 1;
    refused(named, named_too);
    *p ^= 1;
}

static void without(uint8_t kind, size_t nth, const char *named, const char *named_too)
{
    size_t i = find(kind, nth);
    struct piece gone = f.at[i];
    memmove(&f.at[i], &f.at[i + 1], (f.count - i - 1) * sizeof gone);
    f.count--;
    refused(named, named_too);
    memmove(&f.at[i + 1], &f.at[i], (f.count - i) * sizeof gone);
    f.count++;
    f.at[i] = gone;
}

/* twice puts a record behind itself, with a byte changed. */
static void twice(uint8_t kind, size_t nth, size_t byte, const char *named, const char *named_too)
{
    size_t i = find(kind, nth);
    struct piece more = f.at[i];
    more.content = (struct buf){0};
    buf_put(&more.content, f.at[i].content.data, f.at[i].content.len);
    more.content.data[byte] ^= 1;
    memmove(&f.at[i + 1], &f.at[i], (f.count - i) * sizeof more);
    f.count++;
    f.at[i + 1] = more;
    refused(named, named_too);
    memmove(&f.at[i + 1], &f.at[i + 2], (f.count - i - 2) * sizeof more);
    f.count--;
    buf_free(&more.content);
}

static size_t count_of(uint8_t kind)
{
    size_t count = 0;
    for (size_t i = 0; i < f.count; i++)
        count += f.at[i].kind == kind;
    return count;
}

TEST(what_is_put_together_unchanged_is_taken)
{
    struct diag d = {""};
    REQUIRE(begin());
    put_together(snapshot_content_bytes, 0, 0);
    CHECK(bytes_eq(out.snap.manifest, f.snap.manifest));
    if (snap_take(&out.snap, f.taken, LEDGER_STORE_KEY, &d) != E_OK)
        test_fail(__FILE__, __LINE__, "%s", d.text);
    scrap();
    end();
}

TEST(forged_state_is_refused)
{
    REQUIRE(begin());
    size_t accounts = count_of('A'), slots = count_of('S'), codes = count_of('C');
    CHECK(accounts > 10 && slots > 20 && codes >= 3);
    for (size_t i = 0; i < accounts; i += 3) {
        without('A', i, "chunk 2", "state");
        twice('A', i, 31, "chunk 2", "state"); /* another account */
        flip('A', i, 34, "chunk 2", "state");  /* another nonce or balance */
        f.at[find('A', i)].content.len -= 1;
        refused("chunk 2", "not an account");
        f.at[find('A', i)].content.len += 1;
    }
    for (size_t i = 0; i < slots; i += 7) {
        without('S', i, "chunk 2", "account");
        twice('S', i, 31, "chunk 2", "account");
        twice('S', i, 0, "chunk 2", "account");
        flip('S', i, 32, "chunk 2", "account"); /* another value */
        flip('S', i, 3, "chunk 2", "account");  /* of another slot */
    }
    struct buf *slot = &f.at[find('S', 0)].content;
    size_t len = slot->len;
    slot->len = 32;
    refused("chunk 2", "empty");
    slot->len = 31;
    refused("chunk 2", "short");
    slot->len = len;
    f.at[find('A', 2)].kind = 'C';
    refused("chunk 2", "another kind");
    f.at[find('C', 0)].kind = 'A';
    end();
}

TEST(forged_code_is_refused)
{
    REQUIRE(begin());
    size_t codes = count_of('C');
    for (size_t i = 0; i < codes; i++) {
        without('C', i, "chunk 3", "code");
        flip('C', i, 0, "chunk 3", "code");
        twice('C', i, 0, "chunk 3", "code");
    }
    f.at[find('C', 0)].kind = 'S';
    refused("chunk 3", "another kind");
    f.at[f.count - 1].kind = f.at[f.count - 1].kind == 'S' ? 'C' : f.at[f.count - 1].kind;
    end();
}

/* Offsets in the records, see store/tables.h. */
#define SEAL_R 1
#define TX_TOTAL (65 + 4 + 7)
#define SIZE (65 + 4 + 8 + 7)
#define HEADER_PARENT (65 + 4 + 8 + 8 + 3 + 1)

TEST(forged_blocks_are_refused)
{
    REQUIRE(begin());
    CHECK_INT(count_of('H'), 6);
    flip('H', 3, HEADER_PARENT, "chunk 1: block 3", "block before");
    flip('H', 0, HEADER_PARENT, "chunk 1: block 0", "genesis");
    flip('H', 4, SEAL_R, "chunk 1: block 4", "seal");
    flip('H', 2, TX_TOTAL, "chunk 1: block 2", "counts");
    flip('H', 2, SIZE, "chunk 1: block 2", "counts");
    flip('H', 2, 65 + 3, "chunk 1: block 2", "counts");
    struct buf *header = &f.at[find('H', 5)].content; /* the last one: its hash is the trusted */
    header->data[header->len - 1] ^= 1;
    refused("chunk 1: block 5", "");
    header->data[header->len - 1] ^= 1;
    header->len = 60;
    refused("chunk 1: block 5", "header");

    flip('B', 1, 4 + 3, "chunk 1: block 1", "sender");
    struct buf *body = &f.at[find('B', 1)].content;
    flip('B', 1, body->len - 1, "chunk 1: block 1", "transactions"); /* the last signature */
    flip('B', 1, 3, "chunk 1: block 1", "transactions");             /* their number */
    buf_put_u8(body, 0xc0);
    refused("chunk 1: block 1", "transactions");
    body->len--;

    flip('B', 1, 0, "chunk 1: block 1", "more transactions");
    flip('R', 1, 1, "chunk 1: block 1", "more transactions");
    struct buf *receipts = &f.at[find('R', 2)].content;
    flip('R', 2, 4 + 1 + 1 + 7, "chunk 1: block 2", "receipts"); /* gas used */
    flip('R', 2, 4 + 1, "chunk 1: block 2", "receipts");         /* success */
    flip('R', 2, 4, "chunk 1: block 2", "receipts");             /* type */
    flip('R', 2, 4 + 1 + 1 + 8, "chunk 1: block 2", "receipts"); /* the contract it made */
    buf_put_u8(receipts, 0);
    refused("chunk 1: block 2", "receipts");
    receipts->len--;
    struct buf *logs = &f.at[find('R', 4)].content;
    flip('R', 4, logs->len - 1, "chunk 1: block 4", "receipts"); /* data of the last log */
    end();
}

/* In a network nobody seals: a block without a seal is one, a bad seal is not. */
TEST(a_block_needs_no_seal)
{
    struct diag d = {""};
    REQUIRE(begin());
    for (size_t n = 1; n <= 5; n++)
        memset(f.at[find('H', n)].content.data, 0, 65);
    flip('H', 3, 64, "chunk 1: block 3", "seal");
    put_together(snapshot_content_bytes, 0, 0);
    CHECK_ERR(snap_take(&out.snap, f.taken, LEDGER_STORE_KEY, &d), E_OK);
    scrap();
    end();
}

/* read_block fills in the three records of a block of a ledger. */
static void read_block(struct ledger *l, uint64_t number, struct piece at[3])
{
    static const enum store_table TABLES[] = {TABLE_HEADER, TABLE_BODY, TABLE_RECEIPTS};
    struct store_txn *t;
    CHECK_ERR(store_begin_read(chain_store(l->chain), &t), E_OK);
    for (size_t i = 0; i < 3; i++)
        CHECK_ERR(store_get(t, TABLES[i], (struct store_key){.height = number}, &at[i].content),
                  E_OK);
    store_abort(t);
}

TEST(missing_and_strange_blocks_are_refused)
{
    REQUIRE(begin());
    without('B', 2, "chunk 1: block 2", "another kind");
    without('H', 3, "chunk 1: block 3", "another kind");
    without('R', 4, "chunk 1: block 4", "another kind");
    without('R', 5, "chunk 1: ", "inside a record");
    for (size_t i = 0; i < f.count; i++) /* the last block is not there */
        if (i >= find('H', 5) && i <= find('R', 5))
            f.at[i].section = SECTION_COUNT;
    refused("chunk 1: ", "blocks are missing");
    for (size_t i = 0; i < f.count; i++)
        if (f.at[i].section == SECTION_COUNT)
            f.at[i].section = SECTION_BLOCKS;
    /* one block too many, the true next one */
    ledger_transfer(&f.l, 3, 1, 77);
    ledger_block(&f.l);
    size_t after = find('R', 5) + 1;
    memmove(&f.at[after + 3], &f.at[after], (f.count - after) * sizeof f.at[0]);
    f.count += 3;
    for (size_t i = 0; i < 3; i++)
        f.at[after + i] = (struct piece){SECTION_BLOCKS, "HBR" [i], { 0 }, 0};
    read_block(&f.l, 6, &f.at[after]);
    refused("chunk 1: block 6", "no such block");
    for (size_t i = 0; i < 3; i++)
        buf_free(&f.at[after + i].content);
    memmove(&f.at[after], &f.at[after + 3], (f.count - after - 3) * sizeof f.at[0]);
    f.count -= 3;
    f.at[find('B', 3)].stated_len = LIMIT_SNAPSHOT_RECORD_BYTES + 1;
    refused("chunk 1: block 3", "too long");
    f.at[find('B', 3)].stated_len = 0;
    f.at[find('S', 3)].stated_len = LIMIT_SNAPSHOT_RECORD_BYTES + 1;
    refused("chunk 2", "too long");
    f.at[find('S', 3)].stated_len = 0;
    end();
}

/* Another block in the place of one, whole and well sealed, but not of this chain. */
TEST(a_block_of_another_chain_is_refused)
{
    struct ledger other;
    struct piece saved[3];
    REQUIRE(begin());
    REQUIRE(snap_begin(&other));
    ledger_transfer(&other, 3, 1, 77);
    ledger_block(&other);
    struct piece *at = &f.at[find('H', 1)];
    memcpy(saved, at, sizeof saved);
    for (size_t i = 0; i < 3; i++)
        at[i].content = (struct buf){0};
    read_block(&other, 1, at);
    refused("chunk 1: block 2", "block before"); /* block 1 alone would do */
    for (size_t i = 0; i < 3; i++)
        buf_free(&at[i].content);
    memcpy(at, saved, sizeof saved);
    ledger_end(&other);
    end();
}

TEST(a_forged_genesis_is_refused)
{
    REQUIRE(begin());
    struct buf *text = &f.at[find('G', 0)].content;
    uint8_t *time = memmem(text->data, text->len, "1700000000", 10);
    REQUIRE(time);
    time[9] = '1';
    refused("chunk 1: block 0", "genesis");
    time[9] = '0';
    text->len--;
    refused("chunk 0", "genesis");
    text->len++;
    uint8_t *money = memmem(text->data, text->len, "1000000000000000000000", 22);
    REQUIRE(money);
    money[0] = 'x';
    refused("chunk 0", "genesis");
    money[0] = '1';
    twice('G', 0, 0, "chunk 0", "another kind");
    f.at[find('G', 0)].kind = 'H';
    refused("chunk 0", "another kind");
    f.at[0].kind = 'G';
    struct buf saved = *text;
    *text = (struct buf){0};
    refused("chunk 0", "another kind");
    buf_puts(text, "{\"config\": {\"chainId\": 1}, \"alloc\": {}, \"difficulty\": \"0x20000\", "
                   "\"gasLimit\": \"0x1388\"}");
    refused("chunk 0", "Ethereum");
    buf_free(text);
    *text = saved;
    end();
}

TEST(chunks_of_a_wrong_length_are_refused)
{
    REQUIRE(begin());
    snapshot_content_bytes = 3000; /* but cut otherwise */
    put_together(2999, 0, 0);
    take("chunk ", "long");
    put_together(3001, 0, 0);
    take("chunk ", "long");
    for (enum snapshot_section s = 0; s < SECTION_COUNT; s++) {
        put_together(3000, s, 1);
        take("chunk ", "inside a record");
    }
    put_together(3000, 0, 0); /* a false sum */
    out.m.content_bytes++;
    out.manifest.len = 0;
    manifest_encode(&out.manifest, &out.m);
    out.snap.manifest = buf_view(&out.manifest);
    take("chunk ", "sum");
    struct diag d = {""};
    put_together(3000, 0, 0);
    CHECK_ERR(snap_take(&out.snap, f.taken, LEDGER_STORE_KEY, &d), E_OK);
    scrap();
    snapshot_content_bytes = SNAPSHOT_CONTENT_BYTES;
    end();
}
