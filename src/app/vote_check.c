/* vote_check: `parvis vote check`: is a ballot in the urn, does it count, and the proof of it.
 *
 * The ballot is read back and its tracker computed here; the receipt of its cast is proven to stand
 * under its block's header: the path in the trie of receipts, a few hundred bytes. On a network the
 * validators sign that header: with --trust the whole is a document that `verify-proof` checks. */
#include <stdio.h>

#include "app/json_members.h"
#include "app/proof_document.h"
#include "app/vote_commands.h"
#include "app/vote_ledger.h"
#include "belenios/ballot.h"
#include "chain/block.h"
#include "codec/rlp.h"
#include "crypto/keccak.h"
#include "state/trie.h"

const struct cli_option VOTE_CHECK_OPTIONS[] = {
    {"proof", "FILE", "writes the proof for `parvis verify-proof` (a network's validators sign it)",
     "écrit la preuve pour `parvis verify-proof` (les validateurs d'un réseau la signent)"},
    {"trust", "FILE", "verifies it from here: the engine's genesis file or a saved trust",
     "la vérifie à partir de là : genèse du moteur ou point de confiance enregistré"},
    {0},
};

struct check {
    struct cli *cli;
    struct vote_ledger ledger;
    struct vote_consultation consultation;
    struct bel_election election;
    struct hash tracker;
    char code[BEL_HASH_CHARS + 1];
    uint64_t height, block; /* of the event */
    uint8_t key32[EDWARDS_BYTES];
    bool is_last, is_struck;
    uint64_t weight;
    struct hash tx, header_hash;
    size_t proof_bytes, header_bytes;
};

/* --- the ballot --------------------------------------------------------------------------------
 */

static enum err find_ballot(struct check *x, struct diag *d)
{
    struct abi_value args[2] = {abi_u64(x->consultation.id), abi_bytes32(x->tracker.b)}, v;
    TRY(vote_view(&x->ledger, "ballotHeight", args, 2, &v, d));
    x->height = abi_get_u64(&v.item[0]);
    if (x->height == 0)
        return diag_set(d, E_NOT_FOUND,
                        T("no ballot of this tracker is in the urn of consultation %llu; if you "
                          "cast one, tell the town hall",
                          "aucun bulletin de ce suivi n'est dans l'urne de la consultation %llu ; "
                          "si vous en avez déposé un, prévenez la mairie"),
                        (unsigned long long)x->consultation.id);
    x->height--;
    return E_OK;
}

/* The node's ballot must have this tracker: the tracker is all that the voter keeps. */
static enum err read_ballot(struct check *x, struct diag *d)
{
    struct abi_value args[2] = {abi_u64(x->consultation.id), abi_u64(x->height)}, v;
    struct hash h;
    TRY(vote_view(&x->ledger, "eventAt", args, 2, &v, d));
    x->block = abi_get_u64(&v.item[4]);
    struct bytes packed = v.item[6].bytes;
    if (bel_ballot_hash(&h, &x->election, packed) != E_OK || !hash_eq(&h, &x->tracker) ||
        bel_ballot_signed_text(x->code, &x->election, packed) != E_OK)
        return diag_set(d, E_PROOF,
                        T("the node's ballot has another tracker", "le bulletin du nœud a un autre "
                                                                   "numéro de suivi"));
    memcpy(x->key32, bel_ballot_credential(packed), EDWARDS_BYTES);
    args[1] = abi_bytes32(x->key32);
    TRY(vote_view(&x->ledger, "voterOf", args, 2, &v, d));
    x->is_struck = abi_get_u64(&v.item[1]) != 0;
    x->weight = abi_get_u64(&v.item[2]);
    x->is_last = abi_get_u64(&v.item[4]) == x->height;
    return E_OK;
}

/* --- the proof ---------------------------------------------------------------------------------
 */

static enum err malformed(const char *method, struct diag *d)
{
    return diag_set(d, E_JSON, T("%s: malformed answer", "%s : réponse mal formée"), method);
}

static const struct abi_entry *ballot_cast(const struct check *x)
{
    size_t i = 0;
    while (strcmp(service_event_entry(x->ledger.voting, i)->name, "BallotCast") != 0)
        i++;
    return service_event_entry(x->ledger.voting, i);
}

/* The transaction that cast it: the log names consultation, credential and tracker. */
static enum err find_tx(struct check *x, struct diag *d)
{
    struct json *reply;
    struct buf p = {0};
    uint8_t id[32] = {0};
    be64_put(id + 24, x->consultation.id);
    json_open(&p, '[');
    json_open(&p, '{');
    json_put_key(&p, "fromBlock");
    json_put_quantity(&p, x->block);
    json_put_key(&p, "toBlock");
    json_put_quantity(&p, x->block);
    json_put_address_member(&p, "address", &x->ledger.voting->address);
    json_put_key(&p, "topics");
    json_open(&p, '[');
    json_put_data(&p, ballot_cast(x)->topic.b, 32);
    json_put_data(&p, id, 32);
    json_put_data(&p, x->key32, 32);
    json_put_data(&p, x->tracker.b, 32);
    json_close(&p, ']');
    json_close(&p, '}');
    json_close(&p, ']');
    enum err e = client_call(x->ledger.client, "eth_getLogs", buf_cstr(&p), &reply, d);
    buf_free(&p);
    TRY(e);
    const char *tx = json_text(json_get(json_at(client_result(reply), 0), "transactionHash"));
    e = tx && hash_from_hex(&x->tx, tx) == E_OK
            ? E_OK
            : diag_set(d, E_NOT_FOUND,
                       T("block %llu has no cast of this ballot",
                         "le bloc %llu n'a pas de dépôt de ce bulletin"),
                       (unsigned long long)x->block);
    json_free(reply);
    return e;
}

static enum err get_header(struct check *x, struct header *out, struct diag *d)
{
    char params[40];
    struct buf rlp = {0};
    snprintf(params, sizeof params, "[\"0x%llx\"]", (unsigned long long)x->block);
    enum err e = client_data(x->ledger.client, "debug_getRawHeader", params, &rlp, d);
    if (e == E_OK && header_decode(out, buf_view(&rlp)) != E_OK)
        e = malformed("debug_getRawHeader", d);
    x->header_bytes = rlp.len;
    x->header_hash = keccak256_of(buf_view(&rlp));
    buf_free(&rlp);
    return e;
}

/* The nodes of the path as one RLP list; their bytes are what a voter has to keep. */
static enum err read_nodes(struct check *x, const struct json *nodes, struct buf *out)
{
    size_t mark = rlp_list_open(out);
    for (const struct json *n = json_first(nodes); n; n = json_next(n)) {
        struct buf node = {0};
        const char *hex = json_text(n);
        if (!hex || hex_decode_buf(&node, hex, strlen(hex)) != E_OK) {
            buf_free(&node);
            return E_JSON;
        }
        x->proof_bytes += node.len;
        rlp_put_string(out, node.data, node.len);
        buf_free(&node);
    }
    rlp_list_close(out, mark);
    return E_OK;
}

static bool is_this_cast(const struct check *x, const struct log_entry *l)
{
    return address_eq(&l->address, &x->ledger.voting->address) && l->topic_count == 4 &&
           hash_eq(&l->topics[0], &ballot_cast(x)->topic) &&
           be64_get(l->topics[1].b + 24) == x->consultation.id &&
           memcmp(l->topics[2].b, x->key32, 32) == 0 && hash_eq(&l->topics[3], &x->tracker);
}

static enum err check_receipt(struct check *x, struct bytes encoded, struct diag *d)
{
    struct receipt receipt;
    if (receipt_decode(&receipt, &x->ledger.arena, encoded) == E_OK && receipt.success)
        for (size_t i = 0; i < receipt.log_count; i++)
            if (is_this_cast(x, &receipt.logs[i]))
                return E_OK;
    return diag_set(d, E_PROOF,
                    T("the proven receipt is not of this ballot's cast",
                      "le reçu prouvé n'est pas celui du dépôt de ce bulletin"));
}

static enum err prove(struct check *x, struct diag *d)
{
    struct json *reply;
    struct header header;
    struct bytes receipt;
    struct buf nodes = {0};
    char params[80], hex[65];
    uint64_t index;
    TRY(find_tx(x, d));
    TRY(get_header(x, &header, d));
    hex_encode(hex, x->tx.b, 32);
    snprintf(params, sizeof params, "[\"0x%s\"]", hex);
    TRY(client_call(x->ledger.client, "parvis_getReceiptProof", params, &reply, d));
    const struct json *result = client_result(reply);
    enum err e = json_u64(&index, json_get(result, "transactionIndex"));
    if (e != E_OK || read_nodes(x, json_get(result, "receiptProof"), &nodes) != E_OK)
        e = malformed("parvis_getReceiptProof", d);
    else if (trie_list_verify(&header.receipts_root, index, buf_view(&nodes), &receipt) != E_OK)
        e = diag_set(d, E_PROOF,
                     T("the proof does not lead from the header of block %llu to the receipt",
                       "la preuve ne mène pas de l'en-tête du bloc %llu au reçu"),
                     (unsigned long long)x->block);
    else
        e = check_receipt(x, receipt, d);
    json_free(reply);
    buf_free(&nodes);
    return e;
}

static enum err read_trust(struct check *x, struct light_trust *out, const char *path,
                           struct diag *d)
{
    struct buf text = {0};
    struct json *file = NULL;
    enum err e = file_read(&text, path, LIMIT_GENESIS_BYTES, d);
    if (e == E_OK) {
        e = json_parse(&file, buf_view(&text), d);
        if (e == E_OK)
            e = light_read_trust(out, &x->ledger.arena, file, d);
        if (e != E_OK)
            diag_wrap(d, e, "%s: ", path);
    }
    json_free(file);
    buf_free(&text);
    return e;
}

/* The document for `verify-proof`: the same receipt, under a header that validators signed. */
static enum err write_document(struct check *x, struct diag *d)
{
    struct buf out = {0};
    struct light_trust trust;
    const char *path = cli_get(x->cli, "trust");
    struct proof_wish wish = {.kind = PROOF_RECEIPT, .tx_hash = x->tx};
    if (!path && !cli_has(x->cli, "proof"))
        return E_OK;
    enum err e = path ? read_trust(x, &trust, path, d) : E_OK;
    if (e == E_OK)
        e = proof_document(&out, x->ledger.client, &wish, path ? &trust : NULL, d);
    if (e == E_OK && cli_has(x->cli, "proof"))
        e = file_write(cli_get(x->cli, "proof"), buf_view(&out), 0644, true, d);
    buf_free(&out);
    return e;
}

/* --- the answer --------------------------------------------------------------------------------
 */

static void print_check(const struct check *x)
{
    struct buf b = {0};
    bool counts = x->is_last && !x->is_struck;
    if (x->cli->json) {
        json_open(&b, '{');
        json_put_bool_member(&b, "recorded", true);
        json_put_bool_member(&b, "counts", counts);
        json_put_bool_member(&b, "last", x->is_last);
        json_put_bool_member(&b, "struck", x->is_struck);
        json_put_text_member(&b, "code", x->code);
        json_put_u64_member(&b, "weight", x->weight);
        json_put_u64_member(&b, "event", x->height);
        json_put_u64_member(&b, "block", x->block);
        json_put_data_member(&b, "blockHash", x->header_hash.b, 32);
        json_put_data_member(&b, "transaction", x->tx.b, 32);
        json_put_u64_member(&b, "proofBytes", x->proof_bytes);
        json_put_u64_member(&b, "headerBytes", x->header_bytes);
        json_close(&b, '}');
    } else {
        buf_putf(&b,
                 T("In the urn: event %llu, block %llu (", "Dans l'urne : événement %llu, bloc "
                                                           "%llu ("),
                 (unsigned long long)x->height, (unsigned long long)x->block);
        buf_put_hex(&b, x->header_hash.b, 32);
        buf_putf(&b,
                 T("), proven by %zu bytes under its header.\n",
                   "), prouvé par %zu octets sous son en-tête.\n"),
                 x->proof_bytes);
        buf_putf(&b, T("ballot code  %s\n", "code du bulletin  %s\n"), x->code);
        if (counts)
            buf_puts(&b, T("It counts.\n", "Il compte.\n"));
        else if (x->is_struck)
            buf_puts(&b, T("It does not count: the voting code was struck out.\n",
                           "Il ne compte pas : le code de vote a été rayé.\n"));
        else
            buf_puts(&b, T("It does not count: a later ballot of the same code replaces it.\n",
                           "Il ne compte pas : un bulletin plus récent du même code le "
                           "remplace.\n"));
    }
    cli_print(&b);
    buf_free(&b);
}

static enum err check(struct check *x, struct diag *d)
{
    uint64_t id;
    const char *tracker = x->cli->args[1];
    TRY(vote_id(&id, x->cli->args[0], d));
    if (!bel_hash_from_text(&x->tracker, tracker, strlen(tracker)))
        return diag_set(d, E_USAGE,
                        T("%s: a tracker is %d letters, digits, + and /",
                          "%s : un numéro de suivi est %d lettres, chiffres, + et /"),
                        tracker, BEL_HASH_CHARS);
    TRY(vote_ledger_open(&x->ledger, x->cli, d));
    TRY(vote_consultation_get(&x->ledger, id, &x->consultation, d));
    TRY(find_ballot(x, d));
    TRY(vote_election_get(&x->ledger, &x->consultation, &x->election, d));
    TRY(read_ballot(x, d));
    TRY(prove(x, d));
    return write_document(x, d);
}

int vote_check_run(struct cli *cli)
{
    struct diag d = {0};
    struct check x = {.cli = cli};
    enum err e = check(&x, &d);
    if (e == E_OK)
        print_check(&x);
    vote_ledger_close(&x.ledger);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}
