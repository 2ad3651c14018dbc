#include "city/voting/counting.h"

#include "city/voting/price.h"
#include "city/voting/sums.h"
#include "crypto/sha256.h"

#define DECRYPTION_BYTES 16u

/* --- the end of the voting -------------------------------------------------------------------- */

enum err counting_end(struct service_call *c, struct consultation *v, struct progress *p)
{
    if (v->stage == STAGE_ENDED)
        return E_OK;
    v->stage = STAGE_ENDED;
    TRY(event_append(c, v->id, p, BEL_END_BALLOTS, NULL, 0, (struct bytes){0}));
    return EMIT(c, "Closed", abi_u64(v->id), abi_bytes32(p->last.b), abi_u64(p->events - 1));
}

enum err run_voting_close(struct service_call *c)
{
    struct consultation v;
    struct progress p;
    TRY(consultation_load(c, &v));
    TRY(require_over(c, &v));
    if (v.stage == STAGE_ENDED)
        return service_revert(c, "NoChange", NULL);
    TRY(progress_load(c, v.id, &p));
    TRY(counting_end(c, &v, &p));
    TRY(progress_store(c, v.id, &p));
    TRY(consultation_store(c, &v));
    return service_return(c, NULL);
}

/* --- the sums --------------------------------------------------------------------------------- */

/* SHA-256 of sized_encrypted_tally.json. */
static struct hash sized_hash(const struct bel_election *e, struct bytes sums,
                              const struct progress *p)
{
    struct hash h;
    struct buf json = {0};
    bel_sums_write(&json, e, sums);
    sha256_once(&h, json.data, json.len);
    buf_clear(&json);
    bel_sized_write(&json, p->counted, p->counted_weight, &h);
    sha256_once(&h, json.data, json.len);
    buf_free(&json);
    return h;
}

/* What is tallied can no longer be merged. So with several units it is the clerk who says which of
 * them are counted alone: a stranger would leave those below the floor with nobody to be merged
 * with. */
static enum err require_tallier(struct service_call *c, const struct consultation *v)
{
    bool has_units;
    TRY(consultation_has_units(c, v, &has_units));
    return has_units ? require_clerk(c, v) : E_OK;
}

enum err run_voting_tally(struct service_call *c)
{
    struct consultation v;
    struct progress p;
    struct voting_election *election;
    struct bytes sums;
    TRY(consultation_load(c, &v));
    TRY(require_over(c, &v));
    TRY(require_tallier(c, &v));
    TRY(progress_load(c, v.id, &p));
    if (p.counted < v.floor)
        return REFUSE(c, "BelowFloor", abi_u64(v.id), abi_u64(p.counted), abi_u64(v.floor));
    TRY(counting_end(c, &v, &p));
    TRY(sums_load(c, &v, &sums));
    TRY(service_charge(c, sums.len * GAS_VOTING_DOCUMENT_BYTE));
    TRY(election_of(c, &v, &election));
    struct hash payload = sized_hash(&election->e, sums, &p);
    election_release(election);
    v.stage = STAGE_TALLIED;
    TRY(event_append(c, v.id, &p, BEL_ENCRYPTED_TALLY, &payload, 0, sums));
    TRY(progress_store(c, v.id, &p));
    TRY(consultation_store(c, &v));
    TRY(EMIT(c, "Tallied", abi_u64(v.id), abi_u64(p.counted), abi_u64(p.counted_weight),
             abi_bytes32(p.last.b), abi_u64(p.events - 1)));
    return service_return(c, NULL);
}

/* --- decryptions ------------------------------------------------------------------------------ */

enum err decryptions_load(struct service_call *c, uint64_t id, struct decryption **out,
                          size_t *count_out)
{
    struct record r;
    struct hash slot = RECORD_SLOT("decryptions", id);
    TRY(record_load(c, &slot, &r));
    *count_out = (size_t)(r.end - r.p) / DECRYPTION_BYTES;
    *out = arena_zalloc(c->arena, *count_out + 1, sizeof **out);
    for (size_t i = 0; i < *count_out; i++) {
        (*out)[i].owner = record_u64(&r);
        (*out)[i].height = record_u64(&r);
    }
    return record_is_empty(&r) ? E_OK : record_unreadable(c);
}

static enum err add_decryption(struct service_call *c, uint64_t id, const struct decryption *list,
                               size_t count, struct decryption added)
{
    struct buf b = {0};
    struct hash slot = RECORD_SLOT("decryptions", id);
    for (size_t i = 0; i <= count; i++) {
        const struct decryption *d = i < count ? &list[i] : &added;
        record_put_u64(&b, d->owner);
        record_put_u64(&b, d->height);
    }
    return record_store(c, &slot, &b);
}

static enum err require_undecrypted(struct service_call *c, uint64_t owner,
                                    const struct decryption *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].owner == owner)
            return REFUSE(c, "AlreadyDecrypted", abi_u64(owner));
    return E_OK;
}

/* Checks a trustee's part against its key, and finds SHA-256 of its owned document. */
static enum err check_part(struct service_call *c, const struct consultation *v, uint64_t owner,
                           const uint8_t key32[EDWARDS_BYTES], struct bytes part,
                           struct hash *payload_out)
{
    struct bytes sums;
    struct voting_election *election;
    struct diag d = {0};
    struct buf json = {0};
    TRY(sums_load(c, v, &sums));
    TRY(service_charge(c, price_decryption(v->ciphertexts) + part.len * GAS_VOTING_DOCUMENT_BYTE));
    TRY(election_of(c, v, &election));
    enum err e = bel_decryption_check(&election->e, sums, part, key32, &d);
    if (e == E_OK) {
        bel_decryption_write(&json, &election->e, part);
        sha256_once(payload_out, json.data, json.len);
        buf_clear(&json);
        bel_owned_write(&json, owner, payload_out);
        sha256_once(payload_out, json.data, json.len);
        buf_free(&json);
    }
    election_release(election);
    if (e == E_OK)
        return E_OK;
    service_tell(c, d.text);
    return REFUSE(c, "InvalidDecryption", abi_u64(owner), rule_word(e));
}

enum err run_voting_post_decryption(struct service_call *c)
{
    struct bytes part = service_arg(c, 1)->bytes;
    struct consultation v;
    struct board b;
    struct bel_trustees trustees;
    struct progress p;
    struct decryption *list;
    struct hash payload;
    uint64_t owner;
    size_t count;
    TRY(consultation_load(c, &v));
    TRY(board_load(c, v.series, &b));
    TRY(board_require_caller(c, &b, &owner));
    TRY(require_stage(c, &v, STAGE_TALLIED));
    TRY(decryptions_load(c, v.id, &list, &count));
    TRY(require_undecrypted(c, owner, list, count));
    TRY(trustees_of(c, &b, &trustees));
    TRY(check_part(c, &v, owner, trustees.trustees[owner - 1].key32, part, &payload));
    TRY(progress_load(c, v.id, &p));
    TRY(add_decryption(c, v.id, list, count, (struct decryption){owner, p.events}));
    TRY(event_append(c, v.id, &p, BEL_PARTIAL_DECRYPTION, &payload, owner, part));
    TRY(progress_store(c, v.id, &p));
    TRY(EMIT(c, "DecryptionPosted", abi_u64(v.id), abi_u64(owner), abi_bytes32(p.last.b),
             abi_u64(p.events - 1)));
    return service_return(c, NULL);
}

/* --- the result ------------------------------------------------------------------------------- */

/* What the trustees' parts open. */
static enum err open_sums(struct service_call *c, const struct consultation *v,
                          const struct bel_election *e, const struct bel_trustees *t,
                          struct ed_point *out)
{
    struct decryption *list;
    struct bytes sums;
    struct diag d = {0};
    size_t count;
    TRY(decryptions_load(c, v->id, &list, &count));
    uint64_t *owners = arena_alloc(c->arena, (count + 1) * sizeof *owners);
    struct bytes *parts = arena_zalloc(c->arena, count + 1, sizeof *parts);
    for (size_t i = 0; i < count; i++)
        owners[i] = list[i].owner;
    if (bel_decryptions_suffice(t, owners, count, &d) != E_OK) {
        service_tell(c, d.text);
        return REFUSE(c, "TooFewDecryptions", abi_u64(count));
    }
    for (size_t i = 0; i < count; i++) {
        struct event event;
        TRY(event_load(c, v->id, list[i].height, &event));
        if (event.type != BEL_PARTIAL_DECRYPTION || event.owner != owners[i] ||
            event.body.len != bel_decryption_bytes(e))
            return record_unreadable(c);
        parts[i] = event.body;
    }
    TRY(sums_load(c, v, &sums));
    return bel_open(out, e, t, sums, owners, parts, count, &d) == E_OK ? E_OK
                                                                       : record_unreadable(c);
}

static enum err check_result(struct service_call *c, const struct consultation *v,
                             const struct bel_election *e, const struct bel_trustees *t,
                             const uint64_t *counts)
{
    struct ed_point *opened = arena_alloc(c->arena, v->ciphertexts * sizeof *opened);
    struct diag d = {0};
    TRY(open_sums(c, v, e, t, opened));
    if (bel_result_check(counts, e, opened, &d) == E_OK)
        return E_OK;
    service_tell(c, d.text);
    return REFUSE(c, "InvalidResult", rule_word(E_PROOF));
}

/* result.json, into the arena. */
static struct bytes result_document(struct service_call *c, const struct bel_election *e,
                                    const uint64_t *counts)
{
    struct buf json = {0};
    bel_result_write(&json, e, counts);
    struct bytes out = bytes_of(arena_dup(c->arena, json.data, json.len), json.len);
    buf_free(&json);
    return out;
}

static enum err store_result(struct service_call *c, const struct consultation *v,
                             const uint64_t *counts)
{
    struct buf b = {0};
    struct hash slot = RECORD_SLOT("result", v->id);
    for (size_t i = 0; i < v->ciphertexts; i++)
        record_put_u64(&b, counts[i]);
    return record_store(c, &slot, &b);
}

static enum err result_argument(struct service_call *c, const struct consultation *v,
                                uint64_t **counts_out)
{
    const struct abi_value *list = service_arg(c, 1);
    if (list->count != v->ciphertexts)
        return REFUSE(c, "InvalidResult", service_name32("length"));
    *counts_out = arena_alloc(c->arena, list->count * sizeof **counts_out);
    for (size_t i = 0; i < list->count; i++)
        (*counts_out)[i] = abi_get_u64(&list->item[i]);
    return E_OK;
}

enum err run_voting_post_result(struct service_call *c)
{
    struct consultation v;
    struct board b;
    struct bel_trustees trustees;
    struct progress p;
    struct voting_election *election;
    struct bytes document = {0};
    struct hash payload;
    uint64_t *counts = NULL;
    size_t alone, grouped;
    TRY(consultation_load(c, &v));
    TRY(require_stage(c, &v, STAGE_TALLIED));
    TRY(result_argument(c, &v, &counts));
    TRY(board_load(c, v.series, &b));
    TRY(trustees_of(c, &b, &trustees));
    board_opening(&b, &alone, &grouped);
    TRY(service_charge(c, price_opening(alone, grouped, v.ciphertexts)));
    TRY(election_of(c, &v, &election));
    enum err e = check_result(c, &v, &election->e, &trustees, counts);
    if (e == E_OK)
        document = result_document(c, &election->e, counts);
    election_release(election);
    TRY(e);
    sha256_once(&payload, document.data, document.len);
    v.stage = STAGE_DECIDED;
    TRY(progress_load(c, v.id, &p));
    TRY(event_append(c, v.id, &p, BEL_RESULT, &payload, 0, document));
    TRY(store_result(c, &v, counts));
    TRY(progress_store(c, v.id, &p));
    TRY(consultation_store(c, &v));
    TRY(EMIT(c, "ResultPosted", abi_u64(v.id), abi_bytes32(p.last.b), abi_u64(p.events - 1)));
    return service_return(c, NULL);
}
