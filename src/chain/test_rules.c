/* Tests of Ethereum's header and body rules: schedules, fees, and every refusal by the name of its
 * field. That the rules are Ethereum's, the official block tests show (parvis blocktest). */
#include "chain/ethereum.h"
#include "chain/rules.h"

#include "crypto/keccak.h"
#include "test.h"

static struct header parent_under(enum fork fork)
{
    struct header h = {.number = 99,
                       .gas_limit = 30000000,
                       .gas_used = 15000000,
                       .timestamp_s = 1000,
                       .ommers_hash = HEADER_NO_OMMERS,
                       .form = rules_form(fork)};
    if (fork < FORK_PARIS)
        h.difficulty = u256_from_u64(1000000);
    if (fork >= FORK_LONDON)
        h.base_fee = u256_from_u64(1000000000);
    return h;
}

/* A child that holds, by the functions under test; the refusals change one field of it. */
static struct header child_of(const struct schedule *s, const struct header *parent)
{
    struct header h = {.parent_hash = header_hash(parent),
                       .number = parent->number + 1,
                       .gas_limit = parent->gas_limit,
                       .timestamp_s = parent->timestamp_s + 12,
                       .ommers_hash = HEADER_NO_OMMERS,
                       .withdrawals_root = KECCAK_EMPTY_TRIE,
                       .transactions_root = KECCAK_EMPTY_TRIE,
                       .requests_hash = HEADER_NO_REQUESTS};
    bool merged = u256_is_zero(parent->difficulty);
    struct rules r = schedule_rules(s, h.number, h.timestamp_s, merged);
    h.form = rules_form(r.fork);
    if (!merged)
        h.difficulty = rules_difficulty(&r, h.number, h.timestamp_s, parent);
    if (r.fork >= FORK_LONDON)
        h.base_fee = rules_base_fee(parent);
    if (r.fork >= FORK_CANCUN)
        h.excess_blob_gas = rules_excess_blob_gas(&r, parent);
    return h;
}

static enum err check(const struct schedule *s, const struct header *h, const struct header *parent,
                      struct diag *d)
{
    struct hash hash = header_hash(parent);
    d->text[0] = 0;
    return rules_check_header(s, h, parent, &hash, parent->difficulty, d);
}

TEST(a_child_holds_under_every_fork)
{
    for (int fork = 0; fork < FORK_COUNT; fork++) {
        struct schedule s;
        struct diag d;
        schedule_of(&s, (enum fork)fork, 1);
        struct header parent = parent_under((enum fork)fork), h = child_of(&s, &parent);
        if (check(&s, &h, &parent, &d) != E_OK)
            test_fail(__FILE__, __LINE__, "fork %d: %s", fork, d.text);
    }
}

static void refuse_field(const struct schedule *s, const struct header *h,
                         const struct header *parent, const char *field)
{
    struct diag d;
    CHECK_ERR(check(s, h, parent, &d), E_BLOCK);
    if (!strstr(d.text, field))
        test_fail(__FILE__, __LINE__, "%s: said %s", field, d.text);
}

TEST(each_wrong_field_is_named)
{
    struct schedule s;
    schedule_of(&s, FORK_OSAKA, 1);
    struct header parent = parent_under(FORK_OSAKA), good = child_of(&s, &parent), h;
#define REFUSED(change, field)                \
    do {                                      \
        h = good;                             \
        change;                               \
        refuse_field(&s, &h, &parent, field); \
    } while (0)
    REFUSED(h.parent_hash.b[0] ^= 1, "parent hash");
    REFUSED(h.number++, "number");
    REFUSED(h.number--, "number");
    REFUSED(h.timestamp_s = parent.timestamp_s, "timestamp");
    REFUSED(h.form = HEADER_CANCUN, "number of fields");
    REFUSED(h.gas_limit = parent.gas_limit + parent.gas_limit / 1024, "gas limit");
    REFUSED(h.gas_limit = parent.gas_limit - parent.gas_limit / 1024, "gas limit");
    REFUSED(h.gas_used = h.gas_limit + 1, "gas used");
    REFUSED(h.difficulty = u256_from_u64(1), "fields");
    REFUSED(h.nonce[7] = 1, "nonce");
    REFUSED(h.ommers_hash.b[0] ^= 1, "ommers hash");
    REFUSED(h.base_fee = u256_from_u64(999999999), "base fee");
    REFUSED(h.blob_gas_used = 1, "blob gas used");
    REFUSED(h.blob_gas_used = 10 * TX_GAS_PER_BLOB, "blob gas used");
    REFUSED(h.excess_blob_gas = TX_GAS_PER_BLOB, "excess blob gas");
    h = good;
    h.gas_limit = parent.gas_limit + parent.gas_limit / 1024 - 1;
    struct diag d;
    CHECK_ERR(check(&s, &h, &parent, &d), E_OK);
    parent.gas_limit = 5000;
    good = child_of(&s, &parent);
    REFUSED(h.gas_limit = 4999, "gas limit");
#undef REFUSED
}

/* EIP-3675: work ends with the block that reaches the mark. */
TEST(proof_of_work_ends_at_the_terminal_difficulty)
{
    struct schedule s;
    struct diag d;
    schedule_of(&s, FORK_LONDON, 1);
    s.has_terminal_difficulty = true;
    s.terminal_difficulty = u256_from_u64(2000000);
    struct header parent = parent_under(FORK_LONDON), work = child_of(&s, &parent);
    struct header stake = work;
    struct hash hash = header_hash(&parent);
    stake.difficulty = U256_ZERO;
    struct u256 before = u256_from_u64(1999999), reached = u256_from_u64(2000000);
    CHECK_ERR(rules_check_header(&s, &work, &parent, &hash, before, &d), E_OK);
    CHECK_ERR(rules_check_header(&s, &stake, &parent, &hash, before, &d), E_BLOCK);
    CHECK_ERR(rules_check_header(&s, &work, &parent, &hash, reached, &d), E_BLOCK);
    CHECK_ERR(rules_check_header(&s, &stake, &parent, &hash, reached, &d), E_OK);
    work.difficulty.w[0]++;
    CHECK_ERR(rules_check_header(&s, &work, &parent, &hash, before, &d), E_BLOCK);
    CHECK(strstr(d.text, "difficulty"));
}

/* EIP-1559, the cases of its text: unchanged at the target, at most an eighth up or down. */
TEST(base_fees)
{
    static const struct {
        uint64_t used, fee;
    } CASES[] = {{15000000, 1000000000}, {30000000, 1125000000}, {0, 875000000},
                 {20000000, 1041666666}, {15000001, 1000000008}, {14999999, 999999992}};
    struct header parent = parent_under(FORK_LONDON);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        parent.gas_used = CASES[i].used;
        CHECK(u256_eq(rules_base_fee(&parent), u256_from_u64(CASES[i].fee)));
    }
    parent.base_fee = u256_from_u64(7); /* the smallest step up is 1, down 0 */
    parent.gas_used = 15000001;
    CHECK(u256_eq(rules_base_fee(&parent), u256_from_u64(8)));
    parent.gas_used = 0;
    CHECK(u256_eq(rules_base_fee(&parent), u256_from_u64(7)));
    parent.form = HEADER_FRONTIER;
    CHECK(u256_eq(rules_base_fee(&parent), u256_from_u64(1000000000)));
}

TEST(excess_blob_gas_and_its_price)
{
    struct schedule s;
    schedule_of(&s, FORK_CANCUN, 1);
    struct rules cancun = schedule_rules(&s, 1, 0, true);
    schedule_of(&s, FORK_OSAKA, 1);
    struct rules osaka = schedule_rules(&s, 1, 0, true);
    struct header parent = parent_under(FORK_CANCUN);
    parent.blob_gas_used = 3 * TX_GAS_PER_BLOB;
    CHECK_INT(rules_excess_blob_gas(&cancun, &parent), 0);
    parent.blob_gas_used = 6 * TX_GAS_PER_BLOB;
    parent.excess_blob_gas = TX_GAS_PER_BLOB;
    CHECK_INT(rules_excess_blob_gas(&cancun, &parent), 4 * TX_GAS_PER_BLOB);
    /* EIP-7918: blobs cost less than their commitment's gas, so the target is not taken off */
    CHECK_INT(rules_excess_blob_gas(&osaka, &parent), TX_GAS_PER_BLOB + 2 * TX_GAS_PER_BLOB);
    parent.base_fee = u256_from_u64(1);
    CHECK_INT(rules_excess_blob_gas(&osaka, &parent), TX_GAS_PER_BLOB);
    parent.excess_blob_gas = UINT64_MAX; /* no chain gets there; it does not wrap */
    CHECK(rules_excess_blob_gas(&cancun, &parent) == UINT64_MAX);
    parent.form = HEADER_SHANGHAI;
    CHECK_INT(rules_excess_blob_gas(&cancun, &parent), 0);

    CHECK(u256_eq(schedule_blob_fee(0, 3338477), u256_from_u64(1)));
    CHECK(u256_eq(schedule_blob_fee(2314057, 3338477), u256_from_u64(1)));
    CHECK(u256_eq(schedule_blob_fee(2314058, 3338477), u256_from_u64(2))); /* e^x passes 2 */
    CHECK(u256_eq(schedule_blob_fee(10 * 3338477, 3338477), u256_from_u64(22026)));
    CHECK(u256_eq(schedule_blob_fee(UINT64_MAX, 3338477), U256_MAX));
    CHECK(u256_is_zero(schedule_blob_fee(5, 0)));
}

TEST(schedules)
{
    struct schedule s;
    schedule_of(&s, FORK_SHANGHAI, 1);
    s.from_time[FORK_CANCUN] = 100;
    s.from_time[FORK_OSAKA] = 200; /* Prague with it */
    s.bpo[0].from_time = 300;
    s.bpo[0].blobs = (struct blob_params){10, 15, 8346193};
    s.bpo_count = 1;
    CHECK(schedule_rules(&s, 7, 99, true).fork == FORK_SHANGHAI);
    CHECK_INT(schedule_rules(&s, 7, 99, true).blobs.max, 0);
    CHECK(schedule_rules(&s, 7, 100, true).fork == FORK_CANCUN);
    CHECK_INT(schedule_rules(&s, 7, 100, true).blobs.max, 6);
    CHECK(schedule_rules(&s, 7, 200, true).fork == FORK_OSAKA);
    CHECK_INT(schedule_rules(&s, 7, 299, true).blobs.max, 9);
    CHECK_INT(schedule_rules(&s, 7, 300, true).blobs.max, 15);
    schedule_of(&s, FORK_CANCUN, 1); /* never is a time, too */
    CHECK(schedule_rules(&s, UINT64_MAX, UINT64_MAX, true).fork == FORK_CANCUN);
    CHECK(schedule_rules(&s, 0, 0, false).fork == FORK_LONDON);
    schedule_own(&s, 1);
    CHECK(schedule_rules(&s, 0, 0, true).fork == FORK_OSAKA);
    CHECK_INT(schedule_rules(&s, 0, 0, true).blobs.max, 0);
}

TEST(bodies)
{
    struct schedule s;
    struct diag d;
    schedule_of(&s, FORK_OSAKA, 1);
    struct header parent = parent_under(FORK_OSAKA);
    struct block good = {.header = child_of(&s, &parent)}, b;
    struct header ommer = parent;
    struct withdrawal withdrawal = {.index = 1, .amount_gwei = 5};
    CHECK_ERR(rules_check_body(&s, &good, &d), E_OK);
    b = good;
    b.ommers = &ommer;
    b.ommer_count = 1;
    CHECK_ERR(rules_check_body(&s, &b, &d), E_BLOCK);
    b = good;
    b.withdrawals = &withdrawal;
    b.withdrawal_count = 1;
    CHECK_ERR(rules_check_body(&s, &b, &d), E_BLOCK);
    b.header.withdrawals_root = block_withdrawals_root(&b);
    CHECK_ERR(rules_check_body(&s, &b, &d), E_OK);
    b.header.transactions_root.b[0] ^= 1;
    CHECK_ERR(rules_check_body(&s, &b, &d), E_BLOCK);
    b = good;
    b.size_bytes = RULES_BLOCK_BYTES;
    CHECK_ERR(rules_check_body(&s, &b, &d), E_OK);
    b.size_bytes++; /* EIP-7934 */
    CHECK_ERR(rules_check_body(&s, &b, &d), E_BLOCK);
}

/* --- ommers ----------------------------------------------------------------------------------- */

/* Nine blocks of work, each with one sibling that nobody included. */
struct family {
    struct schedule schedule;
    struct block blocks[9];
    struct header siblings[9]; /* of the block at the same place; the first has none */
};

static const struct block *find_block(void *ctx, const struct hash *hash)
{
    const struct family *f = ctx;
    for (size_t i = 0; i < 9; i++)
        if (hash_eq(&f->blocks[i].hash, hash))
            return &f->blocks[i];
    return NULL;
}

static void make_family(struct family *f)
{
    schedule_of(&f->schedule, FORK_BERLIN, 1);
    f->blocks[0] = (struct block){.header = parent_under(FORK_BERLIN)};
    f->blocks[0].hash = header_hash(&f->blocks[0].header);
    for (size_t i = 1; i < 9; i++) {
        f->blocks[i] = (struct block){.header = child_of(&f->schedule, &f->blocks[i - 1].header)};
        f->blocks[i].hash = header_hash(&f->blocks[i].header);
        f->siblings[i] = f->blocks[i].header;
        f->siblings[i].beneficiary.b[0] = (uint8_t)i;
    }
}

static enum err try_ommers(struct family *f, struct header *ommers, size_t count)
{
    struct ancestry ancestry = {find_block, f};
    struct diag d;
    struct block b = {.header = child_of(&f->schedule, &f->blocks[8].header),
                      .ommers = ommers,
                      .ommer_count = count};
    return rules_check_ommers(&f->schedule, &b, &ancestry, &d);
}

TEST(ommers)
{
    struct family f;
    make_family(&f);
    struct header two[3] = {f.siblings[8], f.siblings[3], f.siblings[7]};
    CHECK_ERR(try_ommers(&f, NULL, 0), E_OK);
    CHECK_ERR(try_ommers(&f, two, 1), E_OK);
    CHECK_ERR(try_ommers(&f, two, 2), E_OK); /* six generations back */
    CHECK_ERR(try_ommers(&f, two, 3), E_BLOCK);
    two[1] = f.siblings[2]; /* seven */
    CHECK_ERR(try_ommers(&f, two, 2), E_BLOCK);
    two[1] = two[0]; /* twice the same */
    CHECK_ERR(try_ommers(&f, two, 2), E_BLOCK);
    two[0] = f.blocks[8].header; /* the parent is no ommer */
    CHECK_ERR(try_ommers(&f, two, 1), E_BLOCK);
    two[0] = child_of(&f.schedule, &f.blocks[8].header); /* nor a sibling */
    CHECK_ERR(try_ommers(&f, two, 1), E_BLOCK);
    two[0] = f.siblings[8];
    two[0].difficulty.w[0]++; /* its own header must hold */
    CHECK_ERR(try_ommers(&f, two, 1), E_BLOCK);
    two[0] = f.siblings[8];
    f.blocks[5].ommers = &f.siblings[4]; /* included before */
    f.blocks[5].ommer_count = 1;
    CHECK_ERR(try_ommers(&f, two, 1), E_OK);
    two[0] = f.siblings[4];
    CHECK_ERR(try_ommers(&f, two, 1), E_BLOCK);
}

/* EIP-7685: a request list that is empty does not count. */
TEST(the_hash_of_requests)
{
    struct requests r = {0};
    struct hash hash = requests_hash(&r);
    CHECK(hash_eq(&hash, &HEADER_NO_REQUESTS));
    buf_puts(&r.of[1], "x");
    hash = requests_hash(&r);
    CHECK(!hash_eq(&hash, &HEADER_NO_REQUESTS));
    struct requests other = {0};
    buf_puts(&other.of[2], "x");
    struct hash another = requests_hash(&other);
    CHECK(!hash_eq(&hash, &another)); /* the type is part of it */
    requests_free(&r);
    requests_free(&other);
}
