/* quota_record: the stored forms of admission and gas use, read by the block's quota and by the
 * money service's methods alike.
 *
 * Config    slot "quota-config": 1 = open, 0 = members | default quota 8 | period in seconds 8
 * Member    slot "member", account: status 1 | own quota 8 (0: the default)
 * Use       slot "quota-use", bucket number: period number 8 | (account 20 | gas used 8)*, accounts
 *           ascending. A record of another period counts as empty. */
#ifndef PARVIS_CITY_MONEY_QUOTA_RECORD_H
#define PARVIS_CITY_MONEY_QUOTA_RECORD_H

#include "base/bytes.h"

#define QUOTA_CONFIG_BYTES 17u
#define QUOTA_MEMBER_BYTES 9u
#define QUOTA_USE_HEADER 8u
#define QUOTA_USE_BYTES 28u

#define QUOTA_DEFAULT_GAS 50000000000u /* so that development and load tests never meet it */
#define QUOTA_DEFAULT_PERIOD_S 86400u

struct quota_config {
    bool open;
    uint64_t default_gas;
    uint64_t period_s; /* at least 1 */
};

enum quota_status { QUOTA_UNKNOWN = 0, QUOTA_ADMITTED = 1, QUOTA_SUSPENDED = 2 };

struct quota_member {
    enum quota_status status;
    uint64_t own_gas;
};

void quota_config_encode(uint8_t out[QUOTA_CONFIG_BYTES], const struct quota_config *q);
/* false: not such a record. An empty one is that of a state without the money service, where
 * nothing is limited. */
bool quota_config_decode(struct quota_config *out, struct bytes record);

void quota_member_encode(uint8_t out[QUOTA_MEMBER_BYTES], const struct quota_member *m);
/* false: not such a record. An empty one is QUOTA_UNKNOWN. */
bool quota_member_decode(struct quota_member *out, struct bytes record);

/* Gas an account may spend per period; 0 when it may not send at all. */
uint64_t quota_allowed(const struct quota_config *q, const struct quota_member *m);

struct hash quota_config_slot(void);
struct hash quota_member_slot(const struct address *account);
struct hash quota_use_slot(unsigned bucket);
unsigned quota_bucket(const struct address *account);

/* Position of an account in a use record's entries: the first not below it. *found tells whether it
 * is that account's. */
size_t quota_use_find(const uint8_t *entries, size_t count, const struct address *account,
                      bool *found);
/* The entries of a record if it is one of this period; otherwise count 0. */
const uint8_t *quota_use_entries(struct bytes record, uint64_t period, size_t *count_out);

#endif
