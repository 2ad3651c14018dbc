/* proof_commands: proof, verify-proof. */
#include <stdio.h>

#include "app/cli.h"
#include "app/proof_document.h"
#include "base/clock.h"
#include "city/service.h"

#define FILE_MAX (64u << 20)

/* --- reading what the user names
 * ------------------------------------------------------------------- */

static enum err read_json(struct json **out, const char *path, struct diag *d)
{
    struct buf text = {0};
    enum err e = file_read(&text, path, FILE_MAX, d);
    if (e == E_OK)
        e = json_parse(out, buf_view(&text), d);
    if (e == E_JSON)
        diag_wrap(d, e, T("%s: ", "%s : "), path);
    buf_free(&text);
    return e;
}

static enum err read_trust(struct light_trust *out, struct arena *a, const char *path,
                           struct diag *d)
{
    struct json *j;
    TRY(read_json(&j, path, d));
    enum err e = light_read_trust(out, a, j, d);
    json_free(j);
    if (e != E_OK)
        diag_wrap(d, e,
                  T("%s: not a trust nor a genesis with validators: ",
                    "%s : ni un fichier de confiance ni une genèse avec des validateurs : "),
                  path);
    return e;
}

static enum err read_hash(struct hash *out, const char *text, struct diag *d)
{
    if (strncmp(text, "0x", 2) == 0 && hash_from_hex(out, text) == E_OK)
        return E_OK;
    return diag_set(d, E_HEX,
                    T("%s: a hash is 0x and 64 hexadecimal digits",
                      "%s : un hash est 0x et 64 chiffres hexadécimaux"),
                    text);
}

/* A slot is a hash or a number. */
static enum err read_slot(struct hash *out, const char *text, struct diag *d)
{
    struct u256 number;
    if (strlen(text) == 66)
        return read_hash(out, text, d);
    if (u256_parse(&number, text) != E_OK)
        return diag_set(d, E_INVALID,
                        T("%s: a slot is a number, or 0x and 64 hexadecimal digits",
                          "%s : un emplacement est un nombre, ou 0x et 64 chiffres hexadécimaux"),
                        text);
    u256_to_be(out->b, number);
    return E_OK;
}

/* --- proof
 * ------------------------------------------------------------------------------------------- */

static const struct cli_option PROOF_OPTIONS[] = {
    {"receipt", "HASH", "prove the receipt of this transaction",
     "prouver le reçu de cette transaction"},
    {"transaction", "HASH", "prove this transaction", "prouver cette transaction"},
    {"block", "N", "prove the account as of this block (default: the latest that is signed)",
     "prouver le compte au bloc N (défaut : le dernier signé)"},
    {"trust", "FILE", "what the reader trusts: adds the headers needed in between",
     "ce en quoi le lecteur a confiance : ajoute les en-têtes intermédiaires nécessaires"},
    {"out", "FILE", "file to write (default: standard output)",
     "fichier à écrire (défaut : sortie standard)"},
    {0},
};

static enum err read_address(struct address *out, const char *text, struct diag *d)
{
    const struct service *s = service_named(text);
    if (s) {
        *out = s->address;
        return E_OK;
    }
    if (strncmp(text, "0x", 2) == 0 && address_from_hex(out, text) == E_OK)
        return E_OK;
    return diag_set(d, E_HEX,
                    T("%s: neither a service nor an address (0x and 40 hexadecimal digits)",
                      "%s : ni un service ni une adresse (0x et 40 chiffres hexadécimaux)"),
                    text);
}

static enum err read_wish(const struct cli *cli, struct proof_wish *w, struct arena *a,
                          struct diag *d)
{
    const char *receipt = cli_get(cli, "receipt"), *tx = cli_get(cli, "transaction");
    if ((receipt != NULL) + (tx != NULL) + (cli->arg_count > 0) != 1)
        return diag_set(d, E_USAGE,
                        T("give an ADDRESS, or --receipt, or --transaction",
                          "donnez une ADRESSE, ou --receipt, ou --transaction"));
    w->block = cli_get(cli, "block");
    if (w->block && !cli->arg_count)
        return diag_set(d, E_USAGE,
                        T("--block goes with an ADDRESS: a transaction stands in one block",
                          "--block va avec une ADRESSE : une transaction est dans un seul bloc"));
    if (receipt || tx) {
        w->kind = receipt ? PROOF_RECEIPT : PROOF_TRANSACTION;
        return read_hash(&w->tx_hash, receipt ? receipt : tx, d);
    }
    uint64_t number = 0;
    if (w->block) {
        TRY(cli_get_u64(cli, "block", 0, INT64_MAX, &number));
        w->block = arena_printf(a, "0x%llx", (unsigned long long)number);
    }
    w->kind = PROOF_ACCOUNT;
    TRY(read_address(&w->address, cli->args[0], d));
    w->slot_count = cli->arg_count - 1;
    struct hash *slots = arena_zalloc(a, w->slot_count + 1, sizeof *slots);
    for (size_t i = 0; i < w->slot_count; i++)
        TRY(read_slot(&slots[i], cli->args[i + 1], d));
    w->slots = slots;
    return E_OK;
}

static int run_proof(struct cli *cli)
{
    struct diag d = {0};
    struct arena a = {0};
    struct proof_wish wish = {0};
    struct light_trust trust;
    struct client *client = NULL;
    struct buf out = {0};
    const char *file = cli_get(cli, "trust");
    enum err e = read_wish(cli, &wish, &a, &d);
    if (e == E_OK && file)
        e = read_trust(&trust, &a, file, &d);
    if (e == E_OK)
        e = client_open(&client, cli_rpc(cli), &d);
    if (e == E_OK)
        e = proof_document(&out, client, &wish, file ? &trust : NULL, &d);
    client_close(client);
    if (e == E_OK && cli_get(cli, "out"))
        e = file_write(cli_get(cli, "out"), buf_view(&out), 0644, true, &d);
    else if (e == E_OK)
        cli_print(&out);
    buf_free(&out);
    arena_free(&a);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}

/* --- verify-proof: what is proven, for people and for programs
 * ---------------------------------------- */

static const struct cli_option VERIFY_OPTIONS[] = {
    {"trust", "FILE", "the engine's genesis file, or what --save-trust wrote",
     "le fichier de genèse du moteur, ou ce que --save-trust a écrit"},
    {"at", "TIME", "verify as of this time, for example 2026-03-01T00:00:00Z (default now)",
     "vérifier à cet instant, par exemple 2026-03-01T00:00:00Z (défaut : maintenant)"},
    {"period", "SECONDS", "how long the trust lasts (default: the file's, else 14 days)",
     "durée de la confiance (défaut : celle du fichier, sinon 14 jours)"},
    {"save-trust", "FILE", "write the verified header as a trust for later",
     "écrire l'en-tête vérifié comme point de confiance pour la suite"},
    {0},
};

/* A line "name   value", the name in the user's language; put the value and a newline after it. */
static void name(struct buf *b, const char *words)
{
    size_t width = 0;
    for (const char *p = words; *p; p++)
        width += ((unsigned char)*p & 0xc0) != 0x80;
    buf_puts(b, words);
    for (; width < 16; width++)
        buf_puts(b, " ");
}

static void name_hex(struct buf *b, const char *words, const void *data, size_t len)
{
    name(b, words);
    buf_put_hex(b, data, len);
    buf_puts(b, "\n");
}

static void put_time(struct buf *b, struct light_time t)
{
    struct buf quoted = {0};
    light_put_time(&quoted, t);
    buf_put(b, quoted.data + 1, quoted.len - 2);
    buf_free(&quoted);
}

static void print_account(struct buf *b, const struct proof_facts *f)
{
    char units[160];
    name_hex(b, T("account", "compte"), f->address.b, 20);
    if (!f->exists) {
        name(b, "");
        buf_puts(b, T("does not exist\n", "n'existe pas\n"));
    } else {
        u256_units(units, f->account.balance, 18, 2);
        name(b, T("balance", "solde"));
        buf_putf(b, "%s\n", units);
        name(b, "nonce");
        buf_putf(b, "%llu\n", (unsigned long long)f->account.nonce);
        name_hex(b, T("code hash", "hash du code"), f->account.code_hash.b, 32);
    }
    for (size_t i = 0; i < f->slot_count; i++) {
        const struct proof_slot *s = &f->slots[i];
        name_hex(b, T("slot", "emplacement"), s->key.b, 32);
        name(b, T("  holds", "  contient"));
        if (s->value.len)
            buf_put_hex(b, s->value.data, s->value.len);
        else
            buf_puts(b, T("nothing", "rien"));
        buf_puts(b, "\n");
    }
}

static void print_receipt(struct buf *b, const struct receipt *r)
{
    name(b, T("outcome", "issue"));
    buf_puts(b, r->success ? T("success\n", "réussie\n") : T("failed\n", "échouée\n"));
    for (size_t i = 0; i < r->log_count; i++) {
        const struct log_entry *l = &r->logs[i];
        name_hex(b, T("event of", "événement de"), l->address.b, 20);
        for (size_t t = 0; t < l->topic_count; t++)
            name_hex(b, "  topic", l->topics[t].b, 32);
        name_hex(b, T("  data", "  données"), l->data.data, l->data.len);
    }
}

static void print_tx(struct buf *b, const struct proof_facts *f)
{
    char units[160];
    name_hex(b, "transaction", f->tx.hash.b, 32);
    name(b, T("place", "rang"));
    buf_putf(b, "%llu\n", (unsigned long long)f->index);
    name_hex(b, T("from", "de"), f->tx.sender.b, 20);
    if (!f->tx.is_create)
        name_hex(b, T("to", "à"), f->tx.to.b, 20);
    u256_units(units, f->tx.value, 18, 2);
    name(b, T("value", "montant"));
    buf_putf(b, "%s\n", units);
    name_hex(b, T("data", "données"), f->tx.data.data, f->tx.data.len);
    if (f->kind == PROOF_RECEIPT)
        print_receipt(b, &f->receipt);
}

static void print_facts(struct buf *b, const struct proof_facts *f)
{
    name(b, T("chain", "chaîne"));
    buf_putf(b, "%s\n", f->chain_id);
    name(b, T("signed by", "signé par"));
    buf_putf(b,
             T("%zu of %zu validators, power %llu of %llu\n",
               "%zu validateurs sur %zu, pouvoir %llu sur %llu\n"),
             f->signed_by.signers, f->validators, (unsigned long long)f->signed_by.power,
             (unsigned long long)f->power);
    name(b, "consensus");
    buf_putf(b, "%llu, ", (unsigned long long)f->consensus_height);
    put_time(b, f->time);
    buf_puts(b, "\n");
    name_hex(b, T("block", "bloc"), f->eth_hash.b, 32);
    name(b, T("number", "numéro"));
    buf_putf(b, "%llu\n", (unsigned long long)f->header.number);
    if (f->kind == PROOF_ACCOUNT)
        print_account(b, f);
    else
        print_tx(b, f);
}

static void key_data(struct buf *b, const char *key, const void *data, size_t len)
{
    json_put_key(b, key);
    json_put_data(b, data, len);
}

static void key_u64(struct buf *b, const char *key, uint64_t v)
{
    json_put_key(b, key);
    json_put_u64(b, v);
}

static void json_account(struct buf *b, const struct proof_facts *f)
{
    key_data(b, "address", f->address.b, 20);
    json_put_key(b, "exists");
    json_put_bool(b, f->exists);
    key_u64(b, "nonce", f->account.nonce);
    json_put_key(b, "balance");
    json_put_quantity_u256(b, f->account.balance);
    key_data(b, "codeHash", f->account.code_hash.b, 32);
    json_put_key(b, "storage");
    json_open(b, '[');
    for (size_t i = 0; i < f->slot_count; i++) {
        json_open(b, '{');
        key_data(b, "key", f->slots[i].key.b, 32);
        key_data(b, "value", f->slots[i].value.data, f->slots[i].value.len);
        json_close(b, '}');
    }
    json_close(b, ']');
}

static void json_receipt(struct buf *b, const struct receipt *r)
{
    json_put_key(b, "success");
    json_put_bool(b, r->success);
    json_put_key(b, "logs");
    json_open(b, '[');
    for (size_t i = 0; i < r->log_count; i++) {
        const struct log_entry *l = &r->logs[i];
        json_open(b, '{');
        key_data(b, "address", l->address.b, 20);
        json_put_key(b, "topics");
        json_open(b, '[');
        for (size_t t = 0; t < l->topic_count; t++)
            json_put_data(b, l->topics[t].b, 32);
        json_close(b, ']');
        key_data(b, "data", l->data.data, l->data.len);
        json_close(b, '}');
    }
    json_close(b, ']');
}

static void json_tx(struct buf *b, const struct proof_facts *f)
{
    key_data(b, "transactionHash", f->tx.hash.b, 32);
    key_u64(b, "index", f->index);
    key_data(b, "from", f->tx.sender.b, 20);
    json_put_key(b, "to");
    if (f->tx.is_create)
        json_put_null(b);
    else
        json_put_data(b, f->tx.to.b, 20);
    json_put_key(b, "value");
    json_put_quantity_u256(b, f->tx.value);
    key_data(b, "data", f->tx.data.data, f->tx.data.len);
    if (f->kind == PROOF_RECEIPT)
        json_receipt(b, &f->receipt);
}

static void json_facts(struct buf *b, const struct proof_facts *f)
{
    json_open(b, '{');
    json_put_key(b, "chain");
    json_put_string(b, f->chain_id);
    key_u64(b, "consensusHeight", f->consensus_height);
    json_put_key(b, "time");
    light_put_time(b, f->time);
    key_u64(b, "signers", f->signed_by.signers);
    key_u64(b, "validators", f->validators);
    key_u64(b, "signedPower", f->signed_by.power);
    key_u64(b, "power", f->power);
    key_u64(b, "blockNumber", f->header.number);
    key_data(b, "blockHash", f->eth_hash.b, 32);
    key_u64(b, "timestamp", f->header.timestamp_s);
    json_put_key(b, "kind");
    json_put_string(b, proof_kind_name(f->kind));
    if (f->kind == PROOF_ACCOUNT)
        json_account(b, f);
    else
        json_tx(b, f);
    json_close(b, '}');
}

/* --- verify-proof
 * ------------------------------------------------------------------------------------- */

static enum err save_trust(const char *path, const struct light_trust *t, struct diag *d)
{
    struct buf text = {0};
    light_put_trust(&text, t);
    buf_puts(&text, "\n");
    enum err e = file_write(path, buf_view(&text), 0644, true, d);
    buf_free(&text);
    return e;
}

static enum err read_options(const struct cli *cli, struct light_trust *trust, struct arena *a,
                             struct light_time *now, struct diag *d)
{
    const char *file = cli_get(cli, "trust"), *at = cli_get(cli, "at");
    if (!file)
        return diag_set(
            d, E_USAGE,
            T("--trust FILE is needed: whose signatures do you trust?",
              "--trust FICHIER est nécessaire : à quelles signatures vous fiez-vous ?"));
    *now = (struct light_time){(int64_t)clock_unix_s(), 0};
    if (at && light_read_time(now, at) != E_OK)
        return diag_set(d, E_USAGE,
                        T("--at %s: write it as 2026-03-01T00:00:00Z",
                          "--at %s : écrivez-le sous la forme 2026-03-01T00:00:00Z"),
                        at);
    TRY(read_trust(trust, a, file, d));
    return cli_get_u64(cli, "period", 1, 100ull * 366 * 86400, &trust->period_s);
}

static int run_verify_proof(struct cli *cli)
{
    struct diag d = {0};
    struct arena a = {0};
    struct light_trust trust;
    struct light_time now;
    struct proof_facts facts;
    struct json *document = NULL;
    struct buf out = {0};
    enum err e = read_options(cli, &trust, &a, &now, &d);
    if (e == E_OK) {
        e = read_json(&document, cli->args[0], &d);
        if (e == E_JSON) /* it proves nothing */
            e = E_PROOF;
    }
    if (e == E_OK)
        e = proof_verify(&facts, &a, &trust, document, now, &d);
    if (e == E_OK && cli_get(cli, "save-trust"))
        e = save_trust(cli_get(cli, "save-trust"), &trust, &d);
    if (e == E_OK) {
        if (cli->json)
            json_facts(&out, &facts);
        else
            print_facts(&out, &facts);
        cli_print(&out);
    }
    json_free(document);
    buf_free(&out);
    arena_free(&a);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}

const struct command PROOF_COMMANDS[] = {
    {"proof", "[ADDRESS [SLOT...]]", 0, 200,
     "writes a document that proves an account, a record, a receipt or a transaction to someone "
     "who runs no node",
     "écrit un document qui prouve un compte, un enregistrement, un reçu ou une transaction à qui "
     "n'exécute pas de nœud",
     PROOF_OPTIONS, run_proof},
    {"verify-proof", "FILE", 1, 1,
     "checks such a document offline, from trusted validators on, and prints what is proven",
     "vérifie un tel document hors ligne, à partir de validateurs de confiance, et affiche ce qui "
     "est prouvé",
     VERIFY_OPTIONS, run_verify_proof},
    {0},
};
