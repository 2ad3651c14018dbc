#include "city/money/quota.h"

#include "base/limits.h"
#include "city/money/money.h"
#include "city/money/quota_record.h"

#define ENTRIES_MAX ((LIMIT_STATE_VALUE_BYTES - QUOTA_USE_HEADER) / QUOTA_USE_BYTES)

/* A bucket as it will be written: its record, header included. */
struct bucket {
    struct buf record;
    bool changed;
};

struct quota_block {
    struct state *state;
    struct quota_config config;
    bool limited; /* false in a state without the money service */
    uint64_t period;
    struct bucket *buckets[QUOTA_BUCKETS]; /* NULL: not looked at in this block */
};

struct quota_block *quota_block_new(struct state *s, uint64_t timestamp_s)
{
    struct quota_block *q = mem_zalloc(1, sizeof *q);
    struct hash slot = quota_config_slot();
    q->state = s;
    struct bytes stored = state_storage(s, &MONEY_SERVICE.address, &slot);
    q->limited = stored.len > 0;
    if (quota_config_decode(&q->config, stored))
        q->period = timestamp_s / q->config.period_s;
    else
        q->config = (struct quota_config){0}; /* damaged: nobody may send */
    return q;
}

void quota_block_free(struct quota_block *q)
{
    if (!q)
        return;
    for (size_t i = 0; i < QUOTA_BUCKETS; i++)
        if (q->buckets[i]) {
            buf_free(&q->buckets[i]->record);
            mem_free(q->buckets[i]);
        }
    mem_free(q);
}

/* The bucket of an account, entries of earlier periods dropped. */
static struct bucket *load_bucket(struct quota_block *q, const struct address *account)
{
    unsigned number = quota_bucket(account);
    struct bucket *b = q->buckets[number];
    if (b)
        return b;
    b = q->buckets[number] = mem_zalloc(1, sizeof *b);
    struct hash slot = quota_use_slot(number);
    struct bytes stored = state_storage(q->state, &MONEY_SERVICE.address, &slot);
    size_t count;
    const uint8_t *entries = quota_use_entries(stored, q->period, &count);
    be64_put(buf_grow(&b->record, QUOTA_USE_HEADER), q->period);
    buf_put(&b->record, entries, count * QUOTA_USE_BYTES);
    return b;
}

static size_t entry_count(const struct bucket *b)
{
    return (b->record.len - QUOTA_USE_HEADER) / QUOTA_USE_BYTES;
}

static uint8_t *entry_at(struct bucket *b, size_t i)
{
    return b->record.data + QUOTA_USE_HEADER + i * QUOTA_USE_BYTES;
}

enum err quota_check(struct quota_block *q, const struct address *account, uint64_t gas_limit)
{
    if (!q->limited)
        return E_OK;
    struct hash slot = quota_member_slot(account);
    struct quota_member member;
    if (!quota_member_decode(&member, state_storage(q->state, &MONEY_SERVICE.address, &slot)))
        return E_TX_NOT_MEMBER;
    uint64_t allowed = quota_allowed(&q->config, &member);
    if (allowed == 0)
        return E_TX_NOT_MEMBER;
    struct bucket *b = load_bucket(q, account);
    bool found;
    size_t i = quota_use_find(entry_at(b, 0), entry_count(b), account, &found);
    if (!found && entry_count(b) == ENTRIES_MAX)
        return E_TX_QUOTA; /* no room to count its use in this period */
    uint64_t used = found ? be64_get(entry_at(b, i) + 20) : 0;
    return used > allowed || gas_limit > allowed - used ? E_TX_QUOTA : E_OK;
}

void quota_use(struct quota_block *q, const struct address *account, uint64_t gas_used)
{
    if (!q->limited || gas_used == 0)
        return;
    struct bucket *b = load_bucket(q, account);
    bool found;
    size_t i = quota_use_find(entry_at(b, 0), entry_count(b), account, &found);
    if (!found) {
        ASSERT(entry_count(b) < ENTRIES_MAX); /* quota_check came before */
        size_t after = (entry_count(b) - i) * QUOTA_USE_BYTES;
        buf_grow(&b->record, QUOTA_USE_BYTES);
        memmove(entry_at(b, i + 1), entry_at(b, i), after);
        memcpy(entry_at(b, i), account->b, sizeof account->b);
        be64_put(entry_at(b, i) + 20, 0);
    }
    uint64_t used;
    if (__builtin_add_overflow(be64_get(entry_at(b, i) + 20), gas_used, &used))
        used = UINT64_MAX;
    be64_put(entry_at(b, i) + 20, used);
    b->changed = true;
}

void quota_flush(struct quota_block *q)
{
    for (unsigned i = 0; i < QUOTA_BUCKETS; i++) {
        struct bucket *b = q->buckets[i];
        if (!b || !b->changed)
            continue;
        struct hash slot = quota_use_slot(i);
        state_set_storage(q->state, &MONEY_SERVICE.address, &slot, buf_view(&b->record));
        b->changed = false;
    }
}
