/* vote_show: `parvis vote list` and `parvis vote show`. */
#include "app/vote_show.h"

#include "app/json_members.h"
#include "app/vote_commands.h"
#include "app/vote_result.h"
#include "app/vote_time.h"
#include "belenios/trustees.h"

static void put_hex_member(struct buf *b, const char *name, const struct hash *h)
{
    char hex[65];
    hex_encode(hex, h->b, sizeof h->b);
    json_put_text_member(b, name, hex);
}

/* --- the consultation --------------------------------------------------------------------------
 */

static void put_members(struct buf *b, const struct vote_consultation *c)
{
    char fingerprint[BEL_HASH_CHARS + 1];
    json_put_u64_member(b, "id", c->id);
    json_put_text_member(b, "status", vote_status_word(c->status));
    json_put_text_member(b, "name", c->name);
    json_put_text_member(b, "uuid", c->uuid);
    json_put_address_member(b, "clerk", &c->clerk);
    json_put_address_member(b, "registrar", &c->registrar);
    json_put_u64_member(b, "opens", c->opens_s);
    json_put_u64_member(b, "closes", c->closes_s);
    json_put_u64_member(b, "floor", c->floor);
    json_put_u64_member(b, "voters", c->voters);
    json_put_u64_member(b, "totalWeight", c->total_weight);
    json_put_u64_member(b, "cast", c->cast);
    json_put_u64_member(b, "counted", c->counted);
    json_put_u64_member(b, "countedWeight", c->counted_weight);
    json_put_u64_member(b, "events", c->events);
    if (c->events) {
        put_hex_member(b, "lastEvent", &c->last_event);
        bel_hash_text(fingerprint, &c->fingerprint);
        json_put_text_member(b, "fingerprint", fingerprint);
        json_put_u64_member(b, "published", c->published_s);
    }
    json_put_u64_member(b, "series", c->series);
    if (c->merged_into)
        json_put_u64_member(b, "mergedInto", c->merged_into);
    if (c->reason[0])
        json_put_text_member(b, "reason", c->reason);
}

static void put_line(struct buf *b, const struct vote_consultation *c)
{
    buf_putf(b, T("Consultation %llu \"%s\": %s", "Consultation %llu « %s » : %s"),
             (unsigned long long)c->id, c->name, vote_status_title(c->status));
    if (c->status == VOTE_MERGED)
        buf_putf(b, " (%llu)", (unsigned long long)c->merged_into);
    buf_puts(b, "\n");
}

/* What is to be done now, and by whom. */
static void put_next(struct buf *b, const struct vote_consultation *c)
{
    unsigned long long id = c->id;
    switch (c->status) {
    case VOTE_DRAFT:
        buf_putf(
            b,
            T("Next: the trustees run `parvis vote work %llu`, the registrar `parvis vote roll "
              "%llu VOTERS.csv --out DIR`; then `parvis vote publish %llu`.\n",
              "Ensuite : les dépositaires lancent `parvis vote work %llu`, le registraire "
              "`parvis vote roll %llu VOTERS.csv --out DIR` ; puis `parvis vote publish "
              "%llu`.\n"),
            id, id, id);
        break;
    case VOTE_PUBLISHED:
    case VOTE_OPEN:
        buf_puts(b, T("Voting: ", "Vote : "));
        vote_put_time(b, c->opens_s);
        buf_puts(b, T(" to ", " à "));
        vote_put_time(b, c->closes_s);
        buf_puts(b, "\n");
        break;
    case VOTE_CLOSED:
        buf_putf(
            b,
            T("Next: `parvis vote tally %llu`; where there are several units the clerk does it "
              "(--from), once those to be merged are.\n",
              "Ensuite : `parvis vote tally %llu` ; s'il y a plusieurs unités, le greffier "
              "le fait (--from), une fois réunies celles qui doivent l'être.\n"),
            id);
        break;
    case VOTE_TALLIED:
        buf_putf(b,
                 T("Next: the trustees run `parvis vote work %llu`; then `parvis vote result "
                   "%llu`.\n",
                   "Ensuite : les dépositaires lancent `parvis vote work %llu` ; puis `parvis vote "
                   "result %llu`.\n"),
                 id, id);
        break;
    default:
        break;
    }
}

enum err vote_print_state(struct vote_ledger *l, uint64_t id, const struct json *receipt,
                          struct diag *d)
{
    struct vote_consultation c;
    struct buf b = {0};
    const char *tx = json_text(json_get(client_result(receipt), "transactionHash"));
    TRY(vote_consultation_get(l, id, &c, d));
    if (l->cli->json) {
        json_open(&b, '{');
        put_members(&b, &c);
        if (tx)
            json_put_text_member(&b, "transaction", tx);
        json_close(&b, '}');
    } else {
        put_line(&b, &c);
        if (!l->cli->quiet)
            put_next(&b, &c);
    }
    cli_print(&b);
    buf_free(&b);
    return E_OK;
}

/* --- trustees ----------------------------------------------------------------------------------
 */

enum err vote_trustees_get(struct vote_ledger *l, uint64_t id, struct vote_trustee **out,
                           size_t *count_out, struct diag *d)
{
    struct abi_value args[2] = {abi_u64(id)}, v;
    TRY(vote_view(l, "trusteeCount", args, 1, &v, d));
    uint64_t count = abi_get_u64(&v.item[0]);
    if (count > BEL_TRUSTEES_MAX)
        return diag_set(d, E_RANGE,
                        T("%llu trustees: more than %u", "%llu dépositaires : plus de %u"),
                        (unsigned long long)count, BEL_TRUSTEES_MAX);
    struct vote_trustee *all = arena_zalloc(&l->arena, count + 1, sizeof *all);
    for (uint64_t i = 0; i < count; i++) {
        args[1] = abi_u64(i + 1);
        TRY(vote_view(l, "trusteeAt", args, 2, &v, d));
        all[i] = (struct vote_trustee){.owner = i + 1,
                                       .account = abi_get_address(&v.item[0]),
                                       .entry = abi_get_u64(&v.item[1]),
                                       .member = (uint32_t)abi_get_u64(&v.item[2]),
                                       .threshold = (uint32_t)abi_get_u64(&v.item[3]),
                                       .size = (uint32_t)abi_get_u64(&v.item[4]),
                                       .step = (uint32_t)abi_get_u64(&v.item[5]),
                                       .has_decrypted = abi_get_u64(&v.item[6]) != 0};
    }
    *out = all;
    *count_out = count;
    return E_OK;
}

static void put_trustee_json(struct buf *b, const struct vote_trustee *t)
{
    json_open(b, '{');
    json_put_u64_member(b, "owner", t->owner);
    json_put_address_member(b, "account", &t->account);
    json_put_u64_member(b, "entry", t->entry);
    if (t->member) {
        json_put_u64_member(b, "member", t->member);
        json_put_u64_member(b, "threshold", t->threshold);
        json_put_u64_member(b, "size", t->size);
    }
    json_put_u64_member(b, "step", t->step);
    json_put_bool_member(b, "ready", vote_trustee_is_ready(t));
    json_put_bool_member(b, "decrypted", t->has_decrypted);
    json_close(b, '}');
}

static void put_trustee_line(struct buf *b, const struct vote_trustee *t)
{
    buf_putf(b, "  %2llu  ", (unsigned long long)t->owner);
    buf_put_hex(b, t->account.b, sizeof t->account.b);
    if (t->member)
        buf_putf(b,
                 T("  member %u of a group of %u, any %u of them", "  membre %u d'un groupe de %u, "
                                                                   "dont %u suffisent"),
                 t->member, t->size, t->threshold);
    else
        buf_puts(b, T("  always needed", "  toujours nécessaire"));
    if (t->has_decrypted)
        buf_puts(b, T(", has decrypted", ", a déchiffré"));
    else if (vote_trustee_is_ready(t))
        buf_puts(b, T(", ready", ", prêt"));
    else
        buf_putf(b, T(", %u of %u rounds", ", %u tours sur %u"), t->step,
                 t->member ? VOTE_TRUSTEE_ROUNDS : 1);
    buf_puts(b, "\n");
}

/* --- vote show ---------------------------------------------------------------------------------
 */

static void put_pair(struct buf *b, const char *title, const char *value)
{
    size_t width = 0;
    for (const char *p = title; *p; p++)
        width += ((unsigned char)*p & 0xc0) != 0x80;
    buf_puts(b, title);
    for (; width < 16; width++)
        buf_puts(b, " ");
    buf_putf(b, "%s\n", value);
}

static void put_period(struct buf *b, const struct vote_consultation *c)
{
    struct buf text = {0};
    vote_put_time(&text, c->opens_s);
    buf_puts(&text, T(" to ", " à "));
    vote_put_time(&text, c->closes_s);
    put_pair(b, T("voting", "vote"), buf_cstr(&text));
    buf_free(&text);
}

static void put_numbers(struct buf *b, const struct vote_consultation *c)
{
    buf_putf(b,
             T("voters          %llu, total weight %llu\n"
               "ballots         %llu, of %llu voters with weight %llu\n",
               "électeurs       %llu, poids total %llu\n"
               "bulletins       %llu, de %llu électeurs de poids %llu\n"),
             (unsigned long long)c->voters, (unsigned long long)c->total_weight,
             (unsigned long long)c->cast, (unsigned long long)c->counted,
             (unsigned long long)c->counted_weight);
    if (c->floor)
        buf_putf(b, T("floor           %llu voters\n", "seuil           %llu votants\n"),
                 (unsigned long long)c->floor);
}

static void put_account(struct buf *b, const char *title, const struct address *a)
{
    char hex[43] = "0x";
    hex_encode(hex + 2, a->b, sizeof a->b);
    put_pair(b, title, hex);
}

static void put_facts(struct buf *b, const struct vote_consultation *c)
{
    char text[65];
    put_line(b, c);
    if (c->reason[0])
        put_pair(b, T("reason", "motif"), c->reason);
    put_period(b, c);
    put_numbers(b, c);
    put_pair(b, "uuid", c->uuid);
    if (c->events) {
        bel_hash_text(text, &c->fingerprint);
        put_pair(b, T("fingerprint", "empreinte"), text);
        hex_encode(text, c->last_event.b, sizeof c->last_event.b);
        put_pair(b, T("last event", "dernier évén."), text);
    }
    put_account(b, T("clerk", "greffier"), &c->clerk);
    put_account(b, T("registrar", "registraire"), &c->registrar);
}

static void put_all(struct buf *b, bool json, const struct vote_consultation *c,
                    const struct bel_election *e, const struct vote_trustee *t, size_t trustees,
                    const uint64_t *counts)
{
    struct buf description = {0};
    vote_put_description(&description, e);
    if (json) {
        json_open(b, '{');
        put_members(b, c);
        json_put_text_member(b, "description", buf_cstr(&description));
        json_put_key(b, "trustees");
        json_open(b, '[');
        for (size_t i = 0; i < trustees; i++)
            put_trustee_json(b, &t[i]);
        json_close(b, ']');
        json_put_key(b, counts ? "result" : "questions");
    } else {
        put_facts(b, c);
        buf_puts(b, T("trustees\n", "dépositaires\n"));
        for (size_t i = 0; i < trustees; i++)
            put_trustee_line(b, &t[i]);
        buf_putf(b, "\n%s\n\n", buf_cstr(&description));
    }
    if (counts)
        vote_put_result(b, json, e, counts, c->counted_weight);
    else
        vote_put_questions(b, json, e);
    if (json)
        json_close(b, '}');
    buf_free(&description);
}

static enum err get_counts(struct vote_ledger *l, const struct vote_consultation *c,
                           const struct bel_election *e, uint64_t **out, struct diag *d)
{
    struct abi_value arg = abi_u64(c->id), v;
    *out = NULL;
    if (c->status != VOTE_DECIDED)
        return E_OK;
    TRY(vote_view(l, "resultOf", &arg, 1, &v, d));
    if (v.item[0].count != e->ciphertext_count)
        return diag_set(d, E_INVALID,
                        T("the node's result has %zu numbers, the election %zu",
                          "le résultat du nœud a %zu nombres, l'élection %zu"),
                        v.item[0].count, e->ciphertext_count);
    *out = arena_zalloc(&l->arena, e->ciphertext_count, sizeof **out);
    for (size_t i = 0; i < e->ciphertext_count; i++)
        (*out)[i] = abi_get_u64(&v.item[0].item[i]);
    return E_OK;
}

static enum err show(struct vote_ledger *l, struct diag *d)
{
    uint64_t id, *counts;
    struct vote_consultation c;
    struct bel_election e;
    struct vote_trustee *trustees;
    size_t count;
    struct buf b = {0};
    TRY(vote_id(&id, l->cli->args[0], d));
    TRY(vote_consultation_get(l, id, &c, d));
    TRY(vote_election_get(l, &c, &e, d));
    TRY(vote_trustees_get(l, id, &trustees, &count, d));
    TRY(get_counts(l, &c, &e, &counts, d));
    put_all(&b, l->cli->json, &c, &e, trustees, count, counts);
    if (!l->cli->json && !l->cli->quiet)
        put_next(&b, &c);
    cli_print(&b);
    buf_free(&b);
    return E_OK;
}

int vote_show_run(struct cli *cli)
{
    struct diag d = {0};
    struct vote_ledger l = {0};
    enum err e = vote_ledger_open(&l, cli, &d);
    if (e == E_OK)
        e = show(&l, &d);
    vote_ledger_close(&l);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}

/* --- vote list ---------------------------------------------------------------------------------
 */

static enum err list(struct vote_ledger *l, struct buf *b, struct diag *d)
{
    struct vote_consultation c;
    struct abi_value v;
    TRY(vote_view(l, "consultationCount", NULL, 0, &v, d));
    uint64_t count = abi_get_u64(&v.item[0]);
    if (l->cli->json)
        json_open(b, '[');
    for (uint64_t id = 1; id <= count; id++) {
        arena_reset(&l->arena);
        TRY(vote_consultation_get(l, id, &c, d));
        if (l->cli->json) {
            json_open(b, '{');
            put_members(b, &c);
            json_close(b, '}');
            continue;
        }
        buf_putf(b, "%-5llu %s: %s, ", (unsigned long long)id, c.name, vote_status_title(c.status));
        buf_putf(b, T("%llu of %llu voters\n", "%llu votants sur %llu\n"),
                 (unsigned long long)c.counted, (unsigned long long)c.voters);
    }
    if (l->cli->json)
        json_close(b, ']');
    else if (count == 0)
        buf_puts(b, T("No consultation yet; a clerk makes one with `parvis vote create`.\n",
                      "Pas encore de consultation ; un greffier en crée une avec `parvis vote "
                      "create`.\n"));
    return E_OK;
}

int vote_list_run(struct cli *cli)
{
    struct diag d = {0};
    struct buf b = {0};
    struct vote_ledger l = {0};
    enum err e = vote_ledger_open(&l, cli, &d);
    if (e == E_OK)
        e = list(&l, &b, &d);
    if (e == E_OK)
        cli_print(&b);
    buf_free(&b);
    vote_ledger_close(&l);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}
