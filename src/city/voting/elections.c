#include "city/voting/elections.h"

#include "city/voting/price.h"
#include "city/voting/voters.h"

enum err election_of(struct service_call *c, const struct consultation *v,
                     struct voting_election **out)
{
    *out = NULL;
    TRY(service_charge(c, price_election(0)));
    struct hash slot = RECORD_SLOT("election", v->id);
    struct voting_election *held = election_hold(&v->election_hash);
    struct bytes document =
        held ? held->e.document : state_storage(c->world->state, &VOTING_SERVICE.address, &slot);
    enum err paid = service_charge(c, price_election(document.len) - price_election(0));
    if (paid != E_OK) {
        election_release(held);
        return paid;
    }
    *out = held ? held : election_make(document, v->id);
    if (*out && hash_eq(&(*out)->e.hash, &v->election_hash) &&
        (*out)->e.ciphertext_count == v->ciphertexts && (*out)->e.ballot_bytes == v->ballot_bytes)
        return E_OK;
    election_release(*out);
    *out = NULL;
    return record_unreadable(c);
}

/* --- trustees --------------------------------------------------------------------------------- */

/* Adds a point to the election's key. */
static enum err add_key(struct service_call *c, struct ed_point *sum, const uint8_t key32[32])
{
    struct ed_point p;
    if (!ed_decode(&p, key32))
        return record_unreadable(c);
    ed_add(sum, sum, &p);
    return E_OK;
}

static enum err single_key(struct service_call *c, const struct board *b, size_t entry,
                           struct bel_trustee *out, struct ed_point *sum)
{
    struct bel_key_message m;
    TRY(single_key_load(c, b, entry, &m));
    memcpy(out->key32, m.key32, EDWARDS_BYTES);
    return add_key(c, sum, m.key32);
}

/* A group's members decrypt with the keys of round 4; the group's key is the product of what its
 * members' polynomials begin with. */
static enum err group_keys(struct service_call *c, const struct board *b, size_t entry,
                           struct bel_trustee *out, struct ed_point *sum)
{
    struct bel_coefficients *coefficients;
    struct bel_verification *verifications;
    TRY(coefficients_load(c, b, entry, &coefficients));
    TRY(verifications_load(c, b, entry, &verifications));
    for (uint32_t i = 0; i < b->entries[entry].size; i++) {
        memcpy(out[i].key32, verifications[i].key.key32, EDWARDS_BYTES);
        TRY(add_key(c, sum, coefficients[i].points32[0]));
    }
    return E_OK;
}

enum err trustees_of(struct service_call *c, const struct board *b, struct bel_trustees *out)
{
    struct ed_point sum = ED_IDENTITY;
    *out = (struct bel_trustees){
        .trustees = arena_zalloc(c->arena, b->count, sizeof *out->trustees),
        .count = b->count,
        .entries = arena_zalloc(c->arena, b->entry_count, sizeof *out->entries),
        .entry_count = b->entry_count};
    TRY(service_charge(c, (uint64_t)b->count * GAS_VOTING_POINT));
    for (size_t i = 0; i < b->entry_count; i++) {
        const struct board_entry *e = &b->entries[i];
        struct bel_trustee *trustees = &out->trustees[e->first];
        out->entries[i].threshold = e->threshold;
        out->entries[i].size = e->size;
        out->entries[i].first = e->first;
        for (uint32_t k = 0; k < e->size; k++) {
            trustees[k].entry = i;
            trustees[k].member = b->trustees[e->first + k].member;
        }
        TRY(e->threshold ? group_keys(c, b, i, trustees, &sum)
                         : single_key(c, b, i, trustees, &sum));
    }
    ed_encode(out->key32, &sum);
    return E_OK;
}

/* --- publishing ------------------------------------------------------------------------------- */

/* trustees.json of the board's messages, kept with the first of the series. */
static enum err write_trustees(struct service_call *c, const struct board *b)
{
    struct bel_entry *entries = arena_zalloc(c->arena, b->entry_count, sizeof *entries);
    for (size_t i = 0; i < b->entry_count; i++) {
        struct bel_entry *e = &entries[i];
        e->threshold = b->entries[i].threshold;
        e->size = b->entries[i].size;
        if (e->threshold) {
            struct bel_certificate *certificates;
            struct bel_coefficients *coefficients;
            struct bel_verification *verifications;
            TRY(certificates_load(c, b, i, &certificates));
            TRY(coefficients_load(c, b, i, &coefficients));
            TRY(verifications_load(c, b, i, &verifications));
            e->certificates = certificates;
            e->coefficients = coefficients;
            e->verifications = verifications;
        } else {
            TRY(single_key_load(c, b, i, &e->single));
        }
    }
    struct buf json = {0};
    struct hash slot = RECORD_SLOT("trustees", b->series);
    bel_trustees_write(&json, entries, b->entry_count);
    return record_store(c, &slot, &json);
}

/* The template of the consultation's series as its own election. */
static enum err write_election(struct service_call *c, struct consultation *v,
                               const uint8_t key32[EDWARDS_BYTES])
{
    struct bytes template;
    struct bel_election e;
    struct diag d = {0};
    TRY(load_document(c, "template", v->series, &template));
    TRY(service_charge(c, template.len));
    if (bel_template_read(&e, c->arena, template, &d) != E_OK)
        return record_unreadable(c);
    e.version = bel_version(1);
    e.uuid = v->uuid;
    e.name = v->name;
    memcpy(e.public_key32, key32, EDWARDS_BYTES);
    struct buf json = {0};
    struct hash slot = RECORD_SLOT("election", v->id);
    bel_election_write(&json, &e);
    sha256_once(&v->election_hash, json.data, json.len);
    return record_store(c, &slot, &json);
}

enum err election_publish(struct service_call *c, struct consultation *v, struct progress *p,
                          const uint8_t key32[EDWARDS_BYTES], const struct hash *credentials)
{
    struct bytes document;
    struct hash trustees, payload;
    struct buf setup = {0};
    TRY(write_election(c, v, key32));
    TRY(load_document(c, "trustees", v->series, &document));
    TRY(service_charge(c, document.len / 8));
    sha256_once(&trustees, document.data, document.len);
    bel_setup_write(&setup, &v->election_hash, &trustees, credentials);
    sha256_once(&payload, setup.data, setup.len);
    v->stage = STAGE_PUBLISHED;
    v->published_s = service_now_s(c);
    enum err e = event_append(c, v->id, p, BEL_SETUP, &payload, 0, buf_view(&setup));
    buf_free(&setup);
    return e;
}

enum err run_voting_publish(struct service_call *c)
{
    struct consultation v;
    struct board b;
    struct bel_trustees trustees;
    struct voters r;
    struct progress p;
    struct voting_election *election;
    TRY(consultation_load(c, &v));
    TRY(require_clerk(c, &v));
    TRY(require_stage(c, &v, STAGE_DRAFT));
    if (service_now_s(c) >= v.closes_s)
        return REFUSE(c, "InvalidTimes", abi_u64(v.opens_s), abi_u64(v.closes_s),
                      abi_u64(service_now_s(c)));
    TRY(board_load(c, v.series, &b));
    TRY(board_require_complete(c, &b));
    TRY(voters_load(c, v.id, &r));
    if (r.count == 0)
        return service_revert(c, "NoVoters", NULL);
    TRY(trustees_of(c, &b, &trustees));
    if (v.id == v.series)
        TRY(write_trustees(c, &b));
    TRY(progress_load(c, v.id, &p));
    struct hash credentials = voters_hash(&r);
    TRY(election_publish(c, &v, &p, trustees.key32, &credentials));
    TRY(progress_store(c, v.id, &p));
    TRY(consultation_store(c, &v));
    TRY(election_of(c, &v, &election)); /* its ballots can be verified ahead from here on */
    election_release(election);
    TRY(EMIT(c, "Published", *service_arg(c, 0), abi_bytes32(v.election_hash.b),
             abi_bytes32(p.last.b)));
    return service_return(c, NULL);
}
