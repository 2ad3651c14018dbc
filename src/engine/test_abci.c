#include "test.h"

#include "base/limits.h"
#include "codec/test_protobuf.h"
#include "engine/abci_internal.h"
#include "engine/test_abci_vectors.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))
#define LIST(list) (list), COUNT(list)

static uint8_t ascending[256]; /* 0, 1, 2 ... */

__attribute__((constructor)) static void fill_ascending(void)
{
    for (size_t i = 0; i < sizeof ascending; i++)
        ascending[i] = (uint8_t)i;
}

/* len bytes counting up from `from`. */
static struct bytes run(uint8_t from, size_t len)
{
    return bytes_of(ascending + from, len);
}

#define S(text) bytes_str(text)

/* ---- the values, as the Go program set them ---- */

static const struct abci_time TIME_1 = {1700000001, 987654321};
static const struct abci_time TIME_0 = {INT64_C(-62135596800), 0}; /* Go's zero time */

static struct abci_validator validator(uint8_t from, int64_t power)
{
    struct abci_validator v = {.power = power};
    memcpy(v.address20, ascending + from, sizeof v.address20);
    return v;
}

static struct abci_validator_update update(uint8_t from, int64_t power)
{
    struct abci_validator_update v = {.power = power};
    memcpy(v.key32, ascending + from, sizeof v.key32);
    return v;
}

static struct abci_params all_params(struct arena *a)
{
    struct bytes types[] = {S("ed25519"), S("secp256k1")};
    return (struct abci_params){true,
                                true,
                                true,
                                true,
                                true,
                                true, //
                                .block = {4194304, -1},
                                .evidence = {100000, {48 * 3600, 5}, 1048576},
                                .validator = {arena_dup(a, types, sizeof types), COUNT(types)},
                                .version = {7},
                                .abci = {9},
                                .authority = {S("who")}};
}

static struct abci_snapshot snapshot(void)
{
    return (struct abci_snapshot){UINT64_C(1) << 40, 3, 4, run(9, 32), S("meta")};
}

/* The transactions: text, an empty one, 200 bytes. */
static const struct bytes *txs(struct arena *a)
{
    struct bytes list[] = {S("one"), {NULL, 0}, run(0, 200)};
    return arena_dup(a, list, sizeof list);
}

static struct abci_block block(struct arena *a, bool extended)
{
    struct abci_vote votes[] = {{validator(0x20, 11), ABCI_VOTE_COMMIT, {NULL, 0}, {NULL, 0}},
                                {validator(0x40, 12), ABCI_VOTE_ABSENT, {NULL, 0}, {NULL, 0}}};
    if (extended) {
        votes[0] = (struct abci_vote){votes[0].validator, ABCI_VOTE_NIL, S("ext"), run(1, 3)};
        votes[1].flag = ABCI_VOTE_COMMIT;
    }
    struct abci_misbehaviour bad[] = {
        {ABCI_DUPLICATE_VOTE, validator(0x20, 11), 12, TIME_1, 40},
        {ABCI_LIGHT_CLIENT_ATTACK, validator(0x40, 1), 13, TIME_0, 41}};
    struct abci_block b = {.txs = txs(a),
                           .tx_count = 3,
                           .last_commit = {extended ? 2 : 3, arena_dup(a, votes, sizeof votes), 2},
                           .misbehaviours = arena_dup(a, bad, sizeof bad),
                           .misbehaviour_count = 2,
                           .height = 14,
                           .time = TIME_1};
    memcpy(b.next_validators_hash32, ascending + 0xc0, 32);
    memcpy(b.proposer20, ascending + 0x30, 20);
    if (extended)
        b.max_tx_bytes = 4000000;
    else
        memcpy(b.hash32, ascending + 0xe0, 32);
    return b;
}

static struct abci_request *requests(struct arena *a)
{
    struct abci_request *r = arena_zalloc(a, COUNT(REQUESTS), sizeof *r);
    struct abci_validator_update two[] = {update(0x60, 10), update(0x80, 300)};
    size_t n = 0;
    r[n].kind = ABCI_ECHO;
    r[n++].echo.message = S("hello");
    r[n++].kind = ABCI_FLUSH;
    r[n].kind = ABCI_INFO;
    r[n++].info = (struct abci_info_request){S("0.39.0"), 11, 8, S("2.0.0")};
    r[n].kind = ABCI_INIT_CHAIN;
    r[n++].init_chain = (struct abci_init_chain_request){
        TIME_1, S("district"), true, all_params(a), arena_dup(a, two, sizeof two), 2, S("{}"), 1};
    r[n].kind = ABCI_INIT_CHAIN;
    r[n++].init_chain.time = TIME_0;
    r[n].kind = ABCI_QUERY;
    r[n++].query = (struct abci_query_request){run(1, 2), S("/p2p/filter/id/00"), -5, true};
    r[n].kind = ABCI_CHECK_TX;
    r[n++].check_tx = (struct abci_check_tx_request){S("tx"), ABCI_CHECK_AGAIN};
    r[n++].kind = ABCI_COMMIT;
    r[n++].kind = ABCI_LIST_SNAPSHOTS;
    r[n].kind = ABCI_OFFER_SNAPSHOT;
    r[n++].offer_snapshot = (struct abci_offer_snapshot_request){true, snapshot(), run(0xa0, 32)};
    r[n].kind = ABCI_LOAD_SNAPSHOT_CHUNK;
    r[n++].load_chunk = (struct abci_load_chunk_request){77, 1, UINT32_MAX};
    r[n].kind = ABCI_APPLY_SNAPSHOT_CHUNK;
    r[n++].apply_chunk = (struct abci_apply_chunk_request){2, S("chunk"), S("peer")};
    r[n].kind = ABCI_PREPARE_PROPOSAL;
    r[n++].block = block(a, true);
    static const enum abci_kind kinds[] = {ABCI_PROCESS_PROPOSAL, ABCI_EXTEND_VOTE};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        r[n].kind = kinds[i];
        r[n++].block = block(a, false);
    }
    r[n].kind = ABCI_VERIFY_VOTE_EXTENSION;
    memcpy(r[n].verify_extension.hash32, ascending + 0xe0, 32);
    memcpy(r[n].verify_extension.validator20, ascending + 0x20, 20);
    r[n].verify_extension.height = 15;
    r[n++].verify_extension.extension = S("ext");
    r[n].kind = ABCI_FINALIZE_BLOCK;
    r[n++].block = block(a, false);
    r[n].kind = ABCI_FINALIZE_BLOCK;
    r[n].block = block(a, false);
    r[n].block.tx_count = r[n].block.misbehaviour_count = 0;
    r[n].block.last_commit = (struct abci_commit){0};
    r[n++].block.height = 1;
    r[n].kind = ABCI_INSERT_TX;
    r[n++].insert_tx.tx = S("bundle");
    r[n].kind = ABCI_REAP_TXS;
    r[n++].reap_txs = (struct abci_reap_txs_request){UINT64_MAX, 6};
    ASSERT(n == COUNT(REQUESTS));
    return r;
}

static struct abci_response *responses(struct arena *a, size_t *count)
{
    struct abci_response *r = arena_zalloc(a, COUNT(RESPONSES), sizeof *r);
    struct abci_validator_update first = update(0x60, 10), gone = update(0x60, 0);
    struct abci_snapshot snapshots[] = {snapshot(), {0}};
    struct abci_tx_result results[] = {{5, S("data"), S("log"), S("info"), 21000, -3, S("evm")},
                                       {0}};
    uint32_t chunks[] = {0, 1, 300, UINT32_MAX};
    struct bytes senders[] = {S("a"), S("bb")};
    size_t n = 0;
    r[n].kind = ABCI_EXCEPTION;
    r[n++].exception.error = S("why");
    r[n].kind = ABCI_ECHO;
    r[n++].echo.message = S("hello");
    r[n++].kind = ABCI_FLUSH;
    r[n].kind = ABCI_INFO;
    r[n++].info = (struct abci_info_response){S("parvis"), S("0.1.0"), 1, INT64_MAX, run(0xa0, 32)};
    r[n].kind = ABCI_INIT_CHAIN;
    r[n++].init_chain = (struct abci_init_chain_response){
        true, all_params(a), arena_dup(a, &first, sizeof first), 1, run(0xa0, 32)};
    r[n].kind = ABCI_QUERY;
    r[n++].query =
        (struct abci_query_response){4, S("log"), S("info"), -1, S("k"), S("v"), 8, S("space")};
    r[n].kind = ABCI_CHECK_TX;
    r[n++].check_tx = results[0];
    r[n].kind = ABCI_COMMIT;
    r[n++].commit.retain_height = 90;
    r[n].kind = ABCI_LIST_SNAPSHOTS;
    r[n++].list_snapshots =
        (struct abci_list_snapshots_response){arena_dup(a, snapshots, sizeof snapshots), 2};
    r[n].kind = ABCI_OFFER_SNAPSHOT;
    r[n++].offer_snapshot.result = ABCI_OFFER_REJECT_SENDER;
    r[n].kind = ABCI_LOAD_SNAPSHOT_CHUNK;
    r[n++].load_chunk.chunk = S("chunk");
    r[n].kind = ABCI_APPLY_SNAPSHOT_CHUNK;
    r[n++].apply_chunk = (struct abci_apply_chunk_response){
        ABCI_APPLY_REJECT_SNAPSHOT, arena_dup(a, chunks, sizeof chunks), COUNT(chunks),
        arena_dup(a, senders, sizeof senders), COUNT(senders)};
    r[n].kind = ABCI_PREPARE_PROPOSAL;
    r[n++].prepare_proposal = (struct abci_txs_response){txs(a), 3};
    r[n].kind = ABCI_PROCESS_PROPOSAL;
    r[n++].process_proposal.status = ABCI_REJECT;
    r[n].kind = ABCI_EXTEND_VOTE;
    r[n++].extend_vote.extension = S("ext");
    r[n].kind = ABCI_VERIFY_VOTE_EXTENSION;
    r[n++].verify_extension.status = ABCI_ACCEPT;
    r[n].kind = ABCI_FINALIZE_BLOCK;
    r[n].finalize_block =
        (struct abci_finalize_block_response){arena_dup(a, results, sizeof results),
                                              2,
                                              arena_dup(a, &gone, sizeof gone),
                                              1,
                                              true,
                                              {0},
                                              run(0xa0, 32)};
    r[n].finalize_block.params.has_block = r[n].finalize_block.params.has_version = true;
    r[n++].finalize_block.params.block = (struct abci_block_params){1, 2};
    r[n].kind = ABCI_INSERT_TX;
    r[n++].insert_tx.code = 32000;
    r[n].kind = ABCI_REAP_TXS;
    r[n++].reap_txs = (struct abci_txs_response){txs(a), 2};
    *count = n;
    /* without what is skipped */
    r[n].kind = ABCI_FINALIZE_BLOCK;
    r[n].finalize_block.tx_results = arena_dup(a, results, sizeof *results);
    r[n].finalize_block.tx_result_count = 1;
    r[n++].finalize_block.app_hash = run(0xa0, 32);
    r[n].kind = ABCI_QUERY;
    r[n].query.code = 4;
    r[n].query.value = S("v");
    r[n++].query.height = 8;
    ASSERT(n == COUNT(RESPONSES));
    return r;
}

static void from_hex(struct buf *out, const char *hex)
{
    buf_clear(out);
    CHECK_ERR(hex_decode_buf(out, hex, strlen(hex)), E_OK);
}

TEST(abci_requests_are_the_engines_bytes)
{
    struct arena a = {0};
    struct buf bytes = {0}, hex = {0};
    struct abci_request *r = requests(&a);
    for (size_t i = 0; i < COUNT(REQUESTS); i++) {
        struct abci_request back;
        struct diag d = {""};
        buf_clear(&bytes);
        abci_request_encode(&bytes, &r[i]);
        CHECK_HEX(bytes.data, bytes.len, REQUESTS[i].hex);
        CHECK_STR(abci_kind_name(r[i].kind), REQUESTS[i].name);
        from_hex(&hex, REQUESTS[i].hex);
        CHECK_ERR(abci_request_decode(&a, &back, buf_view(&hex), &d), E_OK);
        CHECK_STR(d.text, "");
        REQUIRE(back.kind == r[i].kind);
        if (!pb_same(ABCI_LAYOUTS[back.kind].request, &back.echo, &r[i].echo))
            test_fail(__FILE__, __LINE__, "request %zu: %s differs", i, REQUESTS[i].name);
    }
    test_count(COUNT(REQUESTS));
    buf_free(&bytes);
    buf_free(&hex);
    arena_free(&a);
}

TEST(abci_responses_are_the_engines_bytes)
{
    struct arena a = {0};
    struct buf bytes = {0}, hex = {0};
    size_t exact;
    struct abci_response *r = responses(&a, &exact);
    for (size_t i = 0; i < COUNT(RESPONSES); i++) {
        struct abci_response back;
        if (i < exact) {
            buf_clear(&bytes);
            abci_response_encode(&bytes, &r[i]);
            CHECK_HEX(bytes.data, bytes.len, RESPONSES[i].hex);
            CHECK_STR(abci_kind_name(r[i].kind), RESPONSES[i].name);
        }
        from_hex(&hex, RESPONSES[i].hex);
        CHECK_ERR(abci_response_decode(&a, &back, buf_view(&hex), NULL), E_OK);
        REQUIRE(back.kind == r[i].kind);
        if (!pb_same(ABCI_LAYOUTS[back.kind].response, &back.exception, &r[i].exception))
            test_fail(__FILE__, __LINE__, "response %zu: %s differs", i, RESPONSES[i].name);
    }
    test_count(COUNT(RESPONSES));
    buf_free(&bytes);
    buf_free(&hex);
    arena_free(&a);
}

/* Every message cut anywhere is refused or, where the cut lies between members, is a smaller one;
 * none is read past its end (the copy has exactly its length, for a sanitizer). */
TEST(abci_truncated_messages)
{
    struct arena a = {0};
    struct buf hex = {0};
    size_t cases = 0;
    for (size_t i = 0; i < COUNT(REQUESTS); i++) {
        from_hex(&hex, REQUESTS[i].hex);
        for (size_t len = 0; len < hex.len; len++, cases++) {
            struct abci_request out;
            uint8_t *exact = mem_dup(hex.data, len);
            /* the outer length no longer holds, wherever the cut is */
            CHECK_ERR(abci_request_decode(&a, &out, bytes_of(exact, len), NULL), E_PROTOBUF);
            mem_free(exact);
            arena_reset(&a);
        }
    }
    test_count(cases);
    buf_free(&hex);
    arena_free(&a);
}

/* ---- refusals ---- */

static enum err decode_hex(bool request, const char *hex, struct diag *d)
{
    struct arena a = {0};
    struct buf b = {0};
    struct abci_request q;
    struct abci_response p;
    from_hex(&b, hex);
    uint8_t *exact = mem_dup(b.data, b.len);
    struct bytes message = bytes_of(exact, b.len);
    enum err e = request ? abci_request_decode(&a, &q, message, d)
                         : abci_response_decode(&a, &p, message, d);
    mem_free(exact);
    buf_free(&b);
    arena_free(&a);
    return e;
}

/* The digits without the blanks that make them readable. */
static void squeeze(char out[256], const char *hex)
{
    for (; *hex; hex++)
        if (*hex != ' ')
            *out++ = *hex;
}

TEST(abci_refusals)
{
    static const struct {
        bool request;
        enum err e;
        const char *hex, *text;
    } cases[] = {
        {true, E_PROTOBUF, "", "ABCI request: not one message"},
        {true, E_PROTOBUF, "12001200", "ABCI request: not one message"},
        {true, E_PROTOBUF, "1001", "ABCI request flush: malformed protobuf message"},
        {true, E_PROTOBUF, "0801", "ABCI request echo: malformed protobuf message"},
        {true, E_UNSUPPORTED, "2200", "ABCI request: kind 4 is not known"},
        {true, E_UNSUPPORTED, "ba0100", "ABCI request: kind 23 is not known"},
        {true, E_UNSUPPORTED, "8280808008 00", "ABCI request: kind 268435456 is not known"},
        {false, E_UNSUPPORTED, "2a00", "ABCI response: kind 5 is not known"},
        {false, E_UNSUPPORTED, "c20100", "ABCI response: kind 24 is not known"},
        /* echo: its text twice; a number for text; a group inside */
        {true, E_PROTOBUF, "0a060a01610a0162", "Echo, field 1: malformed protobuf message"},
        {true, E_PROTOBUF, "0a020801", "Echo, field 1: malformed protobuf message"},
        {true, E_PROTOBUF, "0a020b0c", "Echo, after field 0: malformed protobuf message"},
        /* query: prove = 2; check_tx: type 2; load: a chunk of 33 bits */
        {true, E_RANGE, "32022002", "RequestQuery, field 4: value out of range"},
        {true, E_RANGE, "42021002", "RequestCheckTx, field 2: value out of range"},
        {true, E_RANGE, "7206188080808010",
         "RequestLoadSnapshotChunk, field 3: value out of range"},
        /* init_chain: nanos -1 and 10^9, the year 10000, before the year 1 */
        {true, E_RANGE, "2a0d0a0b10ffffffffffffffffff01", "Timestamp: value out of range"},
        {true, E_RANGE, "2a080a061080 94ebdc03", "Timestamp: value out of range"},
        {true, E_RANGE, "2a090a07088083d1ffaf07", "Timestamp: value out of range"},
        {true, E_RANGE, "2a0d0a0b08ff91b8c398feffffff01", "Timestamp: value out of range"},
        /* init_chain: a validator without a key, with a short one, with a secp256k1 key */
        {true, E_RANGE, "2a0422021001", "PublicKey, field 1: value out of range"},
        {true, E_RANGE, "2a0722050a030a0161", "PublicKey, field 1: value out of range"},
        {true, E_RANGE, "2a0722050a03120161", "PublicKey, field 1: value out of range"},
        /* finalize_block without anything: no hash of 32 bytes */
        {true, E_RANGE, "a20100",
         "RequestProcessProposal/FinalizeBlock, field 4: value out of range"},
        /* a vote with flag 4; a commit with round 2^31 */
        {true, E_RANGE, "8a011e121c121a0a16 0a14 0000000000000000000000000000000000000000 1804",
         "VoteInfo, field 3: value out of range"},
        {true, E_RANGE, "8a010812060880808080 08", "CommitInfo, field 1: value out of range"},
        /* responses: a verdict 3, an offer 6, a chunk number of 33 bits, packed and not */
        {false, E_RANGE, "92010 20803",
         "ResponseProcessProposal/VerifyVoteExtension, field 1: value out of range"},
        {false, E_RANGE, "72020806", "ResponseOfferSnapshot, field 1: value out of range"},
        {false, E_RANGE, "82010712058080808010",
         "ResponseApplySnapshotChunk, field 2: value out of range"},
        {false, E_RANGE, "820106108080808010",
         "ResponseApplySnapshotChunk, field 2: value out of range"},
        {false, E_PROTOBUF, "820105120301 0280",
         "ResponseApplySnapshotChunk, field 2: malformed protobuf message"},
        /* a duration whose nanos have the other sign */
        {false, E_RANGE, "3213 0a11 120f 120d 0801 10ffffffffffffffffff01",
         "Duration: value out of range"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct diag d = {""};
        char hex[256] = "";
        squeeze(hex, cases[i].hex);
        enum err e = decode_hex(cases[i].request, hex, &d);
        if (e != cases[i].e)
            test_fail(__FILE__, __LINE__, "case %zu %s: %s (%s), expected %s", i, cases[i].hex,
                      err_name(e), d.text, err_name(cases[i].e));
        CHECK(d.text[0] != 0);
        if (cases[i].text)
            CHECK_STR(d.text, cases[i].text);
    }
    test_count(COUNT(cases));
}

/* What is valid though the engine does not write it. */
TEST(abci_accepts)
{
    static const char *const cases[][2] = {
        /* flush with an unknown member of each wire form */
        {"q", "121c 980101 9101 0102030405060708 9d01 01020304 a20103616263 a20100"},
        /* members in another order: a query's height before its path */
        {"q", "3206 1801 12026162"},
        /* the last second that is a time */
        {"q", "2a090a0708ff82d1ffaf07"},
        /* a list of numbers not packed, and in two parts */
        {"p", "82010a 0801 1001 1003 12020405"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct diag d = {""};
        char hex[256] = "";
        squeeze(hex, cases[i][1]);
        CHECK_ERR(decode_hex(cases[i][0][0] == 'q', hex, &d), E_OK);
        CHECK_STR(d.text, "");
    }
    test_count(COUNT(cases));
}

TEST(abci_bounds)
{
    struct arena a = {0};
    struct buf b = {0}, inner = {0};
    struct abci_response out;
    struct abci_request request;
    /* one transaction more than the limit, of two bytes each: refused before memory is taken */
    for (size_t i = 0; i <= LIMIT_ABCI_TXS; i++)
        buf_put(&inner, "\x0a", 2);
    pb_put_field_bytes(&b, ABCI_REAP_TXS + 1, buf_view(&inner));
    size_t used = a.used_bytes;
    CHECK_ERR(abci_response_decode(&a, &out, buf_view(&b), NULL), E_TOO_LARGE);
    CHECK_INT(a.used_bytes, used);
    buf_clear(&b);
    pb_put_field_bytes(&b, ABCI_REAP_TXS + 1, bytes_of(inner.data, inner.len - 2));
    CHECK_ERR(abci_response_decode(&a, &out, buf_view(&b), NULL), E_OK);
    CHECK_INT(out.reap_txs.tx_count, LIMIT_ABCI_TXS);
    /* a packed list of more numbers than the limit */
    buf_clear(&b);
    buf_clear(&inner);
    pb_put_bytes_header(&inner, 2, LIMIT_ABCI_CHUNKS + 1);
    memset(buf_grow(&inner, LIMIT_ABCI_CHUNKS + 1), 1, LIMIT_ABCI_CHUNKS + 1);
    pb_put_field_bytes(&b, ABCI_APPLY_SNAPSHOT_CHUNK + 1, buf_view(&inner));
    CHECK_ERR(abci_response_decode(&a, &out, buf_view(&b), NULL), E_TOO_LARGE);
    /* a message of the largest size, and one byte more */
    buf_clear(&b);
    size_t len = LIMIT_ABCI_MESSAGE_BYTES - 12; /* two headers of 6 bytes */
    pb_put_bytes_header(&b, ABCI_ECHO, len + 5);
    pb_put_bytes_header(&b, 1, len);
    memset(buf_grow(&b, len), 'x', len);
    buf_put_u8(&b, 0);
    size_t whole = b.len - 1;
    CHECK_ERR(abci_request_decode(&a, &request, bytes_of(b.data, whole), NULL), E_OK);
    CHECK_INT(request.echo.message.len, len);
    buf_grow(&b, LIMIT_ABCI_MESSAGE_BYTES);
    CHECK_ERR(
        abci_request_decode(&a, &request, bytes_of(b.data, LIMIT_ABCI_MESSAGE_BYTES + 1), NULL),
        E_TOO_LARGE);
    buf_free(&b);
    buf_free(&inner);
    arena_free(&a);
}

TEST(abci_kind_names)
{
    CHECK_STR(abci_kind_name(ABCI_EXCEPTION), "exception");
    CHECK_STR(abci_kind_name((enum abci_kind)4), "unknown");
    CHECK_STR(abci_kind_name(ABCI_KIND_COUNT), "unknown");
}
