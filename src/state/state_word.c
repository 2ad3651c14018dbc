/* state_word: storage as bytecode sees it, 256-bit words behind handles. */
#include "state/state_internal.h"

struct state_account *state_account_of(struct state *s, const struct address *address)
{
    return acct_load(s, address);
}

struct u256 state_account_balance(const struct state_account *a)
{
    return a->now.balance;
}

struct state_slot *state_slot_of(struct state *s, struct state_account *a, const struct hash *key,
                                 bool *was_warm_out)
{
    struct state_slot *slot = slot_load(s, a, key);
    *was_warm_out = slot->warm_tx == s->tx;
    if (!*was_warm_out) {
        journal_add_slot(s, UNDO_WARM_SLOT, slot);
        slot->warm_tx = s->tx;
    }
    return slot;
}

static struct u256 word_of(struct bytes value)
{
    if (value.len > 32)
        value = bytes_of(value.data + value.len - 32, 32);
    return u256_from_be_min(value);
}

struct u256 state_slot_word(const struct state_slot *slot)
{
    return word_of(slot->now);
}

struct u256 state_slot_original(const struct state *s, const struct state_slot *slot)
{
    return word_of(slot->tx == s->tx ? slot->tx_before : slot->now);
}

void state_slot_set(struct state *s, struct state_slot *slot, struct u256 value)
{
    uint8_t be[32];
    slot_set(s, slot, bytes_of(be, u256_to_be_min(be, value)));
}
