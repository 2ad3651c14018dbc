/* vote_ledger: see vote_ledger.h. */
#include "app/vote_ledger.h"

#include "app/home.h"
#include "app/vote_refusal.h"
#include "base/limits.h"
#include "belenios/tally.h"
#include "belenios/text.h"

#define RECEIPT_MS 120000u

enum err vote_ledger_open(struct vote_ledger *l, const struct cli *cli, struct diag *d)
{
    *l = (struct vote_ledger){.cli = cli, .voting = service_named("voting")};
    ASSERT(l->voting);
    return client_open(&l->client, cli_rpc(cli), d);
}

void vote_ledger_close(struct vote_ledger *l)
{
    client_close(l->client);
    arena_free(&l->arena);
}

/* --- asking ------------------------------------------------------------------------------------
 */

enum err vote_view(struct vote_ledger *l, const char *method, const struct abi_value *args,
                   size_t count, struct abi_value *out, struct diag *d)
{
    return vote_refusal(client_view(l->client, &l->arena, l->voting, method, args, count, out, d),
                        d);
}

enum err vote_id(uint64_t *out, const char *text, struct diag *d)
{
    struct u256 value;
    if (text[0] >= '1' && text[0] <= '9' && u256_parse(&value, text) == E_OK &&
        u256_fits_u64(value)) {
        *out = value.w[0];
        return E_OK;
    }
    return diag_set(d, E_USAGE,
                    T("%s: a consultation has a number, from 1; `parvis vote list` shows them",
                      "%s : une consultation a un numéro, à partir de 1 ; `parvis vote list` les "
                      "montre"),
                    text);
}

/* --- consultations -----------------------------------------------------------------------------
 */

const char *vote_status_word(enum vote_status s)
{
    static const char *const WORDS[] = {"draft",   "published", "open",   "closed", "tallied",
                                        "decided", "cancelled", "merged", "unknown"};
    return WORDS[s];
}

const char *vote_status_title(enum vote_status s)
{
    switch (s) {
    case VOTE_DRAFT:
        return T("being prepared", "en préparation");
    case VOTE_PUBLISHED:
        return T("published, not open yet", "publiée, pas encore ouverte");
    case VOTE_OPEN:
        return T("open", "ouverte");
    case VOTE_CLOSED:
        return T("closed", "close");
    case VOTE_TALLIED:
        return T("tallied, waiting for the trustees", "dépouillée, en attente des dépositaires");
    case VOTE_DECIDED:
        return T("decided", "résultat proclamé");
    case VOTE_CANCELLED:
        return T("cancelled", "annulée");
    case VOTE_MERGED:
        return T("merged into another one", "réunie à une autre");
    case VOTE_STATUS_COUNT:
        break;
    }
    return T("in a state this program does not know", "dans un état inconnu de ce programme");
}

/* The member of a tuple by its name, so that a service with another order is read rightly. */
static const struct abi_value *member(const struct abi_type *type, const struct abi_value *v,
                                      const char *name)
{
    for (size_t i = 0; i < type->size; i++)
        if (strcmp(type->item[i].name, name) == 0)
            return &v->item[i];
    ASSERT(!"member of the service's table");
    return NULL;
}

struct record {
    const struct abi_type *type;
    const struct abi_value *value;
    struct arena *arena;
};

static uint64_t number(const struct record *r, const char *name)
{
    return abi_get_u64(member(r->type, r->value, name));
}

static const char *text(const struct record *r, const char *name)
{
    struct bytes b = member(r->type, r->value, name)->bytes;
    return arena_printf(r->arena, "%.*s", (int)b.len, b.data ? (const char *)b.data : "");
}

static struct hash word(const struct record *r, const char *name)
{
    struct hash h;
    abi_get_bytes32(h.b, member(r->type, r->value, name));
    return h;
}

static struct address account(const struct record *r, const char *name)
{
    return abi_get_address(member(r->type, r->value, name));
}

static enum vote_status status_of(struct hash w)
{
    size_t s = 0;
    while (s < VOTE_STATUS_COUNT && strncmp((const char *)w.b, vote_status_word(s), 32) != 0)
        s++;
    return (enum vote_status)s;
}

static const struct abi_entry *entry_of(const struct service *s, const char *method)
{
    size_t i = 0;
    while (strcmp(service_method_entry(s, i)->name, method) != 0)
        i++;
    return service_method_entry(s, i);
}

enum err vote_consultation_get(struct vote_ledger *l, uint64_t id, struct vote_consultation *out,
                               struct diag *d)
{
    struct abi_value arg = abi_u64(id), v;
    TRY(vote_view(l, "consultation", &arg, 1, &v, d));
    struct record r = {&entry_of(l->voting, "consultation")->outputs.item[0], &v.item[0],
                       &l->arena};
    *out = (struct vote_consultation){
        .id = id,
        .status = status_of(word(&r, "status")),
        .clerk = account(&r, "clerk"),
        .registrar = account(&r, "registrar"),
        .created_s = number(&r, "created"),
        .published_s = number(&r, "published"),
        .opens_s = number(&r, "opens"),
        .closes_s = number(&r, "closes"),
        .floor = number(&r, "floor"),
        .voters = number(&r, "voters"),
        .total_weight = number(&r, "totalWeight"),
        .cast = number(&r, "cast"),
        .counted = number(&r, "counted"),
        .counted_weight = number(&r, "countedWeight"),
        .events = number(&r, "events"),
        .last_event = word(&r, "lastEvent"),
        .fingerprint = word(&r, "fingerprint"),
        .ciphertexts = number(&r, "ciphertexts"),
        .ballot_bytes = number(&r, "ballotBytes"),
        .series = number(&r, "series"),
        .merged_into = number(&r, "mergedInto"),
        .uuid = text(&r, "uuid"),
        .name = text(&r, "name"),
        .reason = text(&r, "reason"),
    };
    const struct abi_value *units = member(r.type, r.value, "units");
    uint64_t *ids = arena_zalloc(&l->arena, units->count + 1, sizeof *ids);
    for (size_t i = 0; i < units->count; i++)
        ids[i] = abi_get_u64(&units->item[i]);
    out->units = ids;
    out->unit_count = units->count;
    return E_OK;
}

/* --- elections ---------------------------------------------------------------------------------
 */

static enum err get_election(struct vote_ledger *l, const struct vote_consultation *c,
                             struct arena *a, struct bel_election *out, struct diag *d)
{
    struct abi_value arg = abi_u64(c->id), v;
    TRY(vote_view(l, "electionOf", &arg, 1, &v, d));
    struct bytes document = v.item[0].bytes;
    document.data = arena_dup(a, document.data, document.len);
    if (hash_is_zero(&c->fingerprint))
        return bel_template_read(out, a, document, d);
    TRY(bel_election_read(out, a, document, d));
    if (!hash_eq(&out->hash, &c->fingerprint))
        return diag_set(d, E_PROOF,
                        T("the node's election.json is not the one that the ledger has under "
                          "consultation %llu",
                          "le election.json du nœud n'est pas celui que le registre a pour la "
                          "consultation %llu"),
                        (unsigned long long)c->id);
    return E_OK;
}

enum err vote_election_get(struct vote_ledger *l, const struct vote_consultation *c,
                           struct bel_election *out, struct diag *d)
{
    return get_election(l, c, &l->arena, out, d);
}

enum err vote_sums_get(struct vote_ledger *l, uint64_t id, const struct bel_election *e,
                       struct bytes *out, struct diag *d)
{
    struct bel_tally t;
    struct abi_value arg = abi_u64(id), v;
    TRY(vote_view(l, "tallyOf", &arg, 1, &v, d));
    *out = v.item[0].bytes;
    if (out->len != 2 * EDWARDS_BYTES * e->ciphertext_count)
        return diag_set(
            d, E_INVALID,
            T("tallyOf has %zu bytes, %zu are expected", "tallyOf a %zu octets au lieu de %zu"),
            out->len, 2 * EDWARDS_BYTES * e->ciphertext_count);
    bel_tally_init(&t, e);
    enum err code = bel_tally_load(&t, *out, 0, 0);
    bel_tally_fini(&t);
    if (code == E_OK)
        return E_OK;
    return diag_set(d, E_INVALID,
                    T("tallyOf: the node's encrypted sums are not all points of the group",
                      "tallyOf : les sommes chiffrées du nœud ne sont pas toutes des points du "
                      "groupe"));
}

static enum err election_of_ledger(const struct cli *cli, uint64_t id, struct arena *a,
                                   struct bel_election *out, struct diag *d)
{
    struct vote_ledger l;
    struct vote_consultation c;
    TRY(vote_ledger_open(&l, cli, d));
    enum err e = vote_consultation_get(&l, id, &c, d);
    if (e == E_OK && hash_is_zero(&c.fingerprint))
        e = diag_set(d, E_INVALID,
                     T("consultation %llu is not published yet", "la consultation %llu n'est pas "
                                                                 "encore publiée"),
                     (unsigned long long)id);
    if (e == E_OK)
        e = get_election(&l, &c, a, out, d);
    vote_ledger_close(&l);
    return e;
}

enum err vote_election_of(const struct cli *cli, const char *what, struct arena *a,
                          struct bel_election *out, struct diag *d)
{
    uint64_t id;
    struct buf file = {0};
    if (what[strspn(what, "0123456789")] == 0) {
        TRY(vote_id(&id, what, d));
        return election_of_ledger(cli, id, a, out, d);
    }
    enum err e = file_read(&file, what, LIMIT_BEL_ELECTION_BYTES, d);
    if (e == E_OK) {
        struct bytes document = {arena_dup(a, file.data, file.len), file.len};
        e = bel_election_read(out, a, document, d);
        if (e != E_OK)
            diag_wrap(d, e, "%s: ", what);
    }
    buf_free(&file);
    return e;
}

/* --- sending -----------------------------------------------------------------------------------
 */

/* A receipt says only that a transaction failed; asked again, the node tells why. */
static enum err explain_failure(struct vote_ledger *l, struct tx *t, const struct address *from,
                                const char *method, struct diag *d)
{
    struct diag why = {0};
    enum err e = client_estimate_gas(l->client, t, from, &why);
    return diag_set(d, E_REVERT,
                    T("%s: refused by the ledger: %s", "%s : refusé par le registre : %s"), method,
                    e == E_OK ? T("the state has changed since; run the command again",
                                  "l'état a changé depuis ; relancez la commande")
                              : why.text);
}

/* The estimate is exact for the state it saw: transactions that come before this one in its block
 * let records grow that it reads. */
static uint64_t with_reserve(uint64_t gas)
{
    return gas < LIMIT_TX_GAS / 5 * 4 ? gas + gas / 4 : LIMIT_TX_GAS;
}

enum err vote_send(struct vote_ledger *l, const uint8_t key32[32], const char *method,
                   const struct abi_value *args, size_t count, struct json **receipt_out,
                   struct diag *d)
{
    struct buf input = {0};
    struct json *receipt = NULL;
    struct address from;
    struct hash hash;
    uint64_t nonce = UINT64_MAX;
    bool ok = false;
    l->is_on_its_way = false;
    TRY(ecdsa_address(&from, key32));
    client_input(&input, l->voting, method, args, count);
    struct tx t = {.to = l->voting->address, .data = buf_view(&input)};
    enum err e = client_estimate_gas(l->client, &t, &from, d);
    if (e == E_OK) {
        t.gas_limit = with_reserve(t.gas_limit);
        e = client_send(l->client, &t, key32, &nonce, &hash, d);
        l->is_on_its_way = e == E_OK || e == E_CONNECT || e == E_TIMEOUT;
    }
    if (e == E_OK)
        e = client_wait_receipt(l->client, &hash, RECEIPT_MS, &receipt, &ok, d);
    if (e == E_OK) {
        l->is_on_its_way = false;
        if (!ok)
            e = explain_failure(l, &t, &from, method, d);
    }
    buf_free(&input);
    if (e == E_OK && receipt_out)
        *receipt_out = receipt;
    else
        json_free(receipt);
    return vote_refusal(e, d);
}

const struct json *vote_log(const struct vote_ledger *l, const struct json *receipt,
                            const char *event)
{
    const struct abi_entry *entry = NULL;
    char topic[67] = "0x";
    for (size_t i = 0; !entry && i < service_event_count(l->voting); i++)
        if (strcmp(service_event_entry(l->voting, i)->name, event) == 0)
            entry = service_event_entry(l->voting, i);
    ASSERT(entry);
    hex_encode(topic + 2, entry->topic.b, 32);
    const struct json *log = json_first(json_get(client_result(receipt), "logs"));
    for (; log; log = json_next(log)) {
        const char *first = json_text(json_at(json_get(log, "topics"), 0));
        if (first && strcmp(first, topic) == 0)
            return log;
    }
    return NULL;
}

/* --- accounts ----------------------------------------------------------------------------------
 */

enum err vote_key(const struct cli *cli, uint8_t key32[32], struct diag *d)
{
    const char *name = cli_get(cli, "from");
    return key_load(cli, name ? name : "admin", key32, d);
}

enum err vote_any_key(const struct cli *cli, uint8_t key32[32], struct diag *d)
{
    if (cli_has(cli, "from"))
        return vote_key(cli, key32, d);
    ecdsa_key_generate(key32);
    return E_OK;
}

enum err vote_address(const struct cli *cli, const char *text, struct address *out, struct diag *d)
{
    uint8_t key32[32];
    if (strncmp(text, "0x", 2) == 0) {
        if (address_from_hex(out, text) == E_OK)
            return E_OK;
        return diag_set(d, E_HEX,
                        T("%s: an address is 0x and 40 hexadecimal digits",
                          "%s : une adresse est 0x et 40 chiffres hexadécimaux"),
                        text);
    }
    TRY(key_load(cli, text, key32, d));
    enum err e = ecdsa_address(out, key32);
    explicit_bzero(key32, sizeof key32);
    return e;
}
