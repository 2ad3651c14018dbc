/* Roles: one holder each, handed over in two steps so that a mistyped address cannot take one. */
#include "city/money/desk.h"

#include <stdio.h>

#include "base/lang.h"

static const char *const ROLES[] = {MONEY_ISSUER, MONEY_REGISTRAR, MONEY_GOVERNOR};
#define ROLE_COUNT (sizeof ROLES / sizeof *ROLES)

static struct hash role_slot(const char *tag, const char *role)
{
    struct bytes key = bytes_str(role);
    return service_slot(tag, &key, 1);
}

static enum err load_holder(struct service_call *c, const char *role, struct address *out)
{
    struct hash slot = role_slot("role", role);
    return money_load_address(c, &slot, out);
}

static enum err holds_role(struct service_call *c, const char *role, const struct address *account,
                           bool *out)
{
    struct address holder;
    TRY(load_holder(c, role, &holder));
    *out = !address_is_zero(&holder) && address_eq(&holder, account);
    return E_OK;
}

enum err money_require_role(struct service_call *c, const char *role)
{
    bool held;
    TRY(holds_role(c, role, &c->frame->caller, &held));
    return held ? E_OK : service_not_authorised(c, role);
}

enum err money_holds_any_role(struct service_call *c, const struct address *account, bool *out)
{
    *out = false;
    for (size_t i = 0; i < ROLE_COUNT && !*out; i++)
        TRY(holds_role(c, ROLES[i], account, out));
    return E_OK;
}

/* The role named by the first argument, as text. */
static enum err role_argument(struct service_call *c, const char **out)
{
    for (size_t i = 0; i < ROLE_COUNT; i++)
        if (u256_eq(service_name32(ROLES[i]).word, service_arg(c, 0)->word)) {
            *out = ROLES[i];
            return E_OK;
        }
    return service_revert(c, "UnknownRole", (struct abi_value[]){*service_arg(c, 0)});
}

static enum err return_account(struct service_call *c, const char *tag)
{
    const char *role;
    struct address account;
    TRY(role_argument(c, &role));
    struct hash slot = role_slot(tag, role);
    TRY(money_load_address(c, &slot, &account));
    return service_return(c, (struct abi_value[]){abi_address(&account)});
}

enum err run_role_holder(struct service_call *c)
{
    return return_account(c, "role");
}

enum err run_role_offered_to(struct service_call *c)
{
    return return_account(c, "role-offer");
}

enum err run_offer_role(struct service_call *c)
{
    const char *role;
    const struct address *caller = &c->frame->caller;
    struct address to = abi_get_address(service_arg(c, 1));
    bool holder, governor;
    TRY(role_argument(c, &role));
    TRY(holds_role(c, role, caller, &holder));
    TRY(holds_role(c, MONEY_GOVERNOR, caller, &governor));
    if (!holder && !governor)
        return service_not_authorised(c, role);
    struct hash slot = role_slot("role-offer", role);
    TRY(money_store_address(c, &slot, &to));
    TRY(service_emit(
        c, "RoleOffered",
        (struct abi_value[]){*service_arg(c, 0), abi_address(caller), abi_address(&to)}));
    return service_return(c, NULL);
}

enum err run_accept_role(struct service_call *c)
{
    const char *role;
    const struct address *caller = &c->frame->caller;
    struct address offered, former;
    TRY(role_argument(c, &role));
    struct hash offer_slot = role_slot("role-offer", role);
    struct hash holder_slot = role_slot("role", role);
    TRY(money_load_address(c, &offer_slot, &offered));
    if (address_is_zero(&offered) || !address_eq(&offered, caller))
        return service_not_authorised(c, role);
    TRY(load_holder(c, role, &former));
    TRY(service_store(c, &offer_slot, (struct bytes){0}));
    TRY(money_store_address(c, &holder_slot, caller));
    TRY(service_emit(
        c, "RoleTaken",
        (struct abi_value[]){*service_arg(c, 0), abi_address(&former), abi_address(caller)}));
    return service_return(c, NULL);
}

enum err money_role_holder(struct service_call *c, const char *role, struct address *out)
{
    struct service_call money = service_as(c, &MONEY_SERVICE);
    enum err err = load_holder(&money, role, out);
    service_back(c, &money);
    return err;
}

static bool is_role(const char *name)
{
    for (size_t i = 0; i < ROLE_COUNT; i++)
        if (strcmp(ROLES[i], name) == 0)
            return true;
    return false;
}

enum err roles_genesis(struct service_call *c, const struct json *root, struct diag *d)
{
    const struct json *roles = json_get(root, "roles");
    if (roles && !json_is_object(roles))
        return diag_set(d, E_GENESIS, T("roles: not an object", "roles : pas un objet"));
    for (const struct json *m = json_first(roles); m; m = json_next(m)) {
        const char *role = json_key(m);
        struct address holder;
        char where[128];
        if (!is_role(role))
            return diag_set(d, E_GENESIS,
                            T("roles.%s: no such role (issuer, registrar and governor exist)",
                              "roles.%s : rôle inconnu (issuer, registrar et governor existent)"),
                            role);
        snprintf(where, sizeof where, "roles.%s", role);
        TRY(money_json_address(&holder, m, where, d));
        struct hash slot = role_slot("role", role);
        TRY(money_store_address(c, &slot, &holder));
    }
    return E_OK;
}
