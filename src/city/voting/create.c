/* Creating consultations and units of them. */
#include "base/lang.h"
#include "base/limits.h"
#include "city/voting/board.h"
#include "city/voting/merge.h"
#include "city/voting/price.h"
#include "crypto/keccak.h"

/* Members times threshold of a group: what its rounds take has to fit transactions. */
#define GROUP_WORK_MAX 1024u

enum plan_part {
    PLAN_TEMPLATE,
    PLAN_OPENS,
    PLAN_CLOSES,
    PLAN_FLOOR,
    PLAN_REGISTRAR,
    PLAN_TRUSTEES
};

/* --- what a plan may be ----------------------------------------------------------------------- */

static enum err invalid_trustees(struct service_call *c, const char *rule)
{
    return REFUSE(c, "InvalidTrustees", service_name32(rule));
}

static enum err add_entry(struct service_call *c, struct board *b, const struct abi_value *entry)
{
    uint64_t threshold = abi_get_u64(&entry->item[0]);
    const struct abi_value *members = &entry->item[1];
    if (b->count + members->count > BEL_TRUSTEES_MAX)
        return invalid_trustees(c, "many");
    if (threshold == 0 ? members->count != 1
                       : members->count <= threshold || members->count * threshold > GROUP_WORK_MAX)
        return invalid_trustees(c, "size");
    for (size_t i = 0; i < members->count; i++) {
        struct address account = abi_get_address(&members->item[i]);
        if (address_is_zero(&account))
            return invalid_trustees(c, "account");
        if (board_find(b, &account))
            return invalid_trustees(c, "twice");
        b->trustees[b->count++] = (struct board_trustee){.account = account};
    }
    b->entries[b->entry_count++] =
        (struct board_entry){(uint32_t)threshold, (uint32_t)members->count, 0};
    return E_OK;
}

static enum err plan_board(struct service_call *c, const struct abi_value *plan, struct board *out)
{
    const struct abi_value *list = &plan->item[PLAN_TRUSTEES];
    memset(out, 0, sizeof *out);
    if (list->count == 0)
        return invalid_trustees(c, "none");
    for (size_t i = 0; i < list->count; i++)
        TRY(add_entry(c, out, &list->item[i]));
    return E_OK;
}

static enum err plan_times(struct service_call *c, const struct consultation *v)
{
    if (v->opens_s < v->closes_s && service_now_s(c) < v->closes_s)
        return E_OK;
    return REFUSE(c, "InvalidTimes", abi_u64(v->opens_s), abi_u64(v->closes_s),
                  abi_u64(service_now_s(c)));
}

static enum err plan_registrar(struct service_call *c, const struct consultation *v)
{
    return address_is_zero(&v->registrar)
               ? REFUSE(c, "InvalidRegistrar", abi_address(&v->registrar))
               : E_OK;
}

/* --- texts of a template: voters read them, and clerks on terminals -----------------------------
 */

/* Several lines, each of which can be read; there may be none. */
static bool lines_hold(const char *text)
{
    for (;;) {
        size_t len = strcspn(text, "\n");
        const char *end = text + len, *next = *end ? end + 1 : NULL;
        if (next && len > 0 && end[-1] == '\r')
            end--;
        while (text < end && *text == ' ')
            text++;
        while (text < end && end[-1] == ' ')
            end--;
        if (text < end && !record_text_holds(bytes_of(text, (size_t)(end - text))))
            return false;
        if (!next)
            return true;
        text = next;
    }
}

static bool line_holds(const char *text)
{
    return record_text_holds(bytes_str(text));
}

/* The first of a question's texts that cannot be read: its path. */
static const char *unreadable_in(struct arena *a, const struct bel_question *q)
{
    if (!line_holds(q->question))
        return "question";
    for (size_t i = 0; q->kind != BEL_LISTS && i < q->answer_count; i++)
        if (!line_holds(q->answers[i]))
            return arena_printf(a, "answers[%zu]", i);
    for (size_t i = 0; q->kind == BEL_LISTS && i < q->list_count; i++) {
        const struct bel_list *list = &q->lists[i];
        if (!line_holds(list->name))
            return arena_printf(a, "value.answers[%zu][0]", i);
        for (size_t k = 0; k < list->candidate_count; k++)
            if (!line_holds(list->candidates[k]))
                return arena_printf(a, "value.answers[%zu][%zu]", i, k + 1);
    }
    return NULL;
}

/* Likewise of all of a template's but its name; NULL: all can be read. */
static const char *unreadable_text(struct arena *a, const struct bel_election *e)
{
    if (!lines_hold(e->description))
        return "description";
    if (e->administrator && e->administrator[0] && !line_holds(e->administrator))
        return "administrator";
    if (e->credential_authority && e->credential_authority[0] &&
        !line_holds(e->credential_authority))
        return "credential_authority";
    for (size_t i = 0; i < e->question_count; i++) {
        const char *at = unreadable_in(a, &e->questions[i]);
        if (at)
            return arena_printf(a, "questions[%zu].%s", i, at);
    }
    return NULL;
}

static enum err plan_texts(struct service_call *c, const struct bel_election *e)
{
    const char *at = unreadable_text(c->arena, e);
    if (!at)
        return E_OK;
    service_tell(c, arena_printf(c->arena,
                                 T("%s: a text is empty, begins or ends with a space, or has "
                                   "characters that cannot be seen",
                                   "%s : un texte est vide, commence ou finit par une espace, ou a "
                                   "des caractères invisibles"),
                                 at));
    return REFUSE(c, "InvalidTemplate", service_name32("text"));
}

/* The election of a template, whose name and sizes become the consultation's. */
static enum err plan_template(struct service_call *c, struct bytes template, const struct board *b,
                              struct consultation *v)
{
    size_t alone, grouped;
    struct bel_election e;
    struct diag d = {0};
    enum err err = bel_template_read(&e, c->arena, template, &d);
    if (err != E_OK) {
        service_tell(c, d.text);
        return REFUSE(c, "InvalidTemplate", rule_word(err));
    }
    TRY(require_text(c, bytes_str(e.name), VOTING_NAME_MAX));
    TRY(plan_texts(c, &e));
    memcpy(v->name, e.name, strlen(e.name) + 1);
    v->ciphertexts = (uint32_t)e.ciphertext_count;
    v->ballot_bytes = (uint32_t)e.ballot_bytes;
    board_opening(b, &alone, &grouped);
    uint64_t gas = price_transactions(&e, template.len, alone, grouped);
    return gas > LIMIT_TX_GAS ? REFUSE(c, "BallotTooCostly", abi_u64(gas), abi_u64(LIMIT_TX_GAS))
                              : E_OK;
}

/* --- new ones --------------------------------------------------------------------------------- */

/* The uuid: a number made of chain, creator and id, in base58. */
static void make_uuid(const struct service_call *c, struct consultation *v)
{
    static const char DIGITS[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    uint8_t text[36];
    struct hash h;
    struct u256 left, digit;
    be64_put(text, c->world->block->chain_id);
    memcpy(text + 8, v->clerk.b, 20);
    be64_put(text + 28, v->id);
    keccak256(&h, text, sizeof text);
    left = u256_from_be(h.b);
    for (size_t i = 0; i < VOTING_UUID_CHARS; i++) {
        u256_divmod(&left, &digit, left, u256_from_u64(58));
        v->uuid[i] = DIGITS[digit.w[0]];
    }
    v->uuid[VOTING_UUID_CHARS] = 0;
}

static enum err announce(struct service_call *c, const struct consultation *v)
{
    TRY(EMIT(c, "ConsultationCreated", abi_u64(v->id), abi_address(&v->clerk), abi_u64(v->series),
             abi_text(v->name)));
    return service_return(c, (struct abi_value[]){abi_u64(v->id)});
}

enum err run_voting_create(struct service_call *c)
{
    const struct abi_value *plan = service_arg(c, 0);
    struct bytes template = plan->item[PLAN_TEMPLATE].bytes;
    struct board b;
    struct consultation v = {.stage = STAGE_DRAFT,
                             .clerk = c->frame->caller,
                             .registrar = abi_get_address(&plan->item[PLAN_REGISTRAR]),
                             .created_s = service_now_s(c),
                             .opens_s = abi_get_u64(&plan->item[PLAN_OPENS]),
                             .closes_s = abi_get_u64(&plan->item[PLAN_CLOSES]),
                             .floor = abi_get_u64(&plan->item[PLAN_FLOOR])};
    TRY(require_appointed(c));
    TRY(plan_times(c, &v));
    TRY(plan_registrar(c, &v));
    TRY(plan_board(c, plan, &b));
    TRY(plan_template(c, template, &b, &v));
    TRY(consultation_new(c, &v));
    v.series = b.series = v.id;
    make_uuid(c, &v);
    TRY(consultation_store(c, &v));
    TRY(board_store(c, &b));
    TRY(store_document(c, "template", v.id, template));
    return announce(c, &v);
}

enum err consultation_new_unit(struct service_call *c, const struct consultation *like,
                               struct bytes name, struct consultation *out)
{
    TRY(require_text(c, name, VOTING_NAME_MAX));
    *out = *like;
    out->stage = STAGE_DRAFT;
    out->created_s = service_now_s(c);
    out->published_s = 0;
    out->merged_into = 0;
    out->election_hash = (struct hash){0};
    memcpy(out->name, name.data, name.len);
    out->name[name.len] = 0;
    TRY(consultation_new(c, out));
    make_uuid(c, out);
    return E_OK;
}

/* A floor that one unit undercuts holds for none: voters of the others would be as exposed. */
static enum err plan_unit_floor(struct service_call *c, const struct consultation *v)
{
    struct consultation first;
    TRY(consultation_load_id(c, u256_from_u64(v->series), &first));
    return v->floor >= first.floor
               ? E_OK
               : REFUSE(c, "InvalidFloor", abi_u64(v->floor), abi_u64(first.floor));
}

enum err run_voting_create_unit(struct service_call *c)
{
    struct consultation like, v;
    TRY(consultation_load(c, &like));
    TRY(require_clerk(c, &like));
    if (like.stage == STAGE_DRAFT || like.stage == STAGE_CANCELLED)
        return wrong_status(c, &like);
    TRY(consultation_new_unit(c, &like, service_arg(c, 1)->bytes, &v));
    v.is_merge = false;
    v.floor = abi_get_u64(service_arg(c, 2));
    v.registrar = abi_get_address(service_arg(c, 3));
    TRY(plan_times(c, &v));
    TRY(plan_registrar(c, &v));
    TRY(plan_unit_floor(c, &v));
    TRY(consultation_note_units(c, &v));
    TRY(consultation_store(c, &v));
    return announce(c, &v);
}

/* --- before the result ------------------------------------------------------------------------ */

enum err run_voting_postpone(struct service_call *c)
{
    struct bytes reason = service_arg(c, 3)->bytes;
    struct consultation v;
    TRY(consultation_load(c, &v));
    TRY(require_clerk(c, &v));
    uint64_t now_s = service_now_s(c), former_opens_s = v.opens_s, former_closes_s = v.closes_s;
    if ((v.stage != STAGE_DRAFT && v.stage != STAGE_PUBLISHED) || consultation_is_over(c, &v))
        return wrong_status(c, &v);
    bool has_opened = v.stage == STAGE_PUBLISHED && now_s >= former_opens_s;
    v.opens_s = abi_get_u64(service_arg(c, 1));
    v.closes_s = abi_get_u64(service_arg(c, 2));
    TRY(plan_times(c, &v));
    if (has_opened ? v.opens_s != former_opens_s || v.closes_s <= former_closes_s
                   : v.stage == STAGE_PUBLISHED && v.opens_s < now_s)
        return REFUSE(c, "InvalidTimes", abi_u64(v.opens_s), abi_u64(v.closes_s), abi_u64(now_s));
    TRY(consultation_store(c, &v));
    TRY(store_reason(c, &v, reason));
    TRY(EMIT(c, "Postponed", *service_arg(c, 0), abi_u64(v.opens_s), abi_u64(v.closes_s),
             abi_bytes(reason)));
    return service_return(c, NULL);
}

enum err run_voting_cancel(struct service_call *c)
{
    struct bytes reason = service_arg(c, 1)->bytes;
    struct consultation v;
    TRY(consultation_load(c, &v));
    TRY(require_clerk(c, &v));
    if (v.stage >= STAGE_DECIDED) /* decided, cancelled, merged */
        return wrong_status(c, &v);
    v.stage = STAGE_CANCELLED;
    TRY(consultation_store(c, &v));
    TRY(store_reason(c, &v, reason));
    TRY(EMIT(c, "Cancelled", *service_arg(c, 0), abi_bytes(reason)));
    return service_return(c, NULL);
}
