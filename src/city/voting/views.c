/* What anybody may ask about consultations. Events: events.c; voters: voters.c. */
#include "city/voting/counting.h"
#include "city/voting/voters.h"
#include "city/voting/sums.h"

static enum err load_numbers(struct service_call *c, const char *tag, uint64_t id,
                             struct abi_value *out)
{
    struct record r;
    struct hash slot = RECORD_SLOT(tag, id);
    TRY(record_load(c, &slot, &r));
    *out = abi_list(c->arena, (size_t)(r.end - r.p) / 8);
    for (size_t i = 0; i < out->count; i++)
        out->item[i] = abi_u64(record_u64(&r));
    return E_OK;
}

enum err run_voting_consultation_count(struct service_call *c)
{
    uint64_t count;
    TRY(consultation_count(c, &count));
    return service_return(c, (struct abi_value[]){abi_u64(count)});
}

enum err run_voting_consultation(struct service_call *c)
{
    struct consultation v;
    struct voters r;
    struct progress p;
    struct abi_value units;
    struct bytes reason;
    TRY(consultation_load(c, &v));
    TRY(voters_load(c, v.id, &r));
    TRY(progress_load(c, v.id, &p));
    TRY(load_numbers(c, "units", v.id, &units));
    TRY(load_document(c, "reason", v.id, &reason));
    struct abi_value fields[] = {
        service_name32(consultation_status(c, &v)),
        abi_address(&v.clerk),
        abi_address(&v.registrar),
        abi_u64(v.created_s),
        abi_u64(v.published_s),
        abi_u64(v.opens_s),
        abi_u64(v.closes_s),
        abi_u64(v.floor),
        abi_u64(r.count),
        abi_u64(r.total_weight),
        abi_u64(p.cast),
        abi_u64(p.counted),
        abi_u64(p.counted_weight),
        abi_u64(p.events),
        abi_bytes32(p.last.b),
        abi_bytes32(v.election_hash.b),
        abi_u64(v.ciphertexts),
        abi_u64(v.ballot_bytes),
        abi_u64(v.series),
        abi_u64(v.merged_into),
        units,
        abi_text(v.uuid),
        abi_text(v.name),
        abi_bytes(reason),
    };
    return service_return(
        c, (struct abi_value[]){{.item = fields, .count = sizeof fields / sizeof *fields}});
}

static enum err return_bytes(struct service_call *c, struct bytes value)
{
    return service_return(c, (struct abi_value[]){abi_bytes(value)});
}

enum err run_voting_election_of(struct service_call *c)
{
    struct consultation v;
    struct bytes document;
    TRY(consultation_load(c, &v));
    if (v.published_s)
        TRY(load_document(c, "election", v.id, &document));
    else
        TRY(load_document(c, "template", v.series, &document));
    return return_bytes(c, document);
}

enum err run_voting_trustees_of(struct service_call *c)
{
    struct consultation v;
    struct bytes document;
    TRY(consultation_load(c, &v));
    TRY(load_document(c, "trustees", v.series, &document));
    return return_bytes(c, document);
}

/* --- trustees --------------------------------------------------------------------------------- */

static enum err board_argument(struct service_call *c, struct consultation *v, struct board *b)
{
    TRY(consultation_load(c, v));
    return board_load(c, v->series, b);
}

/* The board, and the owner number in the second argument. */
static enum err owner_argument(struct service_call *c, struct consultation *v, struct board *b,
                               uint64_t *owner_out)
{
    TRY(board_argument(c, v, b));
    *owner_out = abi_get_u64(service_arg(c, 1));
    return *owner_out >= 1 && *owner_out <= b->count
               ? E_OK
               : REFUSE(c, "UnknownTrustee", abi_u64(*owner_out));
}

enum err run_voting_trustee_count(struct service_call *c)
{
    struct consultation v;
    struct board b;
    TRY(board_argument(c, &v, &b));
    return service_return(c, (struct abi_value[]){abi_u64(b.count)});
}

enum err run_voting_trustee_at(struct service_call *c)
{
    struct consultation v;
    struct board b;
    struct decryption *list;
    uint64_t owner;
    size_t count;
    bool decrypted = false;
    TRY(owner_argument(c, &v, &b, &owner));
    TRY(decryptions_load(c, v.id, &list, &count));
    for (size_t i = 0; i < count; i++)
        decrypted |= list[i].owner == owner;
    const struct board_trustee *t = &b.trustees[owner - 1];
    const struct board_entry *e = board_entry_of(&b, owner);
    return service_return(c, (struct abi_value[]){abi_address(&t->account), abi_u64(t->entry),
                                                  abi_u64(t->member), abi_u64(e->threshold),
                                                  abi_u64(e->size), abi_u64(t->step),
                                                  abi_bool(decrypted)});
}

enum err run_voting_message_of(struct service_call *c)
{
    struct consultation v;
    struct board b;
    struct bytes message;
    uint64_t owner;
    TRY(owner_argument(c, &v, &b, &owner));
    TRY(message_load(c, &b, owner, (unsigned)abi_get_u64(service_arg(c, 2)), &message));
    return return_bytes(c, message);
}

enum err run_voting_shares_of(struct service_call *c)
{
    struct consultation v;
    struct board b;
    struct bytes shares;
    uint64_t owner;
    TRY(owner_argument(c, &v, &b, &owner));
    TRY(shares_load(c, &b, owner, &shares));
    return return_bytes(c, shares);
}

/* --- counting --------------------------------------------------------------------------------- */

enum err run_voting_tally_of(struct service_call *c)
{
    struct consultation v;
    struct progress p;
    struct bytes sums;
    TRY(consultation_load(c, &v));
    TRY(progress_load(c, v.id, &p));
    TRY(sums_load(c, &v, &sums));
    return service_return(
        c, (struct abi_value[]){abi_bytes(sums), abi_u64(p.counted), abi_u64(p.counted_weight)});
}

enum err run_voting_result_of(struct service_call *c)
{
    struct consultation v;
    struct abi_value counts;
    TRY(consultation_load(c, &v));
    TRY(load_numbers(c, "result", v.id, &counts));
    return service_return(c, &counts);
}
