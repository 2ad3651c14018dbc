/* vote_work: `parvis vote work`: whatever step is due for a trustee.
 *
 * A trustee keeps a seed and nothing else: certificate, polynomial and the key that decrypts follow
 * from it and from what the ledger has, so that any machine with seed and account can go on. */
#include <stdio.h>
#include <unistd.h>

#include "app/json_members.h"
#include "app/vote_commands.h"
#include "app/vote_secret.h"
#include "app/vote_show.h"
#include "belenios/tally.h"

#define WATCH_US 1000000u

const struct cli_option VOTE_WORK_OPTIONS[] = {
    {"seed", "FILE|-", "the trustee's secret, which `vote seed` made",
     "le secret du dépositaire, fait par `vote seed`"},
    {"from", "NAME|FILE", "the trustee's account: a name in HOME/keys or a file (default admin)",
     "compte du dépositaire : un nom de HOME/keys ou un fichier (défaut admin)"},
    {"watch", NULL, "goes on until the consultation is decided or cancelled",
     "continue jusqu'au résultat ou à l'annulation"},
    {0},
};

struct work {
    struct cli *cli;
    struct vote_ledger ledger;
    uint8_t key32[32];
    char seed[BEL_SEED_CHARS + 1];
    struct address account;
    uint64_t id;
    struct vote_consultation consultation;
    struct vote_consultation origin; /* where keys were made: the first of its units */
    struct vote_trustee *trustees;   /* of the consultation */
    size_t count;
    const struct vote_trustee *me;
    const struct vote_trustee *group; /* the members of my entry, by index */
    struct bel_context context;
    struct buf did; /* what was done, in words; empty: nothing */
    struct buf waits;
    bool is_over;
};

/* --- what others posted ------------------------------------------------------------------------
 */

static enum err get_bytes(struct work *w, const char *method, const struct abi_value *args,
                          size_t count, size_t len, struct bytes *out, struct diag *d)
{
    struct abi_value v;
    TRY(vote_view(&w->ledger, method, args, count, &v, d));
    *out = v.item[0].bytes;
    if (out->len == len)
        return E_OK;
    return diag_set(d, E_INVALID,
                    T("trustee %llu: %s has %zu bytes, %zu are expected",
                      "dépositaire %llu : %s a %zu octets au lieu de %zu"),
                    (unsigned long long)abi_get_u64(&args[1]), method, out->len, len);
}

static enum err get_message(struct work *w, uint64_t owner, uint8_t round, size_t len,
                            struct bytes *out, struct diag *d)
{
    struct abi_value args[3] = {abi_u64(w->origin.id), abi_u64(owner), abi_u64(round)};
    return get_bytes(w, "messageOf", args, 3, len, out, d);
}

static enum err get_certificates(struct work *w, struct bel_certificate **out, struct diag *d)
{
    uint32_t n = w->context.size;
    struct bel_certificate *all = arena_zalloc(&w->ledger.arena, n, sizeof *all);
    for (uint32_t i = 0; i < n; i++) {
        struct bytes m;
        TRY(get_message(w, w->group[i].owner, 1, sizeof *all, &m, d));
        memcpy(&all[i], m.data, sizeof *all);
        struct bel_context c = {w->context.threshold, n, i + 1};
        enum err e = bel_certificate_check(&all[i], &c, d);
        if (e != E_OK)
            return diag_wrap(d, e, T("trustee %llu: ", "dépositaire %llu : "),
                             (unsigned long long)w->group[i].owner);
    }
    *out = all;
    return E_OK;
}

static enum err get_coefficients(struct work *w, struct bel_coefficients **out, struct diag *d)
{
    uint32_t n = w->context.size;
    size_t points = (size_t)w->context.threshold * EDWARDS_BYTES;
    struct bel_coefficients *all = arena_zalloc(&w->ledger.arena, n, sizeof *all);
    for (uint32_t i = 0; i < n; i++) {
        struct bytes m;
        TRY(get_message(w, w->group[i].owner, 3, points + BEL_PROOF_BYTES, &m, d));
        all[i].points32 = arena_dup(&w->ledger.arena, m.data, points);
        memcpy(all[i].signature, m.data + points, BEL_PROOF_BYTES);
    }
    *out = all;
    return E_OK;
}

/* The share that the i-th member sealed for me. */
static enum err get_share(struct work *w, uint32_t dealer, struct bel_share *out, struct diag *d)
{
    struct bytes m;
    struct abi_value args[2] = {abi_u64(w->origin.id), abi_u64(w->group[dealer - 1].owner)};
    TRY(get_bytes(w, "sharesOf", args, 2, w->context.size * sizeof *out, &m, d));
    memcpy(out, m.data + (w->context.index - 1) * sizeof *out, sizeof *out);
    return E_OK;
}

/* --- steps -------------------------------------------------------------------------------------
 */

static enum err send(struct work *w, const char *method, const struct abi_value *args, size_t count,
                     struct diag *d)
{
    return vote_send(&w->ledger, w->key32, method, args, count, NULL, d);
}

static enum err send_message(struct work *w, const char *method, struct bytes message,
                             struct diag *d)
{
    struct abi_value args[2] = {abi_u64(w->id), abi_bytes(message)};
    return send(w, method, args, 2, d);
}

static enum err post_key(struct work *w, struct diag *d)
{
    struct bel_key_message m;
    struct ed_scalar secret;
    bel_single_make(&m, &secret, w->seed);
    vote_wipe(&secret, sizeof secret);
    TRY(send_message(w, "postKey", bytes_of(&m, sizeof m), d));
    buf_puts(&w->did, T("posted the key", "clé inscrite"));
    return E_OK;
}

static enum err post_certificate(struct work *w, struct diag *d)
{
    struct bel_certificate m;
    TRY(bel_certificate_make(&m, &w->context, w->seed));
    TRY(send_message(w, "postCertificate", bytes_of(&m, sizeof m), d));
    buf_puts(&w->did, T("round 1: posted the certificate", "tour 1 : certificat inscrit"));
    return E_OK;
}

static enum err make_coefficients(struct work *w, struct bel_coefficients *m,
                                  struct bel_share *shares, struct diag *d)
{
    struct bel_certificate *certificates;
    TRY(get_certificates(w, &certificates, d));
    bel_coefficients_make(m, shares, &w->context, w->origin.uuid, w->seed, certificates,
                          &w->ledger.arena);
    return E_OK;
}

static enum err commit(struct work *w, struct diag *d)
{
    struct bel_coefficients m;
    struct hash h;
    struct bel_share *shares = arena_zalloc(&w->ledger.arena, w->context.size, sizeof *shares);
    TRY(make_coefficients(w, &m, shares, d));
    bel_coefficients_hash(&h, &w->context, &m);
    struct abi_value args[2] = {abi_u64(w->id), abi_bytes32(h.b)};
    TRY(send(w, "commitCoefficients", args, 2, d));
    buf_puts(&w->did,
             T("round 2: committed to the coefficients", "tour 2 : coefficients annoncés"));
    return E_OK;
}

static enum err post_coefficients(struct work *w, struct diag *d)
{
    struct bel_coefficients m;
    struct buf packed = {0};
    struct bel_share *shares = arena_zalloc(&w->ledger.arena, w->context.size, sizeof *shares);
    TRY(make_coefficients(w, &m, shares, d));
    buf_put(&packed, m.points32, (size_t)w->context.threshold * EDWARDS_BYTES);
    buf_put(&packed, m.signature, sizeof m.signature);
    struct abi_value args[3] = {abi_u64(w->id), abi_bytes(buf_view(&packed)),
                                abi_bytes(bytes_of(shares, w->context.size * sizeof *shares))};
    enum err e = send(w, "postCoefficients", args, 3, d);
    buf_free(&packed);
    if (e == E_OK)
        buf_puts(&w->did, T("round 3: posted coefficients and sealed shares",
                            "tour 3 : coefficients et parts scellées inscrits"));
    return e;
}

/* A dealer whose share is false is named; everybody can judge it. */
static enum err complain(struct work *w, uint32_t dealer, const struct bel_share *share,
                         const char *why, struct diag *d)
{
    struct bel_complaint m;
    uint64_t owner = w->group[dealer - 1].owner;
    bel_share_reveal(&m, &w->context, dealer, w->origin.uuid, w->seed, share);
    struct abi_value args[3] = {abi_u64(w->id), abi_u64(owner), abi_bytes(bytes_of(&m, sizeof m))};
    TRY(send(w, "complain", args, 3, d));
    buf_putf(&w->did,
             T("complained: trustee %llu dealt a false share (%s); the group begins again",
               "plainte : le dépositaire %llu a donné une fausse part (%s) ; le groupe recommence"),
             (unsigned long long)owner, why);
    return E_OK;
}

/* My decryption key: the sum of the shares dealt to me. *liar_out: a member whose share is false,
 * 0: none. */
static enum err gather_secret(struct work *w, const struct bel_coefficients *coefficients,
                              struct ed_scalar *out, uint32_t *liar_out, struct bel_share *liars,
                              struct diag *d)
{
    *out = ED_ZERO;
    *liar_out = 0;
    for (uint32_t dealer = 1; dealer <= w->context.size; dealer++) {
        struct bel_share sealed;
        struct ed_scalar share;
        TRY(get_share(w, dealer, &sealed, d));
        if (bel_share_open(&share, &w->context, dealer, w->origin.uuid, w->seed, &sealed,
                           &coefficients[dealer - 1], d) != E_OK) {
            *liar_out = dealer;
            *liars = sealed;
            return E_OK;
        }
        *out = ed_scalar_add(*out, share);
        vote_wipe(&share, sizeof share);
    }
    return E_OK;
}

static enum err verify_shares(struct work *w, struct diag *d)
{
    struct bel_certificate *certificates;
    struct bel_coefficients *coefficients;
    struct bel_verification m;
    struct bel_share share;
    struct ed_scalar secret;
    uint32_t liar;
    struct diag why = {0};
    TRY(get_certificates(w, &certificates, d));
    TRY(get_coefficients(w, &coefficients, d));
    TRY(gather_secret(w, coefficients, &secret, &liar, &share, &why));
    if (liar)
        return complain(w, liar, &share, why.text, d);
    bel_verification_make(&m, &w->context, w->seed, &secret, certificates, coefficients);
    vote_wipe(&secret, sizeof secret);
    TRY(send_message(w, "postVerification", bytes_of(&m, sizeof m), d));
    buf_puts(&w->did, T("round 4: all shares hold; posted the verification key",
                        "tour 4 : toutes les parts sont justes ; clé de vérification inscrite"));
    return E_OK;
}

static enum err my_secret(struct work *w, struct ed_scalar *out, struct diag *d)
{
    struct bel_key_message ignored;
    struct bel_coefficients *coefficients;
    struct bel_share share;
    uint32_t liar;
    if (!w->me->member) {
        bel_single_make(&ignored, out, w->seed);
        return E_OK;
    }
    TRY(get_coefficients(w, &coefficients, d));
    TRY(gather_secret(w, coefficients, out, &liar, &share, d));
    return liar ? E_PROOF : E_OK; /* d names the dealer, or this is another seed */
}

static enum err decrypt(struct work *w, struct diag *d)
{
    struct bel_election election;
    struct ed_scalar secret;
    struct buf packed = {0};
    struct abi_value arg = abi_u64(w->id), v;
    TRY(vote_election_get(&w->ledger, &w->consultation, &election, d));
    TRY(vote_view(&w->ledger, "tallyOf", &arg, 1, &v, d));
    struct bytes sums = v.item[0].bytes;
    if (sums.len != 2 * EDWARDS_BYTES * election.ciphertext_count)
        return diag_set(
            d, E_INVALID,
            T("tallyOf has %zu bytes, %zu are expected", "tallyOf a %zu octets au lieu de %zu"),
            sums.len, 2 * EDWARDS_BYTES * election.ciphertext_count);
    TRY(my_secret(w, &secret, d));
    bel_decryption_make(&packed, &election, sums, &secret);
    vote_wipe(&secret, sizeof secret);
    enum err e = send_message(w, "postDecryption", buf_view(&packed), d);
    buf_free(&packed);
    if (e == E_OK)
        buf_puts(&w->did, T("posted the part of the decryption", "part du déchiffrement inscrite"));
    return e;
}

/* --- which one is due --------------------------------------------------------------------------
 */

/* The members of my group who have not passed a round. */
static bool waits_for(struct work *w, uint32_t round)
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

static enum err prepare_key(struct work *w, struct diag *d)
{
    if (!w->me->member && w->me->step == 0)
        return post_key(w, d);
    if (vote_trustee_is_ready(w->me)) {
        buf_puts(&w->waits, T("the publication", "la publication"));
        return E_OK;
    }
    if (w->me->step > 0 && waits_for(w, w->me->step))
        return E_OK;
    switch (w->me->step) {
    case 0:
        return post_certificate(w, d);
    case 1:
        return commit(w, d);
    case 2:
        return post_coefficients(w, d);
    default:
        return verify_shares(w, d);
    }
}

static enum err do_step(struct work *w, struct diag *d)
{
    switch (w->consultation.status) {
    case VOTE_DRAFT:
        return prepare_key(w, d);
    case VOTE_TALLIED:
        if (!w->me->has_decrypted)
            return decrypt(w, d);
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

static enum err find_me(struct work *w, struct diag *d)
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
        (w->group < w->trustees || w->group + w->context.size > w->trustees + w->count))
        return diag_set(d, E_INVALID,
                        T("the node's list of trustees is not whole",
                          "la liste des dépositaires du nœud n'est pas entière"));
    return E_OK;
}

static enum err look(struct work *w, struct diag *d)
{
    arena_reset(&w->ledger.arena);
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

static void print_step(struct work *w)
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
static enum err work(struct work *w, struct diag *d)
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

static enum err begin(struct work *w, struct diag *d)
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
    return vote_ledger_open(&w->ledger, w->cli, d);
}

int vote_work_run(struct cli *cli)
{
    struct diag d = {0};
    struct work w = {.cli = cli};
    enum err e = begin(&w, &d);
    if (e == E_OK)
        e = work(&w, &d);
    vote_wipe(w.seed, sizeof w.seed);
    vote_wipe(w.key32, sizeof w.key32);
    buf_free(&w.did);
    buf_free(&w.waits);
    vote_ledger_close(&w.ledger);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}
