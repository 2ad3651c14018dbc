#include "chain/genesis_internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/lang.h"
#include "base/limits.h"
#include "city/service.h"

#define GENESIS_VERSION 1
#define GAS_LIMIT_MIN 21000u
#define GAS_LIMIT_MAX ((1ULL << 53) - 1) /* exact in every JSON reader */
#define TIMESTAMP_MAX 253402300799ULL    /* the end of the year 9999 */

static const char *const ROOT_MEMBERS[] = {"parvis",    "chainId", "timestamp", "gasLimit",
                                           "extraData", "engine",  "roles",     "alloc",
                                           "services",  "forks",   NULL};
static const char *const FORK_MEMBERS[] = {"cancun", "prague", "osaka", NULL};
static const char *const ENGINE_MEMBERS[] = {"name", "proposer", NULL};
static const char *const ACCOUNT_MEMBERS[] = {"balance", "nonce", "code", "storage", NULL};

struct path genesis_path_of(const char *parent, const char *member)
{
    struct path p;
    snprintf(p.text, sizeof p.text, "%.120s%s%.120s", parent, parent[0] ? "." : "", member);
    return p;
}

enum err genesis_refuse(struct diag *d, const char *where, const char *why)
{
    return diag_set(d, E_GENESIS, T("%s: %s", "%s : %s"), where, why);
}

/* --- objects ---------------------------------------------------------------------------------- */

static bool is_among(const char *name, const char *const *names)
{
    while (*names && strcmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

enum err genesis_check_object(const struct json *object, const char *where,
                              const char *const *names, struct diag *d)
{
    const char *shown = where[0] ? where : T("the file", "le fichier");
    if (!json_is_object(object))
        return genesis_refuse(d, shown, T("an object is needed", "un objet est attendu"));
    for (const struct json *m = json_first(object); m; m = json_next(m)) {
        struct path p = genesis_path_of(where, json_key(m));
        if (!is_among(json_key(m), names))
            return genesis_refuse(d, p.text, T("unknown member", "membre inconnu"));
    }
    return E_OK;
}

enum err genesis_check_named(const struct json *object, const char *where, struct diag *d)
{
    if (object && !json_is_object(object))
        return genesis_refuse(d, where, T("an object is needed", "un objet est attendu"));
    return E_OK;
}

/* --- values ----------------------------------------------------------------------------------- */

enum err genesis_read_u64(uint64_t *out, const struct json *object, const char *parent,
                          const char *member, uint64_t min, uint64_t max, struct diag *d)
{
    const struct json *j = json_get(object, member);
    struct path p = genesis_path_of(parent, member);
    uint64_t v;
    if (!j)
        return E_OK;
    enum err e = json_u64(&v, j);
    if (e != E_OK && e != E_RANGE)
        return genesis_refuse(d, p.text, T("an integer is needed", "un entier est attendu"));
    if (e == E_RANGE || v < min || v > max)
        return diag_set(d, E_GENESIS,
                        T("%s: an integer from %llu to %llu is needed",
                          "%s : un entier de %llu à %llu est attendu"),
                        p.text, (unsigned long long)min, (unsigned long long)max);
    *out = v;
    return E_OK;
}

enum err genesis_read_address(struct address *out, const struct json *j, const char *where,
                              struct diag *d)
{
    const char *text = json_text(j);
    if (!text || address_from_hex(out, text) != E_OK)
        return genesis_refuse(d, where,
                              T("an address of 40 hexadecimal digits is needed",
                                "une adresse de 40 chiffres hexadécimaux est attendue"));
    return E_OK;
}

enum err genesis_read_hex(struct buf *out, const struct json *j, const char *where, size_t max,
                          struct diag *d)
{
    const char *text = json_text(j);
    if (!j)
        return E_OK;
    if (!text || hex_decode_buf(out, text, strlen(text)) != E_OK)
        return genesis_refuse(
            d, where, T("hexadecimal bytes are needed", "des octets hexadécimaux sont attendus"));
    if (out->len > max)
        return diag_set(d, E_GENESIS,
                        T("%s: %zu bytes, at most %zu", "%s : %zu octets, au plus %zu"), where,
                        out->len, max);
    return E_OK;
}

static enum err require(const struct json *object, const char *parent, const char *member,
                        struct diag *d)
{
    if (json_get(object, member))
        return E_OK;
    return genesis_refuse(d, genesis_path_of(parent, member).text, T("missing", "absent"));
}

static const char *given_twice(void)
{
    return T("given twice", "donné deux fois");
}

/* --- accounts --------------------------------------------------------------------------------- */

struct slot_value {
    struct hash slot;
    struct u256 value;
};

/* One entry of "alloc". code and slots are kept from entry to entry for their memory. */
struct allocation {
    struct address address;
    struct u256 balance;
    uint64_t nonce;
    struct buf code;
    struct slot_value *slots;
    size_t slot_count;
};

static void allocation_free(struct allocation *a)
{
    buf_free(&a->code);
    mem_free(a->slots);
}

static int compare_slots(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct hash)); /* the slot is the first member */
}

static enum err read_storage(struct allocation *a, const struct json *storage, const char *where,
                             struct diag *d)
{
    struct u256 slot;
    a->slot_count = 0;
    TRY(genesis_check_named(storage, where, d));
    a->slots = mem_resize(a->slots, json_count(storage) + 1, sizeof *a->slots);
    for (const struct json *m = json_first(storage); m; m = json_next(m)) {
        struct slot_value *s = &a->slots[a->slot_count++];
        struct path p = genesis_path_of(where, json_key(m));
        if (u256_parse(&slot, json_key(m)) != E_OK)
            return genesis_refuse(d, p.text,
                                  T("a slot of at most 256 bits is needed",
                                    "une case d'au plus 256 bits est attendue"));
        if (json_u256(&s->value, m) != E_OK)
            return genesis_refuse(
                d, p.text,
                T("a word of at most 256 bits is needed", "un mot d'au plus 256 bits est attendu"));
        u256_to_be(s->slot.b, slot);
    }
    qsort(a->slots, a->slot_count, sizeof *a->slots, compare_slots);
    for (size_t i = 1; i < a->slot_count; i++)
        if (hash_eq(&a->slots[i - 1].slot, &a->slots[i].slot)) {
            char hex[2 * sizeof(struct hash) + 1];
            hex_encode(hex, a->slots[i].slot.b, sizeof a->slots[i].slot.b);
            return diag_set(d, E_GENESIS, T("%s.0x%s: %s", "%s.0x%s : %s"), where, hex,
                            given_twice());
        }
    return E_OK;
}

/* check_allocation: what an account of our own chain may not have. */
static enum err check_allocation(const struct allocation *a, const char *code, const char *storage,
                                 struct diag *d)
{
    if (a->code.len && a->code.data[0] == 0xef)
        return genesis_refuse(d, code,
                              T("code beginning with ef is reserved (EIP-3541)",
                                "un code commençant par ef est réservé (EIP-3541)"));
    if (a->slot_count && !a->nonce && !a->code.len && u256_is_zero(a->balance))
        return genesis_refuse(
            d, storage,
            T("an account with no nonce, balance or code keeps no storage (EIP-161)",
              "un compte sans nonce, solde ni code ne garde pas de stockage (EIP-161)"));
    return E_OK;
}

static enum err read_allocation(struct allocation *a, const struct json *entry, bool foreign,
                                struct diag *d)
{
    struct path where = genesis_path_of("alloc", json_key(entry));
    if (address_from_hex(&a->address, json_key(entry)) != E_OK)
        return genesis_refuse(d, where.text,
                              T("an address of 40 hexadecimal digits is needed",
                                "une adresse de 40 chiffres hexadécimaux est attendue"));
    TRY(genesis_check_object(entry, where.text, ACCOUNT_MEMBERS, d));
    a->balance = U256_ZERO;
    a->nonce = 0;
    buf_clear(&a->code);
    const struct json *balance = json_get(entry, "balance");
    if (balance && json_u256(&a->balance, balance) != E_OK)
        return genesis_refuse(d, genesis_path_of(where.text, "balance").text,
                              T("an amount of at most 256 bits is needed",
                                "un montant d'au plus 256 bits est attendu"));
    TRY(genesis_read_u64(&a->nonce, entry, where.text, "nonce", 0, UINT64_MAX - 1, d));
    struct path code = genesis_path_of(where.text, "code"),
                storage = genesis_path_of(where.text, "storage");
    TRY(genesis_read_hex(&a->code, json_get(entry, "code"), code.text,
                         foreign ? LIMIT_STATE_VALUE_BYTES : LIMIT_CODE_BYTES, d));
    TRY(read_storage(a, json_get(entry, "storage"), storage.text, d));
    return foreign ? E_OK : check_allocation(a, code.text, storage.text, d);
}

static int compare_addresses(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct address));
}

/* The same address can be written in several ways (0x, capitals). */
static enum err refuse_twins(struct address *accounts, size_t count, struct diag *d)
{
    qsort(accounts, count, sizeof *accounts, compare_addresses);
    for (size_t i = 1; i < count; i++)
        if (address_eq(&accounts[i - 1], &accounts[i])) {
            char hex[2 * sizeof(struct address) + 1];
            hex_encode(hex, accounts[i].b, sizeof accounts[i].b);
            return diag_set(d, E_GENESIS, T("alloc.0x%s: %s", "alloc.0x%s : %s"), hex,
                            given_twice());
        }
    return E_OK;
}

enum err genesis_check_allocations(const struct json *alloc, bool foreign, struct diag *d)
{
    struct allocation a = {0};
    struct u256 sum = U256_ZERO;
    size_t count = 0;
    enum err e = E_OK;
    TRY(genesis_check_named(alloc, "alloc", d));
    struct address *accounts = mem_alloc((json_count(alloc) + 1) * sizeof *accounts);
    for (const struct json *m = json_first(alloc); m && e == E_OK; m = json_next(m)) {
        e = read_allocation(&a, m, foreign, d);
        accounts[count++] = a.address;
        if (e == E_OK && !foreign && u256_add(&sum, sum, a.balance))
            e = genesis_refuse(
                d, genesis_path_of(genesis_path_of("alloc", json_key(m)).text, "balance").text,
                T("the sum of the balances exceeds 256 bits",
                  "la somme des soldes dépasse 256 bits"));
    }
    if (e == E_OK)
        e = refuse_twins(accounts, count, d);
    mem_free(accounts);
    allocation_free(&a);
    return e;
}

/* --- the whole file --------------------------------------------------------------------------- */

static enum err check_engine(struct genesis *g, const struct json *engine, struct diag *d)
{
    TRY(genesis_check_object(engine, "engine", ENGINE_MEMBERS, d));
    const struct json *name = json_get(engine, "name");
    if (name && (!json_text(name) || strcmp(json_text(name), "solo") != 0))
        return genesis_refuse(d, "engine.name",
                              T("no such engine (solo exists)", "moteur inconnu (solo existe)"));
    TRY(require(engine, "engine", "proposer", d));
    TRY(genesis_read_address(&g->proposer, json_get(engine, "proposer"), "engine.proposer", d));
    if (address_is_zero(&g->proposer))
        return genesis_refuse(
            d, "engine.proposer",
            T("nobody has the key of this address", "personne n'a la clé de cette adresse"));
    return E_OK;
}

static enum err check_roles(const struct json *roles, struct diag *d)
{
    struct address holder;
    TRY(genesis_check_named(roles, "roles", d));
    for (const struct json *m = json_first(roles); m; m = json_next(m))
        TRY(genesis_read_address(&holder, m, genesis_path_of("roles", json_key(m)).text, d));
    return E_OK;
}

static enum err check_services(const struct json *services, struct diag *d)
{
    TRY(genesis_check_named(services, "services", d));
    for (const struct json *m = json_first(services); m; m = json_next(m))
        if (!json_is_object(m))
            return genesis_refuse(d, genesis_path_of("services", json_key(m)).text,
                                  T("an object is needed", "un objet est attendu"));
    return E_OK;
}

static enum err check_extra_data(struct genesis *g, const struct json *j, struct diag *d)
{
    struct buf extra = {0};
    enum err e = genesis_read_hex(&extra, j, "extraData", sizeof g->extra_data, d);
    if (e == E_OK && extra.len)
        memcpy(g->extra_data, extra.data, extra.len);
    g->extra_data_len = extra.len;
    buf_free(&extra);
    return e;
}

/* check_forks: times ascend, and the rules of the first block are told. */
static enum err check_forks(struct genesis *g, const struct json *forks, struct diag *d)
{
    uint64_t last = 0;
    bool begun = false;
    schedule_own(&g->schedule, g->chain_id);
    if (!forks)
        return E_OK;
    TRY(genesis_check_object(forks, "forks", FORK_MEMBERS, d));
    for (int i = 0; FORK_MEMBERS[i]; i++) {
        uint64_t *from = &g->schedule.from_time[FORK_CANCUN + i];
        *from = SCHEDULE_NEVER;
        TRY(genesis_read_u64(from, forks, "forks", FORK_MEMBERS[i], 0, TIMESTAMP_MAX, d));
        if (*from == SCHEDULE_NEVER)
            continue;
        if (*from < last)
            return genesis_refuse(
                d, genesis_path_of("forks", FORK_MEMBERS[i]).text,
                T("earlier than the fork before it", "plus tôt que la règle qui précède"));
        last = *from;
        begun |= *from <= g->timestamp_s;
    }
    return begun ? E_OK
                 : genesis_refuse(d, "forks",
                                  T("one of them must begin with block 0 (time 0)",
                                    "l'une doit commencer au bloc 0 (temps 0)"));
}

static enum err check_root(struct genesis *g, struct diag *d)
{
    const struct json *root = g->json;
    uint64_t version = 0;
    TRY(genesis_check_object(root, "", ROOT_MEMBERS, d));
    TRY(require(root, "", "parvis", d));
    TRY(genesis_read_u64(&version, root, "", "parvis", GENESIS_VERSION, GENESIS_VERSION, d));
    TRY(require(root, "", "chainId", d));
    TRY(genesis_read_u64(&g->chain_id, root, "", "chainId", 1, TX_CHAIN_ID_MAX, d));
    TRY(genesis_read_u64(&g->timestamp_s, root, "", "timestamp", 0, TIMESTAMP_MAX, d));
    g->gas_limit = GENESIS_GAS_LIMIT;
    TRY(genesis_read_u64(&g->gas_limit, root, "", "gasLimit", GAS_LIMIT_MIN, GAS_LIMIT_MAX, d));
    TRY(check_forks(g, json_get(root, "forks"), d));
    TRY(check_extra_data(g, json_get(root, "extraData"), d));
    TRY(require(root, "", "engine", d));
    TRY(check_engine(g, json_get(root, "engine"), d));
    TRY(check_roles(json_get(root, "roles"), d));
    TRY(genesis_check_allocations(json_get(root, "alloc"), false, d));
    return check_services(json_get(root, "services"), d);
}

static enum err parse(struct genesis *out, struct bytes text,
                      enum err (*check)(struct genesis *g, struct diag *d), struct diag *d)
{
    struct genesis g = {0};
    *out = (struct genesis){0};
    TRY(json_parse(&g.json, text, d));
    enum err e = check(&g, d);
    if (e != E_OK) {
        genesis_free(&g);
        return e;
    }
    buf_put(&g.text, text.data, text.len);
    *out = g;
    return E_OK;
}

enum err genesis_parse(struct genesis *out, struct bytes text, struct diag *d)
{
    return parse(out, text, check_root, d);
}

enum err genesis_parse_ethereum(struct genesis *out, struct bytes text, struct diag *d)
{
    return parse(out, text, genesis_check_ethereum, d);
}

/* Ours says "parvis" which version it is of. */
static enum err check_any(struct genesis *g, struct diag *d)
{
    return json_get(g->json, "parvis") ? check_root(g, d) : genesis_check_ethereum(g, d);
}

enum err genesis_parse_stored(struct genesis *out, struct bytes text, struct diag *d)
{
    return parse(out, text, check_any, d);
}

void genesis_free(struct genesis *g)
{
    json_free(g->json);
    buf_free(&g->text);
    *g = (struct genesis){0};
}

/* --- block 0 ---------------------------------------------------------------------------------- */

/* What is zero is not written: an entry of zeros makes no account. */
static void write_allocation(struct state *s, const struct allocation *a)
{
    if (!u256_is_zero(a->balance))
        state_set_balance(s, &a->address, a->balance);
    if (a->nonce)
        state_set_nonce(s, &a->address, a->nonce);
    if (a->code.len)
        state_set_code(s, &a->address, buf_view(&a->code));
    for (size_t i = 0; i < a->slot_count; i++) {
        uint8_t be[32];
        size_t len = u256_to_be_min(be, a->slots[i].value);
        state_set_storage(s, &a->address, &a->slots[i].slot, bytes_of(be, len));
    }
}

static struct hash no_block(void *ctx, uint64_t number)
{
    (void)ctx;
    (void)number;
    return (struct hash){{0}};
}

enum err genesis_write_allocations(const struct json *alloc, bool foreign, struct state *s,
                                   struct diag *d)
{
    struct allocation a = {0};
    enum err e = E_OK;
    for (const struct json *m = json_first(alloc); m && e == E_OK; m = json_next(m)) {
        e = read_allocation(&a, m, foreign, d);
        if (e == E_OK)
            write_allocation(s, &a);
    }
    allocation_free(&a);
    return e;
}

enum err genesis_apply(const struct genesis *g, struct state *s, struct diag *d)
{
    struct arena arena = {0};
    struct block_env env = {
        .chain_id = g->chain_id,
        .timestamp_s = g->timestamp_s,
        .gas_limit = g->gas_limit,
        .beneficiary = g->proposer,
        .fork = schedule_rules(&g->schedule, 0, g->timestamp_s, true).fork,
        .block_hash = no_block,
    };
    struct world w = {.state = s, .block = &env, .arena = &arena};
    if (g->is_ethereum) /* what is listed exists, even an empty account */
        state_set_rules(s, (struct state_rules){.keeps_empty = true});
    state_tx_begin(s);
    enum err e = genesis_write_allocations(json_get(g->json, "alloc"), g->is_ethereum, s, d);
    if (e == E_OK && !g->is_ethereum)
        e = services_genesis(&w, g->json, d);
    state_tx_end(s);
    arena_free(&arena);
    return e != E_OK ? e : state_error(s);
}
