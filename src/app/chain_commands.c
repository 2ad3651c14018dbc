/* chain_commands: account, send, call, abi. */
#include "app/chain_commands.h"

#include <stdio.h>
#include <unistd.h>

#include "app/client.h"
#include "app/home.h"
#include "app/invocation.h"
#include "base/mem.h"
#include "city/service.h"
#include "crypto/ecdsa.h"

/* --- account ---------------------------------------------------------------------------------- */

static void put_account(const struct cli *cli, struct buf *b, const char *name,
                        const struct address *a)
{
    if (cli->json) {
        json_open(b, '{');
        json_put_key(b, "name");
        json_put_string(b, name);
        json_put_key(b, "address");
        json_put_data(b, a->b, 20);
        json_close(b, '}');
    } else {
        buf_putf(b, "%-20s ", name);
        buf_put_hex(b, a->b, 20);
        buf_puts(b, "\n");
    }
}

static int print_account(struct cli *cli, const char *name, const uint8_t key32[32])
{
    struct address a;
    struct buf b = {0};
    enum err e = ecdsa_address(&a, key32);
    if (e != E_OK)
        return cli_fail(cli, e, NULL);
    put_account(cli, &b, name, &a);
    cli_print(&b);
    buf_free(&b);
    return EXIT_OK;
}

static int run_account_new(struct cli *cli)
{
    struct diag d = {0};
    uint8_t key32[32];
    ecdsa_key_generate(key32);
    enum err e = key_save(cli, cli->args[0], key32, &d);
    int code = e == E_OK ? print_account(cli, cli->args[0], key32) : cli_fail(cli, e, &d);
    explicit_bzero(key32, sizeof key32);
    return code;
}

static int run_account_import(struct cli *cli)
{
    struct diag d = {0};
    uint8_t key32[32];
    char path[4400];
    snprintf(path, sizeof path, "%s%s", strchr(cli->args[1], '/') ? "" : "./", cli->args[1]);
    enum err e = key_load(cli, path, key32, &d);
    if (e == E_OK)
        e = key_save(cli, cli->args[0], key32, &d);
    int code = e == E_OK ? print_account(cli, cli->args[0], key32) : cli_fail(cli, e, &d);
    explicit_bzero(key32, sizeof key32);
    return code;
}

static int run_account_show(struct cli *cli)
{
    struct diag d = {0};
    uint8_t key32[32];
    enum err e = key_load(cli, cli->args[0], key32, &d);
    int code = e == E_OK ? print_account(cli, cli->args[0], key32) : cli_fail(cli, e, &d);
    explicit_bzero(key32, sizeof key32);
    return code;
}

static int run_account_export(struct cli *cli)
{
    struct diag d = {0};
    uint8_t key32[32];
    char hex[66];
    enum err e = key_load(cli, cli->args[0], key32, &d);
    if (e == E_OK) {
        hex_encode(hex, key32, 32);
        hex[64] = '\n';
        e = file_write(cli->args[1], bytes_of(hex, 65), 0600, false, &d);
    }
    explicit_bzero(key32, sizeof key32);
    explicit_bzero(hex, sizeof hex);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}

static int run_account_remove(struct cli *cli)
{
    struct diag d = {0};
    enum err e = key_remove(cli, cli->args[0], &d);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}

struct listing {
    struct cli *cli;
    struct buf out;
    enum err error;
    struct diag diag;
};

static void list_one(void *ctx, const char *name)
{
    struct listing *l = ctx;
    uint8_t key32[32];
    struct address a;
    if (l->error == E_OK)
        l->error = key_load(l->cli, name, key32, &l->diag);
    if (l->error == E_OK && ecdsa_address(&a, key32) == E_OK)
        put_account(l->cli, &l->out, name, &a);
    explicit_bzero(key32, sizeof key32);
}

static int run_account_list(struct cli *cli)
{
    struct listing l = {.cli = cli};
    if (cli->json)
        json_open(&l.out, '[');
    enum err e = key_visit(cli, list_one, &l, &l.diag);
    if (e == E_OK)
        e = l.error;
    if (cli->json)
        json_close(&l.out, ']');
    if (e == E_OK && l.out.len)
        cli_print(&l.out);
    buf_free(&l.out);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &l.diag);
}

/* NAME of a key, or an address. */
static enum err resolve_address(struct cli *cli, const char *text, struct address *out,
                                struct diag *d)
{
    uint8_t key32[32];
    const struct service *s = service_named(text);
    if (s) {
        *out = s->address;
        return E_OK;
    }
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

static enum err balance_of(struct client *client, const struct address *a, struct u256 *out,
                           struct diag *d)
{
    struct json *reply;
    char params[64], hex[41];
    hex_encode(hex, a->b, 20);
    snprintf(params, sizeof params, "[\"0x%s\",\"latest\"]", hex);
    TRY(client_call(client, "eth_getBalance", params, &reply, d));
    enum err e = json_u256(out, client_result(reply));
    json_free(reply);
    return e;
}

static int run_account_balance(struct cli *cli)
{
    struct diag d = {0};
    struct client *client = NULL;
    struct address a;
    struct u256 balance = U256_ZERO;
    char units[160], dec[79];
    struct buf b = {0};
    enum err e = resolve_address(cli, cli->args[0], &a, &d);
    if (e == E_OK)
        e = client_open(&client, cli_rpc(cli), &d);
    if (e == E_OK)
        e = balance_of(client, &a, &balance, &d);
    client_close(client);
    if (e != E_OK)
        return cli_fail(cli, e, &d);
    u256_units(units, balance, 18, 2);
    u256_dec(dec, balance);
    if (cli->json) {
        json_open(&b, '{');
        json_put_key(&b, "address");
        json_put_data(&b, a.b, 20);
        json_put_key(&b, "balance");
        json_put_string(&b, units);
        json_put_key(&b, "balance_wei");
        json_put_string(&b, dec);
        json_close(&b, '}');
    } else {
        buf_puts(&b, units);
    }
    cli_print(&b);
    buf_free(&b);
    return EXIT_OK;
}

/* --- call ------------------------------------------------------------------------------------- */

static enum err print_outputs(struct cli *cli, struct invocation *v, struct bytes output,
                              struct diag *d)
{
    struct abi_value value;
    struct buf b = {0};
    const struct abi_type *outputs = &v->entry.outputs;
    if (abi_decode(&value, &v->arena, outputs, output) != E_OK)
        return diag_set(
            d, E_ABI,
            T("the answer is not what %s returns", "la réponse n'est pas ce que renvoie %s"),
            v->entry.signature);
    if (cli->json) {
        abi_value_to_json(&b, outputs, &value);
    } else {
        for (size_t i = 0; i < outputs->size; i++) {
            if (outputs->item[i].name[0])
                buf_putf(&b, "%-24s ", outputs->item[i].name);
            struct buf text = {0}; /* by itself: behind other text it would begin with a comma */
            abi_value_to_json(&text, &outputs->item[i], &value.item[i]);
            buf_put(&b, text.data, text.len);
            buf_puts(&b, "\n");
            buf_free(&text);
        }
    }
    cli_print(&b);
    buf_free(&b);
    return E_OK;
}

static int run_call(struct cli *cli)
{
    struct diag d = {0};
    struct client *client = NULL;
    struct address to;
    struct invocation v = {0};
    struct buf output = {0};
    enum err e = resolve_address(cli, cli->args[0], &to, &d);
    if (e == E_OK)
        e = invocation_encode(&v, &to, cli->args[1], cli->args + 2, cli->arg_count - 2, &d);
    if (e == E_OK)
        e = client_open(&client, cli_rpc(cli), &d);
    if (e == E_OK)
        e = client_eth_call(client, &to, buf_view(&v.input), &output, &d);
    if (e == E_OK)
        e = print_outputs(cli, &v, buf_view(&output), &d);
    client_close(client);
    invocation_free(&v);
    buf_free(&output);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}

/* --- send ------------------------------------------------------------------------------------- */

static const struct cli_option SEND_OPTIONS[] = {
    {"from", "NAME|FILE", "signing key: a name in HOME/keys or a file (default admin)",
     "clé de signature : un nom de HOME/keys ou un fichier (défaut admin)"},
    {"value", "AMOUNT", "city currency to send, for example 12.50 (default 0)",
     "monnaie locale à envoyer, par exemple 12.50 (défaut 0)"},
    {"data", "HEX", "call data instead of a method", "données d'appel à la place d'une méthode"},
    {"gas", "N", "gas limit (default: estimated)", "limite de gas (défaut : estimée)"},
    {"nonce", "N", "nonce (default: next)", "nonce (défaut : suivant)"},
    {"no-wait", NULL, "do not wait for the receipt", "n'attend pas le reçu"},
    {0},
};

static enum err build_send(struct cli *cli, struct tx *t, struct invocation *v, uint64_t *nonce,
                           struct diag *d)
{
    const char *data = cli_get(cli, "data");
    const char *value = cli_get(cli, "value");
    TRY(resolve_address(cli, cli->args[0], &t->to, d));
    if (value && u256_parse_units(&t->value, value, 18) != E_OK)
        return diag_set(
            d, E_INVALID,
            T("--value %s: an amount such as 12.50", "--value %s : un montant tel que 12.50"),
            value);
    if (data && hex_decode_buf(&v->input, data, strlen(data)) != E_OK)
        return diag_set(d, E_HEX,
                        T("--data: hexadecimal digits, an even number of them",
                          "--data : chiffres hexadécimaux, en nombre pair"));
    if (data && cli->arg_count > 1)
        return diag_set(d, E_USAGE,
                        T("give either --data or a method, not both",
                          "donnez soit --data soit une méthode, pas les deux"));
    if (!data && cli->arg_count > 1)
        TRY(invocation_encode(v, &t->to, cli->args[1], cli->args + 2, cli->arg_count - 2, d));
    t->data = buf_view(&v->input);
    TRY(cli_get_u64(cli, "gas", 21000, LIMIT_TX_GAS, &t->gas_limit));
    TRY(cli_get_u64(cli, "nonce", 0, UINT64_MAX - 2, nonce));
    return E_OK;
}

static void print_receipt(const struct cli *cli, const struct hash *hash,
                          const struct json *receipt, bool ok, const char *reason)
{
    struct buf b = {0};
    uint64_t block = 0, gas = 0;
    if (receipt) {
        json_u64(&block, json_get(receipt, "blockNumber"));
        json_u64(&gas, json_get(receipt, "gasUsed"));
    }
    if (cli->json) {
        json_open(&b, '{');
        json_put_key(&b, "hash");
        json_put_data(&b, hash->b, 32);
        if (receipt) {
            json_put_key(&b, "success");
            json_put_bool(&b, ok);
            if (reason[0]) {
                json_put_key(&b, "reason");
                json_put_string(&b, reason);
            }
            json_put_key(&b, "block");
            json_put_u64(&b, block);
            json_put_key(&b, "gas_used");
            json_put_u64(&b, gas);
        }
        json_close(&b, '}');
    } else {
        buf_put_hex(&b, hash->b, 32);
        if (receipt)
            buf_putf(&b, T(" %s in block %llu, %llu gas", " %s au bloc %llu, %llu gas"),
                     ok ? T("done", "faite") : T("FAILED", "ÉCHEC"), (unsigned long long)block,
                     (unsigned long long)gas);
        if (reason[0])
            buf_putf(&b, "\n%s", reason);
    }
    cli_print(&b);
    buf_free(&b);
}

/* A receipt says only that a transaction failed. Asked again on the state before its block, the
 * node tells why, unless that state is gone or other transactions of the block were the reason. */
static void explain_failure(struct client *client, const struct tx *t, const uint8_t key32[32],
                            const struct json *receipt, struct diag *why)
{
    struct address from;
    struct buf params = {0};
    struct json *reply = NULL;
    uint64_t block = 0;
    json_u64(&block, json_get(client_result(receipt), "blockNumber"));
    if (block == 0 || ecdsa_address(&from, key32) != E_OK)
        return;
    buf_puts(&params, "[{\"from\":\"");
    buf_put_hex(&params, from.b, sizeof from.b);
    buf_puts(&params, "\",\"to\":\"");
    buf_put_hex(&params, t->to.b, sizeof t->to.b);
    buf_puts(&params, "\",\"data\":\"");
    buf_put_hex(&params, t->data.data, t->data.len);
    buf_puts(&params, "\",\"value\":");
    json_put_quantity_u256(&params, t->value);
    buf_putf(&params, ",\"gas\":\"0x%llx\"},\"0x%llx\"]", (unsigned long long)t->gas_limit,
             (unsigned long long)(block - 1));
    if (client_call(client, "eth_call", buf_cstr(&params), &reply, why) == E_OK) {
        json_free(reply);
        why->text[0] = 0;
    }
    buf_free(&params);
}

/* fix_gas estimates, where --gas does not say, and adds a reserve. */
static enum err fix_gas(struct client *client, struct tx *t, const uint8_t key32[32],
                        uint64_t gas_reserve, struct diag *d)
{
    struct address from;
    if (t->gas_limit > 0)
        return E_OK;
    TRY(ecdsa_address(&from, key32));
    TRY(client_estimate_gas(client, t, &from, d));
    t->gas_limit += gas_reserve;
    if (t->gas_limit > LIMIT_TX_GAS)
        t->gas_limit = LIMIT_TX_GAS;
    return E_OK;
}

static int send_with(struct cli *cli, uint64_t gas_reserve)
{
    struct diag d = {0}, why = {0};
    struct client *client = NULL;
    struct json *receipt = NULL;
    struct invocation v = {0};
    struct tx t = {0};
    struct hash hash;
    uint8_t key32[32];
    uint64_t nonce = UINT64_MAX;
    bool ok = true;
    enum err e = key_load(cli, cli_get(cli, "from") ? cli_get(cli, "from") : "admin", key32, &d);
    if (e == E_OK)
        e = build_send(cli, &t, &v, &nonce, &d);
    if (e == E_OK)
        e = client_open(&client, cli_rpc(cli), &d);
    if (e == E_OK)
        e = fix_gas(client, &t, key32, gas_reserve, &d);
    if (e == E_OK)
        e = client_send(client, &t, key32, &nonce, &hash, &d);
    if (e == E_OK && !cli_has(cli, "no-wait"))
        e = client_wait_receipt(client, &hash, 60000, &receipt, &ok, &d);
    if (e == E_OK && !ok)
        explain_failure(client, &t, key32, receipt, &why);
    explicit_bzero(key32, sizeof key32);
    if (e == E_OK)
        print_receipt(cli, &hash, receipt ? client_result(receipt) : NULL, ok, why.text);
    json_free(receipt);
    client_close(client);
    invocation_free(&v);
    if (e != E_OK)
        return cli_fail(cli, e, &d);
    return ok ? EXIT_OK : EXIT_NO;
}

static int run_send(struct cli *cli)
{
    return send_with(cli, 0);
}

int chain_send(const struct cli *cli, const char *from, const char **args, size_t count,
               uint64_t gas_reserve)
{
    static const char *const COMMON[] = {"home", "key-file", "passphrase-file", "rpc"};
    struct cli *inner = mem_zalloc(1, sizeof *inner);
    *inner = (struct cli){.args = args, .arg_count = count, .json = cli->json, .quiet = cli->quiet};
    for (inner->command = CHAIN_COMMANDS; inner->command->run != run_send;)
        inner->command++;
    for (size_t i = 0; i < sizeof COMMON / sizeof COMMON[0]; i++)
        if (cli_has(cli, COMMON[i]))
            inner->values[inner->value_count++] =
                (struct cli_value){COMMON[i], cli_get(cli, COMMON[i])};
    inner->values[inner->value_count++] = (struct cli_value){"from", from};
    int code = send_with(inner, gas_reserve);
    mem_free(inner);
    return code;
}

/* --- abi -------------------------------------------------------------------------------------- */

static const struct cli_option ABI_OPTIONS[] = {
    {"solidity", NULL, "the Solidity interface instead of JSON",
     "l'interface Solidity à la place du JSON"},
    {"markdown", NULL, "the reference page instead of JSON",
     "la page de référence à la place du JSON"},
    {0},
};

static int run_abi(struct cli *cli)
{
    struct diag d = {0};
    struct buf b = {0};
    const struct service *s = service_named(cli->args[0]);
    if (!s) {
        for (size_t i = 0; SERVICES[i]; i++)
            buf_putf(&b, " %s", SERVICES[i]->name);
        diag_set(&d, E_NOT_FOUND,
                 T("no service %s; there are:%s", "pas de service %s ; il y a :%s"), cli->args[0],
                 buf_cstr(&b));
        buf_free(&b);
        return cli_fail(cli, E_NOT_FOUND, &d);
    }
    if (cli_has(cli, "solidity"))
        service_solidity(&b, s);
    else if (cli_has(cli, "markdown"))
        service_markdown(&b, s);
    else
        service_abi_json(&b, s);
    cli_print(&b);
    buf_free(&b);
    return EXIT_OK;
}

const struct command CHAIN_COMMANDS[] = {
    {"account new", "NAME", 1, 1, "makes a signing key, sealed in HOME/keys",
     "crée une clé de signature, scellée dans HOME/keys", NULL, run_account_new},
    {"account import", "NAME FILE", 2, 2, "takes a key from a file of 64 hexadecimal digits",
     "reprend une clé d'un fichier de 64 chiffres hexadécimaux", NULL, run_account_import},
    {"account export", "NAME FILE", 2, 2, "writes a key in clear to a new file",
     "écrit une clé en clair dans un nouveau fichier", NULL, run_account_export},
    {"account list", "", 0, 0, "lists the keys of HOME/keys", "liste les clés de HOME/keys", NULL,
     run_account_list},
    {"account show", "NAME", 1, 1, "tells the address of a key", "donne l'adresse d'une clé", NULL,
     run_account_show},
    {"account remove", "NAME", 1, 1, "deletes a key for good", "supprime une clé définitivement",
     NULL, run_account_remove},
    {"account balance", "NAME|ADDRESS", 1, 1, "asks the node for a balance",
     "demande un solde au nœud", NULL, run_account_balance},
    {"send", "TO [METHOD ARGS...]", 1, 64,
     "signs and sends a transaction: a payment, or a method of a service or contract",
     "signe et envoie une transaction : un paiement, ou une méthode d'un service ou contrat",
     SEND_OPTIONS, run_send},
    {"call", "SERVICE|ADDRESS METHOD [ARGS...]", 2, 64, "reads from a service or contract",
     "lit auprès d'un service ou contrat", NULL, run_call},
    {"abi", "SERVICE", 1, 1, "prints the ABI of a city service",
     "affiche l'ABI d'un service de la ville", ABI_OPTIONS, run_abi},
    {0},
};
