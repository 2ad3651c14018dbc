/* Consultations: their record, their state, and who may do what to them. */
#include "city/voting/consultation.h"

static struct hash count_slot(void)
{
    return service_slot("consultations", NULL, 0);
}

/* --- the record ------------------------------------------------------------------------------- */

static void put_text(struct buf *b, const char *text)
{
    size_t len = strlen(text);
    buf_put_u8(b, (uint8_t)(len >> 8));
    buf_put_u8(b, (uint8_t)len);
    buf_puts(b, text);
}

static void take_text(struct record *r, char *out, size_t max)
{
    size_t len = (size_t)record_u8(r) << 8;
    len |= record_u8(r);
    if (len > max || (size_t)(r->end - r->p) < len) {
        r->bad = true;
        len = 0;
    }
    memcpy(out, r->p, len);
    out[len] = 0;
    r->p += len;
}

static void take_hash(struct record *r, struct hash *out)
{
    memcpy(out->b, record_take(r, 32), 32);
}

static void take_address(struct record *r, struct address *out)
{
    memcpy(out->b, record_take(r, 20), 20);
}

static void read_consultation(struct record *r, struct consultation *v)
{
    v->stage = record_u8(r);
    v->is_merge = record_u8(r);
    take_address(r, &v->clerk);
    take_address(r, &v->registrar);
    v->created_s = record_u64(r);
    v->published_s = record_u64(r);
    v->opens_s = record_u64(r);
    v->closes_s = record_u64(r);
    v->floor = record_u64(r);
    v->series = record_u64(r);
    v->merged_into = record_u64(r);
    v->ciphertexts = record_u32(r);
    v->ballot_bytes = record_u32(r);
    take_hash(r, &v->election_hash);
    take_text(r, v->uuid, VOTING_UUID_CHARS);
    take_text(r, v->name, VOTING_NAME_MAX);
}

static void write_consultation(struct buf *b, const struct consultation *v)
{
    buf_put_u8(b, (uint8_t)v->stage);
    buf_put_u8(b, v->is_merge);
    buf_put(b, v->clerk.b, 20);
    buf_put(b, v->registrar.b, 20);
    record_put_u64(b, v->created_s);
    record_put_u64(b, v->published_s);
    record_put_u64(b, v->opens_s);
    record_put_u64(b, v->closes_s);
    record_put_u64(b, v->floor);
    record_put_u64(b, v->series);
    record_put_u64(b, v->merged_into);
    record_put_u32(b, v->ciphertexts);
    record_put_u32(b, v->ballot_bytes);
    buf_put(b, v->election_hash.b, 32);
    put_text(b, v->uuid);
    put_text(b, v->name);
}

enum err consultation_load_id(struct service_call *c, struct u256 id, struct consultation *out)
{
    struct record r = {0};
    memset(out, 0, sizeof *out);
    if ((id.w[1] | id.w[2] | id.w[3]) == 0) {
        struct hash slot = RECORD_SLOT("consultation", id.w[0]);
        TRY(record_load(c, &slot, &r));
    }
    if (record_is_empty(&r))
        return REFUSE(c, "UnknownConsultation", abi_u256(id));
    out->id = id.w[0];
    read_consultation(&r, out);
    bool holds = !r.bad && record_is_empty(&r) && out->ciphertexts >= 1 &&
                 out->ciphertexts <= BEL_CIPHERTEXTS_MAX && out->ballot_bytes > EDWARDS_BYTES;
    return holds ? E_OK : record_unreadable(c);
}

enum err consultation_load(struct service_call *c, struct consultation *out)
{
    return consultation_load_id(c, service_arg(c, 0)->word, out);
}

enum err consultation_store(struct service_call *c, const struct consultation *v)
{
    struct buf b = {0};
    struct hash slot = RECORD_SLOT("consultation", v->id);
    write_consultation(&b, v);
    return record_store(c, &slot, &b);
}

enum err consultation_count(struct service_call *c, uint64_t *out)
{
    struct u256 count;
    struct hash slot = count_slot();
    TRY(service_load_u256(c, &slot, &count));
    *out = count.w[0];
    return E_OK;
}

enum err consultation_new(struct service_call *c, struct consultation *v)
{
    struct hash slot = count_slot();
    TRY(consultation_count(c, &v->id));
    v->id++;
    return service_store_u256(c, &slot, u256_from_u64(v->id));
}

enum err consultation_has_units(struct service_call *c, const struct consultation *v, bool *out)
{
    struct record r;
    struct hash slot = RECORD_SLOT("series", v->series);
    TRY(record_load(c, &slot, &r));
    *out = !record_is_empty(&r);
    return E_OK;
}

enum err consultation_note_units(struct service_call *c, const struct consultation *v)
{
    static const uint8_t ONE[1] = {1};
    struct hash slot = RECORD_SLOT("series", v->series);
    return service_store(c, &slot, bytes_of(ONE, sizeof ONE));
}

/* --- its state -------------------------------------------------------------------------------- */

bool consultation_is_over(const struct service_call *c, const struct consultation *v)
{
    return v->stage == STAGE_ENDED ||
           (v->stage == STAGE_PUBLISHED && service_now_s(c) >= v->closes_s);
}

const char *consultation_status(const struct service_call *c, const struct consultation *v)
{
    switch (v->stage) {
    case STAGE_DRAFT:
        return "draft";
    case STAGE_PUBLISHED:
        if (consultation_is_over(c, v))
            return "closed";
        return service_now_s(c) < v->opens_s ? "published" : "open";
    case STAGE_ENDED:
        return "closed";
    case STAGE_TALLIED:
        return "tallied";
    case STAGE_DECIDED:
        return "decided";
    case STAGE_CANCELLED:
        return "cancelled";
    case STAGE_MERGED:
        return "merged";
    }
    return "unreadable";
}

enum err wrong_status(struct service_call *c, const struct consultation *v)
{
    return REFUSE(c, "WrongStatus", abi_u64(v->id), service_name32(consultation_status(c, v)));
}

enum err require_stage(struct service_call *c, const struct consultation *v,
                       enum consultation_stage stage)
{
    return v->stage == stage ? E_OK : wrong_status(c, v);
}

enum err require_over(struct service_call *c, const struct consultation *v)
{
    if (consultation_is_over(c, v))
        return E_OK;
    if (v->stage == STAGE_PUBLISHED)
        return REFUSE(c, "NotOver", abi_u64(v->id), abi_u64(v->closes_s),
                      abi_u64(service_now_s(c)));
    return wrong_status(c, v);
}

enum err require_clerk(struct service_call *c, const struct consultation *v)
{
    return address_eq(&v->clerk, &c->frame->caller) ? E_OK : service_not_authorised(c, "clerk");
}

enum err require_registrar(struct service_call *c, const struct consultation *v)
{
    return !v->is_merge && address_eq(&v->registrar, &c->frame->caller)
               ? E_OK
               : service_not_authorised(c, "registrar");
}

/* --- texts and documents ---------------------------------------------------------------------- */

enum err require_text(struct service_call *c, struct bytes text, size_t max)
{
    return text.len <= max && record_text_holds(text)
               ? E_OK
               : REFUSE(c, "InvalidText", abi_u64(text.len), abi_u64(max));
}

enum err load_document(struct service_call *c, const char *tag, uint64_t id, struct bytes *out)
{
    struct record r;
    struct hash slot = RECORD_SLOT(tag, id);
    TRY(record_load(c, &slot, &r));
    *out = bytes_of(r.p, (size_t)(r.end - r.p));
    return E_OK;
}

enum err store_document(struct service_call *c, const char *tag, uint64_t id, struct bytes value)
{
    struct hash slot = RECORD_SLOT(tag, id);
    return service_store(c, &slot, value);
}

enum err store_reason(struct service_call *c, const struct consultation *v, struct bytes reason)
{
    TRY(require_text(c, reason, VOTING_REASON_MAX));
    return store_document(c, "reason", v->id, reason);
}

struct abi_value rule_word(enum err e)
{
    switch (e) {
    case E_JSON:
        return service_name32("json");
    case E_RANGE:
        return service_name32("range");
    case E_UNSUPPORTED:
        return service_name32("unsupported");
    case E_TOO_LARGE:
        return service_name32("large");
    case E_PROOF:
        return service_name32("proof");
    case E_SIGNATURE:
        return service_name32("signature");
    default:
        return service_name32("invalid");
    }
}
