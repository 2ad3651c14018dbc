/* journal: every change leaves an entry that undoes it; a checkpoint is a position in the journal.
 */
#include "state/state_internal.h"

/* EIP-161 as main net has it since block 2,675,119: a touch of this precompile outlives the failure
 * of the call that made it. */
static const struct address RIPEMD = {{[19] = 3}};

struct undo *journal_add(struct state *s, enum undo_kind kind, struct state_account *a)
{
    if (s->journal_len == s->journal_cap) {
        s->journal_cap = s->journal_cap ? 2 * s->journal_cap : 256;
        s->journal = mem_resize(s->journal, s->journal_cap, sizeof *s->journal);
    }
    struct undo *u = &s->journal[s->journal_len++];
    u->kind = (uint8_t)kind;
    u->acct = a;
    u->alive = a && a->alive;
    return u;
}

struct undo *journal_add_slot(struct state *s, enum undo_kind kind, struct state_slot *slot)
{
    struct undo *u = journal_add(s, kind, slot->owner);
    u->slot = slot;
    return u;
}

state_checkpoint_t state_checkpoint(struct state *s)
{
    s->last_checkpoint = s->journal_len;
    return s->journal_len;
}

static void undo_clear(struct state_account *a, const struct undo *u)
{
    a->alive = u->alive;
    a->cleared = u->flag;
    if (!a->cleared)
        for (struct state_slot *slot = a->slots; slot; slot = slot->next)
            if (!slot->before_known) /* met while the storage was gone: ask the reader after all */
                slot->loaded = false;
}

static void undo_tx_scope(struct state *s, const struct undo *u)
{
    switch ((enum undo_kind)u->kind) {
    case UNDO_WARM_ADDRESS:
        u->acct->warm_tx = 0;
        break;
    case UNDO_WARM_SLOT:
        u->slot->warm_tx = 0;
        break;
    case UNDO_TRANSIENT:
        u->slot->transient = u->word;
        break;
    case UNDO_TOUCH:
        if (!address_eq(&u->acct->address, &RIPEMD))
            u->acct->touched_tx = 0;
        break;
    case UNDO_CREATED:
        u->acct->created_tx = 0;
        break;
    case UNDO_DESTROYED:
        u->acct->destroyed_tx = 0;
        break;
    case UNDO_REFUND:
        s->refund = u->refund;
        break;
    default:
        ASSERT(u->kind == UNDO_LOG && s->log_len > 0);
        s->log_len--;
    }
}

static void undo_one(struct state *s, const struct undo *u)
{
    switch ((enum undo_kind)u->kind) {
    case UNDO_BALANCE:
        u->acct->now.balance = u->word;
        u->acct->alive = u->alive;
        break;
    case UNDO_NONCE:
        u->acct->now.nonce = u->number;
        u->acct->alive = u->alive;
        break;
    case UNDO_CODE:
        u->acct->now.code_hash = u->code_hash;
        u->acct->code = u->code;
        u->acct->code_loaded = u->flag;
        u->acct->alive = u->alive;
        break;
    case UNDO_SLOT:
        u->slot->now = u->value;
        u->slot->cap = u->cap;
        u->slot->undo_at = u->undo_at;
        break;
    case UNDO_ALIVE:
        u->acct->alive = u->alive;
        break;
    case UNDO_CLEAR:
        undo_clear(u->acct, u);
        break;
    default:
        if (s->journal_len >= s->tx_start) /* older stamps mean nothing any more */
            undo_tx_scope(s, u);
    }
}

void state_revert(struct state *s, state_checkpoint_t cp)
{
    ASSERT(cp <= s->journal_len);
    while (s->journal_len > cp) {
        s->journal_len--;
        undo_one(s, &s->journal[s->journal_len]);
    }
    s->last_checkpoint = cp;
    if (cp < s->tx_start)
        tx_forget(s);
}

void acct_touch(struct state *s, struct state_account *a)
{
    if (s->rules.keeps_empty && !a->alive) {
        journal_add(s, UNDO_ALIVE, a);
        a->alive = true;
    }
    if (a->touched_tx == s->tx)
        return;
    journal_add(s, UNDO_TOUCH, a);
    a->touched_tx = s->tx;
    if (s->touched_len == s->touched_cap) {
        s->touched_cap = s->touched_cap ? 2 * s->touched_cap : 16;
        s->touched = mem_resize(s->touched, s->touched_cap, sizeof(struct state_account *));
    }
    s->touched[s->touched_len++] = a;
}

void acct_clear(struct state *s, struct state_account *a)
{
    struct undo *u = journal_add(s, UNDO_CODE, a);
    u->code_hash = a->now.code_hash;
    u->code = a->code;
    u->flag = a->code_loaded;
    journal_add(s, UNDO_BALANCE, a)->word = a->now.balance;
    journal_add(s, UNDO_NONCE, a)->number = a->now.nonce;
    for (struct state_slot *slot = a->slots; slot; slot = slot->next) {
        if (!slot->loaded || slot->now.len == 0)
            continue;
        u = journal_add_slot(s, UNDO_SLOT, slot);
        u->value = slot->now;
        u->cap = slot->cap;
        u->undo_at = slot->undo_at;
        slot->now = bytes_of(NULL, 0);
        slot->cap = 0;
        slot->undo_at = SIZE_MAX;
    }
    u = journal_add(s, UNDO_CLEAR, a);
    u->flag = a->cleared;
    a->now.nonce = 0;
    a->now.balance = U256_ZERO;
    a->now.code_hash = KECCAK_EMPTY;
    a->code = bytes_of(NULL, 0);
    a->code_loaded = true;
    a->alive = false;
    a->cleared = true;
}

void tx_forget(struct state *s)
{
    s->tx++;
    s->tx_start = s->last_checkpoint = s->journal_len;
    s->touched_len = 0;
    s->refund = 0;
    s->log_len = 0;
    arena_reset(&s->log_arena);
}
