/* desk: what the files of the money service share. Not for other services (they use money.h). */
#ifndef PARVIS_CITY_MONEY_DESK_H
#define PARVIS_CITY_MONEY_DESK_H

#include "city/money/money.h"

/* Moving coins rewrites two accounts, minting and burning one; as storage writes. */
#define GAS_MONEY_MOVE (2 * GAS_SERVICE_STORE)
#define GAS_MONEY_ISSUE GAS_SERVICE_STORE
#define GAS_MONEY_RECOVER 3000u /* one signature recovery, as the precompile's */

#define MONEY_NAME_MAX 64u   /* bytes of the currency's name */
#define MONEY_SYMBOL_MAX 16u /* bytes of its symbol */

/* Slots: a table tag, and the keys of the entry. */
struct hash money_slot(const char *tag);
struct hash money_slot_of(const char *tag, const struct address *a);

/* An address stored in a slot; zero when empty. */
enum err money_load_address(struct service_call *c, const struct hash *slot, struct address *out);
enum err money_store_address(struct service_call *c, const struct hash *slot,
                             const struct address *a);

/* money_move moves coins with a Transfer event, money_receiver_check refuses the zero address and
 * services. money_move itself takes any receiver, for escrow. */
enum err money_receiver_check(struct service_call *c, const struct address *to);
enum err money_move(struct service_call *c, const struct address *from, const struct address *to,
                    struct u256 amount);

/* Sets an allowance with its Approval event; refuses zero addresses. */
enum err money_approve(struct service_call *c, const struct address *owner,
                       const struct address *spender, struct u256 value);

/* NotAuthorised unless the caller holds the role. */
enum err money_require_role(struct service_call *c, const char *role);
/* Is the account the holder of any role? */
enum err money_holds_any_role(struct service_call *c, const struct address *account, bool *out);

/* Genesis, a part per file. */
enum err issue_genesis(struct service_call *c, const struct json *root, const struct json *config,
                       struct diag *d);
enum err roles_genesis(struct service_call *c, const struct json *root, struct diag *d);
enum err members_genesis(struct service_call *c, const struct json *config, struct diag *d);

/* A genesis value that must be an address. */
enum err money_json_address(struct address *out, const struct json *j, const char *where,
                            struct diag *d);

/* Handlers. */
enum err run_name(struct service_call *c);
enum err run_symbol(struct service_call *c);
enum err run_decimals(struct service_call *c);
enum err run_balance_of(struct service_call *c);
enum err run_transfer(struct service_call *c);
enum err run_approve(struct service_call *c);
enum err run_allowance(struct service_call *c);
enum err run_transfer_from(struct service_call *c);

enum err run_permit(struct service_call *c);
enum err run_nonces(struct service_call *c);
enum err run_domain_separator(struct service_call *c);
enum err run_eip712_domain(struct service_call *c);

enum err run_total_supply(struct service_call *c);
enum err run_reserve(struct service_call *c);
enum err run_set_reserve(struct service_call *c);
enum err run_mint(struct service_call *c);
enum err run_burn(struct service_call *c);
enum err run_redeem(struct service_call *c);

enum err run_role_holder(struct service_call *c);
enum err run_role_offered_to(struct service_call *c);
enum err run_offer_role(struct service_call *c);
enum err run_accept_role(struct service_call *c);

enum err run_admission(struct service_call *c);
enum err run_quota_of(struct service_call *c);
enum err run_used_of(struct service_call *c);
enum err run_admit(struct service_call *c);
enum err run_suspend(struct service_call *c);

enum err run_hold(struct service_call *c);
enum err run_release(struct service_call *c);
enum err run_refund(struct service_call *c);
enum err run_expire(struct service_call *c);
enum err run_hold_of(struct service_call *c);

#endif
