#include "city/voting/voters.h"

#include <inttypes.h>
#include <stdio.h>

#include "city/voting/price.h"

#define PAGE_VOTERS 256u
#define PAGE_VOTER_BYTES (EDWARDS_BYTES + 8) /* key, weight */
#define LIST_MAX 16384u                      /* voters in one answer */

#define GAS_LIST_VOTER 50u

/* --- records ---------------------------------------------------------------------------------- */

/* Slot "roll", id: count 8 | total weight 8 | weights 1 | last key 32 | hash under way 104. */
enum err voters_load(struct service_call *c, uint64_t id, struct voters *out)
{
    struct record r;
    struct hash slot = RECORD_SLOT("roll", id);
    memset(out, 0, sizeof *out);
    TRY(record_load(c, &slot, &r));
    if (record_is_empty(&r)) {
        sha256_init(&out->document);
        return E_OK;
    }
    out->count = record_u64(&r);
    out->total_weight = record_u64(&r);
    out->weights = record_u8(&r);
    memcpy(out->last_be32, record_take(&r, 32), 32);
    if ((size_t)(r.end - r.p) != SHA256_SAVED_BYTES || out->count > VOTING_VOTERS_MAX ||
        out->total_weight > BEL_WEIGHT_MAX || out->weights > VOTERS_WEIGHTED)
        return record_unreadable(c);
    sha256_restore(&out->document, r.p);
    return E_OK;
}

static enum err voters_store(struct service_call *c, uint64_t id, const struct voters *v)
{
    struct buf b = {0};
    struct hash slot = RECORD_SLOT("roll", id);
    record_put_u64(&b, v->count);
    record_put_u64(&b, v->total_weight);
    buf_put_u8(&b, (uint8_t)v->weights);
    buf_put(&b, v->last_be32, 32);
    sha256_save(buf_grow(&b, SHA256_SAVED_BYTES), &v->document);
    return record_store(c, &slot, &b);
}

struct hash voters_hash(const struct voters *r)
{
    struct sha256 copy = r->document;
    struct hash out;
    sha256_update(&copy, r->count ? "]" : "[]", r->count ? 1 : 2);
    sha256_final(&copy, &out);
    return out;
}

static struct hash voter_slot(uint64_t id, const uint8_t key32[EDWARDS_BYTES])
{
    uint8_t number[8];
    struct bytes keys[2] = {{number, sizeof number}, {key32, EDWARDS_BYTES}};
    be64_put(number, id);
    return service_slot("voter", keys, 2);
}

/* Slot "voter", id, key: weight 8 | struck 1 | ballots 4 | height 8. */
enum err voter_load(struct service_call *c, uint64_t id, const uint8_t key32[EDWARDS_BYTES],
                    struct voter *out)
{
    struct record r;
    struct hash slot = voter_slot(id, key32);
    memset(out, 0, sizeof *out);
    TRY(record_load(c, &slot, &r));
    out->known = !record_is_empty(&r);
    if (!out->known)
        return E_OK;
    out->weight = record_u64(&r);
    out->struck = record_u8(&r);
    out->ballots = record_u32(&r);
    out->height = record_u64(&r);
    return r.bad || !record_is_empty(&r) ? record_unreadable(c) : E_OK;
}

enum err voter_store(struct service_call *c, uint64_t id, const uint8_t key32[EDWARDS_BYTES],
                     const struct voter *v)
{
    struct buf b = {0};
    struct hash slot = voter_slot(id, key32);
    record_put_u64(&b, v->weight);
    buf_put_u8(&b, v->struck);
    record_put_u32(&b, v->ballots);
    record_put_u64(&b, v->height);
    return record_store(c, &slot, &b);
}

/* --- adding ----------------------------------------------------------------------------------- */

static enum err invalid_voter(struct service_call *c, const uint8_t key32[EDWARDS_BYTES],
                              const char *rule)
{
    return REFUSE(c, "InvalidVoter", abi_bytes32(key32), service_name32(rule));
}

static enum err invalid_voters(struct service_call *c, const char *rule)
{
    return REFUSE(c, "InvalidVoters", service_name32(rule));
}

static bool is_key(const uint8_t key32[EDWARDS_BYTES])
{
    struct ed_point p;
    return ed_decode_prime(&p, key32) && !ed_is_identity(&p);
}

/* The document's next element. */
static void append_voter(struct voters *r, const uint8_t key32[EDWARDS_BYTES], uint64_t weight)
{
    char key[BEL_POINT_CHARS + 1], text[BEL_POINT_CHARS + 32];
    bel_point_text(key, key32);
    const char *before = r->count ? "," : "[";
    int len = r->weights == VOTERS_WEIGHTED
                  ? snprintf(text, sizeof text, "%s\"%s,%" PRIu64 "\"", before, key, weight)
                  : snprintf(text, sizeof text, "%s\"%s\"", before, key);
    sha256_update(&r->document, text, (size_t)len);
}

/* One more voter: checked, counted, and a record of its own. */
static enum err add_voter(struct service_call *c, uint64_t id, struct voters *r,
                          const uint8_t key32[EDWARDS_BYTES], uint64_t weight)
{
    uint8_t be32[EDWARDS_BYTES];
    struct voter v = {.weight = weight};
    for (size_t i = 0; i < EDWARDS_BYTES; i++)
        be32[i] = key32[EDWARDS_BYTES - 1 - i];
    if (r->count && memcmp(be32, r->last_be32, sizeof be32) <= 0)
        return invalid_voter(c, key32, "order");
    if (weight > BEL_WEIGHT_MAX - r->total_weight)
        return invalid_voter(c, key32, "weight");
    TRY(service_charge(c, GAS_VOTING_POINT));
    if (!is_key(key32))
        return invalid_voter(c, key32, "point");
    append_voter(r, key32, weight);
    memcpy(r->last_be32, be32, sizeof be32);
    r->count++;
    r->total_weight += weight;
    return voter_store(c, id, key32, &v);
}

/* Pages are filled up one after the other. */
static enum err add_to_pages(struct service_call *c, uint64_t id, uint64_t first,
                             const uint8_t *keys, const struct abi_value *weights, size_t count)
{
    for (size_t done = 0; done < count;) {
        uint64_t page = (first + done) / PAGE_VOTERS;
        size_t room = PAGE_VOTERS - (first + done) % PAGE_VOTERS;
        struct hash slot = RECORD_SLOT("voters", id, page);
        struct buf b = {0};
        enum err e = room < PAGE_VOTERS ? service_load(c, &slot, &b) : E_OK;
        for (; e == E_OK && room && done < count; room--, done++) {
            buf_put(&b, keys + done * EDWARDS_BYTES, EDWARDS_BYTES);
            record_put_u64(&b, weights->count ? abi_get_u64(&weights->item[done]) : 1);
        }
        if (e == E_OK)
            e = record_store(c, &slot, &b);
        buf_free(&b);
        TRY(e);
    }
    return E_OK;
}

static enum err check_lists(struct service_call *c, struct voters *r, struct bytes keys,
                            const struct abi_value *weights)
{
    size_t count = keys.len / EDWARDS_BYTES;
    enum voters_weights given = weights->count ? VOTERS_WEIGHTED : VOTERS_PLAIN;
    if (count == 0 || keys.len % EDWARDS_BYTES || (weights->count && weights->count != count))
        return invalid_voters(c, "length");
    if (count > VOTING_VOTERS_MAX - r->count)
        return invalid_voters(c, "many");
    if (r->weights != VOTERS_UNKNOWN && r->weights != given)
        return invalid_voters(c, "weights");
    r->weights = given;
    return E_OK;
}

enum err run_voting_add_voters(struct service_call *c)
{
    struct bytes keys = service_arg(c, 1)->bytes;
    const struct abi_value *weights = service_arg(c, 2);
    size_t count = keys.len / EDWARDS_BYTES;
    struct consultation v;
    struct voters r;
    TRY(consultation_load(c, &v));
    TRY(require_registrar(c, &v));
    TRY(require_stage(c, &v, STAGE_DRAFT));
    TRY(voters_load(c, v.id, &r));
    TRY(check_lists(c, &r, keys, weights));
    TRY(add_to_pages(c, v.id, r.count, keys.data, weights, count));
    for (size_t i = 0; i < count; i++)
        TRY(add_voter(c, v.id, &r, keys.data + i * EDWARDS_BYTES,
                      weights->count ? abi_get_u64(&weights->item[i]) : 1));
    TRY(voters_store(c, v.id, &r));
    TRY(EMIT(c, "VotersAdded", *service_arg(c, 0), abi_u64(count), abi_u64(r.count)));
    return service_return(c, NULL);
}

/* --- striking out ----------------------------------------------------------------------------- */

enum err run_voting_strike(struct service_call *c)
{
    uint8_t key32[EDWARDS_BYTES];
    struct bytes reason = service_arg(c, 2)->bytes;
    struct consultation v;
    struct voter voter;
    abi_get_bytes32(key32, service_arg(c, 1));
    TRY(consultation_load(c, &v));
    TRY(require_registrar(c, &v));
    if (v.stage > STAGE_PUBLISHED || consultation_is_over(c, &v))
        return wrong_status(c, &v);
    TRY(require_text(c, reason, VOTING_REASON_MAX));
    TRY(voter_load(c, v.id, key32, &voter));
    if (!voter.known)
        return REFUSE(c, "UnknownCredential", abi_u64(v.id), abi_bytes32(key32));
    if (voter.struck)
        return REFUSE(c, "CredentialStruck", abi_u64(v.id), abi_bytes32(key32));
    if (voter.ballots)
        return REFUSE(c, "HasVoted", abi_u64(v.id), abi_bytes32(key32));
    voter.struck = true;
    TRY(voter_store(c, v.id, key32, &voter));
    TRY(EMIT(c, "VoterStruck", abi_u64(v.id), abi_bytes32(key32), abi_bytes(reason)));
    return service_return(c, NULL);
}

/* --- asking ----------------------------------------------------------------------------------- */

enum err run_voting_voter_of(struct service_call *c)
{
    uint8_t key32[EDWARDS_BYTES];
    struct consultation v;
    struct voter voter;
    abi_get_bytes32(key32, service_arg(c, 1));
    TRY(consultation_load(c, &v));
    TRY(voter_load(c, v.id, key32, &voter));
    return service_return(c, (struct abi_value[]){abi_bool(voter.known), abi_bool(voter.struck),
                                                  abi_u64(voter.weight), abi_u64(voter.ballots),
                                                  abi_u64(voter.height)});
}

/* Voters from..from + count out of their pages. */
static enum err list_voters(struct service_call *c, uint64_t id, uint64_t from, size_t count,
                            uint8_t *keys, struct abi_value *weights)
{
    for (size_t done = 0; done < count;) {
        uint64_t page = (from + done) / PAGE_VOTERS;
        size_t at = (from + done) % PAGE_VOTERS;
        struct hash slot = RECORD_SLOT("voters", id, page);
        struct record r;
        TRY(record_load(c, &slot, &r));
        record_skip(&r, at * PAGE_VOTER_BYTES);
        for (; at < PAGE_VOTERS && done < count; at++, done++) {
            memcpy(keys + done * EDWARDS_BYTES, record_take(&r, EDWARDS_BYTES), EDWARDS_BYTES);
            weights->item[done] = abi_u64(record_u64(&r));
        }
        if (r.bad)
            return record_unreadable(c);
    }
    return E_OK;
}

enum err run_voting_voters_of(struct service_call *c)
{
    uint64_t from = abi_get_u64(service_arg(c, 1)), count = abi_get_u64(service_arg(c, 2));
    struct consultation v;
    struct voters r;
    TRY(consultation_load(c, &v));
    TRY(voters_load(c, v.id, &r));
    if (from > r.count)
        return REFUSE(c, "UnknownIndex", abi_u64(from), abi_u64(r.count));
    count = count < r.count - from ? count : r.count - from;
    count = count < LIST_MAX ? count : LIST_MAX;
    TRY(service_charge(c, GAS_LIST_VOTER * count));
    uint8_t *keys = arena_alloc(c->arena, count * EDWARDS_BYTES + 1);
    struct abi_value weights = abi_list(c->arena, count);
    TRY(list_voters(c, v.id, from, count, keys, &weights));
    return service_return(
        c, (struct abi_value[]){abi_bytes(bytes_of(keys, count * EDWARDS_BYTES)), weights});
}
