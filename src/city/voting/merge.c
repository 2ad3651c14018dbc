/* Merging: units too small to be counted alone are counted as one. */
#include <assert.h>

#include "belenios/verify.h"
#include "city/voting/counting.h"
#include "city/voting/merge.h"
#include "city/voting/sums.h"
#include "city/voting/voters.h"
#include "crypto/sha256.h"

static_assert(VOTING_UNITS_MAX == BEL_UNITS_MAX, "what is merged here can be verified");

static enum err invalid_units(struct service_call *c, const char *rule)
{
    return REFUSE(c, "InvalidUnits", service_name32(rule));
}

/* The units named: the caller's, of one series, their voting over and nothing of them counted. */
static enum err load_units(struct service_call *c, struct consultation **out, size_t *count_out)
{
    const struct abi_value *ids = service_arg(c, 0);
    if (ids->count < 2 || ids->count > VOTING_UNITS_MAX)
        return invalid_units(c, "count");
    struct consultation *units = arena_alloc(c->arena, ids->count * sizeof *units);
    for (size_t i = 0; i < ids->count; i++) {
        TRY(consultation_load_id(c, ids->item[i].word, &units[i]));
        TRY(require_clerk(c, &units[i]));
        TRY(require_over(c, &units[i]));
        if (units[i].series != units[0].series)
            return invalid_units(c, "series");
        for (size_t k = 0; k < i; k++)
            if (units[k].id == units[i].id)
                return invalid_units(c, "twice");
    }
    *out = units;
    *count_out = ids->count;
    return E_OK;
}

/* --- weights: the verification sums those of all rolls (belenios/verify.h) ----------------------
 */

static struct hash weight_slot(uint64_t id)
{
    return RECORD_SLOT("weight", id);
}

/* Of a unit's roll; of what was merged itself, of the rolls of its units. */
static enum err roll_weight(struct service_call *c, const struct consultation *unit, uint64_t *out)
{
    struct voters r;
    struct u256 weight;
    struct hash slot = weight_slot(unit->id);
    if (!unit->is_merge) {
        TRY(voters_load(c, unit->id, &r));
        *out = r.total_weight;
        return E_OK;
    }
    TRY(service_load_u256(c, &slot, &weight));
    *out = weight.w[0];
    return E_OK;
}

static enum err sum_weights(struct service_call *c, const struct consultation *units, size_t count,
                            uint64_t *sum_out)
{
    *sum_out = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t weight;
        TRY(roll_weight(c, &units[i], &weight));
        if (weight > BEL_WEIGHT_MAX - *sum_out)
            return invalid_units(c, "weight");
        *sum_out += weight;
    }
    return E_OK;
}

/* --- merging ---------------------------------------------------------------------------------- */

/* Ends a unit's voting and hands it over to v. */
static enum err absorb(struct service_call *c, struct consultation *v, struct progress *p,
                       struct consultation *unit, struct buf *last_events)
{
    struct progress of_unit;
    char text[2 * 32 + 1];
    TRY(progress_load(c, unit->id, &of_unit));
    TRY(counting_end(c, unit, &of_unit));
    TRY(progress_store(c, unit->id, &of_unit));
    unit->stage = STAGE_MERGED;
    unit->merged_into = v->id;
    TRY(consultation_store(c, unit));
    p->cast += of_unit.cast;
    p->counted += of_unit.counted;
    p->counted_weight += of_unit.counted_weight;
    v->floor = unit->floor > v->floor ? unit->floor : v->floor;
    v->opens_s = unit->opens_s < v->opens_s ? unit->opens_s : v->opens_s;
    v->closes_s = unit->closes_s > v->closes_s ? unit->closes_s : v->closes_s;
    hex_encode(text, of_unit.last.b, sizeof of_unit.last.b);
    buf_putf(last_events, "%s\"%s\"", last_events->len ? "," : "[", text);
    return E_OK;
}

static enum err absorb_all(struct service_call *c, struct consultation *v, struct progress *p,
                           struct consultation *units, size_t count, struct hash *hash_out)
{
    struct buf last_events = {0};
    enum err e = E_OK;
    for (size_t i = 0; i < count && e == E_OK; i++)
        e = absorb(c, v, p, &units[i], &last_events);
    buf_puts(&last_events, "]");
    sha256_once(hash_out, last_events.data, last_events.len);
    buf_free(&last_events);
    return e;
}

static enum err store_units(struct service_call *c, uint64_t id, const struct consultation *units,
                            size_t count)
{
    struct buf b = {0};
    struct hash slot = RECORD_SLOT("units", id);
    for (size_t i = 0; i < count; i++)
        record_put_u64(&b, units[i].id);
    return record_store(c, &slot, &b);
}

enum err run_voting_merge(struct service_call *c)
{
    struct consultation v, *units = NULL;
    struct progress p = {0};
    struct board b;
    struct bel_trustees trustees;
    struct hash credentials;
    size_t count = 0;
    uint64_t weight;
    TRY(load_units(c, &units, &count));
    TRY(sum_weights(c, units, count, &weight));
    TRY(consultation_new_unit(c, &units[0], service_arg(c, 1)->bytes, &v));
    v.is_merge = true;
    v.registrar = (struct address){0};
    TRY(EMIT(c, "ConsultationCreated", abi_u64(v.id), abi_address(&v.clerk), abi_u64(v.series),
             abi_text(v.name)));
    TRY(absorb_all(c, &v, &p, units, count, &credentials));
    TRY(sums_merge(c, &v, units, count));
    TRY(board_load(c, v.series, &b));
    TRY(trustees_of(c, &b, &trustees));
    TRY(election_publish(c, &v, &p, trustees.key32, &credentials));
    TRY(counting_end(c, &v, &p));
    TRY(store_units(c, v.id, units, count));
    struct hash slot = weight_slot(v.id);
    TRY(service_store_u256(c, &slot, u256_from_u64(weight)));
    TRY(progress_store(c, v.id, &p));
    TRY(consultation_store(c, &v));
    TRY(EMIT(c, "Merged", abi_u64(v.id), *service_arg(c, 0)));
    return service_return(c, (struct abi_value[]){abi_u64(v.id)});
}
