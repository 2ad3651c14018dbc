/* vote_events: see vote_events.h. */
#include "app/vote_events.h"

/* The members of one event, in the order of the service's table. */
enum { KIND, HASH, PAYLOAD, TIME, NUMBER, OWNER, BODY };

static bool type_of(enum bel_event_type *out, const struct abi_value *kind)
{
    uint8_t word[32];
    abi_get_bytes32(word, kind);
    for (int t = 0; t < BEL_EVENT_TYPES; t++) {
        if (strncmp((const char *)word, bel_event_name((enum bel_event_type)t), 32) == 0) {
            *out = (enum bel_event_type)t;
            return true;
        }
    }
    return false;
}

enum err vote_events_get(struct vote_ledger *l, uint64_t id, uint64_t from, struct vote_event **out,
                         size_t *count_out, struct diag *d)
{
    struct abi_value args[3] = {abi_u64(id), abi_u64(from), abi_u64(VOTE_EVENTS_PAGE)}, v;
    TRY(vote_view(l, "eventsOf", args, 3, &v, d));
    size_t count = v.item[0].count;
    struct vote_event *events = arena_zalloc(&l->arena, count + 1, sizeof *events);
    for (size_t i = 0; i < count; i++) {
        const struct abi_value *f = v.item[0].item[i].item;
        struct vote_event *e = &events[i];
        if (!type_of(&e->type, &f[KIND]))
            return diag_set(d, E_UNSUPPORTED,
                            T("event %llu: of a kind that this program does not know",
                              "événement %llu : d'une sorte inconnue de ce programme"),
                            (unsigned long long)(from + i));
        abi_get_bytes32(e->hash.b, &f[HASH]);
        abi_get_bytes32(e->payload.b, &f[PAYLOAD]);
        e->time_s = abi_get_u64(&f[TIME]);
        e->number = abi_get_u64(&f[NUMBER]);
        e->owner = abi_get_u64(&f[OWNER]);
        e->body = f[BODY].bytes;
    }
    *out = events;
    *count_out = count;
    return E_OK;
}
