/* network_init: `parvis network init`: the members' cards become a network file; --local makes a
 * whole network on one machine, to try. */
#include "app/network.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "app/json_members.h"
#include "app/make_genesis.h"
#include "base/clock.h"
#include "base/mem.h"
#include "chain/genesis.h"
#include "crypto/sha256.h"

const struct cli_option NETWORK_INIT_OPTIONS[] = {
    {"member", "FILE[=POWER]", "a founding member's card and its voting power (10); repeatable",
     "fiche d'un membre fondateur et son poids (10) ; répétable"},
    {"out", "FILE", "the network file to write (default network.json)",
     "fichier de réseau à écrire (défaut network.json)"},
    {"from", "DIR", "goes on with the chain of this stopped `solo` node, history and all",
     "poursuit la chaîne de ce nœud `solo` arrêté, avec son histoire"},
    {"governor", "NAME|FILE", "with --from: the key of the governor's role (default admin, in DIR)",
     "avec --from : clé du rôle de gouverneur (défaut admin, dans DIR)"},
    {"admin", "ADDRESS", "who holds every role at first (default: the first member's operator)",
     "qui tient d'abord tous les rôles (défaut : l'exploitant du premier membre)"},
    {"local", "N", "makes N members on this machine, ready to start; with --dir",
     "crée N membres sur cette machine, prêts à démarrer ; avec --dir"},
    {"dir", "DIR", "with --local: a new folder, for member-1 to member-N and network.json",
     "avec --local : nouveau dossier, pour member-1 à member-N et network.json"},
    {"hosts", "IP,IP...", "with --local: an address for each member (default 127.0.0.1 for all)",
     "avec --local : une adresse par membre (défaut 127.0.0.1 pour tous)"},
    {"p2p-port", "N", "with --local: the first port for peers (default 26656)",
     "avec --local : premier port entre membres (défaut 26656)"},
    GENESIS_OPTIONS,
    {0},
};

/* FILE or FILE=POWER. */
static enum err read_member(struct network_member *out, const char *text, struct diag *d)
{
    struct u256 power = u256_from_u64(NETWORK_POWER);
    const char *equals = strrchr(text, '=');
    char path[4200];
    if (equals && (u256_parse(&power, equals + 1) != E_OK || !u256_fits_u64(power) ||
                   power.w[0] == 0 || power.w[0] > NETWORK_POWER_MAX))
        return diag_set(d, E_USAGE,
                        T("--member %s: the power is a whole number from 1 to %u",
                          "--member %s : le poids est un nombre entier de 1 à %u"),
                        text, NETWORK_POWER_MAX);
    snprintf(path, sizeof path, "%.*s", equals ? (int)(equals - text) : 4000, text);
    TRY(card_read(out, path, d));
    out->power = power.w[0];
    return E_OK;
}

static enum err read_cards(const struct cli *cli, struct network *n, struct diag *d)
{
    size_t count = 0;
    while (cli_get_nth(cli, "member", count))
        count++;
    n->members = mem_zalloc(count + 1, sizeof *n->members);
    for (; n->member_count < count; n->member_count++)
        TRY(read_member(&n->members[n->member_count], cli_get_nth(cli, "member", n->member_count),
                        d));
    return network_members_check(n->members, n->member_count, d);
}

/* Options that would be silently without effect are refused. */
static enum err refuse_options(const struct cli *cli, const char *const *names, const char *because,
                               struct diag *d)
{
    for (; *names; names++)
        if (cli_has(cli, *names))
            return diag_set(d, E_USAGE, T("--%s has no effect %s", "--%s est sans effet %s"),
                            *names, because);
    return E_OK;
}

static enum err check_options(const struct cli *cli, struct diag *d)
{
    static const char *const MAKING[] = {
        "chain-id", "timestamp",          "alloc", "admission", "controller-name",
        "admin",    "controller-contact", NULL};
    static const char *const LOCAL[] = {"dir", "hosts", "p2p-port", NULL};
    static const char *const GATHERED[] = {"member", "out", NULL};
    static const char *const GROWN[] = {"governor", NULL};
    if (cli_has(cli, "from"))
        TRY(refuse_options(
            cli, MAKING,
            T("with --from: the chain has its genesis", "avec --from : la chaîne a sa genèse"), d));
    else
        TRY(refuse_options(cli, GROWN, T("without --from", "sans --from"), d));
    if (cli_has(cli, "local"))
        TRY(refuse_options(cli, GATHERED, T("with --local", "avec --local"), d));
    else
        TRY(refuse_options(cli, LOCAL, T("without --local", "sans --local"), d));
    if (cli_has(cli, "local") && !cli_has(cli, "dir"))
        return diag_set(d, E_USAGE, T("--local: give --dir too", "--local : donnez aussi --dir"));
    return genesis_check_options(cli, d);
}

/* The ledger's genesis, or the chain that goes on; then the engine's genesis. */
static enum err make_network(struct cli *cli, struct network *n, const char *path,
                             const struct address *admin, struct diag *d)
{
    struct genesis genesis = {0};
    struct genesis_founders founders = {.proposer = n->members[0].operator,
                                        .admin = admin ? *admin : n->members[0].operator,
                                        .members = n->members,
                                        .member_count = n->member_count};
    uint64_t now_s = clock_unix_s();
    const char *text = cli_get(cli, "admin");
    if (text && address_from_hex(&founders.admin, text) != E_OK)
        return diag_set(d, E_USAGE,
                        T("--admin %s: an address is 0x and 40 hexadecimal digits",
                          "--admin %s : une adresse est 0x et 40 chiffres hexadécimaux"),
                        text);
    if (cli_has(cli, "from")) {
        struct buf chain = {0};
        size_t len = strlen(path);
        size_t stem = len > 5 && strcmp(path + len - 5, ".json") == 0 ? len - 5 : len;
        buf_putf(&chain, "%.*s.chain", (int)stem, path);
        enum err e = network_grow(cli, cli_get(cli, "from"), buf_cstr(&chain), n, d);
        buf_free(&chain);
        TRY(e);
    } else {
        TRY(genesis_make(cli, &n->genesis, &founders, d));
    }
    TRY(genesis_parse(&genesis, buf_view(&n->genesis), d));
    n->chain_id = genesis.chain_id;
    uint64_t begin_s = genesis.timestamp_s > now_s ? genesis.timestamp_s : now_s;
    engine_genesis_write(&n->engine_genesis, n->chain_id, begin_s, n->members, n->member_count,
                         n->grown ? &n->head : NULL);
    genesis_free(&genesis);
    return E_OK;
}

static enum err write_network(struct network *n, const char *path, struct diag *d)
{
    struct buf text = {0};
    network_write(&text, n);
    sha256_once(&n->fingerprint, text.data, text.len);
    enum err e = file_write(path, buf_view(&text), 0644, false, d);
    buf_free(&text);
    return e;
}

/* --- on one machine ----------------------------------------------------------------------------
 */

/* The command line as it would be for one member's home. */
static struct cli *member_cli(const struct cli *cli, const char *dir, size_t i, struct buf *home)
{
    struct cli *copy = mem_zalloc(1, sizeof *copy);
    *copy = *cli;
    buf_clear(home);
    buf_putf(home, "%s/member-%zu", dir, i + 1);
    if (copy->value_count == sizeof copy->values / sizeof copy->values[0])
        copy->value_count--;
    copy->values[copy->value_count++] = (struct cli_value){"home", buf_cstr(home)};
    return copy;
}

struct local {
    const char *dir;
    uint64_t count, port;
    const char *hosts;
};

static enum err local_address(const struct local *l, size_t i, char out[NETWORK_ADDRESS_MAX + 1],
                              struct diag *d)
{
    const char *host = l->hosts;
    for (size_t k = 0; host && k < i; k++) {
        host = strchr(host, ',');
        host = host ? host + 1 : "";
    }
    if (!host)
        snprintf(out, NETWORK_ADDRESS_MAX + 1, "127.0.0.1:%u", (unsigned)(l->port + i));
    else
        snprintf(out, NETWORK_ADDRESS_MAX + 1, "%.*s:%u", (int)strcspn(host, ","), host,
                 (unsigned)l->port);
    if (host && !*host)
        return diag_set(d, E_USAGE,
                        T("--hosts: one address for each of %llu members",
                          "--hosts : une adresse pour chacun des %llu membres"),
                        (unsigned long long)l->count);
    char name[NETWORK_ADDRESS_MAX + 1];
    uint16_t port;
    enum err e = network_address_parse(out, name, &port, d);
    return e == E_OK ? e : diag_wrap(d, E_USAGE, T("--hosts: ", "--hosts : "));
}

static enum err read_local(const struct cli *cli, struct local *l, struct diag *d)
{
    char address[NETWORK_ADDRESS_MAX + 1];
    *l = (struct local){.dir = cli_get(cli, "dir"),
                        .hosts = cli_get(cli, "hosts"),
                        .port = NETWORK_P2P_PORT,
                        .count = 4};
    TRY(cli_get_u64(cli, "local", 1, NETWORK_MEMBERS_MAX, &l->count));
    TRY(cli_get_u64(cli, "p2p-port", 1, 65535 - NETWORK_MEMBERS_MAX, &l->port));
    for (size_t i = 0; i < l->count; i++)
        TRY(local_address(l, i, address, d));
    return E_OK;
}

static enum err prepare_local(const struct cli *cli, const struct local *l, struct network *n,
                              struct address *admin, struct diag *d)
{
    struct buf home = {0};
    char address[NETWORK_ADDRESS_MAX + 1], name[32];
    enum err e = E_OK;
    for (size_t i = 0; e == E_OK && i < l->count; i++) {
        struct cli *member = member_cli(cli, l->dir, i, &home);
        struct made made = {0};
        snprintf(name, sizeof name, "member-%zu", i + 1);
        e = local_address(l, i, address, d);
        if (e == E_OK)
            e = network_prepare(member, name, address, &n->members[i], d);
        if (e == E_OK && i == 0)
            e = home_new_key(member, "admin", &made, admin, d);
        made_end(&made, true);
        n->members[i].power = NETWORK_POWER;
        n->member_count = i + 1;
        mem_free(member);
    }
    buf_free(&home);
    return e;
}

static enum err join_local(const struct cli *cli, const struct local *l, const struct network *n,
                           struct diag *d)
{
    struct buf home = {0};
    enum err e = E_OK;
    for (size_t i = 0; e == E_OK && i < l->count; i++) {
        struct cli *member = member_cli(cli, l->dir, i, &home);
        struct join_options o = {.listen = n->members[i].p2p};
        bool validator;
        e = network_join(member, n, &o, &validator, d);
        mem_free(member);
    }
    buf_free(&home);
    return e;
}

static enum err init_local(struct cli *cli, struct network *n, struct buf *path, struct diag *d)
{
    struct local l;
    struct address admin;
    TRY(read_local(cli, &l, d));
    if (mkdir(l.dir, 0700) != 0)
        return errno == EEXIST ? diag_set(d, E_EXISTS,
                                          T("%s: already there; it was left as it is",
                                            "%s : existe déjà ; laissé tel quel"),
                                          l.dir)
                               : diag_os(d, errno == ENOSPC ? E_DISK_FULL : E_IO, l.dir, errno);
    n->members = mem_zalloc(l.count, sizeof *n->members);
    buf_putf(path, "%s/network.json", l.dir);
    TRY(prepare_local(cli, &l, n, &admin, d));
    TRY(make_network(cli, n, buf_cstr(path), &admin, d));
    TRY(write_network(n, buf_cstr(path), d));
    return join_local(cli, &l, n, d);
}

static enum err init_gathered(struct cli *cli, struct network *n, struct buf *path, struct diag *d)
{
    buf_puts(path, cli_get(cli, "out") ? cli_get(cli, "out") : "network.json");
    TRY(read_cards(cli, n, d));
    TRY(make_network(cli, n, buf_cstr(path), NULL, d));
    return write_network(n, buf_cstr(path), d);
}

/* --- the result --------------------------------------------------------------------------------
 */

static void print_network(const struct cli *cli, const struct network *n, const char *path)
{
    struct buf b = {0};
    char words[20], hex[65];
    network_fingerprint(words, n);
    hex_encode(hex, n->fingerprint.b, 32);
    if (cli->json) {
        json_open(&b, '{');
        json_put_text_member(&b, "file", path);
        json_put_u64_member(&b, "chainId", n->chain_id);
        json_put_u64_member(&b, "members", n->member_count);
        json_put_text_member(&b, "fingerprint", hex);
        if (n->grown) {
            json_put_text_member(&b, "chain", n->chain_path);
            json_put_u64_member(&b, "block", n->head_number);
        }
        json_close(&b, '}');
        cli_print(&b);
    } else if (!cli->quiet) {
        buf_putf(
            &b,
            T("A network of %zu members, chain %llu: %s\n  read to each other: %s\n",
              "Réseau de %zu membres, chaîne %llu : %s\n  à se lire les uns aux autres : %s\n"),
            n->member_count, (unsigned long long)n->chain_id, path, words);
        if (n->grown)
            buf_putf(&b,
                     T("The chain so far, up to block %llu, is in %s: hand out both files.\n",
                       "La chaîne jusqu'au bloc %llu est dans %s : remettez les deux fichiers.\n"),
                     (unsigned long long)n->head_number, n->chain_path);
        if (cli_has(cli, "local"))
            buf_putf(&b,
                     T("Start each with `parvis network start --home %s/member-N --port PORT`.\n",
                       "Lancez chacun : `parvis network start --home %s/member-N --port PORT`.\n"),
                     cli_get(cli, "dir"));
        else
            buf_puts(&b, T("Every member then runs `parvis network join --network FILE`.\n",
                           "Chaque membre lance ensuite `parvis network join --network "
                           "FICHIER`.\n"));
        cli_print(&b);
    }
    buf_free(&b);
}

static int init(struct cli *cli)
{
    struct diag d = {0};
    struct network n = {0};
    struct buf path = {0};
    enum err e = check_options(cli, &d);
    if (e == E_OK && cli_has(cli, "local"))
        e = init_local(cli, &n, &path, &d);
    else if (e == E_OK)
        e = init_gathered(cli, &n, &path, &d);
    cli_progress_end();
    if (e == E_OK)
        print_network(cli, &n, buf_cstr(&path));
    network_free(&n);
    buf_free(&path);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}

int run_network_init(struct cli *cli)
{
    return cli_run_deep(cli, init);
}
