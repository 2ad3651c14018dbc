#include "city/voting/events.h"

#include "crypto/sha256.h"

#define EVENT_FIELDS 7u
#define GAS_EVENT 1000u /* written as a document and hashed */

/* --- records ---------------------------------------------------------------------------------- */

/* Slot "progress", id: cast 8 | counted 8 | their weight 8 | events 8 | last event 32. */
enum err progress_load(struct service_call *c, uint64_t id, struct progress *out)
{
    struct record r;
    struct hash slot = RECORD_SLOT("progress", id);
    memset(out, 0, sizeof *out);
    TRY(record_load(c, &slot, &r));
    if (record_is_empty(&r))
        return E_OK;
    out->cast = record_u64(&r);
    out->counted = record_u64(&r);
    out->counted_weight = record_u64(&r);
    out->events = record_u64(&r);
    memcpy(out->last.b, record_take(&r, 32), 32);
    return r.bad || !record_is_empty(&r) ? record_unreadable(c) : E_OK;
}

enum err progress_store(struct service_call *c, uint64_t id, const struct progress *p)
{
    struct buf b = {0};
    struct hash slot = RECORD_SLOT("progress", id);
    record_put_u64(&b, p->cast);
    record_put_u64(&b, p->counted);
    record_put_u64(&b, p->counted_weight);
    record_put_u64(&b, p->events);
    buf_put(&b, p->last.b, 32);
    return record_store(c, &slot, &b);
}

/* Slot "event", id, height: type 1 | hash 32 | payload 32 | time 8 | block 8 | owner 8 | body. */
static enum err event_store(struct service_call *c, uint64_t id, const struct event *e)
{
    struct buf b = {0};
    struct hash slot = RECORD_SLOT("event", id, e->height);
    buf_put_u8(&b, (uint8_t)e->type);
    buf_put(&b, e->hash.b, 32);
    buf_put(&b, e->payload.b, 32);
    record_put_u64(&b, e->time_s);
    record_put_u64(&b, e->number);
    record_put_u64(&b, e->owner);
    buf_put(&b, e->body.data, e->body.len);
    return record_store(c, &slot, &b);
}

enum err event_load(struct service_call *c, uint64_t id, uint64_t height, struct event *out)
{
    struct record r;
    struct hash slot = RECORD_SLOT("event", id, height);
    struct progress p;
    TRY(record_load(c, &slot, &r));
    if (record_is_empty(&r)) {
        TRY(progress_load(c, id, &p));
        return REFUSE(c, "UnknownIndex", abi_u64(height), abi_u64(p.events));
    }
    *out = (struct event){.height = height, .type = record_u8(&r)};
    memcpy(out->hash.b, record_take(&r, 32), 32);
    memcpy(out->payload.b, record_take(&r, 32), 32);
    out->time_s = record_u64(&r);
    out->number = record_u64(&r);
    out->owner = record_u64(&r);
    out->body = bytes_of(r.p, (size_t)(r.end - r.p));
    return r.bad || out->type >= BEL_EVENT_TYPES ? record_unreadable(c) : E_OK;
}

static struct hash tracker_slot(uint64_t id, const struct hash *tracker)
{
    uint8_t number[8];
    struct bytes keys[2] = {{number, sizeof number}, {tracker->b, sizeof tracker->b}};
    be64_put(number, id);
    return service_slot("tracker", keys, 2);
}

enum err tracker_load(struct service_call *c, uint64_t id, const struct hash *tracker,
                      uint64_t *out)
{
    struct u256 stored;
    struct hash slot = tracker_slot(id, tracker);
    TRY(service_load_u256(c, &slot, &stored));
    *out = stored.w[0];
    return E_OK;
}

enum err tracker_store(struct service_call *c, uint64_t id, const struct hash *tracker,
                       uint64_t height)
{
    struct hash slot = tracker_slot(id, tracker);
    return service_store_u256(c, &slot, u256_from_u64(height + 1));
}

/* --- the chain -------------------------------------------------------------------------------- */

enum err event_append(struct service_call *c, uint64_t id, struct progress *p,
                      enum bel_event_type type, const struct hash *payload, uint64_t owner,
                      struct bytes body)
{
    struct bel_event document = {.height = p->events,
                                 .type = type,
                                 .has_parent = p->events > 0,
                                 .has_payload = payload != NULL,
                                 .parent = p->last};
    struct event e = {.height = p->events,
                      .type = type,
                      .time_s = service_now_s(c),
                      .number = c->world->block->number,
                      .owner = owner,
                      .body = body};
    struct buf json = {0};
    TRY(service_charge(c, GAS_EVENT));
    if (payload)
        document.payload = e.payload = *payload;
    bel_event_write(&json, &document);
    sha256_once(&e.hash, json.data, json.len);
    buf_free(&json);
    p->last = e.hash;
    p->events++;
    return event_store(c, id, &e);
}

/* --- asking ----------------------------------------------------------------------------------- */

static void event_values(struct abi_value out[EVENT_FIELDS], const struct event *e)
{
    out[0] = service_name32(bel_event_name(e->type));
    out[1] = abi_bytes32(e->hash.b);
    out[2] = abi_bytes32(e->payload.b);
    out[3] = abi_u64(e->time_s);
    out[4] = abi_u64(e->number);
    out[5] = abi_u64(e->owner);
    out[6] = abi_bytes(e->body);
}

enum err run_voting_event_at(struct service_call *c)
{
    struct consultation v;
    struct event e;
    struct abi_value fields[EVENT_FIELDS];
    TRY(consultation_load(c, &v));
    TRY(event_load(c, v.id, abi_get_u64(service_arg(c, 1)), &e));
    event_values(fields, &e);
    return service_return(c, fields);
}

enum err run_voting_events_of(struct service_call *c)
{
    uint64_t from = abi_get_u64(service_arg(c, 1)), count = abi_get_u64(service_arg(c, 2));
    struct consultation v;
    struct progress p;
    TRY(consultation_load(c, &v));
    TRY(progress_load(c, v.id, &p));
    if (from > p.events)
        return REFUSE(c, "UnknownIndex", abi_u64(from), abi_u64(p.events));
    count = count < p.events - from ? count : p.events - from;
    count = count < VOTING_EVENTS_MAX ? count : VOTING_EVENTS_MAX;
    struct abi_value list = abi_list(c->arena, count);
    size_t bytes = 0;
    for (list.count = 0; list.count < count && bytes < VOTING_LIST_BYTES; list.count++) {
        struct event e;
        struct abi_value *item = &list.item[list.count];
        TRY(event_load(c, v.id, from + list.count, &e));
        *item = abi_list(c->arena, EVENT_FIELDS);
        event_values(item->item, &e);
        bytes += e.body.len;
    }
    return service_return(c, &list);
}

enum err run_voting_ballot_height(struct service_call *c)
{
    struct consultation v;
    struct hash tracker;
    uint64_t height;
    abi_get_bytes32(tracker.b, service_arg(c, 1));
    TRY(consultation_load(c, &v));
    TRY(tracker_load(c, v.id, &tracker, &height));
    return service_return(c, (struct abi_value[]){abi_u64(height)});
}
