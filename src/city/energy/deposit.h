/* deposit: coins that wait in escrow to pay a consumer's invoices. Slot "deposit"(operation,
 * point): the money service's holds, one per payer, with what is left of each. The energy service
 * is their arbiter; they never expire; withdrawn coins return to who paid them in. */
#ifndef PARVIS_CITY_ENERGY_DEPOSIT_H
#define PARVIS_CITY_ENERGY_DEPOSIT_H

#include "city/energy/point.h"

#define DEPOSIT_PAYERS_MAX 8u /* two of them are kept for the holder and the organiser */

struct deposit_part {
    struct hash hold;
    struct address payer;
    struct u256 amount;
};

struct deposit {
    uint32_t count;
    struct deposit_part part[DEPOSIT_PAYERS_MAX];
};

enum err deposit_load(struct service_call *c, uint64_t operation, uint32_t point,
                      struct deposit *out);
/* deposit_store also emits DepositChanged. */
enum err deposit_store(struct service_call *c, uint64_t operation, uint32_t point,
                       const struct deposit *d);
struct u256 deposit_total(const struct deposit *d);
/* deposit_pay releases amount (<= total, ASSERT) to an account, oldest part first. */
enum err deposit_pay(struct service_call *c, struct deposit *d, const struct address *to,
                     struct u256 amount);

struct u256 wei_of_cents(uint64_t cents);

enum err run_deposit_for(struct service_call *c);
enum err run_withdraw_deposit(struct service_call *c);
enum err run_deposit(struct service_call *c);

#endif
