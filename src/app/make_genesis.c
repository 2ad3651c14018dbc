/* make_genesis: the genesis that the command line describes. */
#include "app/make_genesis.h"

#include <stdio.h>

#include "app/json_members.h"
#include "base/clock.h"
#include "chain/ethereum.h"
#include "chain/genesis.h"
#include "chain/tx.h"
#include "city/service.h"

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

/* Every service names who answers for its data (the GDPR's controller); a node's operator does
 * unless somebody else is named. */
static void put_controller(const struct cli *cli, struct buf *b, const struct genesis_founders *f)
{
    char standard[100], hex[41];
    const char *name = cli_get(cli, "controller-name");
    const char *contact = cli_get(cli, "controller-contact");
    hex_encode(hex, f->proposer.b, sizeof f->proposer.b);
    if (f->member_count > 0)
        snprintf(standard, sizeof standard, "%s",
                 T("the members of the network", "les membres du réseau"));
    else
        snprintf(standard, sizeof standard,
                 T("operator of the node 0x%s", "exploitant du nœud 0x%s"), hex);
    json_put_key(b, "controller");
    json_open(b, '{');
    json_put_text_member(b, "name", name ? name : standard);
    json_put_text_member(b, "contact", contact ? contact : T("not stated", "non précisé"));
    json_close(b, '}');
}

static void put_founding_members(struct buf *b, const struct genesis_founders *f)
{
    json_put_key(b, "validators");
    json_open(b, '[');
    for (size_t i = 0; i < f->member_count; i++) {
        const struct network_member *m = &f->members[i];
        json_open(b, '{');
        json_put_text_member(b, "name", m->name);
        json_put_address_member(b, "operator", &m->operator);
        json_put_key(b, "key");
        json_put_data(b, m->key32, sizeof m->key32);
        json_put_key(b, "power");
        json_put_u64(b, m->power);
        json_put_key(b, "node");
        json_put_data(b, m->node20, sizeof m->node20);
        json_close(b, '}');
    }
    json_close(b, ']');
}

/* Who may create consultations until the governor appoints others. */
static void put_first_clerk(struct buf *b, const struct genesis_founders *f)
{
    char hex[43] = "0x";
    hex_encode(hex + 2, f->admin.b, sizeof f->admin.b);
    json_put_key(b, "clerks");
    json_open(b, '[');
    json_put_string(b, hex);
    json_close(b, ']');
}

/* The settings of every service of this build; the roles they know are admin's. */
static void put_services(const struct cli *cli, struct buf *b, const struct genesis_founders *f,
                         struct u256 allocated)
{
    char dec[79];
    u256_dec(dec, allocated);
    json_put_key(b, "services");
    json_open(b, '{');
    for (size_t i = 0; SERVICES[i]; i++) {
        json_put_key(b, SERVICES[i]->name);
        json_open(b, '{');
        put_controller(cli, b, f);
        if (strcmp(SERVICES[i]->name, "money") == 0) {
            const char *admission = cli_get(cli, "admission");
            json_put_text_member(b, "admission", admission ? admission : "open");
            json_put_text_member(b, "reserve", dec);
        } else if (strcmp(SERVICES[i]->name, "energy") == 0) {
            json_put_address_member(b, "rulesRole", &f->admin);
        } else if (strcmp(SERVICES[i]->name, "voting") == 0) {
            put_first_clerk(b, f);
        } else if (strcmp(SERVICES[i]->name, "members") == 0 && f->member_count > 0) {
            put_founding_members(b, f);
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

enum err genesis_make(const struct cli *cli, struct buf *b, const struct genesis_founders *f,
                      struct diag *d)
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
    json_put_text_member(b, "name", "solo");
    json_put_address_member(b, "proposer", &f->proposer);
    json_close(b, '}');
    json_put_key(b, "roles");
    json_open(b, '{');
    json_put_address_member(b, "issuer", &f->admin);
    json_put_address_member(b, "registrar", &f->admin);
    json_put_address_member(b, "governor", &f->admin);
    json_close(b, '}');
    json_put_key(b, "alloc");
    json_open(b, '{');
    put_history_contract(b);
    for (size_t i = 0; cli_get_nth(cli, "alloc", i); i++)
        TRY(put_alloc(b, cli_get_nth(cli, "alloc", i), &total, d));
    json_close(b, '}');
    put_services(cli, b, f, total);
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

enum err genesis_check_options(const struct cli *cli, struct diag *d)
{
    const char *admission = cli_get(cli, "admission");
    struct genesis genesis = {0};
    struct buf made = {0};
    struct genesis_founders someone = {.proposer = {{1}}, .admin = {{1}}};
    if (admission && strcmp(admission, "open") != 0 && strcmp(admission, "members") != 0)
        return diag_set(
            d, E_USAGE,
            T("--admission %s: use open or members", "--admission %s : open ou members"),
            admission);
    TRY(check_text_option(cli, "controller-name", d));
    TRY(check_text_option(cli, "controller-contact", d));
    enum err e = genesis_make(cli, &made, &someone, d);
    if (e == E_OK)
        e = genesis_parse(&genesis, buf_view(&made), d);
    genesis_free(&genesis);
    buf_free(&made);
    return e;
}
