/* test_light: recorded documents (tests/light/record.py) and a network of keys that tests hold.
 * Header-only, included by the tests of light verification. */
#ifndef PARVIS_ENGINE_TEST_LIGHT_H
#define PARVIS_ENGINE_TEST_LIGHT_H

#include <stdlib.h>

#include "base/limits.h"
#include "crypto/ed25519.h"
#include "engine/light.h"
#include "test.h"

static inline const char *recorded_path(const char *name)
{
    static char path[4096];
    const char *root = getenv("PARVIS_ROOT");
    snprintf(path, sizeof path, "%s/tests/light/%s", root ? root : ".", name);
    return path;
}

/* A whole recorded file; freed with buf_free. */
static inline struct buf recorded(const char *name)
{
    struct buf b = {0};
    FILE *f = fopen(recorded_path(name), "rb");
    if (!f) {
        test_fail(__FILE__, __LINE__, "no %s", recorded_path(name));
        return b;
    }
    char part[4096];
    for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
        buf_put(&b, part, n);
    fclose(f);
    return b;
}

static inline struct json *recorded_json(const char *name)
{
    struct json *j = NULL;
    struct buf b = recorded(name);
    CHECK_ERR(json_parse(&j, buf_view(&b), NULL), E_OK);
    buf_free(&b);
    return j;
}

/* When the recording was made. */
static inline struct light_time recorded_now(void)
{
    struct light_time t = {0};
    struct buf b = recorded("now");
    b.len -= b.len > 0; /* the end of the line */
    CHECK_ERR(light_read_time(&t, buf_cstr(&b)), E_OK);
    buf_free(&b);
    return t;
}

static inline struct light_trust recorded_trust(struct arena *a)
{
    struct light_trust t = {0};
    struct json *j = recorded_json("genesis.json");
    CHECK_ERR(light_read_trust(&t, a, j, NULL), E_OK);
    json_free(j);
    return t;
}

/* Validator n of the tests' own network. */
static inline struct ed25519_secret validator_secret(unsigned n)
{
    struct ed25519_secret s;
    uint8_t seed[32] = {0x51, (uint8_t)n};
    ed25519_from_seed(&s, seed);
    return s;
}

/* A set of validators first .. first + count - 1, of these powers. */
static inline struct light_set made_set(struct arena *a, unsigned first, size_t count,
                                        const uint64_t *powers)
{
    struct light_set s = {arena_zalloc(a, count + 1, sizeof *s.validators), count, 0};
    for (size_t i = 0; i < count; i++) {
        struct ed25519_secret secret = validator_secret(first + (unsigned)i);
        memcpy(s.validators[i].key32, secret.key32, 32);
        ed25519_address20(s.validators[i].address20, secret.key32);
        s.validators[i].power = powers[i];
        s.power += powers[i];
    }
    return s;
}

static inline struct bytes made_hash(struct arena *a, uint8_t byte)
{
    uint8_t *h = arena_alloc(a, 32);
    memset(h, byte, 32);
    return bytes_of(h, 32);
}

/* Signs b's votes again: validator first + i at place i, except absent ones. */
static inline void sign_again(struct light_block *b, unsigned first)
{
    b->hash = light_header_hash(&b->header);
    memcpy((uint8_t *)(uintptr_t)b->commit.block_id.hash.data, b->hash.b, 32);
    for (size_t i = 0; i < b->commit.count; i++) {
        struct light_vote *v = &b->commit.votes[i];
        struct buf message = {0};
        struct ed25519_secret secret = validator_secret(first + (unsigned)i);
        light_vote_bytes(&message, b->header.chain_id, &b->commit, i);
        if (v->flag != LIGHT_ABSENT)
            ed25519_sign(v->signature64, &secret, buf_view(&message));
        buf_free(&message);
    }
}

/* A block of chain "test" that the whole set signed, a second a height after 1000000. */
static inline struct light_block made_block(struct arena *a, uint64_t height, unsigned first,
                                            size_t count, const uint64_t *powers,
                                            const struct light_set *next)
{
    struct light_block b = {.set = made_set(a, first, count, powers)};
    struct hash set = light_set_hash(&b.set), next_set = light_set_hash(next ? next : &b.set);
    b.header = (struct light_header){.version_block = 11,
                                     .chain_id = "test",
                                     .height = height,
                                     .time = {1000000 + (int64_t)height, 5},
                                     .last_block_id = {made_hash(a, 1), 1, made_hash(a, 2)},
                                     .last_commit_hash = made_hash(a, 3),
                                     .data_hash = made_hash(a, 4),
                                     .consensus_hash = made_hash(a, 5),
                                     .app_hash = made_hash(a, 6),
                                     .last_results_hash = made_hash(a, 7),
                                     .evidence_hash = made_hash(a, 8)};
    b.header.validators_hash = bytes_of(arena_dup(a, set.b, 32), 32);
    b.header.next_validators_hash = bytes_of(arena_dup(a, next_set.b, 32), 32);
    memcpy(b.header.proposer20, b.set.validators[0].address20, 20);
    b.commit = (struct light_commit){.height = height,
                                     .block_id = {made_hash(a, 0), 1, made_hash(a, 9)},
                                     .votes = arena_zalloc(a, count + 1, sizeof *b.commit.votes),
                                     .count = count};
    for (size_t i = 0; i < count; i++) {
        b.commit.votes[i].flag = LIGHT_COMMIT;
        b.commit.votes[i].time = (struct light_time){1000001 + (int64_t)height, 7};
        memcpy(b.commit.votes[i].validator20, b.set.validators[i].address20, 20);
    }
    sign_again(&b, first);
    return b;
}

#endif
