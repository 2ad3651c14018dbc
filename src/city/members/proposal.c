/* Proposals: one change each, voted on by the members and counted by the power they have when a
 * vote comes in.
 *
 * "proposals"        number of the last one; the first is 1
 * "proposal", id     status 1 | kind 1 | proposer 20 | opened 8 | expiry 8 | decided 8 | yes 8 |
 *                    no 8 | total 8 (the last three once decided) | operator 20 | key 32 | node 20
 * | number 8 | text length 1 | text | per vote: serial 4 | operator 20 | yes 1 "open-proposals" id
 * 8 | expiry 8 | proposer 20 each, ascending; expired ones leave it when the next is opened */
#include "city/members/roll.h"

#define LIFETIME_STANDARD_S (7u * 86400)
#define LIFETIME_MIN_S 60u
#define LIFETIME_MAX_S (90u * 86400)
#define OPEN_PER_MEMBER 8u
#define OPEN_BYTES 36u
#define GAS_COUNT_VOTE 50u /* to find a vote's member on the roll */

enum status { OPEN, PASSED, REJECTED, OVERTAKEN, STATUS_END };

struct vote {
    uint32_t serial; /* of the member it is by */
    struct address operator;
    bool yes;
};

struct proposal {
    uint64_t id;
    enum status status;
    struct address proposer;
    uint64_t opened_s, expiry_s, decided_s;
    uint64_t yes, no, total; /* what was counted last */
    struct change change;
    struct vote votes[MEMBERS_MAX];
    size_t vote_count;
};

/* --- records ---------------------------------------------------------------------------------- */

static bool proposal_decode(struct proposal *out, struct record r)
{
    out->status = record_u8(&r);
    out->change.kind = record_u8(&r);
    memcpy(out->proposer.b, record_take(&r, 20), 20);
    out->opened_s = record_u64(&r);
    out->expiry_s = record_u64(&r);
    out->decided_s = record_u64(&r);
    out->yes = record_u64(&r);
    out->no = record_u64(&r);
    out->total = record_u64(&r);
    memcpy(out->change.account.b, record_take(&r, 20), 20);
    memcpy(out->change.key32, record_take(&r, 32), 32);
    memcpy(out->change.node20, record_take(&r, 20), 20);
    out->change.number = record_u64(&r);
    uint8_t len = record_u8(&r);
    if (len > MEMBERS_NAME_MAX || out->status >= STATUS_END || out->change.kind >= CHANGE_END)
        return false;
    out->change.text = bytes_of(record_take(&r, len), len);
    out->vote_count = 0;
    while (!r.bad && !record_is_empty(&r) && out->vote_count < MEMBERS_MAX) {
        struct vote *v = &out->votes[out->vote_count++];
        v->serial = record_u32(&r);
        memcpy(v->operator.b, record_take(&r, 20), 20);
        v->yes = record_u8(&r) != 0;
    }
    return !r.bad && record_is_empty(&r);
}

static enum err proposal_store(struct service_call *c, const struct proposal *p)
{
    struct hash slot = members_slot_at("proposal", p->id);
    struct buf b = {0};
    buf_put_u8(&b, (uint8_t)p->status);
    buf_put_u8(&b, (uint8_t)p->change.kind);
    buf_put(&b, p->proposer.b, 20);
    record_put_u64(&b, p->opened_s);
    record_put_u64(&b, p->expiry_s);
    record_put_u64(&b, p->decided_s);
    record_put_u64(&b, p->yes);
    record_put_u64(&b, p->no);
    record_put_u64(&b, p->total);
    buf_put(&b, p->change.account.b, 20);
    buf_put(&b, p->change.key32, 32);
    buf_put(&b, p->change.node20, 20);
    record_put_u64(&b, p->change.number);
    buf_put_u8(&b, (uint8_t)p->change.text.len);
    buf_put(&b, p->change.text.data, p->change.text.len);
    for (size_t i = 0; i < p->vote_count; i++) {
        record_put_u32(&b, p->votes[i].serial);
        buf_put(&b, p->votes[i].operator.b, 20);
        buf_put_u8(&b, p->votes[i].yes);
    }
    return record_store(c, &slot, &b);
}

/* The proposal that the method's first argument names. */
static enum err proposal_argument(struct service_call *c, struct proposal *out)
{
    struct u256 id = service_arg(c, 0)->word;
    uint64_t last;
    struct record r;
    TRY(members_load_u64(c, "proposals", &last));
    if (u256_is_zero(id) || u256_cmp(id, u256_from_u64(last)) > 0)
        return REFUSE(c, "UnknownProposal", abi_u256(id));
    struct hash slot = members_slot_at("proposal", id.w[0]);
    out->id = id.w[0];
    TRY(record_load(c, &slot, &r));
    return proposal_decode(out, r) ? E_OK : record_unreadable(c);
}

static enum err open_load(struct service_call *c, struct buf *out)
{
    struct hash slot = members_slot("open-proposals");
    TRY(service_load(c, &slot, out));
    return out->len % OPEN_BYTES ? record_unreadable(c) : E_OK;
}

static enum err open_remove(struct service_call *c, uint64_t id)
{
    struct hash slot = members_slot("open-proposals");
    struct buf all = {0}, rest = {0};
    enum err err = open_load(c, &all);
    for (size_t i = 0; err == E_OK && i < all.len; i += OPEN_BYTES)
        if (be64_get(all.data + i) != id)
            buf_put(&rest, all.data + i, OPEN_BYTES);
    buf_free(&all);
    if (err == E_OK)
        return record_store(c, &slot, &rest);
    buf_free(&rest);
    return err;
}

/* The list without what has expired; TooManyProposals when the caller has enough on it. */
static enum err open_make_room(struct service_call *c, struct buf *out)
{
    const struct address *caller = &c->frame->caller;
    struct buf all = {0};
    unsigned own = 0;
    enum err err = open_load(c, &all);
    for (size_t i = 0; err == E_OK && i < all.len; i += OPEN_BYTES) {
        const uint8_t *entry = all.data + i;
        if (be64_get(entry + 8) <= service_now_s(c))
            continue;
        own += memcmp(entry + 16, caller->b, 20) == 0;
        buf_put(out, entry, OPEN_BYTES);
    }
    buf_free(&all);
    if (err == E_OK && own >= OPEN_PER_MEMBER)
        return REFUSE(c, "TooManyProposals", abi_address(caller), abi_u64(OPEN_PER_MEMBER));
    return err;
}

static enum err open_add(struct service_call *c, const struct proposal *p)
{
    struct hash slot = members_slot("open-proposals");
    struct buf b = {0};
    enum err err = open_make_room(c, &b);
    if (err != E_OK) {
        buf_free(&b);
        return err;
    }
    record_put_u64(&b, p->id);
    record_put_u64(&b, p->expiry_s);
    buf_put(&b, p->proposer.b, 20);
    return record_store(c, &slot, &b);
}

/* --- counting --------------------------------------------------------------------------------- */

/* Votes of members that are no more leave the proposal: they would never count again. */
static void drop_void_votes(struct proposal *p, const struct roll *r)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->vote_count; i++)
        if (roll_find_serial(r, p->votes[i].serial) != ROLL_NOBODY)
            p->votes[kept++] = p->votes[i];
    p->vote_count = kept;
}

static void tally(struct proposal *p, const struct roll *r)
{
    p->yes = p->no = 0;
    p->total = roll_power(r);
    for (size_t i = 0; i < p->vote_count; i++) {
        size_t voter = roll_find_serial(r, p->votes[i].serial);
        if (voter == ROLL_NOBODY)
            continue;
        *(p->votes[i].yes ? &p->yes : &p->no) += r->member[voter].power;
    }
}

static const char *status_name(const struct service_call *c, const struct proposal *p)
{
    static const char *const NAMES[] = {"open", "passed", "rejected", "overtaken"};
    return p->status == OPEN && service_now_s(c) >= p->expiry_s ? "expired" : NAMES[p->status];
}

/* More than two thirds for it: the change is made, unless others have made it impossible since it
 * was proposed. A third or more against it: it can no longer pass. */
static enum err decide(struct service_call *c, struct roll *r, struct proposal *p)
{
    tally(p, r);
    if (p->yes * 3 > p->total * 2)
        p->status = PASSED;
    else if (p->no * 3 >= p->total)
        p->status = REJECTED;
    else
        return E_OK;
    p->decided_s = service_now_s(c);
    if (p->status == PASSED) {
        enum err err = change_check(c, r, &p->change);
        if (err == E_REVERT)
            p->status = OVERTAKEN;
        else if (err != E_OK)
            return err;
    }
    TRY(EMIT(c, "Decided", abi_u64(p->id), service_name32(status_name(c, p)), abi_u64(p->yes),
             abi_u64(p->no), abi_u64(p->total)));
    return p->status == PASSED ? change_apply(c, r, &p->change, p->id) : E_OK;
}

static enum err cast(struct service_call *c, const struct roll *r, size_t self, struct proposal *p,
                     bool yes)
{
    ASSERT(p->vote_count < MEMBERS_MAX); /* at most one of each other member */
    p->votes[p->vote_count++] = (struct vote){r->serial[self], c->frame->caller, yes};
    return EMIT(c, "Voted", abi_u64(p->id), abi_address(&c->frame->caller), abi_bool(yes),
                abi_u64(r->member[self].power));
}

/* --- proposing -------------------------------------------------------------------------------- */

static enum err check_lifetime(struct service_call *c, uint64_t *lifetime_s)
{
    if (*lifetime_s == 0)
        *lifetime_s = LIFETIME_STANDARD_S;
    if (*lifetime_s < LIFETIME_MIN_S || *lifetime_s > LIFETIME_MAX_S)
        return REFUSE(c, "InvalidLifetime", abi_u64(*lifetime_s), abi_u64(LIFETIME_MIN_S),
                      abi_u64(LIFETIME_MAX_S));
    return E_OK;
}

/* lifetime is the method's last argument. */
static enum err propose(struct service_call *c, const struct change *change)
{
    uint64_t lifetime_s = abi_get_u64(service_arg(c, c->args.count - 1));
    struct roll r;
    struct proposal p = {.status = OPEN, .proposer = c->frame->caller, .change = *change};
    size_t self;
    TRY(members_require_member(c, &r, &self));
    TRY(check_lifetime(c, &lifetime_s));
    TRY(change_check(c, &r, change));
    TRY(members_load_u64(c, "proposals", &p.id));
    p.id++;
    p.opened_s = service_now_s(c);
    p.expiry_s = p.opened_s + lifetime_s;
    TRY(open_add(c, &p));
    TRY(members_store_u64(c, "proposals", p.id));
    TRY(EMIT(c, "Proposed", abi_u64(p.id), abi_address(&p.proposer),
             service_name32(change_kind_name(change->kind)), abi_u64(p.expiry_s)));
    TRY(cast(c, &r, self, &p, true));
    TRY(decide(c, &r, &p));
    TRY(proposal_store(c, &p));
    if (p.status != OPEN)
        TRY(open_remove(c, p.id));
    return service_return(c, (struct abi_value[]){abi_u64(p.id)});
}

enum err run_members_propose_add(struct service_call *c)
{
    struct change change = change_add_arguments(c);
    return propose(c, &change);
}

enum err run_members_propose_power(struct service_call *c)
{
    struct change change = {.kind = CHANGE_POWER, .number = abi_get_u64(service_arg(c, 1))};
    change.account = abi_get_address(service_arg(c, 0));
    return propose(c, &change);
}

enum err run_members_propose_remove(struct service_call *c)
{
    struct change change = {.kind = CHANGE_REMOVE};
    change.account = abi_get_address(service_arg(c, 0));
    return propose(c, &change);
}

enum err run_members_propose_key(struct service_call *c)
{
    struct change change = {.kind = CHANGE_KEY};
    change.account = abi_get_address(service_arg(c, 0));
    abi_get_bytes32(change.key32, service_arg(c, 1));
    members_node_argument(change.node20, service_arg(c, 2));
    return propose(c, &change);
}

enum err run_members_propose_heartbeat(struct service_call *c)
{
    struct change change = {.kind = CHANGE_HEARTBEAT, .number = abi_get_u64(service_arg(c, 0))};
    return propose(c, &change);
}

enum err run_members_propose_upgrade(struct service_call *c)
{
    struct change change = {.kind = CHANGE_UPGRADE,
                            .number = abi_get_u64(service_arg(c, 0)),
                            .text = service_arg(c, 1)->bytes};
    return propose(c, &change);
}

enum err run_members_propose_call_off(struct service_call *c)
{
    struct change change = {.kind = CHANGE_CALL_OFF};
    return propose(c, &change);
}

/* --- voting ----------------------------------------------------------------------------------- */

/* An open proposal before a member: roll, caller's place and proposal without void votes. */
static enum err take_open(struct service_call *c, struct roll *r, size_t *self_out,
                          struct proposal *p)
{
    TRY(members_require_member(c, r, self_out));
    TRY(proposal_argument(c, p));
    if (p->status != OPEN)
        return REFUSE(c, "ProposalClosed", abi_u64(p->id), service_name32(status_name(c, p)));
    if (service_now_s(c) >= p->expiry_s)
        return REFUSE(c, "ProposalExpired", abi_u64(p->id), abi_u64(p->expiry_s));
    TRY(service_charge(c, GAS_COUNT_VOTE * (p->vote_count + 1)));
    drop_void_votes(p, r);
    return E_OK;
}

static enum err close_if_decided(struct service_call *c, const struct proposal *p)
{
    TRY(proposal_store(c, p));
    return p->status == OPEN ? E_OK : open_remove(c, p->id);
}

enum err run_members_vote(struct service_call *c)
{
    struct roll r;
    struct proposal p;
    size_t self;
    TRY(take_open(c, &r, &self, &p));
    for (size_t i = 0; i < p.vote_count; i++)
        if (p.votes[i].serial == r.serial[self])
            return REFUSE(c, "AlreadyVoted", abi_u64(p.id), abi_address(&c->frame->caller));
    TRY(cast(c, &r, self, &p, !u256_is_zero(service_arg(c, 1)->word)));
    TRY(decide(c, &r, &p));
    TRY(close_if_decided(c, &p));
    return service_return(c, NULL);
}

/* A member that leaves, or another weight, may decide what no further vote would: all have voted.
 */
enum err run_members_recount(struct service_call *c)
{
    struct roll r;
    struct proposal p;
    size_t self;
    TRY(take_open(c, &r, &self, &p));
    TRY(decide(c, &r, &p));
    if (p.status == OPEN)
        return REFUSE(c, "Undecided", abi_u64(p.id), abi_u64(p.yes), abi_u64(p.no),
                      abi_u64(p.total));
    TRY(close_if_decided(c, &p));
    return service_return(c, NULL);
}

/* --- views ------------------------------------------------------------------------------------ */

enum err run_members_proposal(struct service_call *c)
{
    struct proposal p;
    struct roll r;
    TRY(proposal_argument(c, &p));
    if (p.status == OPEN) {
        TRY(service_charge(c, GAS_COUNT_VOTE * (p.vote_count + 1)));
        TRY(roll_load(c, &r));
        tally(&p, &r);
    }
    const struct change *g = &p.change;
    struct abi_value fields[] = {
        service_name32(change_kind_name(g->kind)),
        service_name32(status_name(c, &p)),
        abi_address(&p.proposer),
        abi_u64(p.opened_s),
        abi_u64(p.expiry_s),
        abi_u64(p.decided_s),
        abi_u64(p.yes),
        abi_u64(p.no),
        abi_u64(p.total),
        abi_address(&g->account),
        abi_bytes32(g->key32),
        members_abi_node(g->node20),
        abi_u64(g->number),
        abi_bytes(g->text),
    };
    struct abi_value motion = {.item = fields, .count = sizeof fields / sizeof *fields};
    return service_return(c, &motion);
}

enum err run_members_votes_of(struct service_call *c)
{
    struct proposal p;
    TRY(proposal_argument(c, &p));
    struct abi_value lists[] = {abi_list(c->arena, p.vote_count), abi_list(c->arena, p.vote_count)};
    for (size_t i = 0; i < p.vote_count; i++) {
        lists[0].item[i] = abi_address(&p.votes[i].operator);
        lists[1].item[i] = abi_bool(p.votes[i].yes);
    }
    return service_return(c, lists);
}

enum err run_members_proposal_count(struct service_call *c)
{
    uint64_t last;
    TRY(members_load_u64(c, "proposals", &last));
    return service_return(c, (struct abi_value[]){abi_u64(last)});
}

enum err run_members_open_proposals(struct service_call *c)
{
    struct buf all = {0};
    enum err err = open_load(c, &all);
    if (err == E_OK) {
        struct abi_value ids = abi_list(c->arena, all.len / OPEN_BYTES);
        ids.count = 0;
        for (size_t i = 0; i < all.len; i += OPEN_BYTES)
            if (be64_get(all.data + i + 8) > service_now_s(c))
                ids.item[ids.count++] = abi_u64(be64_get(all.data + i));
        err = service_return(c, &ids);
    }
    buf_free(&all);
    return err;
}
