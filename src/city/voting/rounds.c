/* The rounds in which trustees make the key of an election (belenios/trustees.h). A message is
 * checked when it comes, so that a bad one is refused with its sender's name and never kept. */
#include "city/voting/board.h"
#include "city/voting/price.h"

/* One post: whose, of what, how far. */
struct post {
    struct board board;
    uint64_t owner;
    struct board_trustee *trustee;
    const struct board_entry *entry;
    struct bel_context context; /* of a group's member */
};

/* The board of the method's consultation, whose trustees may still be made: the first of its series
 * is a draft. */
static enum err load_open_board(struct service_call *c, struct board *out)
{
    struct consultation v, first;
    TRY(consultation_load(c, &v));
    TRY(consultation_load_id(c, u256_from_u64(v.series), &first));
    TRY(require_stage(c, &first, STAGE_DRAFT));
    return board_load(c, v.series, out);
}

static enum err out_of_turn(struct service_call *c, const struct post *p, unsigned round,
                            uint64_t waits_for)
{
    return REFUSE(c, "OutOfTurn", abi_u64(p->owner), abi_u64(round), abi_u64(waits_for));
}

/* The caller's turn in a round: it has passed the one before, and so has its whole group. */
static enum err begin_post(struct service_call *c, struct post *p, unsigned round, bool grouped)
{
    TRY(load_open_board(c, &p->board));
    TRY(board_require_caller(c, &p->board, &p->owner));
    p->trustee = &p->board.trustees[p->owner - 1];
    p->entry = board_entry_of(&p->board, p->owner);
    p->context = board_context(&p->board, p->owner);
    if ((p->entry->threshold != 0) != grouped)
        return out_of_turn(c, p, round, 0);
    if (p->trustee->step != round - 1)
        return out_of_turn(c, p, round, p->owner);
    for (uint32_t i = 0; i < p->entry->size; i++)
        if (p->board.trustees[p->entry->first + i].step < round - 1)
            return out_of_turn(c, p, round, p->entry->first + i + 1);
    return E_OK;
}

static enum err refuse_message(struct service_call *c, const struct post *p, enum err e,
                               const struct diag *d)
{
    service_tell(c, d->text);
    return REFUSE(c, "InvalidMessage", abi_u64(p->owner), rule_word(e));
}

/* A message argument of exactly len bytes, copied. */
static enum err message_argument(struct service_call *c, const struct post *p, void *out,
                                 size_t len)
{
    struct bytes m = service_arg(c, 1)->bytes;
    if (m.len != len)
        return REFUSE(c, "InvalidMessage", abi_u64(p->owner), rule_word(E_INVALID));
    memcpy(out, m.data, len);
    return E_OK;
}

static enum err end_post(struct service_call *c, struct post *p, unsigned round,
                         struct bytes message)
{
    TRY(message_store(c, &p->board, p->owner, round, message));
    p->trustee->step = (uint8_t)round;
    TRY(board_store(c, &p->board));
    TRY(EMIT(c, "TrusteeMessage", *service_arg(c, 0), abi_u64(p->owner), abi_u64(round)));
    return service_return(c, NULL);
}

enum err run_voting_post_key(struct service_call *c)
{
    struct post p;
    struct bel_key_message m;
    struct diag d = {0};
    TRY(begin_post(c, &p, ROUND_KEY, false));
    TRY(message_argument(c, &p, &m, sizeof m));
    TRY(service_charge(c, GAS_VOTING_SIGNATURE));
    enum err e = bel_single_check(&m, &d);
    if (e != E_OK)
        return refuse_message(c, &p, e, &d);
    return end_post(c, &p, ROUND_KEY, service_arg(c, 1)->bytes);
}

enum err run_voting_post_certificate(struct service_call *c)
{
    struct post p;
    struct bel_certificate m;
    struct diag d = {0};
    TRY(begin_post(c, &p, ROUND_CERTIFICATE, true));
    TRY(message_argument(c, &p, &m, sizeof m));
    TRY(service_charge(c, GAS_VOTING_SIGNATURE + GAS_VOTING_POINT));
    enum err e = bel_certificate_check(&m, &p.context, &d);
    if (e != E_OK)
        return refuse_message(c, &p, e, &d);
    return end_post(c, &p, ROUND_CERTIFICATE, service_arg(c, 1)->bytes);
}

enum err run_voting_commit_coefficients(struct service_call *c)
{
    struct post p;
    uint8_t commitment[32];
    abi_get_bytes32(commitment, service_arg(c, 1));
    TRY(begin_post(c, &p, ROUND_COMMITMENT, true));
    return end_post(c, &p, ROUND_COMMITMENT, bytes_of(commitment, sizeof commitment));
}

/* The coefficients are those that round 2 announced. */
static enum err check_commitment(struct service_call *c, const struct post *p,
                                 const struct bel_coefficients *m)
{
    struct bytes announced;
    struct hash h;
    TRY(message_load(c, &p->board, p->owner, ROUND_COMMITMENT, &announced));
    bel_coefficients_hash(&h, &p->context, m);
    if (!bytes_eq(announced, bytes_of(h.b, sizeof h.b)))
        return REFUSE(c, "InvalidMessage", abi_u64(p->owner), service_name32("commitment"));
    return E_OK;
}

enum err run_voting_post_coefficients(struct service_call *c)
{
    struct post p;
    struct bel_coefficients m;
    struct bel_certificate *certificates;
    struct diag d = {0};
    struct bytes packed = service_arg(c, 1)->bytes, shares = service_arg(c, 2)->bytes;
    TRY(begin_post(c, &p, ROUND_COEFFICIENTS, true));
    if (!coefficients_unpack(&m, p.entry->threshold, packed) ||
        shares.len != p.entry->size * sizeof(struct bel_share))
        return REFUSE(c, "InvalidMessage", abi_u64(p.owner), rule_word(E_INVALID));
    TRY(check_commitment(c, &p, &m));
    TRY(certificates_load(c, &p.board, p.trustee->entry, &certificates));
    TRY(service_charge(c, GAS_VOTING_SIGNATURE + (uint64_t)p.entry->threshold * GAS_VOTING_POINT));
    enum err e = bel_coefficients_check(&m, &p.context, &certificates[p.trustee->member - 1], &d);
    if (e != E_OK)
        return refuse_message(c, &p, e, &d);
    TRY(shares_store(c, &p.board, p.owner, shares));
    return end_post(c, &p, ROUND_COEFFICIENTS, packed);
}

enum err run_voting_post_verification(struct service_call *c)
{
    struct post p;
    struct bel_verification m;
    struct bel_certificate *certificates;
    struct bel_coefficients *coefficients;
    struct diag d = {0};
    TRY(begin_post(c, &p, ROUND_VERIFICATION, true));
    TRY(message_argument(c, &p, &m, sizeof m));
    TRY(certificates_load(c, &p.board, p.trustee->entry, &certificates));
    TRY(coefficients_load(c, &p.board, p.trustee->entry, &coefficients));
    TRY(service_charge(c, 3 * GAS_VOTING_SIGNATURE +
                              (uint64_t)p.entry->threshold * p.entry->size * GAS_VOTING_POINT));
    enum err e = bel_verification_check(&m, &p.context, certificates, coefficients, &d);
    if (e != E_OK)
        return refuse_message(c, &p, e, &d);
    return end_post(c, &p, ROUND_VERIFICATION, service_arg(c, 1)->bytes);
}

/* --- false shares ----------------------------------------------------------------------------- */

/* What a complaint is about: the share that a dealer sealed for the caller. */
static enum err load_share(struct service_call *c, const struct board *b, uint64_t dealer,
                           uint64_t receiver, struct bel_share *out)
{
    struct bytes shares;
    size_t at = (b->trustees[receiver - 1].member - 1) * sizeof *out;
    TRY(shares_load(c, b, dealer, &shares));
    if (shares.len < at + sizeof *out)
        return record_unreadable(c);
    memcpy(out, shares.data + at, sizeof *out);
    return E_OK;
}

/* E_PROOF: the dealer cheated. */
static enum err judge(struct service_call *c, const struct board *b, uint64_t dealer,
                      uint64_t receiver, const char *uuid, enum err *verdict_out)
{
    size_t entry = b->trustees[receiver - 1].entry;
    struct bel_context context = board_context(b, receiver);
    struct bel_complaint m;
    struct bel_share share;
    struct bel_certificate *certificates;
    struct bytes packed, complaint = service_arg(c, 2)->bytes;
    struct bel_coefficients coefficients;
    struct diag d = {0};
    if (complaint.len != sizeof m)
        return REFUSE(c, "InvalidComplaint", rule_word(E_INVALID));
    memcpy(&m, complaint.data, sizeof m);
    TRY(load_share(c, b, dealer, receiver, &share));
    TRY(certificates_load(c, b, entry, &certificates));
    TRY(message_load(c, b, dealer, ROUND_COEFFICIENTS, &packed));
    if (!coefficients_unpack(&coefficients, context.threshold, packed))
        return record_unreadable(c);
    TRY(service_charge(c, GAS_VOTING_SIGNATURE + 2 * GAS_VOTING_MULTIPLY +
                              (uint64_t)context.threshold * GAS_VOTING_POINT));
    *verdict_out = bel_share_judge(&m, &context, b->trustees[dealer - 1].member, uuid,
                                   &certificates[context.index - 1], &share, &coefficients, &d);
    service_tell(c, d.text);
    return E_OK;
}

enum err run_voting_complain(struct service_call *c)
{
    uint64_t dealer = abi_get_u64(service_arg(c, 1)), receiver;
    struct consultation first;
    struct board b;
    enum err verdict = E_OK;
    TRY(load_open_board(c, &b));
    TRY(board_require_caller(c, &b, &receiver));
    size_t entry = b.trustees[receiver - 1].entry;
    if (dealer == 0 || dealer > b.count || b.trustees[dealer - 1].entry != entry ||
        b.trustees[dealer - 1].member == 0)
        return REFUSE(c, "UnknownTrustee", abi_u64(dealer));
    if (b.trustees[dealer - 1].step < ROUND_COEFFICIENTS)
        return REFUSE(c, "OutOfTurn", abi_u64(receiver), abi_u64(ROUND_COEFFICIENTS),
                      abi_u64(dealer));
    TRY(consultation_load_id(c, u256_from_u64(b.series), &first));
    TRY(judge(c, &b, dealer, receiver, first.uuid, &verdict));
    if (verdict == E_OK)
        return REFUSE(c, "InvalidComplaint", service_name32("unfounded"));
    if (verdict != E_PROOF)
        return REFUSE(c, "InvalidComplaint", rule_word(E_INVALID));
    TRY(board_restart(c, &b, entry));
    TRY(board_store(c, &b));
    TRY(EMIT(c, "TrusteeComplaint", *service_arg(c, 0), abi_u64(dealer), abi_u64(receiver)));
    return service_return(c, NULL);
}

enum err run_voting_reset_trustees(struct service_call *c)
{
    struct bytes reason = service_arg(c, 1)->bytes;
    struct consultation v;
    struct board b;
    TRY(consultation_load(c, &v));
    TRY(require_clerk(c, &v));
    TRY(load_open_board(c, &b));
    for (size_t i = 0; i < b.entry_count; i++)
        TRY(board_restart(c, &b, i));
    TRY(board_store(c, &b));
    TRY(store_reason(c, &v, reason));
    TRY(EMIT(c, "TrusteesReset", *service_arg(c, 0), abi_bytes(reason)));
    return service_return(c, NULL);
}
