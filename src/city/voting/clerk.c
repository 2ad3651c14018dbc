/* Clerks: the accounts that may create consultations. The governor appoints them, or the genesis
 * does. */
#include "base/lang.h"
#include "city/money/money.h"
#include "city/voting/consultation.h"

static struct hash clerk_slot(const struct address *account)
{
    struct bytes key = bytes_of(account->b, sizeof account->b);
    return service_slot("clerk", &key, 1);
}

static enum err load_clerk(struct service_call *c, const struct address *account, bool *out)
{
    struct record r;
    struct hash slot = clerk_slot(account);
    TRY(record_load(c, &slot, &r));
    *out = !record_is_empty(&r);
    return E_OK;
}

static enum err set_clerk(struct service_call *c, const struct address *account, bool appointed)
{
    static const uint8_t ONE[1] = {1};
    struct hash slot = clerk_slot(account);
    TRY(service_store(c, &slot, bytes_of(ONE, appointed)));
    return EMIT(c, appointed ? "ClerkAppointed" : "ClerkDismissed", abi_address(account));
}

/* The governor changes whether the account in the first argument is a clerk. */
static enum err change_clerk(struct service_call *c, bool appointed)
{
    struct address governor, account = abi_get_address(service_arg(c, 0));
    bool is_clerk;
    TRY(money_role_holder(c, MONEY_GOVERNOR, &governor));
    if (address_is_zero(&governor) || !address_eq(&governor, &c->frame->caller))
        return service_not_authorised(c, MONEY_GOVERNOR);
    TRY(load_clerk(c, &account, &is_clerk));
    if (is_clerk == appointed)
        return service_revert(c, "NoChange", NULL);
    TRY(set_clerk(c, &account, appointed));
    return service_return(c, NULL);
}

enum err run_voting_appoint_clerk(struct service_call *c)
{
    return change_clerk(c, true);
}

enum err run_voting_dismiss_clerk(struct service_call *c)
{
    return change_clerk(c, false);
}

enum err run_voting_is_clerk(struct service_call *c)
{
    struct address account = abi_get_address(service_arg(c, 0));
    bool is_clerk;
    TRY(load_clerk(c, &account, &is_clerk));
    return service_return(c, (struct abi_value[]){abi_bool(is_clerk)});
}

enum err require_appointed(struct service_call *c)
{
    bool is_clerk;
    TRY(load_clerk(c, &c->frame->caller, &is_clerk));
    return is_clerk ? E_OK : service_not_authorised(c, "clerk");
}

enum err clerk_genesis(struct service_call *c, const struct json *root, struct diag *d)
{
    static const char *const NAMES[] = {"clerks", NULL};
    const struct json *config = service_config(c, root);
    TRY(service_config_check(c, config, NAMES, d));
    const struct json *list = json_get(config, "clerks");
    if (list && !json_is_array(list))
        return diag_set(d, E_GENESIS,
                        T("services.voting.clerks: a list of addresses needed",
                          "services.voting.clerks : une liste d'adresses attendue"));
    size_t index = 0;
    for (const struct json *j = list ? json_first(list) : NULL; j; j = json_next(j), index++) {
        struct address account;
        bool is_clerk;
        if (!json_text(j) || address_from_hex(&account, json_text(j)) != E_OK)
            return diag_set(d, E_GENESIS,
                            T("services.voting.clerks[%zu]: not an address",
                              "services.voting.clerks[%zu] : pas une adresse"),
                            index);
        TRY(load_clerk(c, &account, &is_clerk));
        if (is_clerk)
            return diag_set(d, E_GENESIS,
                            T("services.voting.clerks[%zu]: the account stands there already",
                              "services.voting.clerks[%zu] : le compte y est déjà"),
                            index);
        TRY(set_clerk(c, &account, true));
    }
    return E_OK;
}
