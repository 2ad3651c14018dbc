/* init_command: `parvis init`: a folder, its secrets, a genesis, block 0. */
#include "app/init_command.h"

#include <stdio.h>
#include <unistd.h>

#include "app/home.h"
#include "base/clock.h"
#include "chain/chain.h"
#include "chain/ethereum.h"
#include "city/service.h"
#include "crypto/ecdsa.h"

const struct cli_option INIT_OPTIONS[] = {
    {"genesis", "FILE", "begin with this genesis instead of making one",
     "commence par cette genèse au lieu d'en créer une"},
    {"chain-id", "N", "chain id of the new chain (default 20260)",
     "identifiant de la nouvelle chaîne (défaut 20260)"},
    {"timestamp", "SECONDS", "time of block 0, Unix seconds (default now)",
     "date du bloc 0, en secondes Unix (défaut : maintenant)"},
    {"alloc", "ADDRESS=AMOUNT", "gives an account city currency at genesis; repeatable",
     "dote un compte de monnaie locale à la genèse ; répétable"},
    {"admission", "open|members", "who may send transactions (default open)",
     "qui peut envoyer des transactions (défaut open)"},
    {"controller-name", "TEXT",
     "who answers for the services' data, written in the genesis (default: operator of this node)",
     "responsable des données des services, inscrit dans la genèse (défaut : exploitant du nœud)"},
    {"controller-contact", "TEXT", "how to reach them (default: not stated)",
     "comment le joindre (défaut : non précisé)"},
    MAP_MB_OPTION,
    {0},
};

static enum err put_alloc(struct buf *b, const char *text, struct u256 *total, struct diag *d)
{
    char address_text[43];
    struct address address;
    struct u256 amount;
    char dec[79];
    size_t len = strcspn(text, "=");
    snprintf(address_text, sizeof address_text, "%.*s", (int)(len < 42 ? len : 42), text);
    if (text[len] != '=' || len > 42 || address_from_hex(&address, address_text) != E_OK ||
        u256_parse_units(&amount, text + len + 1, 18) != E_OK || u256_add(total, *total, amount))
        return diag_set(d, E_INVALID,
                        T("--alloc %s: write 0xADDRESS=AMOUNT, for example 0x12..=1000",
                          "--alloc %s : écrivez 0xADRESSE=MONTANT, par exemple "
                          "0x12..=1000"),
                        text);
    char hex[43] = "0x";
    hex_encode(hex + 2, address.b, 20);
    u256_dec(dec, amount);
    json_put_key(b, hex);
    json_open(b, '{');
    json_put_key(b, "balance");
    json_put_string(b, dec);
    json_close(b, '}');
    return E_OK;
}

static void put_text_member(struct buf *b, const char *key, const char *text)
{
    json_put_key(b, key);
    json_put_string(b, text);
}

static void put_address_member(struct buf *b, const char *key, const struct address *a)
{
    json_put_key(b, key);
    json_put_data(b, a->b, sizeof a->b);
}

/* Every service names who answers for its data (the GDPR's controller); a node's operator does
 * unless somebody else is named. */
static void put_controller(const struct cli *cli, struct buf *b, const struct address *node)
{
    char standard[100], hex[41];
    const char *name = cli_get(cli, "controller-name");
    const char *contact = cli_get(cli, "controller-contact");
    hex_encode(hex, node->b, sizeof node->b);
    snprintf(standard, sizeof standard, T("operator of the node 0x%s", "exploitant du nœud 0x%s"),
             hex);
    json_put_key(b, "controller");
    json_open(b, '{');
    put_text_member(b, "name", name ? name : standard);
    put_text_member(b, "contact", contact ? contact : T("not stated", "non précisé"));
    json_close(b, '}');
}

/* The settings of every service of this build; the roles they know are admin's. */
static void put_services(const struct cli *cli, struct buf *b, const struct address *node,
                         const struct address *admin, struct u256 allocated)
{
    char dec[79];
    u256_dec(dec, allocated);
    json_put_key(b, "services");
    json_open(b, '{');
    for (size_t i = 0; SERVICES[i]; i++) {
        json_put_key(b, SERVICES[i]->name);
        json_open(b, '{');
        put_controller(cli, b, node);
        if (strcmp(SERVICES[i]->name, "money") == 0) {
            const char *admission = cli_get(cli, "admission");
            put_text_member(b, "admission", admission ? admission : "open");
            put_text_member(b, "reserve", dec);
        } else if (strcmp(SERVICES[i]->name, "energy") == 0) {
            put_address_member(b, "rulesRole", admin);
        }
        json_close(b, '}');
    }
    json_close(b, '}');
}

/* The contract in which blocks record their parent's hash (EIP-2935). */
static void put_history_contract(struct buf *b)
{
    char hex[43] = "0x";
    struct bytes code = ethereum_history_code();
    hex_encode(hex + 2, ETHEREUM_HISTORY_ADDRESS.b, sizeof ETHEREUM_HISTORY_ADDRESS.b);
    json_put_key(b, hex);
    json_open(b, '{');
    json_put_key(b, "nonce");
    json_put_u64(b, 1);
    json_put_key(b, "code");
    json_put_data(b, code.data, code.len);
    json_close(b, '}');
}

/* A genesis for one machine: the node proposes, `admin` holds every role. */
static enum err make_genesis(const struct cli *cli, struct buf *b, const struct address *node,
                             const struct address *admin, struct diag *d)
{
    uint64_t chain_id = 20260, timestamp_s = clock_unix_s();
    struct u256 total = U256_ZERO;
    TRY(cli_get_u64(cli, "chain-id", 1, TX_CHAIN_ID_MAX, &chain_id));
    TRY(cli_get_u64(cli, "timestamp", 0, 253402300799, &timestamp_s)); /* end of the year 9999 */
    json_open(b, '{');
    json_put_key(b, "parvis");
    json_put_u64(b, 1);
    json_put_key(b, "chainId");
    json_put_u64(b, chain_id);
    json_put_key(b, "timestamp");
    json_put_u64(b, timestamp_s);
    json_put_key(b, "gasLimit");
    json_put_u64(b, GENESIS_GAS_LIMIT);
    json_put_key(b, "engine");
    json_open(b, '{');
    put_text_member(b, "name", "solo");
    put_address_member(b, "proposer", node);
    json_close(b, '}');
    json_put_key(b, "roles");
    json_open(b, '{');
    put_address_member(b, "issuer", admin);
    put_address_member(b, "registrar", admin);
    put_address_member(b, "governor", admin);
    json_close(b, '}');
    json_put_key(b, "alloc");
    json_open(b, '{');
    put_history_contract(b);
    for (size_t i = 0; cli_get_nth(cli, "alloc", i); i++)
        TRY(put_alloc(b, cli_get_nth(cli, "alloc", i), &total, d));
    json_close(b, '}');
    put_services(cli, b, node, admin, total);
    json_close(b, '}');
    return E_OK;
}

static enum err check_text_option(const struct cli *cli, const char *name, struct diag *d)
{
    const char *text = cli_get(cli, name);
    if (!text || (text[0] && strlen(text) <= 256))
        return E_OK;
    return diag_set(d, E_USAGE,
                    T("--%s: a text of 1 to 256 bytes", "--%s : un texte de 1 à 256 octets"), name);
}

/* What can be wrong with the command line or the given genesis is found before anything is made. */
static enum err check_init(const struct cli *cli, struct buf *given, struct diag *d)
{
    static const char *const MAKING[] = {"chain-id",  "timestamp",       "alloc",
                                         "admission", "controller-name", "controller-contact"};
    const char *path = cli_get(cli, "genesis");
    const char *admission = cli_get(cli, "admission");
    for (size_t i = 0; path && i < sizeof MAKING / sizeof MAKING[0]; i++)
        if (cli_has(cli, MAKING[i]))
            return diag_set(d, E_USAGE,
                            T("--%s has no effect with --genesis: write it in the file",
                              "--%s est sans effet avec --genesis : écrivez-le dans le fichier"),
                            MAKING[i]);
    if (admission && strcmp(admission, "open") != 0 && strcmp(admission, "members") != 0)
        return diag_set(
            d, E_USAGE,
            T("--admission %s: use open or members", "--admission %s : open ou members"),
            admission);
    TRY(check_text_option(cli, "controller-name", d));
    TRY(check_text_option(cli, "controller-contact", d));
    struct genesis genesis = {0};
    struct buf made = {0};
    enum err e;
    if (path) {
        e = file_read(given, path, 64u << 20, d);
        if (e == E_OK && (e = genesis_parse(&genesis, buf_view(given), d)) != E_OK)
            diag_wrap(d, e, T("%s: ", "%s : "), path);
    } else {
        struct address someone = {{1}};
        e = make_genesis(cli, &made, &someone, &someone, d);
        if (e == E_OK)
            e = genesis_parse(&genesis, buf_view(&made), d);
    }
    genesis_free(&genesis);
    buf_free(&made);
    return e;
}

static enum err new_key(const struct cli *cli, const char *name, struct made *made,
                        struct address *out, struct diag *d)
{
    uint8_t key32[32];
    char file[64];
    ecdsa_key_generate(key32);
    enum err e = key_save(cli, name, key32, d);
    if (e == E_OK) {
        snprintf(file, sizeof file, "keys/%s.key", name);
        made_add(made, home_path(cli, file));
    } else if (e == E_EXISTS) { /* a key brought along, or an earlier ledger's */
        e = key_load(cli, name, key32, d);
    }
    if (e == E_OK)
        e = ecdsa_address(out, key32);
    explicit_bzero(key32, sizeof key32);
    return e;
}

static void print_init(const struct cli *cli, const struct genesis *genesis,
                       const struct address *node, const struct address *admin)
{
    struct buf out = {0};
    bool sealer = address_eq(node, &genesis->proposer);
    bool key_in_home = access(home_path(cli, "store.key"), F_OK) == 0;
    char hex[41];
    hex_encode(hex, genesis->proposer.b, 20);
    if (cli->json) {
        json_open(&out, '{');
        put_text_member(&out, "home", cli_home(cli));
        json_put_key(&out, "chainId");
        json_put_u64(&out, genesis->chain_id);
        put_address_member(&out, "proposer", &genesis->proposer);
        if (admin)
            put_address_member(&out, "admin", admin);
        json_close(&out, '}');
        cli_print(&out);
    } else if (!cli->quiet) {
        buf_putf(&out,
                 T("A new ledger in %s\n  chain id  %llu\n  proposer  0x%s\n",
                   "Nouveau registre dans %s\n  chaîne    %llu\n  proposeur 0x%s\n"),
                 cli_home(cli), (unsigned long long)genesis->chain_id, hex);
        if (!sealer)
            buf_puts(&out, T("This node does not hold the proposer's key: replace `node` "
                             "(`parvis account remove node`, `parvis account import node FILE`).\n",
                             "Ce nœud n'a pas la clé du proposeur : remplacez `node` (`parvis "
                             "account remove node`, `parvis account import node FICHIER`).\n"));
        buf_putf(&out,
                 T("Start it with `parvis node --home %s`. ", "Lancez-le avec `parvis node "
                                                              "--home %s`. "),
                 cli_home(cli));
        buf_puts(&out, key_in_home ? T("Keep store.key safe: without it nothing can be read.\n",
                                       "Gardez store.key en lieu sûr : sans elle, rien n'est "
                                       "lisible.\n")
                                   : T("Keep its key or passphrase safe: without it nothing can "
                                       "be read.\n",
                                       "Gardez sa clé ou sa phrase secrète en lieu sûr : sans "
                                       "elle, rien n'est lisible.\n"));
        cli_print(&out);
    }
    buf_free(&out);
}

static enum err create_ledger(const struct cli *cli, const struct genesis *genesis, struct diag *d)
{
    struct store *store = NULL;
    TRY(home_open_store(cli, true, false, &store, d));
    enum err e = chain_create(store, genesis, d);
    if (e == E_OK)
        e = file_write(home_path(cli, "genesis.json"), buf_view(&genesis->text), 0600, true, d);
    store_close(store);
    if (e != E_OK) /* nothing half-made stays behind */
        home_remove_store(home_path(cli, "store"));
    return e;
}

int run_init(struct cli *cli)
{
    struct diag d = {0};
    struct buf text = {0};
    struct genesis genesis = {0};
    struct made made = {0};
    struct address node = {0}, admin = {0};
    bool given = cli_get(cli, "genesis") != NULL;
    enum err e = check_init(cli, &text, &d);
    if (e == E_OK)
        e = home_create(cli, &made, &d);
    if (e == E_OK)
        e = new_key(cli, "node", &made, &node, &d);
    if (e == E_OK && !given)
        e = new_key(cli, "admin", &made, &admin, &d);
    if (e == E_OK && !given)
        e = make_genesis(cli, &text, &node, &admin, &d);
    if (e == E_OK)
        e = genesis_parse(&genesis, buf_view(&text), &d);
    if (e == E_OK)
        e = create_ledger(cli, &genesis, &d);
    if (e == E_OK)
        print_init(cli, &genesis, &node, given ? NULL : &admin);
    made_end(&made, e == E_OK);
    genesis_free(&genesis);
    buf_free(&text);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}
