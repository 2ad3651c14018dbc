/* network_trust: `parvis network trust`: a member hands out the newest header that the network
 * signed. Whoever gets it from someone known can check proofs and follow the chain from there
 * (engine/light.h). */
#include <stdio.h>

#include "app/client.h"
#include "app/network.h"
#include "engine/light.h"

const struct cli_option NETWORK_TRUST_OPTIONS[] = {
    {"out", "FILE", "file to write (default: standard output)",
     "fichier à écrire (défaut : sortie standard)"},
    {0},
};

static enum err newest_header(struct light_block *out, struct arena *a, const struct cli *cli,
                              struct diag *d)
{
    struct client *client = NULL;
    struct json *reply = NULL;
    struct diag why = {0};
    TRY(client_open(&client, cli_rpc(cli), d));
    enum err e = client_call(client, "parvis_getLightBlock", "[\"latest\"]", &reply, d);
    const struct json *result = e == E_OK ? client_result(reply) : NULL;
    if (e == E_OK && json_is_null(result))
        e = diag_set(
            d, E_NOT_FOUND,
            T("the network has not signed anything yet", "le réseau n'a encore rien signé"));
    if (e == E_OK && light_read_block(out, a, json_get(result, "block"), &why) != E_OK)
        e = diag_set(d, E_JSON, T("%s: %s", "%s : %s"), "parvis_getLightBlock", why.text);
    if (e == E_OK)
        e = light_check(out, d);
    json_free(reply);
    client_close(client);
    return e;
}

int run_network_trust(struct cli *cli)
{
    struct diag d = {0};
    struct arena a = {0};
    struct buf out = {0};
    struct light_block b;
    enum err e = newest_header(&b, &a, cli, &d);
    if (e == E_OK) {
        struct light_trust t = {.chain_id = b.header.chain_id,
                                .height = b.header.height,
                                .time = b.header.time,
                                .set = b.set,
                                .has_header = true,
                                .header_hash = b.hash,
                                .period_s = LIGHT_PERIOD_S};
        memcpy(t.next_set_hash.b, b.header.next_validators_hash.data, sizeof t.next_set_hash.b);
        light_put_trust(&out, &t);
        buf_puts(&out, "\n");
    }
    if (e == E_OK && cli_get(cli, "out"))
        e = file_write(cli_get(cli, "out"), buf_view(&out), 0644, true, &d);
    else if (e == E_OK)
        cli_print(&out);
    buf_free(&out);
    arena_free(&a);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}
