/* vote_work: `parvis vote work`: whatever step is due for a trustee. */
#include <stdio.h>
#include <strings.h>
#include <unistd.h>

#include "app/json_members.h"
#include "app/vote_commands.h"
#include "app/vote_rounds.h"
#include "app/vote_secret.h"

#define WATCH_US 1000000u

const struct cli_option VOTE_WORK_OPTIONS[] = {
    {"seed", "FILE|-", "the trustee's secret, which `vote seed` made",
     "le secret du dépositaire, fait par `vote seed`"},
    {"from", "NAME|FILE", "the trustee's account: a name in HOME/keys or a file (default admin)",
     "compte du dépositaire : un nom de HOME/keys ou un fichier (défaut admin)"},
    {"witness", "URL",
     "another member's node, which has to say the same before a secret is used; several times",
     "le nœud d'un autre membre, qui doit dire la même chose avant tout emploi d'un secret ; "
     "plusieurs fois"},
    {"trust-node", NULL, "believes the node of --rpc alone, though it is on another machine",
     "croit le nœud de --rpc seul, bien qu'il soit sur une autre machine"},
    {"watch", NULL, "goes on until the consultation is decided or cancelled",
     "continue jusqu'au résultat ou à l'annulation"},
    {0},
};

/* --- which one is due --------------------------------------------------------------------------
 */

/* The members of my group who have not passed a round. */
static bool waits_for(struct vote_work *w, uint32_t round)
{
    size_t count = 0;
    for (uint32_t i = 0; i < w->context.size; i++) {
        if (w->group[i].step >= round)
            continue;
        buf_putf(&w->waits, "%s%llu", count++ ? ", " : T("trustees ", "dépositaires "),
                 (unsigned long long)w->group[i].owner);
    }
    if (count)
        buf_putf(&w->waits, T(" (round %u)", " (tour %u)"), round);
    return count > 0;
}

static enum err prepare_key(struct vote_work *w, struct diag *d)
{
    if (!w->me->member && w->me->step == 0)
        return vote_post_key(w, d);
    if (vote_trustee_is_ready(w->me)) {
        buf_puts(&w->waits, T("the publication", "la publication"));
        return E_OK;
    }
    if (w->me->step > 0 && waits_for(w, w->me->step))
        return E_OK;
    switch (w->me->step) {
    case 0:
        return vote_post_certificate(w, d);
    case 1:
        return vote_commit(w, d);
    case 2:
        return vote_post_coefficients(w, d);
    default:
        return vote_verify_shares(w, d);
    }
}

static enum err do_step(struct vote_work *w, struct diag *d)
{
    switch (w->consultation.status) {
    case VOTE_DRAFT:
        return prepare_key(w, d);
    case VOTE_TALLIED:
        if (!w->me->has_decrypted)
            return vote_decrypt(w, d);
        buf_puts(&w->waits,
                 T("the other trustees and the result", "les autres dépositaires et le résultat"));
        return E_OK;
    case VOTE_PUBLISHED:
    case VOTE_OPEN:
    case VOTE_CLOSED:
        buf_puts(&w->waits, T("the tally", "le dépouillement"));
        return E_OK;
    default:
        w->is_over = true;
        return E_OK;
    }
}

/* --- the command -------------------------------------------------------------------------------
 */

static enum err find_me(struct vote_work *w, struct diag *d)
{
    for (size_t i = 0; i < w->count && !w->me; i++)
        if (address_eq(&w->trustees[i].account, &w->account))
            w->me = &w->trustees[i];
    if (!w->me) {
        char hex[41];
        hex_encode(hex, w->account.b, sizeof w->account.b);
        return diag_set(
            d, E_NOT_FOUND,
            T("0x%s is no trustee of consultation %llu; choose the account with --from",
              "0x%s n'est pas dépositaire de la consultation %llu ; choisissez le compte "
              "avec --from"),
            hex, (unsigned long long)w->id);
    }
    w->group = w->me->member ? w->me - (w->me->member - 1) : w->me;
    w->context = (struct bel_context){w->me->threshold, w->me->member ? w->me->size : 1,
                                      w->me->member ? w->me->member : 1};
    if (w->me->member &&
        (w->group < w->trustees || w->group + w->context.size > w->trustees + w->count ||
         w->context.index > w->context.size || w->context.threshold == 0 ||
         w->context.threshold > w->context.size))
        return diag_set(d, E_INVALID,
                        T("the node's list of trustees is not whole",
                          "la liste des dépositaires du nœud n'est pas entière"));
    return E_OK;
}

static enum err look(struct vote_work *w, struct diag *d)
{
    arena_reset(&w->ledger.arena);
    for (size_t i = 0; i < w->witness_count; i++)
        arena_reset(&w->witnesses[i].arena);
    w->me = NULL;
    buf_clear(&w->did);
    buf_clear(&w->waits);
    TRY(vote_consultation_get(&w->ledger, w->id, &w->consultation, d));
    w->origin = w->consultation;
    if (w->consultation.series && w->consultation.series != w->id)
        TRY(vote_consultation_get(&w->ledger, w->consultation.series, &w->origin, d));
    TRY(vote_trustees_get(&w->ledger, w->id, &w->trustees, &w->count, d));
    return find_me(w, d);
}

static void print_step(struct vote_work *w)
{
    struct buf b = {0};
    if (w->cli->json) {
        json_open(&b, '{');
        json_put_u64_member(&b, "id", w->id);
        json_put_u64_member(&b, "owner", w->me->owner);
        json_put_text_member(&b, "status", vote_status_word(w->consultation.status));
        json_put_text_member(&b, "did", buf_cstr(&w->did));
        json_put_text_member(&b, "waitsFor", buf_cstr(&w->waits));
        json_close(&b, '}');
    } else {
        buf_putf(&b,
                 T("Consultation %llu, trustee %llu: ", "Consultation %llu, dépositaire %llu : "),
                 (unsigned long long)w->id, (unsigned long long)w->me->owner);
        if (w->did.len)
            buf_puts(&b, buf_cstr(&w->did));
        else if (w->waits.len)
            buf_putf(&b, T("nothing to do yet, waits for %s", "rien à faire encore, attend %s"),
                     buf_cstr(&w->waits));
        else
            buf_putf(&b, T("nothing to do: %s", "rien à faire : %s"),
                     vote_status_title(w->consultation.status));
    }
    cli_print(&b);
    buf_free(&b);
}

/* With --watch, step after step; what is waited for is told when it changes. */
static enum err work(struct vote_work *w, struct diag *d)
{
    bool watch = cli_has(w->cli, "watch");
    struct buf told = {0};
    enum err e;
    do {
        e = look(w, d);
        if (e == E_OK)
            e = do_step(w, d);
        if (e == E_REVERT && watch) { /* another member was quicker: look again */
            usleep(WATCH_US);
            e = look(w, d);
            if (e == E_OK)
                e = do_step(w, d);
        }
        if (e != E_OK)
            break;
        if (w->did.len || w->is_over || !watch || strcmp(buf_cstr(&told), buf_cstr(&w->waits)) != 0)
            print_step(w);
        buf_clear(&told);
        buf_put(&told, w->waits.data, w->waits.len);
        if (watch && !w->is_over && !w->did.len)
            usleep(WATCH_US);
    } while (watch && !w->is_over);
    buf_free(&told);
    return e;
}

/* Of a node's address: is it this machine's own? */
static bool is_here(const char *url)
{
    static const char *const HERE[] = {"127.", "localhost", "[::1]"};
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    for (size_t i = 0; i < sizeof HERE / sizeof HERE[0]; i++) {
        size_t len = strlen(HERE[i]);
        if (strncasecmp(host, HERE[i], len) != 0 || memchr(host, '@', strcspn(host, "/")))
            continue;
        if (i > 0)
            return host[len] == 0 || strchr(":/", host[len]);
        len = strspn(host, "0123456789."); /* 127.example.org is elsewhere */
        return host[len] == 0 || strchr(":/", host[len]);
    }
    return false;
}

static enum err open_witnesses(struct vote_work *w, struct diag *d)
{
    const char *url;
    for (size_t i = 0; (url = cli_get_nth(w->cli, "witness", i)); i++) {
        if (i == VOTE_WITNESSES_MAX)
            return diag_set(d, E_USAGE, T("more than %u --witness", "plus de %u --witness"),
                            VOTE_WITNESSES_MAX);
        struct vote_ledger *l = &w->witnesses[i];
        *l = (struct vote_ledger){.cli = w->cli, .voting = service_named("voting")};
        TRY(client_open(&l->client, url, d));
        w->witness_urls[i] = url;
        w->witness_count++;
    }
    if (w->witness_count > 0 || is_here(cli_rpc(w->cli)) || cli_has(w->cli, "trust-node"))
        return E_OK;
    return diag_set(d, E_USAGE,
                    T("%s is on another machine: a node that lies has a trustee decrypt one ballot "
                      "for the sum. Use a node of your own, name other members' nodes with "
                      "--witness URL, or say --trust-node if it is in the hands of somebody you "
                      "trust with your key",
                      "%s est sur une autre machine : un nœud qui ment fait déchiffrer au "
                      "dépositaire un bulletin au lieu de la somme. Prenez un nœud à vous, donnez "
                      "des nœuds d'autres membres avec --witness URL, ou dites --trust-node s'il "
                      "est entre les mains de quelqu'un à qui vous confieriez votre clé"),
                    cli_rpc(w->cli));
}

static enum err begin(struct vote_work *w, struct diag *d)
{
    const char *seed = cli_get(w->cli, "seed");
    if (!seed)
        return diag_set(d, E_USAGE,
                        T("give the trustee's secret with --seed FILE (`parvis vote seed` makes "
                          "one)",
                          "donnez le secret du dépositaire avec --seed FICHIER (`parvis vote seed` "
                          "en fait un)"));
    TRY(vote_id(&w->id, w->cli->args[0], d));
    TRY(vote_seed_read(w->seed, seed, d));
    TRY(vote_key(w->cli, w->key32, d));
    TRY(ecdsa_address(&w->account, w->key32));
    TRY(open_witnesses(w, d));
    return vote_ledger_open(&w->ledger, w->cli, d);
}

int vote_work_run(struct cli *cli)
{
    struct diag d = {0};
    struct vote_work w = {.cli = cli};
    enum err e = begin(&w, &d);
    if (e == E_OK)
        e = work(&w, &d);
    vote_wipe(w.seed, sizeof w.seed);
    vote_wipe(w.key32, sizeof w.key32);
    buf_free(&w.did);
    buf_free(&w.waits);
    vote_ledger_close(&w.ledger);
    for (size_t i = 0; i < w.witness_count; i++)
        vote_ledger_close(&w.witnesses[i]);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}
