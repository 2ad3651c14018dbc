/* network_files: what CometBFT v0.40 reads: keys, genesis, config.toml.
 *
 * The configuration is closed: only the port for peers listens on the network, peers are known by
 * their keys and the ledger is asked for each (filter_peers), nothing is gossiped about who they
 * are. And it is tuned, as measured: bundles travel within milliseconds, a block follows
 * 0.04 s after the one before while there is work, an idle network makes one empty consensus height
 * a second. */
#include "app/network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "app/json_members.h"
#include "base/limits.h"
#include "crypto/ed25519.h"
#include "engine/engine.h"

/* --- keys --------------------------------------------------------------------------------------
 */

static void put_base64(struct buf *b, const uint8_t *data, size_t len)
{
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < len; i += 3) {
        uint32_t v = (uint32_t)data[i] << 16;
        if (i + 1 < len)
            v |= (uint32_t)data[i + 1] << 8;
        if (i + 2 < len)
            v |= data[i + 2];
        buf_put_u8(b, (uint8_t)DIGITS[v >> 18]);
        buf_put_u8(b, (uint8_t)DIGITS[v >> 12 & 63]);
        buf_put_u8(b, i + 1 < len ? (uint8_t)DIGITS[v >> 6 & 63] : '=');
        buf_put_u8(b, i + 2 < len ? (uint8_t)DIGITS[v & 63] : '=');
    }
}

/* Amino's JSON of a key: {"type": ..., "value": base64}. */
static void put_key(struct buf *b, const char *name, const char *type, const void *data, size_t len)
{
    struct buf text = {0};
    put_base64(&text, data, len);
    json_put_key(b, name);
    json_open(b, '{');
    json_put_text_member(b, "type", type);
    json_put_text_member(b, "value", buf_cstr(&text));
    json_close(b, '}');
    if (text.data)
        explicit_bzero(text.data, text.cap);
    buf_free(&text);
}

static void put_secret(struct buf *b, const struct ed25519_secret *s)
{
    uint8_t both64[64];
    memcpy(both64, s->seed32, 32);
    memcpy(both64 + 32, s->key32, 32);
    put_key(b, "priv_key", "tendermint/PrivKeyEd25519", both64, sizeof both64);
    explicit_bzero(both64, sizeof both64);
}

/* CometBFT writes its hexadecimal in capitals. */
static void put_upper_hex(struct buf *b, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        buf_putf(b, "%02X", data[i]);
}

static void put_address20(struct buf *b, const uint8_t key32[32])
{
    uint8_t address20[20];
    struct buf text = {0};
    ed25519_address20(address20, key32);
    put_upper_hex(&text, address20, sizeof address20);
    json_put_text_member(b, "address", buf_cstr(&text));
    buf_free(&text);
}

static enum err write_new(struct made *made, const char *path, struct buf *content, struct diag *d)
{
    buf_puts(content, "\n");
    enum err e = file_write(path, buf_view(content), 0600, false, d);
    if (e == E_OK)
        made_add(made, path);
    if (content->data)
        explicit_bzero(content->data, content->cap);
    buf_free(content);
    return e;
}

enum err engine_keys_make(const struct cli *cli, struct made *made, uint8_t key32_out[32],
                          uint8_t node20_out[20], struct diag *d)
{
    struct ed25519_secret validator, node;
    struct buf text = {0};
    TRY(home_make_dir(made, home_path(cli, "engine"), d));
    TRY(home_make_dir(made, home_path(cli, "engine/config"), d));
    TRY(home_make_dir(made, home_path(cli, "engine/data"), d));
    ed25519_generate(&validator);
    ed25519_generate(&node);
    json_open(&text, '{');
    put_address20(&text, validator.key32);
    put_key(&text, "pub_key", "tendermint/PubKeyEd25519", validator.key32, 32);
    put_secret(&text, &validator);
    json_close(&text, '}');
    enum err e = write_new(made, home_path(cli, "engine/config/priv_validator_key.json"), &text, d);
    if (e == E_OK) {
        json_open(&text, '{');
        put_secret(&text, &node);
        json_close(&text, '}');
        e = write_new(made, home_path(cli, "engine/config/node_key.json"), &text, d);
    }
    if (e == E_OK) {
        buf_puts(&text, "{\"height\":\"0\",\"round\":0,\"step\":0}");
        e = write_new(made, home_path(cli, "engine/data/priv_validator_state.json"), &text, d);
    }
    if (e == E_OK) {
        memcpy(key32_out, validator.key32, 32);
        ed25519_address20(node20_out, node.key32);
    }
    ed25519_wipe(&validator);
    ed25519_wipe(&node);
    return e;
}

/* --- genesis -----------------------------------------------------------------------------------
 */

static void put_text_u64(struct buf *b, const char *name, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    json_put_text_member(b, name, text);
}

/* A block holds one bundle, its evidence and the votes of NETWORK_MEMBERS_MAX members. */
#define ENGINE_BLOCK_BYTES ((4u << 20) + (256u << 10))
#define ENGINE_EVIDENCE_BYTES (64u << 10)
/* Reports of misbehaviour are taken for two days: so long the engine keeps what proves them. */
#define ENGINE_EVIDENCE_HEIGHTS 100000u
#define ENGINE_EVIDENCE_NS UINT64_C(172800000000000)

static void put_params(struct buf *b)
{
    json_put_key(b, "consensus_params");
    json_open(b, '{');
    json_put_key(b, "block");
    json_open(b, '{');
    put_text_u64(b, "max_bytes", ENGINE_BLOCK_BYTES);
    json_put_text_member(b, "max_gas", "-1"); /* the application bounds gas */
    json_close(b, '}');
    json_put_key(b, "evidence");
    json_open(b, '{');
    put_text_u64(b, "max_age_num_blocks", ENGINE_EVIDENCE_HEIGHTS);
    put_text_u64(b, "max_age_duration", ENGINE_EVIDENCE_NS);
    put_text_u64(b, "max_bytes", ENGINE_EVIDENCE_BYTES);
    json_close(b, '}');
    json_put_key(b, "validator");
    json_put_raw(b, "{\"pub_key_types\":[\"ed25519\"]}");
    json_put_key(b, "version"); /* as Info tells it: the engine's own rollback takes it from here */
    json_open(b, '{');
    put_text_u64(b, "app", ENGINE_APP_VERSION);
    json_close(b, '}');
    json_put_key(b, "abci");
    json_put_raw(b, "{\"vote_extensions_enable_height\":\"0\"}");
    json_close(b, '}');
}

void engine_genesis_write(struct buf *out, uint64_t chain_id, uint64_t time_s,
                          const struct network_member *members, size_t count,
                          const struct hash *app_hash)
{
    char text[64];
    struct tm tm;
    time_t when = (time_t)time_s;
    struct buf hash = {0};
    gmtime_r(&when, &tm);
    json_open(out, '{');
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    json_put_text_member(out, "genesis_time", text);
    snprintf(text, sizeof text, "parvis-%llu", (unsigned long long)chain_id);
    json_put_text_member(out, "chain_id", text);
    json_put_text_member(out, "initial_height", "1");
    put_params(out);
    json_put_key(out, "validators");
    json_open(out, '[');
    for (size_t i = 0; i < count; i++) {
        json_open(out, '{');
        put_address20(out, members[i].key32);
        put_key(out, "pub_key", "tendermint/PubKeyEd25519", members[i].key32, 32);
        put_text_u64(out, "power", members[i].power);
        json_put_text_member(out, "name", members[i].name);
        json_close(out, '}');
    }
    json_close(out, ']');
    if (app_hash)
        put_upper_hex(&hash, app_hash->b, sizeof app_hash->b);
    json_put_text_member(out, "app_hash", buf_cstr(&hash));
    buf_free(&hash);
    json_close(out, '}');
}

/* --- config.toml -------------------------------------------------------------------------------
 */

/* TOML's basic string. The names of members are people's words. */
static void put_toml(struct buf *b, const char *key, const char *text)
{
    buf_putf(b, "%s = \"", key);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            buf_putf(b, "\\%c", *text);
        else if ((unsigned char)*text < 0x20 || *text == 0x7f)
            buf_putf(b, "\\u%04x", (unsigned)*text);
        else
            buf_put_u8(b, (uint8_t)*text);
    }
    buf_puts(b, "\"\n");
}

/* The members but this one: "id@host:port,..." or their ids alone. */
static void put_peers(struct buf *b, const char *key, const struct engine_config *c, bool addresses)
{
    char node[41];
    bool first = true;
    buf_putf(b, "%s = \"", key);
    for (size_t i = 0; i < c->member_count; i++) {
        const struct network_member *m = &c->members[i];
        if (memcmp(m->node20, c->self->node20, sizeof m->node20) == 0)
            continue;
        hex_encode(node, m->node20, sizeof m->node20);
        buf_putf(b, "%s%s%s%s", first ? "" : ",", node, addresses ? "@" : "",
                 addresses ? m->p2p : "");
        first = false;
    }
    buf_puts(b, "\"\n");
}

static bool is_ip(const char *address)
{
    char host[NETWORK_ADDRESS_MAX + 1];
    uint8_t bytes[16];
    uint16_t port;
    return network_address_parse(address, host, &port, NULL) == E_OK &&
           (inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1);
}

static void put_p2p(struct buf *b, const struct engine_config *c)
{
    buf_puts(b, "\n[p2p]\n");
    buf_putf(b, "laddr = \"tcp://%s\"\n", c->listen);
    /* a name would have to be known to the resolver before the engine starts */
    put_toml(b, "external_address", is_ip(c->external) ? c->external : "");
    put_peers(b, "persistent_peers", c, true);
    put_peers(b, "unconditional_peer_ids", c, false);
    put_peers(b, "private_peer_ids", c, false);
    buf_puts(b, "addr_book_strict = false\n"
                "# only the peer exchange honours the longest pause between two calls\n"
                "pex = true\n"
                "persistent_peers_max_dial_period = \"5s\"\n"
                "# peers are known by their keys: two may stand behind one address\n"
                "allow_duplicate_ip = true\n"
                "max_num_inbound_peers = 40\n"
                "max_num_outbound_peers = 10\n"
                "flush_throttle_timeout = \"5ms\"\n"
                "max_packet_msg_payload_size = 65536\n"
                "send_rate = 104857600\n"
                "recv_rate = 104857600\n"
                "handshake_timeout = \"10s\"\n"
                "dial_timeout = \"3s\"\n"
                "\n[p2p.libp2p]\nenabled = false\n");
}

static void put_mempool(struct buf *b)
{
    buf_putf(b,
             "\n[mempool]\n"
             "# the application keeps and orders transactions; these sizes must be the same at\n"
             "# every member, for they size what is received\n"
             "type = \"app\"\n"
             "max_tx_bytes = %u\n"
             "max_batch_bytes = %u\n"
             "seen_cache_size = 100000\n"
             "reap_max_bytes = %u\n"
             "reap_interval = \"10ms\"\n",
             LIMIT_TX_BYTES + 65536, LIMIT_TX_BYTES + 131072, LIMIT_TX_BYTES + 65536);
}

static void put_statesync(struct buf *b, const struct engine_config *c)
{
    buf_puts(b, "\n[statesync]\n");
    buf_putf(b, "enable = %s\n", c->sync_servers ? "true" : "false");
    if (!c->sync_servers)
        return;
    put_toml(b, "rpc_servers", c->sync_servers);
    buf_putf(b, "trust_height = %llu\n", (unsigned long long)c->trust_height);
    put_toml(b, "trust_hash", c->trust_hash);
    buf_puts(b, "# shorter than the time for which misbehaviour can be reported\n"
                "trust_period = \"36h\"\n"
                "discovery_time = \"5s\"\n"
                "chunk_request_timeout = \"10s\"\n"
                "chunk_fetchers = \"4\"\n");
}

void engine_config_write(struct buf *out, const struct engine_config *c)
{
    buf_puts(out,
             "# Written by `parvis network join`. The paths are relative to this folder's parent;\n"
             "# the engine is started there.\n"
             "version = \"0.39.0\"\n"
             "proxy_app = \"unix://app.sock\"\n"
             "abci = \"socket\"\n");
    put_toml(out, "moniker", c->moniker);
    buf_puts(out, "db_backend = \"goleveldb\"\n"
                  "db_dir = \"data\"\n"
                  "log_level = \"error\"\n"
                  "log_format = \"plain\"\n"
                  "genesis_file = \"config/genesis.json\"\n"
                  "priv_validator_key_file = \"config/priv_validator_key.json\"\n"
                  "priv_validator_state_file = \"data/priv_validator_state.json\"\n"
                  "node_key_file = \"config/node_key.json\"\n"
                  "# the ledger says who may connect\n"
                  "filter_peers = true\n"
                  "\n[rpc]\n");
    buf_putf(out, "laddr = \"unix://rpc.sock%s%s\"\n", c->rpc_listen ? ",tcp://" : "",
             c->rpc_listen ? c->rpc_listen : "");
    buf_puts(out, "unsafe = false\n"
                  "cors_allowed_origins = []\n"
                  "max_open_connections = 100\n"
                  "max_body_bytes = 100000\n");
    put_p2p(out, c);
    put_mempool(out);
    put_statesync(out, c);
    buf_puts(out,
             "\n[blocksync]\n"
             "version = \"v0\"\n"
             "# must stay off: a validator that catches up while it votes may contradict itself\n"
             "adaptive_sync = false\n"
             "\n[consensus]\n"
             "# longer than the second for which the proposer of an idle network waits for work\n"
             "timeout_propose = \"2s\"\n"
             "timeout_propose_delta = \"500ms\"\n"
             "timeout_prevote = \"500ms\"\n"
             "timeout_prevote_delta = \"250ms\"\n"
             "timeout_precommit = \"500ms\"\n"
             "timeout_precommit_delta = \"250ms\"\n"
             "timeout_commit = \"40ms\"\n"
             "skip_timeout_commit = false\n"
             "# the application waits for work when it is asked to propose\n"
             "create_empty_blocks = true\n"
             "create_empty_blocks_interval = \"0s\"\n"
             "peer_gossip_sleep_duration = \"5ms\"\n"
             "peer_query_maj23_sleep_duration = \"1s\"\n"
             "block_time_tolerance = \"60s\"\n"
             "# not 0 would keep every member out after all of them stopped at once: each would\n"
             "# find its own votes in the last blocks\n"
             "double_sign_check_height = 0\n"
             "\n[storage]\n"
             "# the last response, which recovery needs, is kept all the same\n"
             "discard_abci_responses = true\n"
             "\n[tx_index]\n"
             "indexer = \"null\"\n"
             "\n[instrumentation]\n"
             "prometheus = false\n");
}
