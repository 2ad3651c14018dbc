/* vote_rounds: see vote_rounds.h. */
#include "app/vote_rounds.h"

#include <unistd.h>

#include "app/vote_secret.h"
#include "belenios/tally.h"

#define WITNESS_TRIES 10u
#define WITNESS_US 500000u

/* --- what others posted ------------------------------------------------------------------------
 */

/* What a witness has to answer with the same: a view's bytes, or who the trustees are. */
struct question {
    const char *method; /* NULL: who the trustees are */
    const struct abi_value *args;
    size_t count;
    struct bytes said;
};

/* With another list, or another uuid, shares that hold look false. */
static enum err ask_board(struct vote_work *w, struct vote_ledger *l, struct diag *d)
{
    struct vote_consultation origin;
    struct vote_trustee *all;
    size_t count;
    TRY(vote_consultation_get(l, w->origin.id, &origin, d));
    TRY(vote_trustees_get(l, w->id, &all, &count, d));
    bool same = count == w->count && strcmp(origin.uuid, w->origin.uuid) == 0;
    for (size_t i = 0; same && i < count; i++) {
        const struct vote_trustee *x = &all[i], *y = &w->trustees[i];
        same = address_eq(&x->account, &y->account) && x->entry == y->entry &&
               x->member == y->member && x->threshold == y->threshold && x->size == y->size;
    }
    return same ? E_OK : E_PROOF;
}

static enum err ask(struct vote_work *w, struct vote_ledger *l, const struct question *q,
                    struct diag *d)
{
    struct abi_value v;
    if (!q->method)
        return ask_board(w, l, d);
    TRY(vote_view(l, q->method, q->args, q->count, &v, d));
    return bytes_eq(v.item[0].bytes, q->said) ? E_OK : E_PROOF;
}

/* A witness may be some blocks behind: it is asked again for five seconds. */
static enum err ask_witness(struct vote_work *w, size_t i, const struct question *q, struct diag *d)
{
    for (unsigned tries = 0; tries < WITNESS_TRIES; tries++) {
        struct diag why = {0};
        enum err e = ask(w, &w->witnesses[i], q, &why);
        arena_reset(&w->witnesses[i].arena);
        if (e == E_OK)
            return E_OK;
        if (e == E_CONNECT || e == E_TIMEOUT)
            return diag_set(d, e, T("witness %s", "témoin %s"), why.text);
        usleep(WITNESS_US);
    }
    return diag_set(d, E_PROOF,
                    T("the witness %s says something else than %s (%s): one of the two nodes does "
                      "not tell what is on the ledger; nothing was sent",
                      "le témoin %s ne dit pas la même chose que %s (%s) : l'un des deux nœuds ne "
                      "donne pas ce qui est au registre ; rien n'a été envoyé"),
                    w->witness_urls[i], cli_rpc(w->cli), q->method ? q->method : "trusteeAt");
}

static enum err ask_witnesses(struct vote_work *w, const char *method, const struct abi_value *args,
                              size_t count, struct bytes said, struct diag *d)
{
    struct question q = {method, args, count, said};
    for (size_t i = 0; i < w->witness_count; i++)
        TRY(ask_witness(w, i, &q, d));
    return E_OK;
}

static enum err get_bytes(struct vote_work *w, const char *method, const struct abi_value *args,
                          size_t count, size_t len, struct bytes *out, struct diag *d)
{
    struct abi_value v;
    TRY(vote_view(&w->ledger, method, args, count, &v, d));
    *out = v.item[0].bytes;
    if (out->len == len)
        return ask_witnesses(w, method, args, count, *out, d);
    return diag_set(d, E_INVALID,
                    T("trustee %llu: %s has %zu bytes, %zu are expected",
                      "dépositaire %llu : %s a %zu octets au lieu de %zu"),
                    (unsigned long long)abi_get_u64(&args[1]), method, out->len, len);
}

static enum err get_message(struct vote_work *w, uint64_t owner, uint8_t round, size_t len,
                            struct bytes *out, struct diag *d)
{
    struct abi_value args[3] = {abi_u64(w->origin.id), abi_u64(owner), abi_u64(round)};
    return get_bytes(w, "messageOf", args, 3, len, out, d);
}

static enum err get_certificates(struct vote_work *w, struct bel_certificate **out, struct diag *d)
{
    uint32_t n = w->context.size;
    struct bel_certificate *all = arena_zalloc(&w->ledger.arena, n, sizeof *all);
    TRY(ask_witnesses(w, NULL, NULL, 0, (struct bytes){0}, d));
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

static enum err get_coefficients(struct vote_work *w, struct bel_coefficients **out, struct diag *d)
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
static enum err get_share(struct vote_work *w, uint32_t dealer, struct bel_share *out,
                          struct diag *d)
{
    struct bytes m;
    struct abi_value args[2] = {abi_u64(w->origin.id), abi_u64(w->group[dealer - 1].owner)};
    TRY(get_bytes(w, "sharesOf", args, 2, w->context.size * sizeof *out, &m, d));
    memcpy(out, m.data + (w->context.index - 1) * sizeof *out, sizeof *out);
    return E_OK;
}

/* --- steps -------------------------------------------------------------------------------------
 */

static enum err send(struct vote_work *w, const char *method, const struct abi_value *args,
                     size_t count, struct diag *d)
{
    return vote_send(&w->ledger, w->key32, method, args, count, NULL, d);
}

static enum err send_message(struct vote_work *w, const char *method, struct bytes message,
                             struct diag *d)
{
    struct abi_value args[2] = {abi_u64(w->id), abi_bytes(message)};
    return send(w, method, args, 2, d);
}

enum err vote_post_key(struct vote_work *w, struct diag *d)
{
    struct bel_key_message m;
    struct ed_scalar secret;
    bel_single_make(&m, &secret, w->seed);
    vote_wipe(&secret, sizeof secret);
    TRY(send_message(w, "postKey", bytes_of(&m, sizeof m), d));
    buf_puts(&w->did, T("posted the key", "clé inscrite"));
    return E_OK;
}

enum err vote_post_certificate(struct vote_work *w, struct diag *d)
{
    struct bel_certificate m;
    TRY(bel_certificate_make(&m, &w->context, w->seed));
    TRY(send_message(w, "postCertificate", bytes_of(&m, sizeof m), d));
    buf_puts(&w->did, T("round 1: posted the certificate", "tour 1 : certificat inscrit"));
    return E_OK;
}

static enum err make_coefficients(struct vote_work *w, struct bel_coefficients *m,
                                  struct bel_share *shares, struct diag *d)
{
    struct bel_certificate *certificates;
    TRY(get_certificates(w, &certificates, d));
    bel_coefficients_make(m, shares, &w->context, w->origin.uuid, w->seed, certificates,
                          &w->ledger.arena);
    return E_OK;
}

enum err vote_commit(struct vote_work *w, struct diag *d)
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

enum err vote_post_coefficients(struct vote_work *w, struct diag *d)
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

/* A dealer whose share is false is named; everybody can judge it. What a complaint shows opens the
 * true share too: complaints of every dealer would give the member's key away, so that a second one
 * is the user's to decide. */
static enum err complain(struct vote_work *w, uint32_t dealer, const struct bel_share *share,
                         const char *why, struct diag *d)
{
    struct bel_complaint m;
    uint64_t owner = w->group[dealer - 1].owner;
    if (w->accused && w->accused != owner)
        return diag_set(
            d, E_PROOF,
            T("the share of trustee %llu is false, after that of trustee %llu: either "
              "both dealt false ones or the node lies, to have your shares revealed; "
              "nothing was sent. Compare with another member's node (--witness) before "
              "you run the command again",
              "la part du dépositaire %llu est fausse, après celle du dépositaire %llu : "
              "ou tous deux en ont donné de fausses, ou le nœud ment pour faire révéler "
              "vos parts ; rien n'a été envoyé. Comparez avec le nœud d'un autre membre "
              "(--witness) avant de relancer la commande"),
            (unsigned long long)owner, (unsigned long long)w->accused);
    bel_share_reveal(&m, &w->context, dealer, w->origin.uuid, w->seed, share);
    struct abi_value args[3] = {abi_u64(w->id), abi_u64(owner), abi_bytes(bytes_of(&m, sizeof m))};
    TRY(send(w, "complain", args, 3, d));
    w->accused = owner;
    buf_putf(&w->did,
             T("complained: trustee %llu dealt a false share (%s); the group begins again",
               "plainte : le dépositaire %llu a donné une fausse part (%s) ; le groupe recommence"),
             (unsigned long long)owner, why);
    return E_OK;
}

/* My decryption key: the sum of the shares dealt to me. *liar_out: a member whose share is false (d
 * tells why), 0: none. */
static enum err gather_secret(struct vote_work *w, const struct bel_coefficients *coefficients,
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

enum err vote_verify_shares(struct vote_work *w, struct diag *d)
{
    struct bel_certificate *certificates;
    struct bel_coefficients *coefficients;
    struct bel_verification m;
    struct bel_share share;
    struct ed_scalar secret;
    uint32_t liar;
    TRY(get_certificates(w, &certificates, d));
    TRY(get_coefficients(w, &coefficients, d));
    TRY(gather_secret(w, coefficients, &secret, &liar, &share, d));
    if (liar) {
        struct diag why = *d;
        return complain(w, liar, &share, why.text, d);
    }
    bel_verification_make(&m, &w->context, w->seed, &secret, certificates, coefficients);
    vote_wipe(&secret, sizeof secret);
    TRY(send_message(w, "postVerification", bytes_of(&m, sizeof m), d));
    buf_puts(&w->did, T("round 4: all shares hold; posted the verification key",
                        "tour 4 : toutes les parts sont justes ; clé de vérification inscrite"));
    return E_OK;
}

static enum err my_secret(struct vote_work *w, struct ed_scalar *out, struct diag *d)
{
    struct bel_key_message ignored;
    struct bel_coefficients *coefficients;
    struct bel_share share;
    uint32_t liar;
    if (!w->me->member) {
        bel_single_make(&ignored, out, w->seed);
        return E_OK;
    }
    TRY(ask_witnesses(w, NULL, NULL, 0, (struct bytes){0}, d));
    TRY(get_coefficients(w, &coefficients, d));
    TRY(gather_secret(w, coefficients, out, &liar, &share, d));
    return liar ? E_PROOF : E_OK; /* d names the dealer, or this is another seed */
}

enum err vote_decrypt(struct vote_work *w, struct diag *d)
{
    struct bel_election election;
    struct ed_scalar secret;
    struct buf packed = {0};
    struct bytes sums;
    struct abi_value arg = abi_u64(w->id);
    TRY(vote_election_get(&w->ledger, &w->consultation, &election, d));
    TRY(vote_sums_get(&w->ledger, w->id, &election, &sums, d));
    TRY(ask_witnesses(w, "tallyOf", &arg, 1, sums, d));
    TRY(my_secret(w, &secret, d));
    bel_decryption_make(&packed, &election, sums, &secret);
    vote_wipe(&secret, sizeof secret);
    enum err e = send_message(w, "postDecryption", buf_view(&packed), d);
    buf_free(&packed);
    if (e == E_OK)
        buf_puts(&w->did, T("posted the part of the decryption", "part du déchiffrement inscrite"));
    return e;
}
