/* network_status: how the network looks from this member. */
#include "app/network.h"

#include <stdio.h>

#include "app/client.h"
#include "app/json_members.h"

#define ASK_MS 5000u

struct view {
    struct json *status, *net, *validators, *ledger;
};

static void view_free(struct view *v)
{
    json_free(v->status);
    json_free(v->net);
    json_free(v->validators);
    json_free(v->ledger);
}

static enum err ask(const struct cli *cli, struct view *v, struct diag *d)
{
    const char *socket = home_path(cli, "engine/rpc.sock");
    enum err e = engine_ask(socket, "/status", ASK_MS, &v->status, d);
    if (e == E_CONNECT)
        return diag_set(d, e,
                        T("%s: the engine does not answer; is the member running? (`parvis network "
                          "start`)",
                          "%s : le moteur ne répond pas ; le membre est-il en marche ? (`parvis "
                          "network start`)"),
                        cli_home(cli));
    TRY(e);
    TRY(engine_ask(socket, "/net_info", ASK_MS, &v->net, d));
    TRY(engine_ask(socket, "/validators?per_page=100", ASK_MS, &v->validators, d));
    struct client *client = NULL;
    if (client_open(&client, cli_rpc(cli), NULL) == E_OK) /* it may serve elsewhere: then without */
        (void)client_call(client, "parvis_status", "[]", &v->ledger, NULL);
    client_close(client);
    return E_OK;
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

static void put_peers_json(struct buf *b, const struct json *net)
{
    json_put_key(b, "peers");
    json_open(b, '[');
    for (const struct json *p = json_first(json_get(net, "peers")); p; p = json_next(p)) {
        const struct json *info = json_get(p, "node_info");
        json_open(b, '{');
        json_put_text_member(b, "node", text_of(info, "id"));
        json_put_text_member(b, "name", text_of(info, "moniker"));
        json_put_text_member(b, "ip", text_of(p, "remote_ip"));
        json_close(b, '}');
    }
    json_close(b, ']');
}

static void put_validators_json(struct buf *b, const struct json *validators)
{
    json_put_key(b, "validators");
    json_open(b, '[');
    for (const struct json *v = json_first(json_get(validators, "validators")); v;
         v = json_next(v)) {
        json_open(b, '{');
        json_put_text_member(b, "address", text_of(v, "address"));
        json_put_u64_member(b, "power", number_of(v, "voting_power"));
        json_close(b, '}');
    }
    json_close(b, ']');
}

static void print_json(const struct view *v)
{
    struct buf b = {0};
    const struct json *status = json_get(v->status, "result");
    const struct json *sync = json_get(status, "sync_info");
    const struct json *own = json_get(status, "validator_info");
    json_open(&b, '{');
    json_put_text_member(&b, "network", text_of(json_get(status, "node_info"), "network"));
    json_put_text_member(&b, "node", text_of(json_get(status, "node_info"), "id"));
    json_put_u64_member(&b, "consensusHeight", number_of(sync, "latest_block_height"));
    json_put_text_member(&b, "consensusHash", text_of(sync, "latest_block_hash"));
    json_put_text_member(&b, "consensusTime", text_of(sync, "latest_block_time"));
    json_put_bool_member(&b, "catchingUp", json_true(json_get(sync, "catching_up")));
    json_put_u64_member(&b, "power", number_of(own, "voting_power"));
    put_peers_json(&b, json_get(v->net, "result"));
    put_validators_json(&b, json_get(v->validators, "result"));
    if (v->ledger) {
        json_put_key(&b, "ledger");
        json_print(&b, client_result(v->ledger));
    }
    json_close(&b, '}');
    cli_print(&b);
    buf_free(&b);
}

static void print_text(const struct view *v)
{
    struct buf b = {0};
    const struct json *status = json_get(v->status, "result");
    const struct json *sync = json_get(status, "sync_info");
    const struct json *validators = json_get(json_get(v->validators, "result"), "validators");
    const struct json *peers = json_get(json_get(v->net, "result"), "peers");
    uint64_t total = 0, own = number_of(json_get(status, "validator_info"), "voting_power");
    for (const struct json *p = json_first(validators); p; p = json_next(p))
        total += number_of(p, "voting_power");
    buf_putf(&b, "%-18s %s\n", T("network", "réseau"),
             text_of(json_get(status, "node_info"), "network"));
    buf_putf(&b, "%-18s %llu:%s\n", T("consensus", "consensus"),
             (unsigned long long)number_of(sync, "latest_block_height"),
             text_of(sync, "latest_block_hash"));
    buf_putf(&b, "%-18s %s%s\n", T("at", "à"), text_of(sync, "latest_block_time"),
             json_true(json_get(sync, "catching_up")) ? T(" (catching up)", " (en rattrapage)")
                                                      : "");
    if (v->ledger) {
        const struct json *l = client_result(v->ledger);
        buf_putf(&b, "%-18s %llu %s\n", T("ledger block", "bloc du registre"),
                 (unsigned long long)number_of(l, "height"), text_of(l, "hash"));
    } else {
        buf_putf(&b, "%-18s %s\n", T("ledger block", "bloc du registre"),
                 T("(no answer at --rpc)", "(pas de réponse à --rpc)"));
    }
    buf_putf(&b,
             T("%-18s %llu of %llu, %zu validators\n", "%-18s %llu sur %llu, %zu validateurs\n"),
             T("own power", "poids"), (unsigned long long)own, (unsigned long long)total,
             json_count(validators));
    buf_putf(&b, "%-18s %zu\n", T("peers", "pairs"), json_count(peers));
    for (const struct json *p = json_first(peers); p; p = json_next(p))
        buf_putf(&b, "  %s  %s  %s\n", text_of(json_get(p, "node_info"), "id"),
                 text_of(p, "remote_ip"), text_of(json_get(p, "node_info"), "moniker"));
    cli_print(&b);
    buf_free(&b);
}

int run_network_status(struct cli *cli)
{
    struct diag d = {0};
    struct view v = {0};
    enum err e = ask(cli, &v, &d);
    if (e == E_OK && cli->json)
        print_json(&v);
    else if (e == E_OK)
        print_text(&v);
    view_free(&v);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}
