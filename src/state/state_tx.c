/* state_tx: what lives for one transaction: warm sets, created and destroyed accounts, refund,
 * logs. */
#include "state/state_internal.h"

void state_tx_begin(struct state *s)
{
    tx_forget(s);
}

/* EIP-6780: only an account created in the same transaction is destroyed. EIP-161: touched accounts
 * that end up empty are removed. A later touch of the same account finds it gone already. */
void state_tx_end(struct state *s)
{
    for (size_t i = 0; i < s->touched_len; i++) {
        struct state_account *a = s->touched[i];
        if (a->touched_tx != s->tx || !a->alive)
            continue;
        bool destroyed =
            a->destroyed_tx == s->tx && (s->rules.destroys_any || a->created_tx == s->tx);
        bool removed = !s->rules.keeps_empty && account_is_empty(&a->now);
        if (destroyed || removed)
            acct_clear(s, a);
    }
}

bool state_warm_address(struct state *s, const struct address *address)
{
    struct state_account *a = acct_get(s, address);
    if (a->warm_tx == s->tx)
        return true;
    journal_add(s, UNDO_WARM_ADDRESS, a);
    a->warm_tx = s->tx;
    return false;
}

bool state_warm_slot(struct state *s, const struct address *address, const struct hash *key)
{
    struct state_slot *slot = slot_get(s, acct_get(s, address), key);
    if (slot->warm_tx == s->tx)
        return true;
    journal_add_slot(s, UNDO_WARM_SLOT, slot);
    slot->warm_tx = s->tx;
    return false;
}

void state_mark_created(struct state *s, const struct address *address)
{
    struct state_account *a = acct_load(s, address);
    if (a->created_tx == s->tx)
        return;
    journal_add(s, UNDO_CREATED, a);
    a->created_tx = s->tx;
}

bool state_was_created(struct state *s, const struct address *address)
{
    return acct_get(s, address)->created_tx == s->tx;
}

bool state_self_destruct(struct state *s, const struct address *address)
{
    struct state_account *a = acct_load(s, address);
    acct_touch(s, a);
    if (a->destroyed_tx == s->tx)
        return false;
    journal_add(s, UNDO_DESTROYED, a);
    a->destroyed_tx = s->tx;
    return true;
}

void state_add_refund(struct state *s, int64_t gas)
{
    journal_add(s, UNDO_REFUND, NULL)->refund = s->refund;
    s->refund += gas;
}

int64_t state_refund(const struct state *s)
{
    return s->refund;
}

void state_add_log(struct state *s, const struct address *a, const struct hash *topics,
                   unsigned topic_count, struct bytes data)
{
    ASSERT(topic_count <= 4);
    journal_add(s, UNDO_LOG, NULL);
    if (s->log_len == s->log_cap) {
        s->log_cap = s->log_cap ? 2 * s->log_cap : 16;
        s->logs = mem_resize(s->logs, s->log_cap, sizeof *s->logs);
    }
    struct log_entry *log = &s->logs[s->log_len++];
    *log = (struct log_entry){.address = *a, .topic_count = topic_count};
    if (topic_count)
        memcpy(log->topics, topics, topic_count * sizeof *topics);
    if (data.len)
        log->data = bytes_of(arena_dup(&s->log_arena, data.data, data.len), data.len);
}

size_t state_log_count(const struct state *s)
{
    return s->log_len;
}

const struct log_entry *state_log(const struct state *s, size_t index)
{
    ASSERT(index < s->log_len);
    return &s->logs[index];
}
