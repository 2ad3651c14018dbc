/* Founding: the governor enrols the first members and founds, or the genesis does. */
#include "base/lang.h"
#include "city/members/roll.h"
#include "city/money/money.h"

/* The governor, of a chain that is not founded yet. */
static enum err require_governor(struct service_call *c)
{
    struct address governor;
    bool founded;
    uint64_t number, time_s;
    TRY(money_role_holder(c, MONEY_GOVERNOR, &governor));
    if (address_is_zero(&governor) || !address_eq(&governor, &c->frame->caller))
        return service_not_authorised(c, MONEY_GOVERNOR);
    TRY(members_load_founded(c, &founded, &number, &time_s));
    return founded ? service_revert(c, "AlreadyFounded", NULL) : E_OK;
}

/* Records a founding member. */
static enum err enrol(struct service_call *c, struct roll *r, const struct change *change)
{
    TRY(change_check(c, r, change));
    struct member m = change_member(change);
    TRY(roll_add(c, r, &m));
    return EMIT(c, "MemberEnrolled", abi_address(&m.operator), abi_text(m.name),
                abi_bytes32(m.key32), abi_u64(m.power), members_abi_node(m.node20));
}

static enum err found(struct service_call *c, const struct roll *r)
{
    if (r->count == 0)
        return service_revert(c, "NoMembers", NULL);
    TRY(members_set_founded(c));
    return EMIT(c, "Founded", abi_u64(r->count), abi_u64(roll_power(r)));
}

enum err run_members_enrol(struct service_call *c)
{
    struct change change = change_add_arguments(c);
    struct roll r;
    TRY(require_governor(c));
    TRY(roll_load(c, &r));
    TRY(enrol(c, &r, &change));
    return service_return(c, NULL);
}

enum err run_members_strike(struct service_call *c)
{
    struct address account = abi_get_address(service_arg(c, 0));
    struct roll r;
    TRY(require_governor(c));
    TRY(roll_load(c, &r));
    size_t i = roll_find(&r, &account);
    if (i == ROLL_NOBODY)
        return REFUSE(c, "UnknownMember", abi_address(&account));
    TRY(roll_drop(c, &r, i, false));
    TRY(EMIT(c, "MemberStruck", abi_address(&account)));
    return service_return(c, NULL);
}

enum err run_members_found(struct service_call *c)
{
    struct roll r;
    TRY(require_governor(c));
    TRY(roll_load(c, &r));
    TRY(found(c, &r));
    return service_return(c, NULL);
}

enum err run_members_founded(struct service_call *c)
{
    bool founded;
    uint64_t number, time_s;
    TRY(members_load_founded(c, &founded, &number, &time_s));
    return service_return(
        c, (struct abi_value[]){abi_bool(founded), abi_u64(number), abi_u64(time_s)});
}

/* --- genesis ---------------------------------------------------------------------------------- */

static enum err needed(struct diag *d, size_t index, const char *member, const char *what)
{
    return diag_set(d, E_GENESIS,
                    T("services.members.validators[%zu].%s: %s needed",
                      "services.members.validators[%zu].%s : %s attendu"),
                    index, member, what);
}

static enum err refuse_unknown(const struct json *j, size_t index, struct diag *d)
{
    static const char *const NAMES[] = {"name", "operator", "key", "power", "node", NULL};
    if (!json_is_object(j))
        return diag_set(d, E_GENESIS,
                        T("services.members.validators[%zu]: not an object",
                          "services.members.validators[%zu] : pas un objet"),
                        index);
    for (const struct json *m = json_first(j); m; m = json_next(m)) {
        size_t i = 0;
        while (NAMES[i] && strcmp(NAMES[i], json_key(m)) != 0)
            i++;
        if (!NAMES[i])
            return diag_set(d, E_GENESIS,
                            T("services.members.validators[%zu].%s: unknown member",
                              "services.members.validators[%zu].%s : membre inconnu"),
                            index, json_key(m));
    }
    return E_OK;
}

static bool hex_member(uint8_t *out, size_t len, const struct json *j)
{
    const char *text = json_text(j);
    return text && hex_decode(out, len, text, strlen(text)) == E_OK;
}

static enum err validator_from_json(struct change *out, const struct json *j, size_t index,
                                    struct diag *d)
{
    TRY(refuse_unknown(j, index, d));
    const char *name = json_text(json_get(j, "name"));
    out->kind = CHANGE_ADD;
    if (!name)
        return needed(d, index, "name", T("a text", "un texte"));
    out->text = bytes_str(name);
    if (!hex_member(out->account.b, sizeof out->account.b, json_get(j, "operator")))
        return needed(d, index, "operator", T("an address", "une adresse"));
    if (!hex_member(out->key32, sizeof out->key32, json_get(j, "key")))
        return needed(d, index, "key", T("32 bytes (0x...)", "32 octets (0x...)"));
    if (json_u64(&out->number, json_get(j, "power")) != E_OK)
        return needed(d, index, "power", T("a whole number", "un entier"));
    if (!hex_member(out->node20, sizeof out->node20, json_get(j, "node")))
        return needed(d, index, "node", T("20 bytes (40 digits)", "20 octets (40 chiffres)"));
    return E_OK;
}

/* The rules speak as they do to a caller: KeyTaken(key=0x..). */
static enum err enrol_from_json(struct service_call *c, struct roll *r, const struct json *j,
                                size_t index, struct diag *d)
{
    struct change change = {0};
    TRY(validator_from_json(&change, j, index, d));
    if (enrol(c, r, &change) == E_OK)
        return E_OK;
    struct buf why = {0};
    ASSERT(service_explain_revert(&why, buf_view(&c->output)));
    enum err err =
        diag_set(d, E_GENESIS,
                 T("services.members.validators[%zu]: %s", "services.members.validators[%zu] : %s"),
                 index, buf_cstr(&why));
    buf_free(&why);
    return err;
}

static enum err genesis_validators(struct service_call *c, const struct json *list, struct diag *d)
{
    struct roll r = {.next_serial = 1};
    if (!json_is_array(list) || json_count(list) == 0)
        return diag_set(d, E_GENESIS,
                        T("services.members.validators: a list of at least one member needed",
                          "services.members.validators : une liste d'au moins un membre attendue"));
    size_t index = 0;
    for (const struct json *j = json_first(list); j; j = json_next(j))
        TRY(enrol_from_json(c, &r, j, index++, d));
    return found(c, &r);
}

enum err founding_genesis(struct service_call *c, const struct json *root, struct diag *d)
{
    static const char *const NAMES[] = {"validators", "heartbeat", NULL};
    const struct json *config = service_config(c, root);
    TRY(service_config_check(c, config, NAMES, d));
    const struct json *heartbeat = json_get(config, "heartbeat");
    uint64_t seconds;
    if (heartbeat) {
        if (json_u64(&seconds, heartbeat) != E_OK || seconds == 0 ||
            seconds > MEMBERS_HEARTBEAT_MAX_S)
            return diag_set(d, E_GENESIS,
                            T("services.members.heartbeat: 1 to %u seconds needed",
                              "services.members.heartbeat : 1 à %u secondes attendues"),
                            MEMBERS_HEARTBEAT_MAX_S);
        TRY(members_set_heartbeat(c, seconds));
    }
    const struct json *list = json_get(config, "validators");
    return list ? genesis_validators(c, list, d) : E_OK;
}
