/* Proof documents: recorded ones hold, and nothing in them can be another (tests/light/record.py).
 */
#include "engine/proof.h"
#include "engine/test_light.h"

static const char *const DOCUMENTS[] = {"account.json", "receipt.json", "transaction.json",
                                        "path.json"};

static enum err verify_json(struct proof_facts *f, struct arena *a, const struct json *j,
                            struct diag *d)
{
    struct light_trust t = recorded_trust(a);
    struct proof_facts untouched = {.index = 12345};
    *f = untouched;
    enum err e = proof_verify(f, a, &t, j, recorded_now(), d);
    CHECK(e == E_OK || (t.height == 1 && f->index == 12345));
    return e;
}

static enum err verify(struct proof_facts *f, struct arena *a, const char *name, struct diag *d)
{
    struct json *j = recorded_json(name);
    enum err e = verify_json(f, a, j, d);
    json_free(j);
    return e;
}

TEST(proof_of_an_account_and_records)
{
    struct arena a = {0};
    struct diag d = {0};
    struct proof_facts f;
    CHECK_ERR(verify(&f, &a, "account.json", &d), E_OK);
    CHECK_STR(d.text, "");
    CHECK(f.kind == PROOF_ACCOUNT && f.exists);
    CHECK_STR(proof_kind_name(f.kind), "account");
    REQUIRE(f.slot_count == 3);
    CHECK_INT(f.slots[0].value.len, 36); /* who used gas in a period: longer than a word */
    CHECK_INT(f.slots[1].value.len, 17); /* quota-config: open, default gas, period */
    CHECK_HEX(f.slots[1].value.data, 17, "010000000ba43b74000000000000015180");
    CHECK_INT(f.slots[2].value.len, 0); /* nothing is stored there */
    CHECK(f.signed_by.power == 10 * f.signed_by.signers && f.signed_by.signers >= 3 &&
          f.power == 40);
    struct hash h = header_hash(&f.header);
    CHECK(hash_eq(&h, &f.eth_hash));
    arena_free(&a);
}

TEST(proof_of_what_happened)
{
    struct arena a = {0};
    struct diag d = {0};
    struct proof_facts f;
    CHECK_ERR(verify(&f, &a, "receipt.json", &d), E_OK);
    CHECK(f.kind == PROOF_RECEIPT && f.receipt.success && f.receipt.log_count == 1);
    CHECK(f.tx.has_sender && !f.tx.is_create && f.index == 0);
    CHECK_ERR(verify(&f, &a, "transaction.json", &d), E_OK);
    CHECK(f.kind == PROOF_TRANSACTION && f.tx.has_sender);
    CHECK_INT(f.signed_by.signers, 3); /* one was away */
    CHECK_INT(f.validators, 4);
    CHECK_ERR(verify(&f, &a, "path.json", &d), E_OK);
    CHECK_INT(f.validators, 2);
    CHECK_INT(f.power, 1010);
    arena_free(&a);
}

/* The paths also show that a neighbour of a slot is empty: true, but not what was asked. */
static bool is_neighbour(const struct proof_facts *f, const struct proof_facts *of)
{
    size_t others = 0;
    if (f->kind != PROOF_ACCOUNT || f->slot_count != of->slot_count ||
        !address_eq(&f->address, &of->address))
        return false;
    for (size_t i = 0; i < f->slot_count; i++) {
        bool same = hash_eq(&f->slots[i].key, &of->slots[i].key);
        if (same ? !bytes_eq(f->slots[i].value, of->slots[i].value) : f->slots[i].value.len != 0)
            return false;
        others += !same;
    }
    return others == 1;
}

/* A document in which one bit is another proves nothing, or that a neighbour is empty. */
TEST(proof_every_byte_counts)
{
    size_t cases = 0, neighbours = 0;
    for (size_t n = 0; n < sizeof DOCUMENTS / sizeof *DOCUMENTS; n++) {
        struct buf text = recorded(DOCUMENTS[n]);
        struct arena kept = {0};
        struct proof_facts good;
        CHECK_ERR(verify(&good, &kept, DOCUMENTS[n], NULL), E_OK);
        for (size_t i = 0; i < text.len; i++, cases++) {
            struct arena a = {0};
            struct json *j = NULL;
            struct proof_facts f;
            uint8_t bit = (uint8_t)(1u << test_random() % 8);
            text.data[i] ^= bit;
            if (json_parse(&j, buf_view(&text), NULL) == E_OK) {
                if (verify_json(&f, &a, j, NULL) == E_OK) {
                    CHECK(is_neighbour(&f, &good));
                    neighbours++;
                }
                json_free(j);
            }
            text.data[i] ^= bit;
            arena_free(&a);
        }
        buf_free(&text);
        arena_free(&kept);
    }
    printf("# %zu bits, %zu neighbours\n", cases, neighbours);
    CHECK(neighbours < 6 * 64); /* the digits of their names */
    test_count(cases);
}

/* Prints j without its member or element number *skip (counted in order of occurrence). */
static void print_without(struct buf *out, const struct json *j, size_t *skip)
{
    bool object = json_is_object(j);
    if (!object && !json_is_array(j)) {
        json_print(out, j);
        return;
    }
    json_open(out, object ? '{' : '[');
    for (const struct json *m = json_first(j); m; m = json_next(m)) {
        if ((*skip)-- == 0)
            continue;
        if (object)
            json_put_key(out, json_key(m));
        print_without(out, m, skip);
    }
    json_close(out, object ? '}' : ']');
}

/* What may be missing: a slot that is not asked for. */
TEST(proof_every_part_is_needed)
{
    size_t cases = 0, held = 0;
    for (size_t n = 0; n < sizeof DOCUMENTS / sizeof *DOCUMENTS; n++) {
        struct json *j = recorded_json(DOCUMENTS[n]);
        for (size_t part = 0;; part++, cases++) {
            struct arena a = {0};
            struct buf less = {0};
            struct json *k = NULL;
            struct proof_facts f;
            size_t skip = part;
            print_without(&less, j, &skip);
            CHECK_ERR(json_parse(&k, buf_view(&less), NULL), E_OK);
            bool ended = skip <= part; /* it was not reached, else it went below zero */
            if (!ended && verify_json(&f, &a, k, NULL) == E_OK) {
                CHECK(f.kind == PROOF_ACCOUNT && f.slot_count == 2);
                held++;
            }
            json_free(k);
            buf_free(&less);
            arena_free(&a);
            if (ended)
                break;
        }
        json_free(j);
    }
    CHECK_INT(held, 6); /* three slots of two documents */
    CHECK(cases > 400);
    test_count(cases);
}

TEST(proof_from_another_trust)
{
    struct arena a = {0};
    struct diag d = {0};
    struct proof_facts f;
    struct light_trust genesis = recorded_trust(&a), t = genesis;
    struct light_time now = recorded_now(), late = {now.s + (int64_t)LIGHT_PERIOD_S, 0};
    struct json *j = recorded_json("path.json");
    CHECK_ERR(proof_verify(&f, &a, &t, j, late, &d), E_PROOF);
    CHECK(strstr(d.text, "period is over"));
    t.chain_id = "another";
    CHECK_ERR(proof_verify(&f, &a, &t, j, now, &d), E_PROOF);
    CHECK(strstr(d.text, "another chain"));
    t = genesis;
    uint64_t powers[] = {10, 10, 10, 10};
    t.set = made_set(&a, 0, 4, powers);
    CHECK_ERR(proof_verify(&f, &a, &t, j, now, &d), E_PROOF);
    CHECK(strstr(d.text, "in between"));
    t = genesis;
    CHECK_ERR(proof_verify(&f, &a, &t, j, (struct light_time){now.s - 3600, 0}, &d), E_PROOF);
    CHECK(strstr(d.text, "in the future"));
    /* what was verified is a trust for the next */
    CHECK_ERR(proof_verify(&f, &a, &t, j, now, &d), E_OK);
    CHECK(t.has_header && t.height == f.consensus_height);
    struct json *again = NULL;
    struct buf text = {0};
    struct light_trust back;
    light_put_trust(&text, &t);
    CHECK_ERR(json_parse(&again, buf_view(&text), NULL), E_OK);
    CHECK_ERR(light_read_trust(&back, &a, again, &d), E_OK);
    struct buf short_text = {0};
    json_open(&short_text, '{'); /* the path is not needed any more */
    for (const struct json *m = json_first(j); m; m = json_next(m))
        if (strcmp(json_key(m), "path") != 0) {
            json_put_key(&short_text, json_key(m));
            json_print(&short_text, m);
        }
    json_close(&short_text, '}');
    struct json *brief = NULL;
    CHECK_ERR(json_parse(&brief, buf_view(&short_text), NULL), E_OK);
    CHECK_ERR(proof_verify(&f, &a, &back, brief, late, &d),
              E_OK); /* the very header: at any time */
    json_free(brief);
    json_free(again);
    json_free(j);
    buf_free(&short_text);
    buf_free(&text);
    arena_free(&a);
}
