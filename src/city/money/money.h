/* money: the city currency. It is the chain's native coin; this service is its ERC-20 face, its
 * issuer's desk, its escrow and the members' register. One balance, two views.
 *
 * Supply    sum of all balances == totalSupply, always (coins held in escrow are balance of the
 *           money account itself); totalSupply <= the reserve the issuer states.
 * Roles     one holder per role: issuer (mints, burns, states the reserve), registrar (admits and
 *           suspends accounts), governor (offers a role whose holder is gone). From "roles" of
 *           the genesis; a role is offered by its holder or the governor and taken by whom it was
 *           offered to.
 * Escrow    a hold keeps coins of a payer until its arbiter releases them (in parts), the payee or
 *           the arbiter refunds them, or they expire; after expiry only the payer gets them back.
 * Genesis   services.money: {"name", "symbol", "reserve", "admission": "open"|"members",
 *           "quotaGas", "quotaPeriod_s", "members": [address...], "controller"}.
 * Law       CMF L311-5, L311-6, L521-3; MiCA title IV: redemption at par at any time, no interest,
 *           a stated reserve. */
#ifndef PARVIS_CITY_MONEY_MONEY_H
#define PARVIS_CITY_MONEY_MONEY_H

#include "city/service.h"

extern const struct service MONEY_SERVICE;

/* Roles, as Solidity's bytes32("issuer") in the ABI. */
#define MONEY_ISSUER "issuer"
#define MONEY_REGISTRAR "registrar"
#define MONEY_GOVERNOR "governor"

/* --- for other services -----------------------------------------------------------------------
 * c is the calling service's own call: gas is taken from it, and an error (with money's revert
 * data) is returned for the handler to return: E_REVERT | E_OUT_OF_GAS. The caller answers for the
 * payer's consent: it passes c->frame->caller, or an account that agreed on the ledger. */

/* What an account owns. Coins in escrow are not counted. */
struct u256 money_balance(struct service_call *c, const struct address *account);

/* money_transfer moves coins and emits Transfer. Refuses ERC20InsufficientBalance, and the zero
 * address or a service as receiver (ERC20InvalidReceiver). A zero amount is a transfer too. */
enum err money_transfer(struct service_call *c, const struct address *from,
                        const struct address *to, struct u256 amount);

/* money_hold moves coins from payer into escrow, the calling service being arbiter. payee zero: the
 * arbiter may release to anyone. purpose is the service's own mark (32 bytes). expiry_s must lie
 * after the block's time; UINT64_MAX never expires. */
enum err money_hold(struct service_call *c, const struct address *payer,
                    const struct address *payee, struct u256 amount, uint64_t expiry_s,
                    const struct hash *purpose, struct hash *id_out);
/* money_release pays part of a hold; the hold ends with its last coin. money_refund returns the
 * rest to the payer. Only for holds whose arbiter is the calling service. */
enum err money_release(struct service_call *c, const struct hash *id, const struct address *to,
                       struct u256 amount);
enum err money_refund(struct service_call *c, const struct hash *id);

struct money_hold_record {
    struct address payer;
    struct address payee; /* zero: anyone */
    struct address arbiter;
    struct u256 amount; /* still held; zero: there is no such hold */
    uint64_t expiry_s;
    struct hash purpose;
};
enum err money_hold_read(struct service_call *c, const struct hash *id,
                         struct money_hold_record *out);

/* The account that holds a role; zero if vacant. */
enum err money_role_holder(struct service_call *c, const char *role, struct address *out);

#endif
