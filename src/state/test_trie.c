/* Tests of the trie in memory: the official TrieTests, all orders of small sets, random changes
 * against a rebuild, proofs and their forgeries, short nodes. */
#include "test.h"

#include <dirent.h>
#include <stdlib.h>

#include "codec/json.h"
#include "codec/rlp.h"
#include "crypto/keccak.h"
#include "state/trie.h"

/* A naive model: the list of pairs, and the root computed straight from the Yellow Paper's
 * definition (app. D, eq. c(J, i)), sharing no code with the trie. */
struct pair {
    uint8_t nibbles[80];
    size_t len;
    struct buf value;
};

struct model {
    struct pair pair[600];
    size_t count;
};

static size_t nibbles_of(uint8_t *out, struct bytes key)
{
    for (size_t i = 0; i < key.len; i++) {
        out[2 * i] = key.data[i] >> 4;
        out[2 * i + 1] = key.data[i] & 15;
    }
    return 2 * key.len;
}

static void model_put(struct model *m, struct bytes key, struct bytes value)
{
    uint8_t nibbles[80];
    size_t len = nibbles_of(nibbles, key), i = 0;
    while (i < m->count &&
           !(m->pair[i].len == len && memcmp(m->pair[i].nibbles, nibbles, len) == 0))
        i++;
    if (value.len == 0) {
        if (i < m->count) {
            buf_free(&m->pair[i].value);
            m->pair[i] = m->pair[--m->count];
            m->pair[m->count].value = (struct buf){0};
        }
        return;
    }
    struct pair *p = &m->pair[i];
    m->count += i == m->count;
    memcpy(p->nibbles, nibbles, len);
    p->len = len;
    buf_clear(&p->value);
    buf_put(&p->value, value.data, value.len);
}

static void model_free(struct model *m)
{
    for (size_t i = 0; i < m->count; i++)
        buf_free(&m->pair[i].value);
    m->count = 0;
}

static void put_hp(struct buf *out, const uint8_t *nibbles, size_t len, bool leaf)
{
    uint8_t hp[48];
    size_t n = 1, i = len & 1;
    hp[0] = (uint8_t)((leaf ? 0x20 : 0) | (i ? 0x10 | nibbles[0] : 0));
    for (; i < len; i += 2)
        hp[n++] = (uint8_t)(nibbles[i] << 4 | nibbles[i + 1]);
    rlp_put_string(out, hp, n);
}

static void model_node(struct buf *out, struct pair *const *set, size_t count, size_t depth);

static void model_ref(struct buf *out, struct pair *const *set, size_t count, size_t depth)
{
    struct buf node = {0};
    if (count == 0) {
        rlp_put_string(out, NULL, 0);
        return;
    }
    model_node(&node, set, count, depth);
    struct hash h = keccak256_of(buf_view(&node));
    if (node.len < 32)
        buf_put(out, node.data, node.len);
    else
        rlp_put_string(out, h.b, sizeof h.b);
    buf_free(&node);
}

static void model_node(struct buf *out, struct pair *const *set, size_t count, size_t depth)
{
    size_t mark = rlp_list_open(out), common = set[0]->len;
    if (count == 1) {
        put_hp(out, set[0]->nibbles + depth, set[0]->len - depth, true);
        rlp_put_string(out, set[0]->value.data, set[0]->value.len);
        rlp_list_close(out, mark);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        size_t n = depth;
        while (n < common && n < set[i]->len && set[i]->nibbles[n] == set[0]->nibbles[n])
            n++;
        common = n;
    }
    if (common > depth) {
        put_hp(out, set[0]->nibbles + depth, common - depth, false);
        model_ref(out, set, count, common);
        rlp_list_close(out, mark);
        return;
    }
    struct pair **part = mem_alloc(count * sizeof *part), *here = NULL;
    for (unsigned n = 0; n < 16; n++) {
        size_t part_count = 0;
        for (size_t i = 0; i < count; i++) {
            if (set[i]->len == depth)
                here = set[i];
            else if (set[i]->nibbles[depth] == n)
                part[part_count++] = set[i];
        }
        model_ref(out, part, part_count, depth + 1);
    }
    mem_free(part);
    rlp_put_string(out, here ? here->value.data : NULL, here ? here->value.len : 0);
    rlp_list_close(out, mark);
}

static struct hash model_root(struct model *m)
{
    struct pair *set[600];
    struct buf node = {0};
    if (m->count == 0)
        return KECCAK_EMPTY_TRIE;
    for (size_t i = 0; i < m->count; i++)
        set[i] = &m->pair[i];
    model_node(&node, set, m->count, 0);
    struct hash h = keccak256_of(buf_view(&node));
    buf_free(&node);
    return h;
}

/* The official tests */

static char official_dir[512];

static bool unpack_official(void)
{
    const char *archive = test_data("evm/fixtures.tar.zst");
    char command[8192];
    if (official_dir[0])
        return true;
    if (!archive)
        return false;
    const char *dir = test_tmpdir();
    snprintf(command, sizeof command,
             "tar --zstd -xf '%s' -C '%s' --wildcards '*/TrieTests/*' --transform 's:.*/::'",
             archive, dir);
    if (system(command) != 0)
        return false;
    snprintf(official_dir, sizeof official_dir, "%s", dir);
    return true;
}

static struct json *official(const char *name)
{
    char path[600];
    struct diag d = {0};
    struct json *doc = NULL;
    snprintf(path, sizeof path, "%s/%s", official_dir, name);
    if (json_parse_file(&doc, path, &d) != E_OK)
        test_fail(__FILE__, __LINE__, "%s", d.text);
    return doc;
}

/* "0x..." is hexadecimal, everything else is text. */
static void put_text(struct buf *out, const char *text)
{
    buf_clear(out);
    if (!text)
        return;
    if (strncmp(text, "0x", 2) != 0 || hex_decode_buf(out, text, strlen(text)) != E_OK)
        buf_puts(out, text);
}

static void put_json_pair(struct trie *t, const char *key, const char *value, bool secure)
{
    struct buf k = {0}, v = {0};
    put_text(&k, key);
    put_text(&v, value);
    struct hash h = keccak256_of(buf_view(&k));
    CHECK_ERR(trie_put(t, secure ? bytes_of(h.b, 32) : buf_view(&k), buf_view(&v), 0), E_OK);
    buf_free(&k);
    buf_free(&v);
}

/* `in` is an object, or a list of [key, value] with null for a deletion. The pairs go in forwards,
 * or backwards where any order must do. */
static bool official_case(const struct json *c, bool secure, bool backwards)
{
    const struct json *in = json_get(c, "in");
    const struct json *items[512];
    size_t count = 0;
    struct trie *t = trie_new(NULL, NULL, 0);
    for (const struct json *i = json_first(in); i && count < 512; i = json_next(i))
        items[count++] = i;
    for (size_t n = 0; n < count; n++) {
        const struct json *i = items[backwards ? count - 1 - n : n];
        if (json_is_array(in))
            put_json_pair(t, json_text(json_at(i, 0)), json_text(json_at(i, 1)), secure);
        else
            put_json_pair(t, json_key(i), json_text(i), secure);
    }
    struct hash expected, root = trie_root(t);
    trie_free(t);
    CHECK_ERR(hash_from_hex(&expected, json_text(json_get(c, "root"))), E_OK);
    return count > 0 && hash_eq(&root, &expected);
}

static void official_file(const char *name, bool secure, bool any_order)
{
    if (!unpack_official())
        SKIP("official fixtures not there");
    struct json *doc = official(name);
    size_t passed = 0;
    REQUIRE(doc);
    for (const struct json *c = json_first(doc); c; c = json_next(c)) {
        bool ok = official_case(c, secure, false) && (!any_order || official_case(c, secure, true));
        if (!ok)
            test_fail(__FILE__, __LINE__, "%s: %s", name, json_key(c));
        passed += ok;
    }
    CHECK(passed > 0);
    test_count(passed);
    json_free(doc);
}

TEST(official_any_order)
{
    official_file("trieanyorder.json", false, true);
}

TEST(official_any_order_secure)
{
    official_file("trieanyorder_secureTrie.json", true, true);
}

TEST(official_trietest)
{
    official_file("trietest.json", false, false);
}

TEST(official_trietest_secure)
{
    official_file("trietest_secureTrie.json", true, false);
}

TEST(official_hex_encoded)
{
    official_file("hex_encoded_securetrie_test.json", true, true);
}

struct neighbours {
    const char *key;
    char prev[64], next[64];
};

static enum err note_neighbour(void *ctx, uint64_t height, struct bytes key, struct bytes value)
{
    struct neighbours *n = ctx;
    char text[64] = "";
    (void)height;
    CHECK(value.len == 1 && key.len < sizeof text);
    memcpy(text, key.data, key.len);
    if (strcmp(text, n->key) < 0)
        snprintf(n->prev, sizeof n->prev, "%s", text);
    else if (strcmp(text, n->key) > 0 && !n->next[0])
        snprintf(n->next, sizeof n->next, "%s", text);
    return E_OK;
}

/* The walk is in key order, so that neighbours are met where the official tests want them. */
TEST(official_next_prev)
{
    if (!unpack_official())
        SKIP("official fixtures not there");
    struct json *doc = official("trietestnextprev.json");
    size_t passed = 0;
    REQUIRE(doc);
    for (const struct json *c = json_first(doc); c; c = json_next(c)) {
        struct trie *t = trie_new(NULL, NULL, 0);
        for (const struct json *i = json_first(json_get(c, "in")); i; i = json_next(i))
            CHECK_ERR(trie_put(t, bytes_str(json_text(i)), bytes_str("x"), 0), E_OK);
        for (const struct json *i = json_first(json_get(c, "tests")); i; i = json_next(i)) {
            struct neighbours n = {.key = json_text(json_at(i, 0))};
            struct trie_visitor visitor = {.leaf = note_neighbour, .ctx = &n};
            CHECK_ERR(trie_walk(t, &visitor, false, NULL), E_OK);
            CHECK_STR(n.prev, json_text(json_at(i, 1)));
            CHECK_STR(n.next, json_text(json_at(i, 2)));
            passed++;
        }
        trie_free(t);
    }
    CHECK(passed > 0);
    test_count(passed);
    json_free(doc);
}

/* Small sets, all orders */

static bool next_permutation(unsigned *p, unsigned n)
{
    unsigned i = n - 1, j = n - 1;
    while (i > 0 && p[i - 1] >= p[i])
        i--;
    if (i == 0)
        return false;
    while (p[j] <= p[i - 1])
        j--;
    for (unsigned a = i - 1, b = j;;) {
        unsigned x = p[a];
        p[a] = p[b];
        p[b] = x;
        if (a == i - 1) {
            a = i;
            b = n - 1;
        } else {
            a++;
            b--;
        }
        if (a >= b)
            return true;
    }
}

static void all_orders(const char *const key[5], const char *const value[5])
{
    unsigned in[5] = {0, 1, 2, 3, 4};
    static struct model m;
    struct hash after[32]; /* root per subset of the keys */
    for (unsigned set = 0; set < 32; set++) {
        for (unsigned k = 0; k < 5; k++)
            if (set >> k & 1)
                model_put(&m, bytes_str(key[k]), bytes_str(value[k]));
        after[set] = model_root(&m);
        model_free(&m);
    }
    do {
        unsigned out[5] = {0, 1, 2, 3, 4};
        do {
            struct trie *t = trie_new(NULL, NULL, 0);
            unsigned set = 0;
            bool ok = true;
            for (unsigned i = 0; i < 10; i++) {
                unsigned k = i < 5 ? in[i] : out[i - 5];
                trie_put(t, bytes_str(key[k]), bytes_str(i < 5 ? value[k] : ""), 0);
                set ^= 1u << k;
                struct hash root = trie_root(t);
                ok = ok && hash_eq(&root, &after[set]);
            }
            CHECK(ok && trie_node_count(t) == 0);
            trie_free(t);
        } while (next_permutation(out, 5));
    } while (next_permutation(in, 5));
}

TEST(all_orders_of_five)
{
    /* keys that are prefixes of each other, values short enough to be embedded and long ones */
    const char *long_value = "a value that is longer than thirty-one bytes";
    all_orders((const char *[]){"a", "ab", "abc", "abd", "b"},
               (const char *[]){"1", "2", "3", "4", "5"});
    all_orders((const char *[]){"do", "dog", "doge", "horse", "hors"},
               (const char *[]){long_value, "2", long_value, "4", long_value});
    all_orders((const char *[]){"aaaa", "aaab", "aaba", "abaa", "baaa"},
               (const char *[]){"11", long_value, "33", long_value, "5"});
}

/* Random changes against a rebuild and the naive root */

static struct bytes random_key(uint8_t out[32], unsigned space)
{
    unsigned n = (unsigned)(test_random() % space);
    size_t len = 1 + n % 4;
    memset(out, (int)(n % 3), 32);
    out[len - 1] = (uint8_t)n;
    out[len / 2] = (uint8_t)(n >> 3);
    return bytes_of(out, len);
}

TEST(random_against_model)
{
    static struct model m;
    struct trie *t = trie_new(NULL, NULL, 0);
    for (int round = 0; round < 3000; round++) {
        uint8_t k[32], v[80];
        struct bytes key = random_key(k, 400);
        size_t len = test_random() % 3 == 0 ? 0 : 1 + test_random() % 60;
        for (size_t i = 0; i < len; i++)
            v[i] = (uint8_t)test_random();
        CHECK_ERR(trie_put(t, key, bytes_of(v, len), 0), E_OK);
        model_put(&m, key, bytes_of(v, len));
        if (round % 10 == 0) {
            struct hash a = trie_root(t), b = model_root(&m);
            REQUIRE(hash_eq(&a, &b));
        }
    }
    struct trie *fresh = trie_new(NULL, NULL, 0);
    for (size_t i = 0; i < m.count; i++) {
        uint8_t k[32];
        for (size_t n = 0; n < m.pair[i].len / 2; n++)
            k[n] = (uint8_t)(m.pair[i].nibbles[2 * n] << 4 | m.pair[i].nibbles[2 * n + 1]);
        struct bytes key = bytes_of(k, m.pair[i].len / 2);
        struct buf got = {0};
        CHECK_ERR(trie_get(t, key, &got), E_OK);
        CHECK(bytes_eq(buf_view(&got), buf_view(&m.pair[i].value)));
        CHECK_ERR(trie_put(fresh, key, buf_view(&got), 0), E_OK);
        buf_free(&got);
    }
    struct hash a = trie_root(t), b = trie_root(fresh);
    CHECK(m.count > 50 && hash_eq(&a, &b));
    CHECK_INT(trie_node_count(t), trie_node_count(fresh));
    trie_free(t);
    trie_free(fresh);
    model_free(&m);
}

/* Proofs */

static struct hash secure(unsigned i)
{
    return keccak256_of(bytes_of(&i, sizeof i));
}

static void check_proof(struct trie *t, struct bytes key, struct bytes expected, bool flip)
{
    struct buf proof = {0};
    struct hash root = trie_root(t);
    struct bytes value;
    CHECK_ERR(trie_prove(t, key, &proof), E_OK);
    REQUIRE(trie_verify(&root, key, buf_view(&proof), &value) == E_OK);
    CHECK(bytes_eq(value, expected));
    for (size_t i = 0; flip && i < proof.len; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            proof.data[i] ^= (uint8_t)(1u << bit);
            if (trie_verify(&root, key, buf_view(&proof), &value) == E_OK)
                test_fail(__FILE__, __LINE__, "flip of byte %zu accepted", i);
            proof.data[i] ^= (uint8_t)(1u << bit);
        }
    for (size_t len = 0; flip && len < proof.len; len++)
        CHECK_ERR(trie_verify(&root, key, bytes_of(proof.data, len), &value), E_CORRUPT);
    buf_put_u8(&proof, 0x80); /* nothing may follow */
    CHECK_ERR(trie_verify(&root, key, buf_view(&proof), &value), E_CORRUPT);
    buf_free(&proof);
}

TEST(proofs)
{
    for (unsigned count = 0; count < 300; count += count < 4 ? 1 : 73) {
        struct trie *t = trie_new(NULL, NULL, 0);
        for (unsigned i = 0; i < count; i++) {
            struct hash k = secure(i);
            struct buf v = {0};
            buf_putf(&v, "value %u", i);
            trie_put(t, bytes_of(k.b, 32), buf_view(&v), 0);
            buf_free(&v);
        }
        for (unsigned i = 0; i < count + 20; i++) {
            struct hash k = secure(i);
            struct buf v = {0};
            if (i < count)
                buf_putf(&v, "value %u", i);
            check_proof(t, bytes_of(k.b, 32), buf_view(&v), i % 29 == 0);
            buf_free(&v);
        }
        trie_free(t);
    }
}

TEST(proofs_of_short_nodes)
{
    static struct model m;
    struct trie *t = trie_new(NULL, NULL, 0);
    for (int i = 0; i < 300; i++) {
        uint8_t k[32], v = (uint8_t)(1 + test_random() % 250);
        struct bytes key = random_key(k, 300);
        trie_put(t, key, bytes_of(&v, 1), 0);
        model_put(&m, key, bytes_of(&v, 1));
    }
    for (unsigned i = 0; i < 300; i++) {
        uint8_t k[32], nibbles[64];
        struct bytes key = random_key(k, 300), expected = {0};
        size_t len = nibbles_of(nibbles, key);
        for (size_t n = 0; n < m.count; n++)
            if (m.pair[n].len == len && memcmp(m.pair[n].nibbles, nibbles, len) == 0)
                expected = buf_view(&m.pair[n].value);
        check_proof(t, key, expected, i % 50 == 0);
    }
    trie_free(t);
    model_free(&m);
}

/* A proof of another trie, and hostile shapes, are refused. */
TEST(proof_refusals)
{
    struct trie *t = trie_new(NULL, NULL, 0);
    struct buf proof = {0};
    struct bytes value;
    struct hash key = secure(1), other = secure(2);
    trie_put(t, bytes_of(key.b, 32), bytes_str("one"), 0);
    CHECK_ERR(trie_prove(t, bytes_of(key.b, 32), &proof), E_OK);
    CHECK_ERR(trie_verify(&other, bytes_of(key.b, 32), buf_view(&proof), &value), E_CORRUPT);
    CHECK_ERR(trie_verify(&KECCAK_EMPTY_TRIE, bytes_of(key.b, 32), buf_view(&proof), &value),
              E_CORRUPT);
    CHECK_ERR(trie_verify(&KECCAK_EMPTY_TRIE, bytes_of(key.b, 32), bytes_str("\xc0"), &value),
              E_OK);
    CHECK_INT(value.len, 0);
    /* well-hashed nodes of a wrong shape: 3 items, a hex prefix of 0x40, an empty extension */
    static const struct {
        uint8_t rlp[4];
        size_t len;
    } bad[] = {{{0xc3, 1, 2, 3}, 4}, {{0xc2, 0x40, 1}, 3}, {{0xc2, 0, 1}, 3},
               {{0xc2, 0xc0, 1}, 3}, {{0xc2, 5, 1}, 3},    {{0xc2, 0x11, 1}, 3},
               {{0x82, 1, 1}, 3},    {{0xc2, 0x3a, 1}, 2}, {{0xc0}, 1}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct hash root = keccak256_of(bytes_of(bad[i].rlp, bad[i].len));
        buf_clear(&proof);
        size_t mark = rlp_list_open(&proof);
        rlp_put_string(&proof, bad[i].rlp, bad[i].len);
        rlp_list_close(&proof, mark);
        CHECK_ERR(trie_verify(&root, bytes_of(key.b, 32), buf_view(&proof), &value), E_CORRUPT);
    }
    buf_free(&proof);
    trie_free(t);
}

/* Lists: against the naive root, over the sizes where the RLP of the index changes its length. */
TEST(list_roots)
{
    static struct model m;
    static const size_t sizes[] = {0, 1, 2, 16, 17, 127, 128, 129, 255, 256, 257, 300};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        struct bytes items[300];
        char text[300][48];
        for (size_t i = 0; i < sizes[s]; i++) {
            struct buf key = {0};
            snprintf(text[i], sizeof text[i], "%0*zu", (int)(i % 45) + 1, i);
            items[i] = bytes_str(text[i]);
            rlp_put_u64(&key, i);
            model_put(&m, buf_view(&key), items[i]);
            buf_free(&key);
        }
        struct hash a = trie_list_root(items, sizes[s]), b = model_root(&m);
        CHECK(hash_eq(&a, &b));
        model_free(&m);
    }
}

/* Proofs in lists: every item, the place behind the last, and no other value nor place. */
TEST(list_proofs)
{
    static const size_t sizes[] = {0, 1, 2, 17, 128, 129, 300};
    size_t cases = 0;
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        struct bytes items[300], value;
        char text[300][48];
        for (size_t i = 0; i < sizes[s]; i++) {
            snprintf(text[i], sizeof text[i], "%0*zu", (int)(i % 45) + 1, i);
            items[i] = bytes_str(text[i]);
        }
        struct hash root = trie_list_root(items, sizes[s]);
        for (size_t i = 0; i <= sizes[s]; i++) {
            struct buf proof = {0};
            trie_list_prove(items, sizes[s], i, &proof);
            CHECK_ERR(trie_list_verify(&root, i, buf_view(&proof), &value), E_OK);
            CHECK(i < sizes[s] ? bytes_eq(value, items[i]) : value.len == 0);
            if (sizes[s] > 1 && i < sizes[s]) {
                proof.data[proof.len - 1] ^= 1;
                CHECK_ERR(trie_list_verify(&root, i, buf_view(&proof), &value), E_CORRUPT);
            }
            buf_free(&proof);
            cases++;
        }
    }
    test_count(cases);
}

/* A stored trie over a small map in memory, with versions as statedb keeps them */

struct version {
    uint64_t height;
    uint8_t name[80];
    size_t name_len;
    struct buf content;
    bool stale;
};

struct shelf {
    struct version *node, *value;
    size_t nodes, values;
    size_t puts;
};

static struct version *shelf_add(struct version **list, size_t *count, uint64_t height,
                                 struct bytes name, struct bytes content)
{
    *list = mem_resize(*list, *count + 1, sizeof **list);
    struct version *v = &(*list)[(*count)++];
    *v = (struct version){.height = height, .name_len = name.len};
    if (name.len)
        memcpy(v->name, name.data, name.len);
    buf_put(&v->content, content.data, content.len);
    return v;
}

static struct version *shelf_find(struct version *list, size_t count, uint64_t height,
                                  struct bytes name)
{
    for (size_t i = count; i-- > 0;)
        if (list[i].height == height && bytes_eq(bytes_of(list[i].name, list[i].name_len), name))
            return &list[i];
    return NULL;
}

static enum err shelf_node(void *ctx, uint64_t height, struct bytes path, struct buf *out)
{
    struct shelf *s = ctx;
    struct version *v = shelf_find(s->node, s->nodes, height, path);
    if (!v)
        return E_CORRUPT;
    buf_put(out, v->content.data, v->content.len);
    return E_OK;
}

static enum err shelf_value(void *ctx, uint64_t height, struct bytes key, struct buf *out)
{
    struct shelf *s = ctx;
    struct version *v = shelf_find(s->value, s->values, height, key);
    if (!v)
        return E_CORRUPT;
    buf_put(out, v->content.data, v->content.len);
    return E_OK;
}

static uint64_t shelf_height;

static enum err shelf_put_node(void *ctx, struct bytes path, struct bytes stored)
{
    struct shelf *s = ctx;
    CHECK(!shelf_find(s->node, s->nodes, shelf_height, path)); /* each node once per block */
    shelf_add(&s->node, &s->nodes, shelf_height, path, stored);
    s->puts++;
    return E_OK;
}

static enum err shelf_stale(void *ctx, uint64_t height, struct bytes path)
{
    struct shelf *s = ctx;
    struct version *v = shelf_find(s->node, s->nodes, height, path);
    CHECK(v && !v->stale); /* it was there, and is listed once */
    if (v)
        v->stale = true;
    return E_OK;
}

static enum err count_node(void *ctx, uint64_t height, struct bytes path)
{
    (void)height;
    (void)path;
    ++*(size_t *)ctx;
    return E_OK;
}

/* Keys that share many nibbles, with one-byte values: leaves shorter than 32 bytes deep down. */
static struct hash deep_key(unsigned i)
{
    struct hash k;
    memset(k.b, 0x11, sizeof k.b);
    k.b[28 + i % 4] = (uint8_t)(i / 4);
    if (i & 64)
        k.b[9] = (uint8_t)i;
    return k;
}

static void shelf_free(struct shelf *s)
{
    for (size_t i = 0; i < s->nodes; i++)
        buf_free(&s->node[i].content);
    for (size_t i = 0; i < s->values; i++)
        buf_free(&s->value[i].content);
    mem_free(s->node);
    mem_free(s->value);
    *s = (struct shelf){0};
}

static void stored_rounds(struct hash (*key_of)(unsigned), bool short_values)
{
    struct shelf shelf = {0};
    struct trie_source source = {shelf_node, shelf_value, &shelf};
    struct trie_sink sink = {shelf_put_node, shelf_stale, &shelf};
    static struct model m;
    struct hash root = KECCAK_EMPTY_TRIE;
    struct trie *t = trie_new(&source, &root, 0);
    struct hash roots[60];
    for (uint64_t height = 1; height < 60; height++) {
        shelf_height = height;
        bool shrink = height % 20 > 14; /* now and then down to nothing */
        for (int i = 0; i < (shrink ? 120 : 25); i++) {
            struct hash k = key_of((unsigned)(test_random() % 120));
            uint8_t v[40] = {(uint8_t)(1 + test_random() % 100), (uint8_t)height};
            size_t len = shrink || test_random() % 4 == 0 ? 0 : short_values ? 1 : 40;
            struct bytes key = bytes_of(k.b, 32);
            REQUIRE(trie_put(t, key, bytes_of(v, len), height) == E_OK);
            model_put(&m, key, bytes_of(v, len));
            if (len) {
                struct version *old = shelf_find(shelf.value, shelf.values, height, key);
                if (old)
                    old->height = UINT64_MAX;
                shelf_add(&shelf.value, &shelf.values, height, key, bytes_of(v, len));
            }
        }
        if (height % 20 == 0)
            CHECK_INT(m.count != 0, true);
        CHECK_ERR(trie_touch(t), E_OK);
        root = trie_root(t);
        struct hash expected = model_root(&m);
        REQUIRE(hash_eq(&root, &expected));
        REQUIRE(trie_commit(t, height, &sink) == E_OK);
        roots[height] = root;
        size_t live = 0, listed = 0;
        struct trie_visitor visitor = {.node = count_node, .ctx = &live};
        struct trie *again = trie_new(&source, &root, height);
        REQUIRE(trie_walk(again, &visitor, true, NULL) == E_OK);
        trie_free(again);
        for (size_t i = 0; i < shelf.nodes; i++)
            listed += !shelf.node[i].stale;
        CHECK_INT(listed, live); /* everything not reachable is listed as stale */
        if (height % 3 == 0)
            trie_forget(t, (unsigned)(height % 4));
        if (height % 7 == 0) {
            trie_free(t);
            t = trie_new(&source, &root, height);
        }
    }
    for (uint64_t height = 1; height < 60; height++) { /* old roots stay readable */
        struct trie *old = trie_new(&source, &roots[height], height);
        CHECK_ERR(trie_walk(old, &(struct trie_visitor){0}, true, NULL), E_OK);
        trie_free(old);
    }
    trie_free(t);
    model_free(&m);
    shelf_free(&shelf);
}

TEST(stored_and_versioned)
{
    stored_rounds(secure, false);
}

TEST(stored_with_embedded_nodes)
{
    stored_rounds(deep_key, true);
}

TEST(stored_deep_long_values)
{
    stored_rounds(deep_key, false);
}

/* Records of nodes that no trie wrote, and missing ones, give a code. */
TEST(stored_refusals)
{
    struct shelf shelf = {0};
    struct trie_source source = {shelf_node, shelf_value, &shelf};
    struct trie_sink sink = {shelf_put_node, shelf_stale, &shelf};
    struct trie *t = trie_new(&source, &KECCAK_EMPTY_TRIE, 0);
    shelf_height = 1;
    for (unsigned i = 0; i < 20; i++) {
        struct hash k = secure(i);
        trie_put(t, bytes_of(k.b, 32), bytes_str("v"), 1);
        shelf_add(&shelf.value, &shelf.values, 1, bytes_of(k.b, 32), bytes_str("v"));
    }
    struct hash root = trie_root(t);
    CHECK_ERR(trie_commit(t, 1, &sink), E_OK);
    trie_free(t);
    for (size_t n = 0; n < shelf.nodes; n++) {
        struct buf *c = &shelf.node[n].content;
        struct buf good = {0};
        buf_put(&good, c->data, c->len);
        for (size_t i = 0; i < good.len; i++) {
            c->data[i] ^= 0x5a;
            struct trie *bad = trie_new(&source, &root, 1);
            CHECK_ERR(trie_walk(bad, &(struct trie_visitor){0}, true, NULL), E_CORRUPT);
            trie_free(bad);
            c->data[i] ^= 0x5a;
            c->len = i;
            bad = trie_new(&source, &root, 1);
            CHECK_ERR(trie_walk(bad, &(struct trie_visitor){0}, true, NULL), E_CORRUPT);
            trie_free(bad);
            c->len = good.len;
        }
        buf_free(&good);
    }
    struct buf out = {0};
    struct hash absent = secure(999);
    t = trie_new(&source, &root, 1);
    CHECK_ERR(trie_get(t, bytes_of(absent.b, 32), &out), E_NOT_FOUND);
    trie_free(t);
    t = trie_new(&source, &root, 2);
    CHECK_ERR(trie_get(t, bytes_of(absent.b, 32), &out), E_CORRUPT);
    CHECK_ERR(trie_put(t, bytes_of(absent.b, 32), bytes_str("x"), 2), E_CORRUPT);
    CHECK_ERR(trie_load_root(t), E_CORRUPT);
    trie_free(t);
    buf_free(&out);
    shelf_free(&shelf);
}
