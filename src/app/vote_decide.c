/* vote_decide: `parvis vote result`: the trustees' parts put together. The result is computed here
 * and checked by the ledger, which takes no other. */
#include "app/json_members.h"
#include "app/vote_commands.h"
#include "app/vote_events.h"
#include "app/vote_result.h"
#include "app/vote_show.h"
#include "belenios/tally.h"

struct decision {
    struct vote_ledger *ledger;
    struct vote_consultation consultation;
    struct bel_election election;
    struct bel_trustees trustees;
    struct bytes sums;
    uint64_t owners[BEL_TRUSTEES_MAX];
    struct bytes decryptions[BEL_TRUSTEES_MAX];
    size_t decryption_count;
    uint64_t *counts;
};

/* --- from the ledger ---------------------------------------------------------------------------
 */

/* The parts stand last among the events, at most one a trustee. */
static enum err get_decryptions(struct decision *x, struct diag *d)
{
    uint64_t end = x->consultation.events;
    for (uint64_t at = end > BEL_TRUSTEES_MAX ? end - BEL_TRUSTEES_MAX : 0; at < end;) {
        struct vote_event *events;
        size_t count;
        TRY(vote_events_get(x->ledger, x->consultation.id, at, &events, &count, d));
        if (count == 0)
            break;
        for (size_t i = 0; i < count; i++) {
            if (events[i].type != BEL_PARTIAL_DECRYPTION || x->decryption_count == BEL_TRUSTEES_MAX)
                continue;
            if (events[i].body.len != bel_decryption_bytes(&x->election))
                return diag_set(d, E_INVALID,
                                T("the node's decryption of trustee %llu has %zu bytes, %zu are "
                                  "expected",
                                  "le déchiffrement du dépositaire %llu a %zu octets chez le nœud, "
                                  "au lieu de %zu"),
                                (unsigned long long)events[i].owner, events[i].body.len,
                                bel_decryption_bytes(&x->election));
            x->owners[x->decryption_count] = events[i].owner;
            x->decryptions[x->decryption_count++] = events[i].body;
        }
        at += count;
    }
    return E_OK;
}

static enum err get_inputs(struct decision *x, struct diag *d)
{
    struct abi_value arg = abi_u64(x->consultation.id), v;
    TRY(vote_view(x->ledger, "trusteesOf", &arg, 1, &v, d));
    TRY(bel_trustees_read(&x->trustees, &x->ledger->arena, v.item[0].bytes, d));
    TRY(vote_sums_get(x->ledger, x->consultation.id, &x->election, &x->sums, d));
    return get_decryptions(x, d);
}

/* --- computing and posting ---------------------------------------------------------------------
 */

static enum err compute(struct decision *x, struct diag *d)
{
    struct arena *a = &x->ledger->arena;
    struct ed_point *opened = arena_zalloc(a, x->election.ciphertext_count, sizeof *opened);
    TRY(bel_decryptions_suffice(&x->trustees, x->owners, x->decryption_count, d));
    TRY(bel_open(opened, &x->election, &x->trustees, x->sums, x->owners, x->decryptions,
                 x->decryption_count, d));
    return bel_result_find(x->counts, &x->election, opened, x->consultation.counted_weight, d);
}

static enum err post(struct decision *x, struct json **receipt, struct diag *d)
{
    uint8_t key32[32];
    size_t n = x->election.ciphertext_count;
    struct abi_value *numbers = arena_zalloc(&x->ledger->arena, n, sizeof *numbers);
    for (size_t i = 0; i < n; i++)
        numbers[i] = abi_u64(x->counts[i]);
    struct abi_value args[2] = {abi_u64(x->consultation.id), {.item = numbers, .count = n}};
    TRY(vote_any_key(x->ledger->cli, key32, d));
    enum err e = vote_send(x->ledger, key32, "postResult", args, 2, receipt, d);
    explicit_bzero(key32, sizeof key32);
    return e;
}

static enum err get_posted(struct decision *x, struct diag *d)
{
    struct abi_value arg = abi_u64(x->consultation.id), v;
    TRY(vote_view(x->ledger, "resultOf", &arg, 1, &v, d));
    if (v.item[0].count != x->election.ciphertext_count)
        return diag_set(d, E_INVALID,
                        T("the node's result has %zu numbers, the election %zu",
                          "le résultat du nœud a %zu nombres, l'élection %zu"),
                        v.item[0].count, x->election.ciphertext_count);
    for (size_t i = 0; i < v.item[0].count; i++)
        x->counts[i] = abi_get_u64(&v.item[0].item[i]);
    return E_OK;
}

static void print_decision(const struct decision *x, const struct json *receipt)
{
    struct buf b = {0};
    bool json = x->ledger->cli->json;
    const struct vote_consultation *c = &x->consultation;
    const char *tx = json_text(json_get(client_result(receipt), "transactionHash"));
    if (json) {
        json_open(&b, '{');
        json_put_u64_member(&b, "id", c->id);
        json_put_text_member(&b, "name", c->name);
        json_put_u64_member(&b, "counted", c->counted);
        json_put_u64_member(&b, "countedWeight", c->counted_weight);
        if (tx)
            json_put_text_member(&b, "transaction", tx);
        json_put_key(&b, "result");
    } else {
        buf_putf(&b, T("%s: %llu voters, weight %llu\n\n", "%s : %llu votants, poids %llu\n\n"),
                 c->name, (unsigned long long)c->counted, (unsigned long long)c->counted_weight);
    }
    vote_put_result(&b, json, &x->election, x->counts, c->counted_weight);
    if (json)
        json_close(&b, '}');
    cli_print(&b);
    buf_free(&b);
}

static enum err decide(struct decision *x, struct diag *d)
{
    uint64_t id;
    struct json *receipt = NULL;
    enum err e = E_OK;
    TRY(vote_id(&id, x->ledger->cli->args[0], d));
    TRY(vote_consultation_get(x->ledger, id, &x->consultation, d));
    if (x->consultation.status != VOTE_TALLIED && x->consultation.status != VOTE_DECIDED)
        return diag_set(d, E_INVALID,
                        T("consultation %llu has no result yet: it is %s",
                          "la consultation %llu n'a pas encore de résultat : elle est %s"),
                        (unsigned long long)id, vote_status_title(x->consultation.status));
    TRY(vote_election_get(x->ledger, &x->consultation, &x->election, d));
    x->counts = arena_zalloc(&x->ledger->arena, x->election.ciphertext_count, sizeof *x->counts);
    if (x->consultation.status == VOTE_DECIDED) {
        TRY(get_posted(x, d));
    } else {
        TRY(get_inputs(x, d));
        TRY(compute(x, d));
        e = post(x, &receipt, d);
    }
    if (e == E_OK)
        print_decision(x, receipt);
    json_free(receipt);
    return e;
}

int vote_result_run(struct cli *cli)
{
    struct diag d = {0};
    struct vote_ledger l = {0};
    struct decision x = {.ledger = &l};
    enum err e = vote_ledger_open(&l, cli, &d);
    if (e == E_OK)
        e = decide(&x, &d);
    vote_ledger_close(&l);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}
