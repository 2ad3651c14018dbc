#include "engine/light.h"

#include <stdlib.h>

#include "base/lang.h"
#include "codec/protobuf.h"
#include "crypto/ed25519.h"
#include "crypto/sha256.h"

/* --- the messages that are hashed and signed ---------------------------------------------------
 * A message inside another is written even when empty (they are "not nullable"):
 * pb_put_field_bytes.
 */

static void put_time(struct buf *out, struct light_time t)
{
    pb_put_u64(out, 1, (uint64_t)t.s);
    pb_put_u64(out, 2, t.ns);
}

static void put_block_id(struct buf *out, const struct light_block_id *id)
{
    struct buf parts = {0};
    pb_put_u64(&parts, 1, id->parts);
    pb_put_bytes(&parts, 2, id->parts_hash);
    pb_put_bytes(out, 1, id->hash);
    pb_put_field_bytes(out, 2, buf_view(&parts));
    buf_free(&parts);
}

/* --- hashes --------------------------------------------------------------------------------------
 */

/* RFC 6962 sec. 2.1: a tree whose left part is the largest power of two below its size. */
static struct hash tree_root(const struct hash *leaves, size_t count)
{
    struct hash h;
    if (count == 1)
        return leaves[0];
    size_t left = 1;
    while (left * 2 < count)
        left *= 2;
    struct sha256 s;
    struct hash l = tree_root(leaves, left), r = tree_root(leaves + left, count - left);
    sha256_init(&s);
    sha256_update(&s, "\1", 1);
    sha256_update(&s, l.b, sizeof l.b);
    sha256_update(&s, r.b, sizeof r.b);
    sha256_final(&s, &h);
    return h;
}

static struct hash leaf_hash(struct bytes content)
{
    struct sha256 s;
    struct hash h;
    sha256_init(&s);
    sha256_update(&s, "\0", 1);
    sha256_update(&s, content.data, content.len);
    sha256_final(&s, &h);
    return h;
}

struct hash light_header_hash(const struct light_header *h)
{
    struct hash leaves[14];
    size_t count = 0;
    struct buf b = {0};
    pb_put_u64(&b, 1, h->version_block);
    pb_put_u64(&b, 2, h->version_app);
    leaves[count++] = leaf_hash(buf_view(&b));
    buf_clear(&b);
    pb_put_bytes(&b, 1, bytes_str(h->chain_id));
    leaves[count++] = leaf_hash(buf_view(&b));
    buf_clear(&b);
    pb_put_u64(&b, 1, h->height);
    leaves[count++] = leaf_hash(buf_view(&b));
    buf_clear(&b);
    put_time(&b, h->time);
    leaves[count++] = leaf_hash(buf_view(&b));
    buf_clear(&b);
    put_block_id(&b, &h->last_block_id);
    leaves[count++] = leaf_hash(buf_view(&b));
    const struct bytes rest[] = {
        h->last_commit_hash,     h->data_hash,      h->validators_hash,
        h->next_validators_hash, h->consensus_hash, h->app_hash,
        h->last_results_hash,    h->evidence_hash,  bytes_of(h->proposer20, sizeof h->proposer20)};
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++) {
        buf_clear(&b);
        pb_put_bytes(&b, 1, rest[i]);
        leaves[count++] = leaf_hash(buf_view(&b));
    }
    buf_free(&b);
    return tree_root(leaves, count);
}

static int compare_validators(const void *a, const void *b)
{
    const struct light_validator *x = a, *y = b;
    if (x->power != y->power)
        return x->power > y->power ? -1 : 1;
    return memcmp(x->address20, y->address20, sizeof x->address20);
}

void light_set_sort(struct light_set *s)
{
    if (s->count)
        qsort(s->validators, s->count, sizeof *s->validators, compare_validators);
}

struct hash light_set_hash(const struct light_set *s)
{
    struct hash root, *leaves = mem_alloc((s->count + 1) * sizeof *leaves);
    struct buf key = {0}, b = {0};
    for (size_t i = 0; i < s->count; i++) {
        buf_clear(&key);
        buf_clear(&b);
        pb_put_bytes(&key, 1, bytes_of(s->validators[i].key32, 32));
        pb_put_field_bytes(&b, 1, buf_view(&key));
        pb_put_u64(&b, 2, s->validators[i].power);
        leaves[i] = leaf_hash(buf_view(&b));
    }
    if (s->count)
        root = tree_root(leaves, s->count);
    else
        sha256_once(&root, "", 0);
    buf_free(&key);
    buf_free(&b);
    mem_free(leaves);
    return root;
}

void light_vote_bytes(struct buf *out, const char *chain_id, const struct light_commit *c, size_t i)
{
    const struct light_vote *v = &c->votes[i];
    struct buf vote = {0}, part = {0};
    pb_put_u64(&vote, 1, 2); /* a precommit */
    pb_put_sfixed64(&vote, 2, (int64_t)c->height);
    pb_put_sfixed64(&vote, 3, (int64_t)c->round);
    if (v->flag == LIGHT_COMMIT) {
        put_block_id(&part, &c->block_id);
        pb_put_field_bytes(&vote, 4, buf_view(&part));
        buf_clear(&part);
    }
    put_time(&part, v->time);
    pb_put_field_bytes(&vote, 5, buf_view(&part));
    pb_put_bytes(&vote, 6, bytes_str(chain_id));
    pb_put_varint(out, vote.len);
    buf_put(out, vote.data, vote.len);
    buf_free(&vote);
    buf_free(&part);
}

/* --- the block in itself ------------------------------------------------------------------------
 */

static bool is_hash(struct bytes b, const struct hash *h)
{
    return b.len == sizeof h->b && memcmp(b.data, h->b, sizeof h->b) == 0;
}

static bool vote_holds(const struct light_block *b, size_t i)
{
    struct buf message = {0};
    light_vote_bytes(&message, b->header.chain_id, &b->commit, i);
    bool good = ed25519_verify(b->commit.votes[i].signature64, b->set.validators[i].key32,
                               buf_view(&message));
    buf_free(&message);
    return good;
}

void light_drop_bad_votes(struct light_block *b)
{
    for (size_t i = 0; i < b->commit.count && i < b->set.count; i++)
        if (b->commit.votes[i].flag != LIGHT_ABSENT && !vote_holds(b, i))
            b->commit.votes[i] = (struct light_vote){.flag = LIGHT_ABSENT};
}

struct light_tally light_tally(const struct light_block *b)
{
    struct light_tally t = {0};
    for (size_t i = 0; i < b->commit.count && i < b->set.count; i++)
        if (b->commit.votes[i].flag == LIGHT_COMMIT) {
            t.signers++;
            t.power += b->set.validators[i].power;
        }
    return t;
}

static enum err fail(const struct light_block *b, struct diag *d, const char *what)
{
    return diag_set(d, E_PROOF, T("consensus height %llu: %s", "hauteur de consensus %llu : %s"),
                    (unsigned long long)b->header.height, what);
}

static bool is_double(const struct light_set *s)
{
    for (size_t i = 0; i < s->count; i++)
        for (size_t j = 0; j < i; j++)
            if (memcmp(s->validators[i].key32, s->validators[j].key32, 32) == 0)
                return true;
    return false;
}

static enum err check_votes(const struct light_block *b, struct diag *d)
{
    for (size_t i = 0; i < b->commit.count; i++) {
        const struct light_vote *v = &b->commit.votes[i];
        if (v->flag == LIGHT_ABSENT)
            continue;
        if (memcmp(v->validator20, b->set.validators[i].address20, 20) != 0)
            return fail(b, d,
                        T("a vote stands at the place of another validator",
                          "un vote est à la place d'un autre validateur"));
        if (!vote_holds(b, i))
            return fail(b, d,
                        T("a signature of a validator is wrong",
                          "la signature d'un validateur est fausse"));
    }
    struct light_tally t = light_tally(b);
    if (3 * t.power <= 2 * b->set.power)
        return fail(b, d,
                    T("no more than two thirds of the power signed it",
                      "pas plus des deux tiers du pouvoir ne l'ont signé"));
    return E_OK;
}

enum err light_check(const struct light_block *b, struct diag *d)
{
    struct hash set = light_set_hash(&b->set);
    if (b->commit.height != b->header.height)
        return fail(b, d,
                    T("the commit is of another height", "le commit est d'une autre hauteur"));
    if (!is_hash(b->commit.block_id.hash, &b->hash))
        return fail(b, d, T("the commit is of another header", "le commit est d'un autre en-tête"));
    if (!is_hash(b->header.validators_hash, &set))
        return fail(b, d,
                    T("the validators are not those that the header names",
                      "les validateurs ne sont pas ceux que l'en-tête désigne"));
    if (b->commit.count != b->set.count)
        return fail(b, d, T("not one vote for each validator", "pas un vote par validateur"));
    if (is_double(&b->set))
        return fail(b, d, T("a validator occurs twice", "un validateur figure deux fois"));
    return check_votes(b, d);
}

/* --- from the trust to the block ----------------------------------------------------------------
 */

int light_time_compare(struct light_time a, struct light_time b)
{
    if (a.s != b.s)
        return a.s < b.s ? -1 : 1;
    return a.ns == b.ns ? 0 : a.ns < b.ns ? -1 : 1;
}

/* The power of the trusted validators that signed b. */
static uint64_t trusted_power(const struct light_trust *t, const struct light_block *b)
{
    uint64_t power = 0;
    for (size_t i = 0; i < b->commit.count; i++)
        for (size_t j = 0; b->commit.votes[i].flag == LIGHT_COMMIT && j < t->set.count; j++)
            if (memcmp(t->set.validators[j].key32, b->set.validators[i].key32, 32) == 0)
                power += t->set.validators[j].power;
    return power;
}

static enum err follows_later(const struct light_trust *t, const struct light_block *b,
                              struct diag *d)
{
    if (t->has_header && light_time_compare(b->header.time, t->time) <= 0)
        return fail(b, d,
                    T("it is not later than the trusted header",
                      "il n'est pas postérieur à l'en-tête de confiance"));
    if (t->has_header && b->header.height == t->height + 1) {
        if (!is_hash(b->header.validators_hash, &t->next_set_hash))
            return fail(b, d,
                        T("its validators are not those that the trusted header named next",
                          "ses validateurs ne sont pas ceux que l'en-tête de confiance a désignés "
                          "pour la suite"));
        return E_OK;
    }
    if (3 * trusted_power(t, b) <= t->set.power)
        return fail(b, d,
                    T("no more than a third of the trusted power signed it: a header in between is "
                      "missing",
                      "pas plus d'un tiers du pouvoir de confiance ne l'a signé : il manque un "
                      "en-tête intermédiaire"));
    return E_OK;
}

static enum err follows(const struct light_trust *t, const struct light_block *b,
                        struct light_time now, struct diag *d)
{
    struct light_time end = {t->time.s + (int64_t)t->period_s, t->time.ns};
    struct light_time latest = {now.s + LIGHT_DRIFT_S, now.ns};
    if (light_time_compare(b->header.time, latest) > 0)
        return fail(b, d,
                    T("it is dated in the future: is this clock right?",
                      "il est daté du futur : cette horloge est-elle juste ?"));
    if (b->header.height < t->height)
        return fail(b, d,
                    T("it is before the trusted height", "il précède la hauteur de confiance"));
    if (t->has_header && b->header.height == t->height) {
        if (!hash_eq(&b->hash, &t->header_hash))
            return fail(b, d,
                        T("it is not the trusted header", "ce n'est pas l'en-tête de confiance"));
        return E_OK;
    }
    if (light_time_compare(now, end) >= 0)
        return fail(b, d,
                    T("the trust period is over: get a newer trusted header from someone you know",
                      "la période de confiance est passée : procurez-vous un en-tête de confiance "
                      "plus récent auprès d'une personne connue"));
    if (b->header.height == t->height) {
        struct hash set = light_set_hash(&t->set);
        if (!is_hash(b->header.validators_hash, &set))
            return fail(b, d,
                        T("its validators are not the trusted ones",
                          "ses validateurs ne sont pas ceux de confiance"));
        return E_OK;
    }
    return follows_later(t, b, d);
}

enum err light_step(struct light_trust *t, const struct light_block *b, struct light_time now,
                    struct diag *d)
{
    if (strcmp(t->chain_id, b->header.chain_id) != 0)
        return fail(b, d, T("it is of another chain", "il est d'une autre chaîne"));
    TRY(light_check(b, d));
    TRY(follows(t, b, now, d));
    t->height = b->header.height;
    t->time = b->header.time;
    t->set = b->set;
    t->has_header = true;
    t->header_hash = b->hash;
    memcpy(t->next_set_hash.b, b->header.next_validators_hash.data, sizeof t->next_set_hash.b);
    return E_OK;
}
