/* network_join: a prepared home takes its place in a network: ledger, engine's configuration. */
#include "app/network.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/init_command.h"
#include "app/json_members.h"
#include "chain/store_dir.h"
#include "base/mem.h"

const struct cli_option NETWORK_JOIN_OPTIONS[] = {
    {"network", "FILE", "the network file that the members share",
     "fichier de réseau que les membres partagent"},
    {"listen", "HOST:PORT",
     "where to listen for the other members (default: any address, own port)",
     "où écouter les autres membres (défaut : toute adresse, port de la fiche)"},
    {"engine-rpc", "HOST:PORT",
     "opens the engine's own interface for light clients and members that join by state sync",
     "ouvre l'interface du moteur aux clients légers et aux membres qui rejoignent par instantané"},
    {"sync-from", "URL",
     "takes a snapshot instead of every block, checked against these members' engine-rpc; give two",
     "reprend un instantané au lieu de chaque bloc, vérifié auprès de ces engine-rpc ; deux au "
     "moins"},
    {"trust", "HEIGHT:HASH", "with --sync-from: a block that a member vouches for (network status)",
     "avec --sync-from : un bloc dont un membre répond (network status)"},
    {"again", NULL,
     "first removes this member's copy of the ledger and the engine's data; keys and last vote "
     "stay",
     "efface d'abord la copie du registre et les données du moteur ; clés et dernier vote restent"},
    MAP_MB_OPTION,
    {0},
};

static const struct network_member *
find_self(const struct network *n, const struct network_member *card, struct diag *d, enum err *e)
{
    *e = E_OK;
    for (size_t i = 0; i < n->member_count; i++) {
        const struct network_member *m = &n->members[i];
        if (card_eq(m, card))
            return m;
        if (memcmp(m->node20, card->node20, sizeof m->node20) == 0 ||
            memcmp(m->key32, card->key32, sizeof m->key32) == 0 ||
            address_eq(&m->operator, & card->operator)) {
            *e = diag_set(d, E_INVALID,
                          T("%s stands in the network file with another card than HOME/member.json",
                            "%s figure dans le fichier de réseau avec une autre fiche que "
                            "HOME/member.json"),
                          m->name);
            return NULL;
        }
    }
    return NULL;
}

/* Does the ledger that is there belong to the network, at the block where it begins? */
static enum err check_ledger(struct cli *cli, const struct network *n, struct diag *d)
{
    struct store *store = NULL;
    struct chain *chain = NULL;
    TRY(home_open_store(cli, false, false, &store, d));
    struct chain_config config = {.store = store, .audit = true};
    enum err e = chain_open(&chain, &config, d);
    if (e != E_OK) {
        store_close(store);
        return e;
    }
    struct chain_head head = chain_head(chain);
    bool same = n->grown ? head.number == n->head_number && hash_eq(&head.hash, &n->head)
                         : head.number == 0 && bytes_eq(buf_view(&chain_genesis(chain)->text),
                                                        buf_view(&n->genesis));
    if (!same)
        e = diag_set(
            d, E_EXISTS,
            T("%s holds another ledger than the network's (its last block is %llu); choose "
              "another folder with --home",
              "%s contient un autre registre que celui du réseau (dernier bloc %llu) ; "
              "choisissez un autre dossier avec --home"),
            cli_home(cli), (unsigned long long)head.number);
    chain_close(chain);
    return e;
}

static enum err make_ledger(struct cli *cli, const struct network *n, struct diag *d)
{
    struct genesis genesis = {0};
    struct progress progress = {cli_progress, cli};
    if (n->grown)
        return home_import_store(cli, n->chain_path, &progress, d);
    TRY(genesis_parse(&genesis, buf_view(&n->genesis), d));
    enum err e = init_create_ledger(cli, &genesis, d);
    genesis_free(&genesis);
    return e;
}

static enum err write_config(const struct cli *cli, const char *name, struct buf *content,
                             struct made *made, struct diag *d)
{
    enum err e = file_write(home_path(cli, name), buf_view(content), 0600, false, d);
    if (e == E_OK)
        made_add(made, home_path(cli, name));
    buf_clear(content);
    return e;
}

static enum err parse_trust(struct engine_config *c, const struct join_options *o, struct diag *d)
{
    struct hash hash;
    const char *text = o->trust ? o->trust : "";
    const char *colon = strchr(text, ':');
    struct u256 height;
    char number[24];
    snprintf(number, sizeof number, "%.*s", colon ? (int)(colon - text) : 0, text);
    if (!o->sync_servers && !o->trust)
        return E_OK;
    if (!o->sync_servers || !strchr(o->sync_servers, ','))
        return diag_set(
            d, E_USAGE,
            T("give --sync-from twice: one member's word is checked against another's",
              "donnez deux fois --sync-from : la parole d'un membre est vérifiée auprès "
              "d'un autre"));
    if (!colon || u256_parse(&height, number) != E_OK || !u256_fits_u64(height) ||
        height.w[0] == 0 || hash_from_hex(&hash, colon + 1) != E_OK)
        return diag_set(d, E_USAGE,
                        T("--trust HEIGHT:HASH: as `parvis network status` of a member tells",
                          "--trust HAUTEUR:HACHAGE : comme le dit `parvis network status` chez un "
                          "membre"));
    c->sync_servers = o->sync_servers;
    c->trust_height = height.w[0];
    c->trust_hash = colon + 1 + (strncmp(colon + 1, "0x", 2) == 0 ? 2 : 0);
    return E_OK;
}

static enum err check_listen(const char *option, const char *address, struct diag *d)
{
    char host[NETWORK_ADDRESS_MAX + 1];
    uint16_t port;
    enum err e = address ? network_address_parse(address, host, &port, d) : E_OK;
    return e == E_OK ? e : diag_wrap(d, E_USAGE, "--%s ", option);
}

/* What can be wrong is found before anything is made. */
static enum err plan(struct cli *cli, const struct network *n, const struct join_options *o,
                     struct network_member *card, const struct network_member **self,
                     struct engine_config *c, struct diag *d)
{
    enum err e = card_read(card, home_path(cli, "member.json"), d);
    if (e == E_NOT_FOUND)
        return diag_set(d, e,
                        T("%s is no member's folder; run `parvis network prepare` first",
                          "%s n'est pas le dossier d'un membre ; lancez d'abord `parvis network "
                          "prepare`"),
                        cli_home(cli));
    TRY(e);
    *self = find_self(n, card, d, &e);
    TRY(e);
    if (!o->again && access(home_path(cli, "engine/config/config.toml"), F_OK) == 0)
        return diag_set(
            d, E_EXISTS,
            T("%s has joined a network already (engine/config/config.toml); it was left "
              "as it is",
              "%s a déjà rejoint un réseau (engine/config/config.toml) ; laissé tel "
              "quel"),
            cli_home(cli));
    if (!o->again && o->sync_servers && access(home_path(cli, "store/store.head"), F_OK) == 0)
        return diag_set(d, E_EXISTS,
                        T("%s holds a ledger already: without --sync-from it goes on from there",
                          "%s contient déjà un registre : sans --sync-from, il reprend de là"),
                        cli_home(cli));
    TRY(check_listen("listen", o->listen, d));
    TRY(check_listen("engine-rpc", o->rpc_listen, d));
    *c = (struct engine_config){.moniker = card->name,
                                .external = card->p2p,
                                .listen = o->listen,
                                .rpc_listen = o->rpc_listen,
                                .members = n->members,
                                .member_count = n->member_count,
                                .self = card};
    return parse_trust(c, o, d);
}

/* --- once more ---------------------------------------------------------------------------------
 */

static void remove_file(const char *folder, const char *name)
{
    char path[4600];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    (void)remove(path);
}

/* What a folder holds, folders of `depth` levels too; but for the file `kept`. */
static void empty_folder(const char *folder, const char *kept, int depth)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, NULL);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        char path[4600];
        struct stat st;
        snprintf(path, sizeof path, "%s/%s", folder, name);
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
            (!kept || strcmp(name, kept) != 0)) {
            if (depth > 0 && lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
                empty_folder(path, NULL, depth - 1);
            remove_file(folder, name);
        }
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

/* What a member can get anew from the others. The record of the last vote is not that: without it
 * the member might contradict itself. */
static enum err forget(const struct cli *cli, struct diag *d)
{
    static const char *const CONFIG[] = {"config.toml", "genesis.json", "addrbook.json"};
    int lock = -1;
    TRY(network_lock(cli, &lock, d));
    store_dir_remove(home_path(cli, "store"));
    empty_folder(home_path(cli, "snapshots"), NULL, 2);
    remove_file(cli_home(cli), "snapshots");
    remove_file(cli_home(cli), "genesis.json");
    empty_folder(home_path(cli, "engine/data"), "priv_validator_state.json", 2);
    for (size_t i = 0; i < sizeof CONFIG / sizeof CONFIG[0]; i++)
        remove_file(home_path(cli, "engine/config"), CONFIG[i]);
    close(lock);
    return E_OK;
}

enum err network_join(struct cli *cli, const struct network *n, const struct join_options *o,
                      bool *validator_out, struct diag *d)
{
    struct network_member card;
    const struct network_member *self = NULL;
    struct engine_config c;
    struct made made = {0};
    struct buf text = {0};
    char host[NETWORK_ADDRESS_MAX + 1], any[40];
    uint16_t port = 0;
    TRY(plan(cli, n, o, &card, &self, &c, d));
    TRY(network_address_parse(card.p2p, host, &port, d));
    snprintf(any, sizeof any, "0.0.0.0:%u", port);
    if (!c.listen)
        c.listen = any;
    if (o->again)
        TRY(forget(cli, d));
    bool had_ledger = access(home_path(cli, "store/store.mdb"), F_OK) == 0;
    bool make = !had_ledger && !o->sync_servers; /* else the peers' snapshot becomes it */
    enum err e = make ? make_ledger(cli, n, d) : E_OK;
    bool made_ledger = make && e == E_OK;
    if (e == E_OK && o->sync_servers)
        e = file_write(home_path(cli, "genesis.json"), buf_view(&n->genesis), 0600, true, d);
    else if (e == E_OK)
        e = check_ledger(cli, n, d);
    if (e == E_OK) {
        buf_put(&text, n->engine_genesis.data, n->engine_genesis.len);
        buf_puts(&text, "\n");
        e = write_config(cli, "engine/config/genesis.json", &text, &made, d);
    }
    if (e == E_OK) {
        engine_config_write(&text, &c);
        e = write_config(cli, "engine/config/config.toml", &text, &made, d);
    }
    if (e == E_OK)
        *validator_out = self != NULL;
    else if (made_ledger)
        store_dir_remove(home_path(cli, "store"));
    made_end(&made, e == E_OK);
    buf_free(&text);
    return e;
}

static void print_joined(const struct cli *cli, const struct network *n, bool validator)
{
    struct buf b = {0};
    char words[20], hex[65];
    network_fingerprint(words, n);
    hex_encode(hex, n->fingerprint.b, 32);
    if (cli->json) {
        json_open(&b, '{');
        json_put_text_member(&b, "home", cli_home(cli));
        json_put_u64_member(&b, "chainId", n->chain_id);
        json_put_bool_member(&b, "validator", validator);
        json_put_u64_member(&b, "members", n->member_count);
        json_put_text_member(&b, "fingerprint", hex);
        json_close(&b, '}');
        cli_print(&b);
    } else if (!cli->quiet) {
        buf_putf(&b,
                 T("Joined the network of chain %llu, %zu members at its start; file %s\n",
                   "Réseau de la chaîne %llu rejoint, %zu membres au départ ; fichier %s\n"),
                 (unsigned long long)n->chain_id, n->member_count, words);
        if (!validator)
            buf_puts(&b,
                     T("This home is not among them: it follows, once a member admits its node "
                       "(`parvis network admit`), and validates once they vote it in.\n",
                       "Ce dossier n'en fait pas partie : il suit, dès qu'un membre admet son "
                       "nœud (`parvis network admit`), et valide après le vote des membres.\n"));
        buf_putf(&b,
                 T("Start it with `parvis network start --home %s`.\n",
                   "Lancez-le avec `parvis network start --home %s`.\n"),
                 cli_home(cli));
        cli_print(&b);
    }
    buf_free(&b);
}

static int join(struct cli *cli)
{
    struct diag d = {0};
    struct network n = {0};
    struct buf servers = {0};
    bool validator = false;
    enum err e = E_OK;
    if (!cli_get(cli, "network"))
        e = diag_set(&d, E_USAGE, T("give --network FILE", "donnez --network FICHIER"));
    for (size_t i = 0; cli_get_nth(cli, "sync-from", i); i++)
        buf_putf(&servers, "%s%s", i ? "," : "", cli_get_nth(cli, "sync-from", i));
    struct join_options o = {.listen = cli_get(cli, "listen"),
                             .rpc_listen = cli_get(cli, "engine-rpc"),
                             .sync_servers = servers.len ? buf_cstr(&servers) : NULL,
                             .trust = cli_get(cli, "trust"),
                             .again = cli_has(cli, "again")};
    if (e == E_OK)
        e = network_read(&n, cli_get(cli, "network"), &d);
    if (e == E_OK)
        e = network_join(cli, &n, &o, &validator, &d);
    cli_progress_end();
    if (e == E_OK)
        print_joined(cli, &n, validator);
    network_free(&n);
    buf_free(&servers);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}

int run_network_join(struct cli *cli)
{
    return cli_run_deep(cli, join);
}
