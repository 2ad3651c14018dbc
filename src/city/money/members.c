/* The register of members: who may send transactions, and how much gas each may spend. The block's
 * accounting is in quota.c; it reads what is written here. */
#include "city/money/desk.h"
#include "base/lang.h"
#include "city/money/quota_record.h"
#include "city/record.h"

static enum err load_config(struct service_call *c, struct quota_config *out)
{
    struct hash slot = quota_config_slot();
    struct buf b = {0};
    enum err err = service_load(c, &slot, &b);
    if (err == E_OK && !quota_config_decode(out, buf_view(&b)))
        err = record_unreadable(c);
    buf_free(&b);
    return err;
}

static enum err load_member(struct service_call *c, const struct address *account,
                            struct quota_member *out)
{
    struct hash slot = quota_member_slot(account);
    struct buf b = {0};
    enum err err = service_load(c, &slot, &b);
    if (err == E_OK && !quota_member_decode(out, buf_view(&b)))
        err = record_unreadable(c);
    buf_free(&b);
    return err;
}

static enum err store_member(struct service_call *c, const struct address *account,
                             enum quota_status status, uint64_t own_gas)
{
    struct hash slot = quota_member_slot(account);
    uint8_t record[QUOTA_MEMBER_BYTES];
    quota_member_encode(record, &(struct quota_member){status, own_gas});
    return service_store(c, &slot, bytes_of(record, sizeof record));
}

enum err run_admission(struct service_call *c)
{
    struct quota_config q;
    TRY(load_config(c, &q));
    return service_return(
        c, (struct abi_value[]){abi_bool(q.open), abi_u64(q.default_gas), abi_u64(q.period_s)});
}

enum err run_quota_of(struct service_call *c)
{
    struct address account = abi_get_address(service_arg(c, 0));
    struct quota_config q;
    struct quota_member m;
    TRY(load_config(c, &q));
    TRY(load_member(c, &account, &m));
    return service_return(c, (struct abi_value[]){abi_u64(quota_allowed(&q, &m))});
}

enum err run_used_of(struct service_call *c)
{
    struct address account = abi_get_address(service_arg(c, 0));
    struct hash slot = quota_use_slot(quota_bucket(&account));
    struct quota_config q;
    struct buf record = {0};
    TRY(load_config(c, &q));
    uint64_t period = service_now_s(c) / q.period_s, used = 0, end;
    enum err err = service_load(c, &slot, &record);
    if (err == E_OK) {
        size_t count;
        bool found;
        const uint8_t *entries = quota_use_entries(buf_view(&record), period, &count);
        size_t i = quota_use_find(entries, count, &account, &found);
        if (found)
            used = be64_get(entries + i * QUOTA_USE_BYTES + 20);
        if (__builtin_mul_overflow(period + 1, q.period_s, &end))
            end = UINT64_MAX; /* a period without end */
        err = service_return(c, (struct abi_value[]){abi_u64(used), abi_u64(end)});
    }
    buf_free(&record);
    return err;
}

enum err run_admit(struct service_call *c)
{
    struct address account = abi_get_address(service_arg(c, 0));
    uint64_t quota_gas = abi_get_u64(service_arg(c, 1));
    TRY(money_require_role(c, MONEY_REGISTRAR));
    TRY(store_member(c, &account, QUOTA_ADMITTED, quota_gas));
    TRY(service_emit(c, "Admitted",
                     (struct abi_value[]){abi_address(&account), abi_u64(quota_gas)}));
    return service_return(c, NULL);
}

enum err run_suspend(struct service_call *c)
{
    struct address account = abi_get_address(service_arg(c, 0));
    struct quota_member m;
    bool holds_role;
    TRY(money_require_role(c, MONEY_REGISTRAR));
    TRY(money_holds_any_role(c, &account, &holds_role));
    if (holds_role)
        return service_revert(c, "HoldsRole", (struct abi_value[]){abi_address(&account)});
    TRY(load_member(c, &account, &m));
    TRY(store_member(c, &account, QUOTA_SUSPENDED, m.own_gas));
    TRY(service_emit(c, "Suspended",
                     (struct abi_value[]){abi_address(&account), *service_arg(c, 1)}));
    return service_return(c, NULL);
}

/* --- genesis ---------------------------------------------------------------------------------- */

static enum err read_positive(const struct json *config, const char *member, uint64_t standard,
                              uint64_t *out, struct diag *d)
{
    const struct json *j = json_get(config, member);
    *out = standard;
    if (j && (json_u64(out, j) != E_OK || *out == 0))
        return diag_set(d, E_GENESIS,
                        T("services.money.%s: a whole number above 0 needed",
                          "services.money.%s : un entier supérieur à 0 est attendu"),
                        member);
    return E_OK;
}

static enum err store_config(struct service_call *c, const struct json *config, struct diag *d)
{
    struct hash slot = quota_config_slot();
    uint8_t record[QUOTA_CONFIG_BYTES];
    struct quota_config q;
    const struct json *admission = json_get(config, "admission");
    const char *mode = admission ? json_text(admission) : "open";
    if (!mode || (strcmp(mode, "open") != 0 && strcmp(mode, "members") != 0))
        return diag_set(d, E_GENESIS,
                        T("services.money.admission: \"open\" or \"members\" needed",
                          "services.money.admission : « open » ou « members » est attendu"));
    q.open = strcmp(mode, "open") == 0;
    TRY(read_positive(config, "quotaGas", QUOTA_DEFAULT_GAS, &q.default_gas, d));
    TRY(read_positive(config, "quotaPeriod_s", QUOTA_DEFAULT_PERIOD_S, &q.period_s, d));
    quota_config_encode(record, &q);
    return service_store(c, &slot, bytes_of(record, sizeof record));
}

/* The accounts named in "members", and whoever holds a role: a registrar that may not send cannot
 * admit anybody. */
enum err members_genesis(struct service_call *c, const struct json *config, struct diag *d)
{
    static const char *const roles[] = {MONEY_ISSUER, MONEY_REGISTRAR, MONEY_GOVERNOR};
    const struct json *members = json_get(config, "members");
    struct address account;
    TRY(store_config(c, config, d));
    if (members && !json_is_array(members))
        return diag_set(d, E_GENESIS,
                        T("services.money.members: a list of addresses needed",
                          "services.money.members : une liste d'adresses est attendue"));
    for (const struct json *m = json_first(members); m; m = json_next(m)) {
        TRY(money_json_address(&account, m, "services.money.members", d));
        TRY(store_member(c, &account, QUOTA_ADMITTED, 0));
    }
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        TRY(money_role_holder(c, roles[i], &account));
        if (!address_is_zero(&account))
            TRY(store_member(c, &account, QUOTA_ADMITTED, 0));
    }
    return E_OK;
}
