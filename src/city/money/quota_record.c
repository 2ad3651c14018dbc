#include "city/money/quota_record.h"

#include "city/money/quota.h"
#include "city/service.h"

_Static_assert(QUOTA_BUCKETS == 256, "a bucket is one byte of the address");

void quota_config_encode(uint8_t out[QUOTA_CONFIG_BYTES], const struct quota_config *q)
{
    out[0] = q->open;
    be64_put(out + 1, q->default_gas);
    be64_put(out + 9, q->period_s);
}

bool quota_config_decode(struct quota_config *out, struct bytes record)
{
    if (record.len != QUOTA_CONFIG_BYTES)
        return false;
    out->open = record.data[0] == 1;
    out->default_gas = be64_get(record.data + 1);
    out->period_s = be64_get(record.data + 9);
    return out->period_s > 0;
}

void quota_member_encode(uint8_t out[QUOTA_MEMBER_BYTES], const struct quota_member *m)
{
    out[0] = (uint8_t)m->status;
    be64_put(out + 1, m->own_gas);
}

bool quota_member_decode(struct quota_member *out, struct bytes record)
{
    *out = (struct quota_member){QUOTA_UNKNOWN, 0};
    if (record.len == 0)
        return true;
    if (record.len != QUOTA_MEMBER_BYTES)
        return false;
    *out = (struct quota_member){(enum quota_status)record.data[0], be64_get(record.data + 1)};
    return true;
}

uint64_t quota_allowed(const struct quota_config *q, const struct quota_member *m)
{
    bool admitted = m->status == QUOTA_ADMITTED || (m->status == QUOTA_UNKNOWN && q->open);
    if (!admitted)
        return 0;
    return m->own_gas ? m->own_gas : q->default_gas;
}

struct hash quota_config_slot(void)
{
    return service_slot("quota-config", NULL, 0);
}

struct hash quota_member_slot(const struct address *account)
{
    struct bytes key = bytes_of(account->b, sizeof account->b);
    return service_slot("member", &key, 1);
}

struct hash quota_use_slot(unsigned bucket)
{
    uint8_t number = (uint8_t)bucket;
    struct bytes key = bytes_of(&number, 1);
    return service_slot("quota-use", &key, 1);
}

unsigned quota_bucket(const struct address *account)
{
    return account->b[19];
}

size_t quota_use_find(const uint8_t *entries, size_t count, const struct address *account,
                      bool *found)
{
    size_t low = 0, high = count;
    *found = false;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = memcmp(entries + middle * QUOTA_USE_BYTES, account->b, sizeof account->b);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const uint8_t *quota_use_entries(struct bytes record, uint64_t period, size_t *count_out)
{
    *count_out = 0;
    if (record.len < QUOTA_USE_HEADER || be64_get(record.data) != period ||
        (record.len - QUOTA_USE_HEADER) % QUOTA_USE_BYTES != 0)
        return NULL;
    *count_out = (record.len - QUOTA_USE_HEADER) / QUOTA_USE_BYTES;
    return record.data + QUOTA_USE_HEADER;
}
