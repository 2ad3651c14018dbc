/* Light verification: headers that a real CometBFT signed (tests/light), and headers signed here to
 * say what no honest network says. */
#include "engine/test_light.h"

static const uint64_t TEN[] = {10, 10, 10, 10, 10, 10};
static const struct light_time NOW = {1000100, 0};

static bool says(const struct diag *d, const char *part)
{
    if (strstr(d->text, part))
        return true;
    printf("# \"%s\" does not say \"%s\"\n", d->text, part);
    return false;
}

static struct light_trust trust_of(const struct light_block *b)
{
    struct light_trust t = {.chain_id = "test",
                            .height = b->header.height,
                            .time = b->header.time,
                            .set = b->set,
                            .has_header = true,
                            .header_hash = b->hash,
                            .period_s = 1000};
    memcpy(t.next_set_hash.b, b->header.next_validators_hash.data, 32);
    return t;
}

/* --- what a real network signed ------------------------------------------------------------------
 */

static bool recorded_block(struct light_block *out, struct arena *a, const struct json *heights,
                           uint64_t height)
{
    char name[24];
    struct diag d = {0};
    snprintf(name, sizeof name, "%" PRIu64, height);
    const struct json *h = json_get(heights, name);
    if (!h)
        return false;
    const struct json *commit = json_get(json_get(h, "commit"), "result");
    const struct json *validators = json_get(json_get(h, "validators"), "result");
    struct light_block b = {0};
    CHECK_ERR(light_read_signed_header(&b, a, json_get(commit, "signed_header"), &d), E_OK);
    CHECK_ERR(light_read_validators(&b.set, a, json_get(validators, "validators"), true, &d), E_OK);
    CHECK_STR(d.text, "");
    *out = b;
    return true;
}

TEST(light_recorded_headers_hold)
{
    struct arena a = {0};
    struct json *heights = recorded_json("heights.json");
    size_t cases = 0, absent = 0, nil = 0;
    for (const struct json *h = json_first(heights); h; h = json_next(h)) {
        struct light_block b = {0};
        struct diag d = {0};
        REQUIRE(recorded_block(&b, &a, heights, strtoull(json_key(h), NULL, 10)));
        CHECK_ERR(light_check(&b, &d), E_OK);
        CHECK_STR(d.text, "");
        for (size_t i = 0; i < b.commit.count; i++) {
            absent += b.commit.votes[i].flag == LIGHT_ABSENT;
            nil += b.commit.votes[i].flag == LIGHT_NIL;
        }
        /* written and read again it is the same */
        struct buf text = {0}, again = {0};
        struct light_block back;
        struct json *j = NULL;
        light_put_block(&text, &b);
        CHECK_ERR(json_parse(&j, buf_view(&text), NULL), E_OK);
        CHECK_ERR(light_read_block(&back, &a, j, &d), E_OK);
        CHECK_ERR(light_check(&back, &d), E_OK);
        light_put_block(&again, &back);
        CHECK(bytes_eq(buf_view(&text), buf_view(&again)));
        json_free(j);
        buf_free(&text);
        buf_free(&again);
        cases++;
    }
    CHECK(cases > 10 && absent > 0 && nil > 0);
    test_count(cases);
    json_free(heights);
    arena_free(&a);
}

/* From the genesis on: in one leap while more than a third is left, else header after header. */
TEST(light_recorded_sets_change)
{
    struct arena a = {0};
    struct diag d = {0};
    struct json *heights = recorded_json("heights.json");
    struct light_time now = recorded_now();
    struct light_trust genesis = recorded_trust(&a), t = genesis;
    struct light_block b = {0}, last = {0}, before = {0}, after = {0};
    for (uint64_t h = 1; h < 100; h++)
        if (recorded_block(&b, &a, heights, h)) {
            if (b.set.count == 4)
                before = b;
            else if (!after.set.count)
                after = b;
            last = b;
        }
    REQUIRE(after.header.height == before.header.height + 1 && last.set.count == 2);
    CHECK_ERR(light_step(&t, &last, now, &d), E_PROOF);
    CHECK(says(&d, "a header in between is missing"));
    CHECK_INT(t.height, genesis.height);
    CHECK_ERR(light_step(&t, &after, now, &d), E_PROOF);
    CHECK_ERR(light_step(&t, &before, now, &d), E_OK);
    CHECK_INT(t.height, before.header.height);
    CHECK_ERR(light_step(&t, &after, now, &d), E_OK);
    CHECK_ERR(light_step(&t, &last, now, &d), E_OK);
    CHECK_INT(t.height, last.header.height);
    CHECK_ERR(light_step(&t, &before, now, &d), E_PROOF);
    CHECK(says(&d, "before the trusted height"));
    json_free(heights);
    arena_free(&a);
}

/* --- what makes a block refused ------------------------------------------------------------------
 */

TEST(light_two_thirds_of_the_power)
{
    static const struct {
        uint64_t powers[4];
        enum light_flag flags[4];
        bool holds;
    } CASES[] = {
        {{10, 10, 10, 10}, {LIGHT_COMMIT, LIGHT_COMMIT, LIGHT_COMMIT, LIGHT_COMMIT}, true},
        {{10, 10, 10, 10}, {LIGHT_COMMIT, LIGHT_COMMIT, LIGHT_COMMIT, LIGHT_ABSENT}, true},
        {{10, 10, 10, 10}, {LIGHT_COMMIT, LIGHT_NIL, LIGHT_COMMIT, LIGHT_COMMIT}, true},
        {{10, 10, 10, 10}, {LIGHT_COMMIT, LIGHT_COMMIT, LIGHT_ABSENT, LIGHT_ABSENT}, false},
        {{10, 10, 10, 10}, {LIGHT_COMMIT, LIGHT_COMMIT, LIGHT_NIL, LIGHT_NIL}, false},
        {{20, 10, 10, 20}, {LIGHT_COMMIT, LIGHT_COMMIT, LIGHT_COMMIT, LIGHT_ABSENT}, false},
        {{21, 10, 10, 20}, {LIGHT_COMMIT, LIGHT_COMMIT, LIGHT_COMMIT, LIGHT_ABSENT}, true},
        {{1000, 1, 1, 1}, {LIGHT_COMMIT, LIGHT_ABSENT, LIGHT_ABSENT, LIGHT_ABSENT}, true},
        {{1000, 1, 1, 1}, {LIGHT_ABSENT, LIGHT_COMMIT, LIGHT_COMMIT, LIGHT_COMMIT}, false},
    };
    struct arena a = {0};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct diag d = {0};
        struct light_block b = made_block(&a, 5, 0, 4, CASES[i].powers, NULL);
        for (size_t v = 0; v < 4; v++)
            b.commit.votes[v].flag = CASES[i].flags[v];
        sign_again(&b, 0);
        CHECK_ERR(light_check(&b, &d), CASES[i].holds ? E_OK : E_PROOF);
        CHECK(CASES[i].holds || says(&d, "two thirds"));
    }
    test_count(sizeof CASES / sizeof *CASES);
    arena_free(&a);
}

TEST(light_a_block_must_hold_in_itself)
{
    struct arena a = {0};
    struct diag d = {0};
    struct light_block b = made_block(&a, 5, 0, 4, TEN, NULL);
    CHECK_ERR(light_check(&b, &d), E_OK);

    b.commit.votes[2].signature64[0] ^= 1;
    CHECK_ERR(light_check(&b, &d), E_PROOF);
    CHECK(says(&d, "signature of a validator is wrong"));
    light_drop_bad_votes(&b); /* as the writer of a proof does: three of four are enough */
    CHECK_INT(b.commit.votes[2].flag, LIGHT_ABSENT);
    CHECK_ERR(light_check(&b, &d), E_OK);

    b = made_block(&a, 5, 0, 4, TEN, NULL); /* the second validator votes at two places */
    b.commit.votes[2] = b.commit.votes[1];
    CHECK_ERR(light_check(&b, &d), E_PROOF);
    CHECK(says(&d, "at the place of another"));

    b = made_block(&a, 5, 0, 4, TEN, NULL); /* or stands twice in the set */
    b.set.validators[2] = b.set.validators[1];
    struct hash set = light_set_hash(&b.set);
    b.header.validators_hash = bytes_of(set.b, 32);
    memcpy(b.commit.votes[2].validator20, b.set.validators[1].address20, 20);
    sign_again(&b, 0);
    b.commit.votes[2] = b.commit.votes[1];
    CHECK_ERR(light_check(&b, &d), E_PROOF);
    CHECK(says(&d, "occurs twice"));

    b = made_block(&a, 5, 0, 4, TEN, NULL);
    b.commit.height = 6;
    sign_again(&b, 0);
    CHECK_ERR(light_check(&b, &d), E_PROOF);
    CHECK(says(&d, "commit is of another height"));

    b = made_block(&a, 5, 0, 4, TEN, NULL);
    b.header.app_hash = made_hash(&a, 99);
    b.hash = light_header_hash(&b.header);
    CHECK_ERR(light_check(&b, &d), E_PROOF);
    CHECK(says(&d, "commit is of another header"));

    b = made_block(&a, 5, 0, 4, TEN, NULL);
    b.set = made_set(&a, 1, 4, TEN);
    CHECK_ERR(light_check(&b, &d), E_PROOF);
    CHECK(says(&d, "not those that the header names"));

    b = made_block(&a, 5, 0, 4, TEN, NULL);
    b.commit.count = 3;
    CHECK_ERR(light_check(&b, &d), E_PROOF);
    CHECK(says(&d, "one vote for each"));

    b = made_block(&a, 5, 0, 4, TEN, NULL); /* a vote of another round signs other bytes */
    b.commit.round = 1;
    CHECK_ERR(light_check(&b, &d), E_PROOF);
    sign_again(&b, 0);
    CHECK_ERR(light_check(&b, &d), E_OK);
    arena_free(&a);
}

TEST(light_trust_rules)
{
    struct arena a = {0};
    struct diag d = {0};
    struct light_set new_set = made_set(&a, 10, 4, TEN);
    struct light_block b5 = made_block(&a, 5, 0, 4, TEN, NULL);
    struct light_block b9 = made_block(&a, 9, 0, 4, TEN, &new_set);
    struct light_block b10 = made_block(&a, 10, 10, 4, TEN, NULL);
    struct light_block b11 = made_block(&a, 11, 10, 4, TEN, NULL);
    struct light_trust from5 = trust_of(&b5), from9 = trust_of(&b9), t;

    /* the same height: the very header, at any time */
    t = from5;
    CHECK_ERR(light_step(&t, &b5, (struct light_time){9000000, 0}, &d), E_OK);
    struct light_block other = made_block(&a, 5, 0, 4, TEN, NULL);
    other.header.app_hash = made_hash(&a, 77);
    sign_again(&other, 0);
    CHECK_ERR(light_check(&other, &d), E_OK);
    CHECK_ERR(light_step(&t, &other, NOW, &d), E_PROOF);
    CHECK(says(&d, "not the trusted header"));

    /* a third and more: one of three stayed is not enough, two of four are */
    t = from5;
    CHECK_ERR(light_step(&t, &b10, NOW, &d), E_PROOF);
    CHECK(says(&d, "in between"));
    struct light_block stay1 = made_block(&a, 20, 3, 4, TEN, NULL); /* validator 3 of 0..3 */
    struct light_block stay2 = made_block(&a, 20, 2, 4, TEN, NULL);
    CHECK_ERR(light_step(&t, &stay1, NOW, &d), E_PROOF);
    CHECK_ERR(light_step(&t, &stay2, NOW, &d), E_OK);
    struct light_block third = made_block(&a, 20, 2, 3, TEN, NULL),
                       b3 = made_block(&a, 5, 0, 3, TEN, NULL);
    t = trust_of(&b3); /* exactly a third */
    CHECK_ERR(light_step(&t, &third, NOW, &d), E_PROOF);
    CHECK(says(&d, "no more than a third"));

    /* the next height: exactly the validators named, and then anyone else is no help */
    t = from9;
    CHECK_ERR(light_step(&t, &b11, NOW, &d), E_PROOF);
    CHECK_ERR(light_step(&t, &b10, NOW, &d), E_OK);
    CHECK_ERR(light_step(&t, &b11, NOW, &d), E_OK);
    struct light_block wrong = made_block(&a, 10, 0, 4, TEN, NULL);
    t = from9;
    CHECK_ERR(light_step(&t, &wrong, NOW, &d), E_PROOF);
    CHECK(says(&d, "named next"));

    /* chain, order, time */
    t = from5;
    t.chain_id = "tent";
    CHECK_ERR(light_step(&t, &b9, NOW, &d), E_PROOF);
    CHECK(says(&d, "another chain"));
    t = from9;
    CHECK_ERR(light_step(&t, &b5, NOW, &d), E_PROOF);
    CHECK(says(&d, "before the trusted height"));
    struct light_block early = made_block(&a, 12, 0, 4, TEN, NULL);
    early.header.time = from9.time;
    sign_again(&early, 0);
    CHECK_ERR(light_step(&t, &early, NOW, &d), E_PROOF);
    CHECK(says(&d, "not later"));
    t = from5;
    CHECK_ERR(light_step(&t, &b9, (struct light_time){b9.header.time.s - LIGHT_DRIFT_S, 5}, &d),
              E_OK);
    t = from5;
    CHECK_ERR(light_step(&t, &b9, (struct light_time){b9.header.time.s - LIGHT_DRIFT_S, 4}, &d),
              E_PROOF);
    CHECK(says(&d, "in the future"));

    /* the period counts from the trusted header */
    CHECK_ERR(light_step(&t, &b9, (struct light_time){from5.time.s + 1000, 5}, &d), E_PROOF);
    CHECK(says(&d, "period is over"));
    CHECK_INT(t.height, 5);
    CHECK_ERR(light_step(&t, &b9, (struct light_time){from5.time.s + 1000, 4}, &d), E_OK);
    arena_free(&a);
}

TEST(light_trust_from_a_genesis)
{
    struct arena a = {0};
    struct diag d = {0};
    struct light_block b1 = made_block(&a, 1, 0, 4, TEN, NULL),
                       b2 = made_block(&a, 2, 0, 4, TEN, NULL);
    struct light_block alien = made_block(&a, 1, 1, 4, TEN, NULL);
    struct light_trust genesis = {
        .chain_id = "test", .height = 1, .time = b1.header.time, .set = b1.set, .period_s = 1000};
    struct light_trust t = genesis;
    CHECK_ERR(light_step(&t, &b1, NOW, &d), E_OK); /* dated as the genesis */
    CHECK(t.has_header && hash_eq(&t.header_hash, &b1.hash));
    t = genesis;
    CHECK_ERR(light_step(&t, &b2, NOW, &d), E_OK);
    t = genesis; /* 1..3 are three quarters of the set, but the set of this height is known */
    CHECK_ERR(light_step(&t, &alien, NOW, &d), E_PROOF);
    CHECK(says(&d, "not the trusted ones"));
    CHECK_ERR(light_step(&t, &b1, (struct light_time){b1.header.time.s + 1000, 9}, &d), E_PROOF);
    CHECK(says(&d, "period is over"));
    arena_free(&a);
}

/* --- reading
 * -------------------------------------------------------------------------------------- */

TEST(light_times)
{
    static const struct {
        const char *text;
        int64_t s;
        uint32_t ns;
    } GOOD[] = {{"1970-01-01T00:00:00Z", 0, 0},
                {"2000-02-29T12:34:56.5Z", 951827696, 500000000},
                {"2026-11-28T18:25:59.63040229Z", 1795890359, 630402290},
                {"9999-12-31T23:59:59.999999999Z", 253402300799, 999999999}};
    static const char *const BAD[] = {"",
                                      "1969-12-31T23:59:59Z",
                                      "2026-11-28T18:25:59",
                                      "2026-11-28t18:25:59Z",
                                      "2026-11-28T18:25:59+00:00",
                                      "2026-11-28T18:25:59.Z",
                                      "2026-11-28T18:25:59.50Z",
                                      "2026-11-28T18:25:59.1234567891Z",
                                      "2026-02-29T00:00:00Z",
                                      "2026-00-01T00:00:00Z",
                                      "2026-13-01T00:00:00Z",
                                      "2026-01-32T00:00:00Z",
                                      "2026-01-01T24:00:00Z",
                                      "2026-01-01T00:60:00Z",
                                      "2026-01-01T00:00:60Z",
                                      "0001-01-01T00:00:00Z",
                                      "2026-1-01T00:00:00.0Z",
                                      "2026-11-28T18:25:59ZZ"};
    struct light_time t;
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++) {
        struct buf b = {0};
        CHECK_ERR(light_read_time(&t, GOOD[i].text), E_OK);
        CHECK(t.s == GOOD[i].s && t.ns == GOOD[i].ns);
        light_put_time(&b, t);
        CHECK(b.len == strlen(GOOD[i].text) + 2 &&
              memcmp(b.data + 1, GOOD[i].text, b.len - 2) == 0);
        buf_free(&b);
    }
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        CHECK_ERR(light_read_time(&t, BAD[i]), E_JSON);
    CHECK_ERR(light_read_time(&t, NULL), E_JSON);
    test_count(sizeof GOOD / sizeof *GOOD + sizeof BAD / sizeof *BAD);
}

static enum err read_trust(struct arena *a, const char *text, struct light_trust *t, struct diag *d)
{
    struct json *j = NULL;
    CHECK_ERR(json_parse(&j, bytes_str(text), d), E_OK);
    enum err e = light_read_trust(t, a, j, d);
    json_free(j);
    return e;
}

TEST(light_trust_files)
{
    struct arena a = {0};
    struct diag d = {0};
    struct light_block b = made_block(&a, 5, 0, 4, TEN, NULL);
    struct light_trust t = trust_of(&b), back;
    for (int header = 0; header < 2; header++) {
        struct buf text = {0}, again = {0};
        t.has_header = header;
        light_put_trust(&text, &t);
        CHECK_ERR(read_trust(&a, buf_cstr(&text), &back, &d), E_OK);
        CHECK(back.has_header == t.has_header && back.height == 5 && back.period_s == 1000);
        light_put_trust(&again, &back);
        CHECK(bytes_eq(buf_view(&text), buf_view(&again)));
        /* each member is needed, and none may be added */
        struct json *j = NULL;
        CHECK_ERR(json_parse(&j, buf_view(&text), NULL), E_OK);
        for (const struct json *skip = json_first(j); skip; skip = json_next(skip)) {
            struct buf less = {0};
            json_open(&less, '{');
            for (const struct json *m = json_first(j); m; m = json_next(m))
                if (m != skip) {
                    json_put_key(&less, json_key(m));
                    json_print(&less, m);
                }
            json_close(&less, '}');
            CHECK_ERR(read_trust(&a, buf_cstr(&less), &back, &d), E_JSON);
            buf_free(&less);
        }
        json_free(j);
        text.len--;
        buf_puts(&text, ",\"more\":1}");
        CHECK_ERR(read_trust(&a, buf_cstr(&text), &back, &d), E_JSON);
        CHECK(says(&d, "more"));
        buf_free(&text);
        buf_free(&again);
    }
    /* people write a genesis in any order, and this one's is another than the engine's */
    struct light_trust genesis = recorded_trust(&a);
    const struct light_validator *v = genesis.set.validators;
    for (size_t i = 1; i < genesis.set.count; i++)
        CHECK(memcmp(v[i - 1].address20, v[i].address20, sizeof v->address20) < 0);
    CHECK_ERR(
        read_trust(
            &a, "{\"genesis_time\":\"2026-01-01T00:00:00Z\",\"chain_id\":\"x\",\"validators\":[]}",
            &back, &d),
        E_JSON);
    arena_free(&a);
}

/* Values that CometBFT never writes, in an otherwise good block. */
TEST(light_blocks_are_read_strictly)
{
    static const struct {
        const char *from, *to;
    } CASES[] = {
        {"\"height\":\"5\"", "\"height\":\"05\""},
        {"\"height\":\"5\"", "\"height\":5"},
        {"\"height\":\"5\"", "\"height\":\"0x5\""},
        {"\"height\":\"5\"", "\"height\":\"0\""},
        {"\"height\":\"5\"", "\"height\":\"-5\""},
        {"\"height\":\"5\"", "\"height\":\"\""},
        {"\"height\":\"5\"", "\"height\":\"9223372036854775808\""},
        {"\"height\":\"5\"", "\"height\":\"18446744073709551621\""},
        {"\"round\":0", "\"round\":\"0\""},
        {"\"round\":0", "\"round\":0.5"},
        {"\"round\":0", "\"round\":-1"},
        {"\"round\":0", "\"round\":2147483648"},
        {"\"chain_id\":\"test\"", "\"chain_id\":\"\""},
        {"\"chain_id\":\"test\"",
         "\"chain_id\":\"testtesttesttesttesttesttesttesttesttesttesttesttes\""},
        {"\"app_hash\":\"0606", "\"app_hash\":\"0g06"},
        {"\"app_hash\":\"0606", "\"app_hash\":\"606"},
        {"\"data_hash\":\"0404", "\"data_hash\":\"04"},
        {"\"data_hash\":\"0404", "\"data_hash\":\"040404"},
        {"\"block_id_flag\":2", "\"block_id_flag\":0"},
        {"\"block_id_flag\":2", "\"block_id_flag\":4"},
        {"\"block_id_flag\":2", "\"block_id_flag\":1"},
        {"==\"}]}", "=A\"}]}"},
        {"==\"}]}", "=\"}]}"},
        {"==\"}]}", "====\"}]}"},
        {"tendermint/PubKeyEd25519", "tendermint/PubKeySecp256k1"},
        {"\"voting_power\":\"10\"", "\"voting_power\":\"0\""},
        {"\"voting_power\":\"10\"", "\"voting_power\":\"1152921504606846976\""},
        {"\"voting_power\":\"10\"", "\"voting_power\":\"1152921504606846975\""},
        {"\"voting_power\":\"10\"", "\"voting_power\":\"10\",\"proposer_priority\":\"0\""},
        {"\"address\":\"", "\"address\":\"00"},
        {"\"version\":{\"block\"", "\"version\":{\"app\":\"\",\"block\""},
        {"\"total\":1", "\"total\":1,\"more\":2"},
        {"\"validators\":[", "\"validators\":[1,"},
        {"\"signatures\":[", "\"signatures\":[null,"},
        {"\"signatures\":[", "\"signatures\":{},\"x\":["},
    };
    struct arena a = {0};
    struct buf good = {0};
    struct light_block b = made_block(&a, 5, 0, 4, TEN, NULL);
    light_put_block(&good, &b);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct buf text = {0};
        struct json *j = NULL;
        struct diag d = {0};
        const char *all = buf_cstr(&good), *at = strstr(all, CASES[i].from);
        REQUIRE(at);
        buf_put(&text, all, (size_t)(at - all));
        buf_puts(&text, CASES[i].to);
        buf_puts(&text, at + strlen(CASES[i].from));
        CHECK_ERR(json_parse(&j, buf_view(&text), NULL), E_OK);
        if (light_read_block(&b, &a, j, &d) != E_JSON)
            test_fail(__FILE__, __LINE__, "read: %s", CASES[i].to);
        CHECK(d.text[0]);
        json_free(j);
        buf_free(&text);
    }
    test_count(sizeof CASES / sizeof *CASES);
    buf_free(&good);
    arena_free(&a);
}

/* As many validators as are followed, and one more. */
TEST(light_large_sets)
{
    struct arena a = {0};
    struct light_set s = {0};
    for (size_t extra = 0; extra < 2; extra++) {
        struct buf text = {0};
        struct json *j = NULL;
        json_open(&text, '[');
        for (size_t i = 0; i < LIMIT_LIGHT_VALIDATORS / 8 + extra; i++) {
            struct light_set one = made_set(&a, (unsigned)(i % 200), 1, TEN);
            struct light_block b = {.set = one};
            struct buf whole = {0};
            light_put_block(&whole,
                            &(struct light_block){.header = {.chain_id = "x"}, .set = b.set});
            const char *from = strstr(buf_cstr(&whole), "\"validators\":[") + 14;
            if (i)
                buf_puts(&text, ",");
            buf_put(&text, from, strlen(from) - 2);
            buf_free(&whole);
        }
        json_close(&text, ']');
        CHECK_ERR(json_parse(&j, buf_view(&text), NULL), E_OK);
        s = (struct light_set){0};
        for (size_t page = 0; page < 7; page++)
            CHECK_ERR(light_read_validators(&s, &a, j, false, NULL), E_OK);
        CHECK_ERR(light_read_validators(&s, &a, j, false, NULL), extra ? E_JSON : E_OK);
        CHECK_INT(s.count, extra ? 7 * (LIMIT_LIGHT_VALIDATORS / 8 + 1) : LIMIT_LIGHT_VALIDATORS);
        json_free(j);
        buf_free(&text);
    }
    arena_free(&a);
}
