#include "city/voting/board.h"

#include "belenios/proof.h"

/* --- the record ------------------------------------------------------------------------------- */

/* Slot "board", series: entries 4 | per entry threshold 4, size 4 | per trustee account 20, step 1.
 */
static struct hash board_slot(uint64_t series)
{
    return RECORD_SLOT("board", series);
}

enum err board_load(struct service_call *c, uint64_t series, struct board *out)
{
    struct record r;
    struct hash slot = board_slot(series);
    memset(out, 0, sizeof *out);
    out->series = series;
    TRY(record_load(c, &slot, &r));
    out->entry_count = record_u32(&r);
    if (out->entry_count == 0 || out->entry_count > BEL_TRUSTEES_MAX)
        return record_unreadable(c);
    for (size_t i = 0; i < out->entry_count; i++) {
        struct board_entry *e = &out->entries[i];
        e->threshold = record_u32(&r);
        e->size = record_u32(&r);
        e->first = (uint32_t)out->count;
        if (e->size > BEL_TRUSTEES_MAX - out->count ||
            (e->threshold ? e->threshold >= e->size : e->size != 1))
            return record_unreadable(c);
        for (uint32_t k = 0; k < e->size; k++)
            out->trustees[out->count++] =
                (struct board_trustee){.entry = (uint32_t)i, .member = e->threshold ? k + 1 : 0};
    }
    for (size_t i = 0; i < out->count; i++) {
        struct board_trustee *t = &out->trustees[i];
        memcpy(t->account.b, record_take(&r, 20), 20);
        t->step = record_u8(&r);
        if (t->step > (t->member ? BOARD_GROUP_STEPS : BOARD_SINGLE_STEPS))
            return record_unreadable(c);
    }
    return r.bad || !record_is_empty(&r) ? record_unreadable(c) : E_OK;
}

enum err board_store(struct service_call *c, const struct board *b)
{
    struct buf out = {0};
    struct hash slot = board_slot(b->series);
    record_put_u32(&out, (uint32_t)b->entry_count);
    for (size_t i = 0; i < b->entry_count; i++) {
        record_put_u32(&out, b->entries[i].threshold);
        record_put_u32(&out, b->entries[i].size);
    }
    for (size_t i = 0; i < b->count; i++) {
        buf_put(&out, b->trustees[i].account.b, 20);
        buf_put_u8(&out, b->trustees[i].step);
    }
    return record_store(c, &slot, &out);
}

/* --- who -------------------------------------------------------------------------------------- */

uint64_t board_find(const struct board *b, const struct address *account)
{
    for (size_t i = 0; i < b->count; i++)
        if (address_eq(&b->trustees[i].account, account))
            return i + 1;
    return 0;
}

enum err board_require_caller(struct service_call *c, const struct board *b, uint64_t *owner_out)
{
    *owner_out = board_find(b, &c->frame->caller);
    return *owner_out ? E_OK : service_not_authorised(c, "trustee");
}

struct bel_context board_context(const struct board *b, uint64_t owner)
{
    const struct board_entry *e = board_entry_of(b, owner);
    return (struct bel_context){e->threshold, e->size, b->trustees[owner - 1].member};
}

enum err board_require_complete(struct service_call *c, const struct board *b)
{
    for (size_t i = 0; i < b->count; i++) {
        unsigned steps = b->trustees[i].member ? BOARD_GROUP_STEPS : BOARD_SINGLE_STEPS;
        if (b->trustees[i].step < steps)
            return REFUSE(c, "TrusteesIncomplete", abi_u64(i + 1));
    }
    return E_OK;
}

void board_opening(const struct board *b, size_t *alone_out, size_t *grouped_out)
{
    *alone_out = *grouped_out = 0;
    for (size_t i = 0; i < b->entry_count; i++) {
        *alone_out += b->entries[i].threshold == 0;
        *grouped_out += b->entries[i].threshold;
    }
}

/* --- messages --------------------------------------------------------------------------------- */

static struct hash message_slot(const struct board *b, uint64_t owner, unsigned round)
{
    return RECORD_SLOT("message", b->series, owner << 8 | round);
}

static enum err load_slot(struct service_call *c, const struct hash *slot, struct bytes *out)
{
    struct record r;
    TRY(record_load(c, slot, &r));
    *out = bytes_of(r.p, (size_t)(r.end - r.p));
    return E_OK;
}

enum err message_load(struct service_call *c, const struct board *b, uint64_t owner, unsigned round,
                      struct bytes *out)
{
    struct hash slot = message_slot(b, owner, round);
    return load_slot(c, &slot, out);
}

enum err message_store(struct service_call *c, const struct board *b, uint64_t owner,
                       unsigned round, struct bytes message)
{
    struct hash slot = message_slot(b, owner, round);
    return service_store(c, &slot, message);
}

enum err shares_load(struct service_call *c, const struct board *b, uint64_t owner,
                     struct bytes *out)
{
    struct hash slot = RECORD_SLOT("shares", b->series, owner);
    return load_slot(c, &slot, out);
}

enum err shares_store(struct service_call *c, const struct board *b, uint64_t owner,
                      struct bytes shares)
{
    struct hash slot = RECORD_SLOT("shares", b->series, owner);
    return service_store(c, &slot, shares);
}

enum err board_restart(struct service_call *c, struct board *b, size_t entry)
{
    const struct board_entry *e = &b->entries[entry];
    for (uint32_t i = 0; i < e->size; i++) {
        struct board_trustee *t = &b->trustees[e->first + i];
        uint64_t owner = e->first + i + 1;
        for (unsigned round = 1; round <= t->step; round++)
            TRY(message_store(c, b, owner, round, (struct bytes){0}));
        if (t->step >= ROUND_COEFFICIENTS)
            TRY(shares_store(c, b, owner, (struct bytes){0}));
        t->step = 0;
    }
    return E_OK;
}

/* --- messages unpacked ------------------------------------------------------------------------ */

/* Its numbers are the group's: what can be written as a document. */
static bool is_proof(const uint8_t proof[BEL_PROOF_BYTES])
{
    struct ed_scalar challenge, response;
    return bel_proof_read(&challenge, &response, proof);
}

static enum err load_sized(struct service_call *c, const struct board *b, uint64_t owner,
                           unsigned round, size_t len, struct bytes *out)
{
    TRY(message_load(c, b, owner, round, out));
    return out->len == len ? E_OK : record_unreadable(c);
}

enum err single_key_load(struct service_call *c, const struct board *b, size_t entry,
                         struct bel_key_message *out)
{
    struct bytes m;
    TRY(load_sized(c, b, b->entries[entry].first + 1, ROUND_KEY, sizeof *out, &m));
    memcpy(out, m.data, sizeof *out);
    return is_proof(out->pok) ? E_OK : record_unreadable(c);
}

enum err certificates_load(struct service_call *c, const struct board *b, size_t entry,
                           struct bel_certificate **out)
{
    const struct board_entry *e = &b->entries[entry];
    *out = arena_zalloc(c->arena, e->size, sizeof **out);
    for (uint32_t i = 0; i < e->size; i++) {
        struct bytes m;
        TRY(load_sized(c, b, e->first + i + 1, ROUND_CERTIFICATE, sizeof **out, &m));
        memcpy(&(*out)[i], m.data, sizeof **out);
        if (!is_proof((*out)[i].signature))
            return record_unreadable(c);
    }
    return E_OK;
}

bool coefficients_unpack(struct bel_coefficients *out, uint32_t threshold, struct bytes packed)
{
    size_t points = (size_t)threshold * EDWARDS_BYTES;
    if (packed.len != points + BEL_PROOF_BYTES)
        return false;
    out->points32 = (uint8_t(*)[EDWARDS_BYTES])packed.data;
    memcpy(out->signature, packed.data + points, BEL_PROOF_BYTES);
    return true;
}

enum err coefficients_load(struct service_call *c, const struct board *b, size_t entry,
                           struct bel_coefficients **out)
{
    const struct board_entry *e = &b->entries[entry];
    *out = arena_zalloc(c->arena, e->size, sizeof **out);
    for (uint32_t i = 0; i < e->size; i++) {
        struct bytes m;
        TRY(message_load(c, b, e->first + i + 1, ROUND_COEFFICIENTS, &m));
        if (!coefficients_unpack(&(*out)[i], e->threshold, m) || !is_proof((*out)[i].signature))
            return record_unreadable(c);
    }
    return E_OK;
}

enum err verifications_load(struct service_call *c, const struct board *b, size_t entry,
                            struct bel_verification **out)
{
    const struct board_entry *e = &b->entries[entry];
    *out = arena_zalloc(c->arena, e->size, sizeof **out);
    for (uint32_t i = 0; i < e->size; i++) {
        struct bytes m;
        TRY(load_sized(c, b, e->first + i + 1, ROUND_VERIFICATION, sizeof **out, &m));
        struct bel_verification *v = &(*out)[i];
        memcpy(v, m.data, sizeof *v);
        if (!is_proof(v->key.pok) || !is_proof(v->key_signature) || !is_proof(v->certs_signature))
            return record_unreadable(c);
    }
    return E_OK;
}
