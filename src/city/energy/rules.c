#include "city/energy/rules.h"

#include "base/lang.h"
#include "codec/json.h"

#define ROLE_RULES "energy-rules"

/* The amendment of 21 February 2025 was published on 5 March 2025: 5 MW from the day after. */
static const struct rules DEFAULT_RULES[] = {
    {0, 3000000, 500000, 3000000, 2000, 10000, 20000},
    {1741215600, 5000000, 500000, 10000000, 2000, 10000, 20000},
};

static struct hash rules_slot(void)
{
    return service_slot("rules", NULL, 0);
}

static struct hash role_slot(void)
{
    return service_slot("rules-role", NULL, 0);
}

/* --- record ----------------------------------------------------------------------------------- */

static enum err store_rules(struct service_call *c, const struct rules *r, size_t count)
{
    struct buf b = {0};
    for (size_t i = 0; i < count; i++) {
        record_put_u64(&b, r[i].from_s);
        record_put_u64(&b, r[i].mainland_w);
        record_put_u64(&b, r[i].island_w);
        record_put_u64(&b, r[i].derogation_w);
        record_put_u32(&b, r[i].distance_m);
        record_put_u32(&b, r[i].periurban_m);
        record_put_u32(&b, r[i].rural_m);
    }
    struct hash slot = rules_slot();
    return record_store(c, &slot, &b);
}

static enum err load_rules(struct service_call *c, struct rules out[RULES_PERIODS_MAX],
                           size_t *count)
{
    struct hash slot = rules_slot();
    struct record r;
    TRY(record_load(c, &slot, &r));
    *count = 0;
    while (!record_is_empty(&r) && *count < RULES_PERIODS_MAX && !r.bad) {
        struct rules *k = &out[(*count)++];
        k->from_s = record_u64(&r);
        k->mainland_w = record_u64(&r);
        k->island_w = record_u64(&r);
        k->derogation_w = record_u64(&r);
        k->distance_m = record_u32(&r);
        k->periurban_m = record_u32(&r);
        k->rural_m = record_u32(&r);
    }
    if (r.bad)
        return record_unreadable(c);
    if (*count == 0) {
        *count = sizeof DEFAULT_RULES / sizeof DEFAULT_RULES[0];
        memcpy(out, DEFAULT_RULES, sizeof DEFAULT_RULES);
    }
    return E_OK;
}

static enum err rules_at(struct service_call *c, uint64_t at_s, struct rules *out)
{
    struct rules all[RULES_PERIODS_MAX];
    size_t count;
    TRY(load_rules(c, all, &count));
    size_t i = count - 1;
    while (i != 0 && all[i].from_s > at_s)
        i--;
    *out = all[i];
    return E_OK;
}

/* --- checks ----------------------------------------------------------------------------------- */

static enum err refuse(struct service_call *c, const char *rule, const char *reason)
{
    return REFUSE(c, "PerimeterRefused", abi_bytes(bytes_str(rule)), abi_bytes(bytes_str(reason)));
}

enum err rules_check_operation(struct service_call *c, const struct operation *o)
{
    if (!(o->flags & OPERATION_LEGAL_ORGANISER))
        return refuse(c, "ACC-01", "the organiser must be a legal person");
    if (o->perimeter == PERIMETER_BUILDING && hash_is_zero(&o->site))
        return refuse(c, "ACC-02", "an operation inside one building must commit to its site");
    return E_OK;
}

static enum err check_place(struct service_call *c, const struct operation *o,
                            const struct point *added)
{
    if (added->flags & POINT_MAIN_ACTIVITY)
        return refuse(c, "ACC-06", "sharing may not be the participant's main activity");
    if (o->perimeter == PERIMETER_BUILDING && !hash_eq(&added->site, &o->site))
        return refuse(c, "ACC-02", "the point is not in the operation's building");
    if ((added->flags & POINT_MEDIUM_VOLTAGE) && !(o->flags & OPERATION_RENEWABLE))
        return refuse(c, "ACC-02", "without renewable production only the low-voltage network");
    if (added->grid_operator != o->grid_operator)
        return refuse(c, "ACC-03", "the point is on another distribution operator's network");
    return E_OK;
}

enum err rules_check_point(struct service_call *c, const struct operation *o,
                           const struct point *points, const struct point *added)
{
    struct rules r;
    TRY(check_place(c, o, added));
    TRY(rules_at(c, added->enter_s, &r));
    uint64_t power_w = added->power_w;
    uint32_t distance_m = added->distance_m;
    enum density least_rural = added->density;
    for (uint32_t i = 0; i < o->points; i++) {
        const struct point *p = &points[i];
        if (p->leave_s <= added->enter_s)
            continue;
        power_w += p->power_w;
        distance_m = p->distance_m > distance_m ? p->distance_m : distance_m;
        least_rural = p->density < least_rural ? p->density : least_rural;
    }
    if (o->perimeter == PERIMETER_EXTENDED && distance_m > r.distance_m) {
        if (!(o->flags & OPERATION_DISTANCE_DEROGATION))
            return refuse(c, "ACC-03", "participants too far from each other");
        uint32_t limit_m = least_rural == DENSITY_RURAL       ? r.rural_m
                           : least_rural == DENSITY_PERIURBAN ? r.periurban_m
                                                              : r.distance_m;
        if (distance_m > limit_m)
            return refuse(c, "ACC-04", "too far apart for the least rural municipality");
    }
    uint64_t limit_w = o->flags & OPERATION_POWER_DEROGATION ? r.derogation_w
                       : o->flags & OPERATION_ISLAND         ? r.island_w
                                                             : r.mainland_w;
    if (power_w >= limit_w && added->power_w != 0)
        return refuse(c, "ACC-05", "cumulated installed power not below the limit");
    return E_OK;
}

/* --- methods ---------------------------------------------------------------------------------- */

enum err run_set_rules(struct service_call *c)
{
    struct hash slot = role_slot();
    struct u256 role;
    TRY(service_load_u256(c, &slot, &role));
    if (u256_is_zero(role) || !u256_eq(role, abi_address(&c->frame->caller).word))
        return service_not_authorised(c, ROLE_RULES);
    struct rules all[RULES_PERIODS_MAX];
    size_t count;
    TRY(load_rules(c, all, &count));
    uint64_t v[7];
    for (size_t i = 0; i < 7; i++)
        v[i] = abi_get_u64(service_arg(c, i));
    if (v[0] <= all[count - 1].from_s)
        return REFUSE(c, "NotAfterLastChange", abi_u64(v[0]), abi_u64(all[count - 1].from_s));
    if (count == RULES_PERIODS_MAX)
        return REFUSE(c, "TooManyChanges", abi_u64(RULES_PERIODS_MAX));
    all[count++] =
        (struct rules){v[0], v[1], v[2], v[3], (uint32_t)v[4], (uint32_t)v[5], (uint32_t)v[6]};
    TRY(store_rules(c, all, count));
    TRY(EMIT(c, "RulesSet", abi_u64(v[0])));
    return service_return(c, NULL);
}

enum err run_rules(struct service_call *c)
{
    struct rules r;
    TRY(rules_at(c, abi_get_u64(service_arg(c, 0)), &r));
    return service_return(c, (struct abi_value[]){abi_u64(r.mainland_w), abi_u64(r.island_w),
                                                  abi_u64(r.derogation_w), abi_u64(r.distance_m),
                                                  abi_u64(r.periurban_m), abi_u64(r.rural_m)});
}

/* --- genesis ---------------------------------------------------------------------------------- */

static const char *const RULE_MEMBERS[] = {"from",      "mainlandW",  "islandW", "derogationW",
                                           "distanceM", "periurbanM", "ruralM"};

static enum err rules_from_json(struct rules *out, const struct json *j, struct diag *d)
{
    uint64_t v[7];
    for (const struct json *m = json_first(j); m; m = json_next(m)) {
        bool known = false;
        for (size_t i = 0; i < 7; i++)
            known = known || (json_key(m) && strcmp(json_key(m), RULE_MEMBERS[i]) == 0);
        if (!known)
            return diag_set(d, E_GENESIS,
                            T("services.energy.rules: unknown member",
                              "services.energy.rules : membre inconnu"));
    }
    for (size_t i = 0; i < 7; i++) {
        const struct json *m = json_is_object(j) ? json_get(j, RULE_MEMBERS[i]) : NULL;
        if (!m || json_u64(&v[i], m) != E_OK || (i >= 4 && v[i] > UINT32_MAX))
            return diag_set(d, E_GENESIS,
                            T("services.energy.rules[].%s: a whole number needed",
                              "services.energy.rules[].%s : un entier est attendu"),
                            RULE_MEMBERS[i]);
    }
    *out = (struct rules){v[0], v[1], v[2], v[3], (uint32_t)v[4], (uint32_t)v[5], (uint32_t)v[6]};
    return E_OK;
}

static enum err genesis_rules(struct service_call *c, const struct json *list, struct diag *d)
{
    struct rules all[RULES_PERIODS_MAX];
    size_t count = json_is_array(list) ? json_count(list) : 0;
    if (count == 0 || count > RULES_PERIODS_MAX)
        return diag_set(d, E_GENESIS,
                        T("services.energy.rules: a list of 1 to %u periods needed",
                          "services.energy.rules : une liste de 1 à %u périodes est attendue"),
                        RULES_PERIODS_MAX);
    for (size_t i = 0; i < count; i++) {
        TRY(rules_from_json(&all[i], json_at(list, i), d));
        if (i != 0 && all[i].from_s <= all[i - 1].from_s)
            return diag_set(d, E_GENESIS,
                            T("services.energy.rules[].from: not ascending",
                              "services.energy.rules[].from : pas en ordre croissant"));
    }
    return store_rules(c, all, count);
}

enum err rules_genesis(struct service_call *c, const struct json *root, struct diag *d)
{
    static const char *const MEMBERS[] = {"rulesRole", "rules", NULL};
    const struct json *config = service_config(c, root);
    TRY(service_config_check(c, config, MEMBERS, d));
    const struct json *role = config ? json_get(config, "rulesRole") : NULL;
    if (role) {
        struct address a;
        const char *text = json_text(role);
        if (!text || address_from_hex(&a, text) != E_OK)
            return diag_set(d, E_GENESIS,
                            T("services.energy.rulesRole: not an address",
                              "services.energy.rulesRole : pas une adresse"));
        struct hash slot = role_slot();
        TRY(service_store_u256(c, &slot, abi_address(&a).word));
    }
    const struct json *list = config ? json_get(config, "rules") : NULL;
    return list ? genesis_rules(c, list, d) : E_OK;
}
