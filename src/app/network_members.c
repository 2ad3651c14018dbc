/* network_members: what the members decide, on the ledger: members, weights, upgrades, followers.
 * Every command signs with the key `node`, this member's operator. */
#include "app/network.h"

#include <stdio.h>
#include <unistd.h>

#include "app/chain_commands.h"
#include "app/client.h"
#include "app/invocation.h"
#include "app/json_members.h"
#include "base/mem.h"
#include "city/members/members.h"

/* --- reading -----------------------------------------------------------------------------------
 */

/* The outputs of a view method as a JSON object. */
static enum err read_members(const struct cli *cli, const char *method, const char *arg,
                             struct json **out, struct diag *d)
{
    struct client *client = NULL;
    struct invocation v = {0};
    struct buf output = {0}, text = {0};
    struct abi_value value;
    const char *args[] = {arg};
    enum err e = invocation_encode(&v, &MEMBERS_SERVICE.address, method, args, arg ? 1 : 0, d);
    if (e == E_OK)
        e = client_open(&client, cli_rpc(cli), d);
    if (e == E_OK)
        e = client_eth_call(client, &MEMBERS_SERVICE.address, buf_view(&v.input), &output, d);
    if (e == E_OK && abi_decode(&value, &v.arena, &v.entry.outputs, buf_view(&output)) != E_OK)
        e = diag_set(d, E_ABI,
                     T("the node's answer to %s is not what it returns",
                       "la réponse du nœud à %s n'est pas ce qu'elle renvoie"),
                     method);
    if (e == E_OK) {
        abi_value_to_json(&text, &v.entry.outputs, &value);
        e = json_parse(out, buf_view(&text), d);
    }
    client_close(client);
    invocation_free(&v);
    buf_free(&output);
    buf_free(&text);
    return e;
}

static const char *text_of(const struct json *j, const char *name)
{
    const char *text = json_text(json_get(j, name));
    return text ? text : "";
}

static uint64_t number_of(const struct json *j, const char *name)
{
    uint64_t value = 0;
    json_u64(&value, json_get(j, name));
    return value;
}

/* A word such as "open", kept as bytes32. */
static void word_of(char out[33], const struct json *j, const char *name)
{
    const char *text = text_of(j, name);
    memset(out, 0, 33);
    if (hex_decode((uint8_t *)out, 32, text, strlen(text)) != E_OK)
        memset(out, 0, 33);
}

/* --- network members ----------------------------------------------------------------------------
 */

int run_network_members(struct cli *cli)
{
    struct diag d = {0};
    struct json *reply = NULL;
    struct buf b = {0};
    uint64_t total = 0;
    enum err e = read_members(cli, "memberList", NULL, &reply, &d);
    const struct json *list = json_get(reply, "members");
    for (const struct json *m = json_first(list); m; m = json_next(m))
        total += number_of(m, "power");
    if (e == E_OK && cli->json) {
        json_print(&b, list);
    } else if (e == E_OK) {
        for (const struct json *m = json_first(list); m; m = json_next(m))
            buf_putf(&b, "%-24s %s  %llu/%llu  %s\n", text_of(m, "name"), text_of(m, "operator"),
                     (unsigned long long)number_of(m, "power"), (unsigned long long)total,
                     text_of(m, "node") + (strncmp(text_of(m, "node"), "0x", 2) == 0 ? 2 : 0));
        if (json_count(list) == 0)
            buf_puts(&b, T("No members: this chain is not a network.\n",
                           "Pas de membre : cette chaîne n'est pas un réseau.\n"));
    }
    if (e == E_OK)
        cli_print(&b);
    json_free(reply);
    buf_free(&b);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}

/* --- network proposals ---------------------------------------------------------------------------
 */

static void put_proposal(const struct cli *cli, struct buf *b, const char *id, const struct json *p)
{
    char kind[33], status[33];
    word_of(kind, p, "kind");
    word_of(status, p, "status");
    if (cli->json) {
        json_open(b, '{');
        json_put_text_member(b, "id", id);
        json_put_text_member(b, "kind", kind);
        json_put_text_member(b, "status", status);
        json_put_text_member(b, "operator", text_of(p, "operator"));
        json_put_text_member(b, "text", text_of(p, "text"));
        json_put_u64_member(b, "number", number_of(p, "number"));
        json_put_u64_member(b, "yesPower", number_of(p, "yesPower"));
        json_put_u64_member(b, "noPower", number_of(p, "noPower"));
        json_put_u64_member(b, "totalPower", number_of(p, "totalPower"));
        json_put_u64_member(b, "expiry", number_of(p, "expiry"));
        json_put_text_member(b, "proposer", text_of(p, "proposer"));
        json_close(b, '}');
        return;
    }
    buf_putf(b, "%-4s %-9s %-9s", id, kind, status);
    if (text_of(p, "text")[0])
        buf_putf(b, " %s", text_of(p, "text"));
    if (strcmp(kind, "heartbeat") != 0 && strcmp(kind, "upgrade") != 0 &&
        strcmp(kind, "calloff") != 0)
        buf_putf(b, " %s", text_of(p, "operator"));
    if (number_of(p, "number"))
        buf_putf(b, " %llu", (unsigned long long)number_of(p, "number"));
    buf_putf(b, T("  yes %llu, no %llu of %llu\n", "  oui %llu, non %llu sur %llu\n"),
             (unsigned long long)number_of(p, "yesPower"),
             (unsigned long long)number_of(p, "noPower"),
             (unsigned long long)number_of(p, "totalPower"));
}

static enum err add_proposal(const struct cli *cli, struct buf *b, const char *id, struct diag *d)
{
    struct json *reply = NULL;
    TRY(read_members(cli, "proposal", id, &reply, d));
    put_proposal(cli, b, id, json_get(reply, "motion"));
    json_free(reply);
    return E_OK;
}

int run_network_proposals(struct cli *cli)
{
    struct diag d = {0};
    struct json *reply = NULL;
    struct buf b = {0};
    bool all = cli_has(cli, "all");
    enum err e = read_members(cli, all ? "proposalCount" : "openProposals", NULL, &reply, &d);
    if (cli->json)
        json_open(&b, '[');
    if (e == E_OK && all) {
        char id[24];
        uint64_t count = number_of(reply, "count");
        for (uint64_t i = 1; e == E_OK && i <= count; i++) {
            snprintf(id, sizeof id, "%llu", (unsigned long long)i);
            e = add_proposal(cli, &b, id, &d);
        }
    } else if (e == E_OK) {
        for (const struct json *i = json_first(json_get(reply, "ids")); e == E_OK && i;
             i = json_next(i))
            e = add_proposal(cli, &b, json_text(i), &d);
    }
    if (cli->json)
        json_close(&b, ']');
    else if (b.len == 0)
        buf_puts(&b, T("No proposal waits for votes.\n", "Aucune proposition n'attend de vote.\n"));
    if (e == E_OK)
        cli_print(&b);
    json_free(reply);
    buf_free(&b);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}

/* --- acting --------------------------------------------------------------------------------------
 */

const struct cli_option NETWORK_PROPOSE_OPTIONS[] = {
    {"lifetime", "SECONDS", "until the vote ends (default 604800: 7 days)",
     "jusqu'à la fin du vote (défaut 604800 : 7 jours)"},
    {0},
};
const struct cli_option NETWORK_ADD_OPTIONS[] = {
    {"power", "N", "its voting power (default 10)", "son poids (défaut 10)"},
    {"lifetime", "SECONDS", "until the vote ends (default 604800: 7 days)",
     "jusqu'à la fin du vote (défaut 604800 : 7 jours)"},
    {0},
};
const struct cli_option NETWORK_UPGRADE_OPTIONS[] = {
    {"at", "N", "the ledger's block from which on", "bloc du registre à partir duquel"},
    {"program", "NAME", "the program that every member must then run, such as parvis-0.2.0",
     "programme que chaque membre doit alors faire tourner, tel que parvis-0.2.0"},
    {"call-off", NULL, "proposes to call off the upgrade that was agreed",
     "propose d'annuler la mise à niveau convenue"},
    {"lifetime", "SECONDS", "until the vote ends (default 604800: 7 days)",
     "jusqu'à la fin du vote (défaut 604800 : 7 jours)"},
    {0},
};
const struct cli_option NETWORK_PROPOSALS_OPTIONS[] = {
    {"all", NULL, "those decided too", "aussi celles qui sont décidées"},
    {0},
};

#define LIFETIME_MAX_S 7776000u
/* What a vote may cost more than estimated: another one, in the block before, can make it the one
 * that decides. */
#define GAS_DECISION 500000u

/* A member's operator, by its name or as an address. */
static enum err find_member(const struct cli *cli, const char *who, char out[43], struct diag *d)
{
    struct json *reply = NULL;
    struct address a;
    size_t matches = 0;
    if (strncmp(who, "0x", 2) == 0 && address_from_hex(&a, who) == E_OK) {
        snprintf(out, 43, "%s", who);
        return E_OK;
    }
    TRY(read_members(cli, "memberList", NULL, &reply, d));
    for (const struct json *m = json_first(json_get(reply, "members")); m; m = json_next(m)) {
        if (strcmp(text_of(m, "name"), who) == 0) {
            snprintf(out, 43, "%s", text_of(m, "operator"));
            matches++;
        }
    }
    json_free(reply);
    if (matches == 1)
        return E_OK;
    return diag_set(d, matches ? E_INVALID : E_NOT_FOUND,
                    matches
                        ? T("%s: several members bear this name: give the operator's address",
                            "%s : plusieurs membres portent ce nom : donnez l'adresse de "
                            "l'exploitant")
                        : T("%s: no member of this name; `parvis network members` lists them",
                            "%s : pas de membre de ce nom ; `parvis network members` les liste"),
                    who);
}

/* A node's id: of a card, or 40 digits. */
static enum err read_node(const char *text, char out[43], struct diag *d)
{
    struct network_member card;
    uint8_t node20[20];
    if (hex_decode(node20, 20, text, strlen(text)) != E_OK) {
        TRY(card_read(&card, text, d));
        memcpy(node20, card.node20, 20);
    }
    memcpy(out, "0x", 2);
    hex_encode(out + 2, node20, 20);
    return E_OK;
}

static void print_proposal_number(const struct cli *cli)
{
    struct json *reply = NULL;
    struct buf b = {0};
    if (cli->json || cli->quiet || read_members(cli, "proposalCount", NULL, &reply, NULL) != E_OK)
        return;
    buf_putf(
        &b,
        T("Proposal %llu; this member has voted yes. The others: `parvis network vote %llu yes`.\n",
          "Proposition %llu ; ce membre a voté oui. Les autres : `parvis network vote %llu "
          "yes`.\n"),
        (unsigned long long)number_of(reply, "count"),
        (unsigned long long)number_of(reply, "count"));
    cli_print(&b);
    json_free(reply);
    buf_free(&b);
}

/* Signs and sends a method of the service; a proposal's number is told. */
static int act(const struct cli *cli, const char *method, const char **values, size_t count,
               bool proposes)
{
    const char *args[10] = {"members", method};
    char lifetime[24];
    uint64_t seconds = 0;
    ASSERT(count + 3 <= sizeof args / sizeof args[0]);
    for (size_t i = 0; i < count; i++)
        args[2 + i] = values[i];
    count += 2;
    if (proposes) {
        if (cli_get_u64(cli, "lifetime", 60, LIFETIME_MAX_S, &seconds) != E_OK)
            return EXIT_USAGE_ERROR;
        snprintf(lifetime, sizeof lifetime, "%llu", (unsigned long long)seconds);
        args[count++] = lifetime;
    }
    int code = chain_send(cli, "node", args, count, GAS_DECISION);
    if (code == EXIT_OK && proposes)
        print_proposal_number(cli);
    return code;
}

int run_network_propose_add(struct cli *cli)
{
    struct diag d = {0};
    struct network_member m;
    struct buf name = {0};
    uint64_t power = NETWORK_POWER;
    if (cli_get_u64(cli, "power", 1, NETWORK_POWER_MAX, &power) != E_OK)
        return EXIT_USAGE_ERROR;
    enum err e = card_read(&m, cli->args[0], &d);
    if (e != E_OK)
        return cli_fail(cli, e, &d);
    char operator[43] = "0x", key[67] = "0x", node[43] = "0x", power_text[24];
    hex_encode(operator+ 2, m.operator.b, 20);
    hex_encode(key + 2, m.key32, 32);
    hex_encode(node + 2, m.node20, 20);
    snprintf(power_text, sizeof power_text, "%llu", (unsigned long long)power);
    json_put_string(&name, m.name);
    const char *values[] = {buf_cstr(&name), operator, key, power_text, node};
    int code = act(cli, "proposeAdd", values, 5, true);
    buf_free(&name);
    return code;
}

static int act_on_member(struct cli *cli, const char *method, const char **more, size_t count)
{
    struct diag d = {0};
    char operator[43];
    const char *values[4] = {operator};
    enum err e = find_member(cli, cli->args[0], operator, & d);
    if (e != E_OK)
        return cli_fail(cli, e, &d);
    for (size_t i = 0; i < count; i++)
        values[1 + i] = more[i];
    return act(cli, method, values, 1 + count, true);
}

int run_network_propose_weight(struct cli *cli)
{
    return act_on_member(cli, "proposePower", cli->args + 1, 1);
}

int run_network_propose_remove(struct cli *cli)
{
    return act_on_member(cli, "proposeRemove", NULL, 0);
}

int run_network_propose_key(struct cli *cli)
{
    struct diag d = {0};
    struct network_member m;
    char key[67] = "0x", node[43] = "0x";
    enum err e = card_read(&m, cli->args[1], &d);
    if (e != E_OK)
        return cli_fail(cli, e, &d);
    hex_encode(key + 2, m.key32, 32);
    hex_encode(node + 2, m.node20, 20);
    const char *more[] = {key, node};
    return act_on_member(cli, "proposeKey", more, 2);
}

int run_network_propose_heartbeat(struct cli *cli)
{
    return act(cli, "proposeHeartbeat", cli->args, 1, true);
}

int run_network_vote(struct cli *cli)
{
    struct diag d = {0};
    const char *word = cli->args[1];
    bool yes = strcmp(word, "yes") == 0 || strcmp(word, "oui") == 0;
    if (!yes && strcmp(word, "no") != 0 && strcmp(word, "non") != 0) {
        diag_set(&d, E_USAGE, T("%s: vote yes or no", "%s : votez yes (oui) ou no (non)"), word);
        return cli_fail(cli, E_USAGE, &d);
    }
    const char *values[] = {cli->args[0], yes ? "true" : "false"};
    return act(cli, "vote", values, 2, false);
}

int run_network_recount(struct cli *cli)
{
    return act(cli, "recount", cli->args, 1, false);
}

static int act_on_node(struct cli *cli, const char *method)
{
    struct diag d = {0};
    char node[43];
    const char *values[] = {node};
    enum err e = read_node(cli->args[0], node, &d);
    return e == E_OK ? act(cli, method, values, 1, false) : cli_fail(cli, e, &d);
}

int run_network_admit(struct cli *cli)
{
    return act_on_node(cli, "admitFollower");
}

int run_network_dismiss(struct cli *cli)
{
    return act_on_node(cli, "dismissFollower");
}

int run_network_upgrade(struct cli *cli)
{
    struct diag d = {0};
    struct buf program = {0};
    uint64_t number = 0;
    char number_text[24];
    bool call_off = cli_has(cli, "call-off");
    if (call_off == (cli_has(cli, "at") || cli_has(cli, "program")) ||
        cli_has(cli, "at") != cli_has(cli, "program")) {
        diag_set(&d, E_USAGE,
                 T("give --at N and --program NAME, or --call-off",
                   "donnez --at N et --program NOM, ou --call-off"));
        return cli_fail(cli, E_USAGE, &d);
    }
    if (call_off)
        return act(cli, "proposeCallOff", NULL, 0, true);
    if (cli_get_u64(cli, "at", 1, UINT64_MAX - 1, &number) != E_OK)
        return EXIT_USAGE_ERROR;
    snprintf(number_text, sizeof number_text, "%llu", (unsigned long long)number);
    json_put_string(&program, cli_get(cli, "program"));
    const char *values[] = {number_text, buf_cstr(&program)};
    int code = act(cli, "proposeUpgrade", values, 2, true);
    buf_free(&program);
    return code;
}
