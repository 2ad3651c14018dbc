/* light: headers, commits, validators and trusts in JSON. Every byte comes from a stranger. */
#include "base/limits.h"
#include "crypto/ed25519.h"
#include "engine/light_value.h"

#define POWER_MAX (INT64_MAX / 8) /* CometBFT's bound of a set's power */
#define CHAIN_ID_MAX 50
#define APP_HASH_MAX 64
#define PERIOD_MAX_S (100u * 366 * 86400)

/* --- header and commit
 * ---------------------------------------------------------------------------- */

static enum err read_block_id(struct light_block_id *out, struct arena *a, const struct json *j,
                              const char *name, struct diag *d)
{
    const struct json *id = json_get(j, name), *parts = json_get(id, "parts");
    TRY(value_only(id, "hash parts", d));
    TRY(value_only(parts, "total hash", d));
    TRY(value_hash(&out->hash, a, id, "hash", d));
    TRY(value_small(&out->parts, parts, "total", d));
    return value_hash(&out->parts_hash, a, parts, "hash", d);
}

static void put_block_id(struct buf *out, const struct light_block_id *id)
{
    json_open(out, '{');
    json_put_key(out, "hash");
    value_put_hex(out, id->hash);
    json_put_key(out, "parts");
    json_open(out, '{');
    json_put_key(out, "total");
    json_put_u64(out, id->parts);
    json_put_key(out, "hash");
    value_put_hex(out, id->parts_hash);
    json_close(out, '}');
    json_close(out, '}');
}

static enum err read_chain_id(const char **out, struct arena *a, const struct json *j,
                              const char *name, struct diag *d)
{
    const char *text = json_text(json_get(j, name));
    if (!text || !*text || strlen(text) > CHAIN_ID_MAX)
        return value_bad(d, name);
    *out = arena_strdup(a, text);
    return E_OK;
}

static enum err read_header(struct light_header *h, struct arena *a, const struct json *j,
                            struct diag *d)
{
    const struct json *version = json_get(j, "version");
    TRY(value_only(j,
                   "version chain_id height time last_block_id last_commit_hash data_hash "
                   "validators_hash next_validators_hash consensus_hash app_hash last_results_hash "
                   "evidence_hash proposer_address",
                   d));
    TRY(value_only(version, "block ?app", d));
    TRY(value_number(&h->version_block, version, "block", UINT64_MAX, d));
    h->version_app = 0;
    if (json_get(version, "app")) /* written only when not 0 */
        TRY(value_number(&h->version_app, version, "app", UINT64_MAX, d));
    TRY(read_chain_id(&h->chain_id, a, j, "chain_id", d));
    TRY(value_number(&h->height, j, "height", INT64_MAX, d));
    if (h->height == 0)
        return value_bad(d, "height");
    TRY(value_time(&h->time, j, "time", d));
    TRY(read_block_id(&h->last_block_id, a, j, "last_block_id", d));
    TRY(value_hash(&h->last_commit_hash, a, j, "last_commit_hash", d));
    TRY(value_hash(&h->data_hash, a, j, "data_hash", d));
    TRY(value_whole_hash(&h->validators_hash, a, j, "validators_hash", d));
    TRY(value_whole_hash(&h->next_validators_hash, a, j, "next_validators_hash", d));
    TRY(value_hash(&h->consensus_hash, a, j, "consensus_hash", d));
    TRY(value_hex(&h->app_hash, a, j, "app_hash", 0, APP_HASH_MAX, d));
    TRY(value_hash(&h->last_results_hash, a, j, "last_results_hash", d));
    TRY(value_hash(&h->evidence_hash, a, j, "evidence_hash", d));
    return value_20(h->proposer20, j, "proposer_address", d);
}

static void put_header(struct buf *out, const struct light_header *h)
{
    const struct {
        const char *name;
        struct bytes value;
    } hashes[] = {{"last_commit_hash", h->last_commit_hash},
                  {"data_hash", h->data_hash},
                  {"validators_hash", h->validators_hash},
                  {"next_validators_hash", h->next_validators_hash},
                  {"consensus_hash", h->consensus_hash},
                  {"app_hash", h->app_hash},
                  {"last_results_hash", h->last_results_hash},
                  {"evidence_hash", h->evidence_hash},
                  {"proposer_address", bytes_of(h->proposer20, sizeof h->proposer20)}};
    json_open(out, '{');
    json_put_key(out, "version");
    json_open(out, '{');
    json_put_key(out, "block");
    value_put_number(out, h->version_block);
    if (h->version_app) {
        json_put_key(out, "app");
        value_put_number(out, h->version_app);
    }
    json_close(out, '}');
    json_put_key(out, "chain_id");
    json_put_string(out, h->chain_id);
    json_put_key(out, "height");
    value_put_number(out, h->height);
    json_put_key(out, "time");
    light_put_time(out, h->time);
    json_put_key(out, "last_block_id");
    put_block_id(out, &h->last_block_id);
    for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++) {
        json_put_key(out, hashes[i].name);
        value_put_hex(out, hashes[i].value);
    }
    json_close(out, '}');
}

static bool is_absent(const struct json *j)
{
    const char *address = json_text(json_get(j, "validator_address"));
    const char *time = json_text(json_get(j, "timestamp"));
    const struct json *signature = json_get(j, "signature");
    return address && !*address && time && strcmp(time, "0001-01-01T00:00:00Z") == 0 &&
           json_is_null(signature);
}

static enum err read_vote(struct light_vote *v, const struct json *j, struct diag *d)
{
    uint32_t flag;
    TRY(value_only(j, "block_id_flag validator_address timestamp signature", d));
    TRY(value_small(&flag, j, "block_id_flag", d));
    if (flag < LIGHT_ABSENT || flag > LIGHT_NIL)
        return value_bad(d, "block_id_flag");
    *v = (struct light_vote){.flag = (enum light_flag)flag};
    if (v->flag == LIGHT_ABSENT)
        return is_absent(j) ? E_OK : value_bad(d, "signature");
    TRY(value_20(v->validator20, j, "validator_address", d));
    TRY(value_time(&v->time, j, "timestamp", d));
    return value_base64(v->signature64, sizeof v->signature64, j, "signature", d);
}

static void put_vote(struct buf *out, const struct light_vote *v)
{
    bool absent = v->flag == LIGHT_ABSENT;
    json_open(out, '{');
    json_put_key(out, "block_id_flag");
    json_put_u64(out, v->flag);
    json_put_key(out, "validator_address");
    value_put_hex(out, bytes_of(v->validator20, absent ? 0 : sizeof v->validator20));
    json_put_key(out, "timestamp");
    if (absent)
        json_put_string(out, "0001-01-01T00:00:00Z");
    else
        light_put_time(out, v->time);
    json_put_key(out, "signature");
    if (absent)
        json_put_null(out);
    else
        value_put_base64(out, v->signature64, sizeof v->signature64);
    json_close(out, '}');
}

static enum err read_commit(struct light_commit *c, struct arena *a, const struct json *j,
                            struct diag *d)
{
    const struct json *votes = json_get(j, "signatures");
    TRY(value_only(j, "height round block_id signatures", d));
    TRY(value_number(&c->height, j, "height", INT64_MAX, d));
    TRY(value_small(&c->round, j, "round", d));
    TRY(read_block_id(&c->block_id, a, j, "block_id", d));
    if (!json_is_array(votes) || json_count(votes) > LIMIT_LIGHT_VALIDATORS)
        return value_bad(d, "signatures");
    c->votes = arena_zalloc(a, json_count(votes) + 1, sizeof *c->votes);
    c->count = 0;
    for (const struct json *v = json_first(votes); v; v = json_next(v))
        TRY(read_vote(&c->votes[c->count++], v, d));
    return E_OK;
}

enum err light_read_signed_header(struct light_block *out, struct arena *a, const struct json *j,
                                  struct diag *d)
{
    TRY(value_only(j, "header commit", d));
    TRY(read_header(&out->header, a, json_get(j, "header"), d));
    TRY(read_commit(&out->commit, a, json_get(j, "commit"), d));
    out->hash = light_header_hash(&out->header);
    return E_OK;
}

/* --- validators
 * ----------------------------------------------------------------------------------- */

static enum err read_validator(struct light_validator *v, const struct json *j, const char *power,
                               struct diag *d)
{
    const struct json *key = json_get(j, "pub_key");
    const char *type = json_text(json_get(key, "type"));
    uint8_t address20[20];
    TRY(value_only(key, "type value", d));
    if (!type || strcmp(type, "tendermint/PubKeyEd25519") != 0)
        return value_bad(d, "type");
    TRY(value_base64(v->key32, sizeof v->key32, key, "value", d));
    TRY(value_20(address20, j, "address", d));
    ed25519_address20(v->address20, v->key32);
    if (memcmp(address20, v->address20, 20) != 0)
        return value_bad(d, "address");
    TRY(value_number(&v->power, j, power, POWER_MAX, d));
    return v->power ? E_OK : value_bad(d, power);
}

static enum err read_validators(struct light_set *out, struct arena *a, const struct json *array,
                                const char *members, const char *power, struct diag *d)
{
    size_t count = out->count + json_count(array);
    if (!json_is_array(array) || count > LIMIT_LIGHT_VALIDATORS)
        return value_bad(d, "validators");
    struct light_set s = {arena_zalloc(a, count + 1, sizeof *s.validators), out->count, out->power};
    if (out->count)
        memcpy(s.validators, out->validators, out->count * sizeof *s.validators);
    for (const struct json *j = json_first(array); j; j = json_next(j)) {
        TRY(value_only(j, members, d));
        TRY(read_validator(&s.validators[s.count], j, power, d));
        s.power += s.validators[s.count++].power;
        if (s.power > POWER_MAX)
            return value_bad(d, power);
    }
    *out = s;
    return E_OK;
}

enum err light_read_validators(struct light_set *out, struct arena *a, const struct json *array,
                               bool from_engine, struct diag *d)
{
    return read_validators(out, a, array,
                           from_engine ? "address pub_key voting_power ?proposer_priority"
                                       : "address pub_key voting_power",
                           "voting_power", d);
}

static void put_validators(struct buf *out, const struct light_set *s)
{
    json_open(out, '[');
    for (size_t i = 0; i < s->count; i++) {
        const struct light_validator *v = &s->validators[i];
        json_open(out, '{');
        json_put_key(out, "address");
        value_put_hex(out, bytes_of(v->address20, sizeof v->address20));
        json_put_key(out, "pub_key");
        json_open(out, '{');
        json_put_key(out, "type");
        json_put_string(out, "tendermint/PubKeyEd25519");
        json_put_key(out, "value");
        value_put_base64(out, v->key32, sizeof v->key32);
        json_close(out, '}');
        json_put_key(out, "voting_power");
        value_put_number(out, v->power);
        json_close(out, '}');
    }
    json_close(out, ']');
}

/* --- blocks and trusts
 * ---------------------------------------------------------------------------- */

enum err light_read_block(struct light_block *out, struct arena *a, const struct json *j,
                          struct diag *d)
{
    struct light_block b = {0};
    TRY(value_only(j, "signed_header validators", d));
    TRY(light_read_signed_header(&b, a, json_get(j, "signed_header"), d));
    TRY(light_read_validators(&b.set, a, json_get(j, "validators"), false, d));
    *out = b;
    return E_OK;
}

void light_put_block(struct buf *out, const struct light_block *b)
{
    json_open(out, '{');
    json_put_key(out, "signed_header");
    json_open(out, '{');
    json_put_key(out, "header");
    put_header(out, &b->header);
    json_put_key(out, "commit");
    json_open(out, '{');
    json_put_key(out, "height");
    value_put_number(out, b->commit.height);
    json_put_key(out, "round");
    json_put_u64(out, b->commit.round);
    json_put_key(out, "block_id");
    put_block_id(out, &b->commit.block_id);
    json_put_key(out, "signatures");
    json_open(out, '[');
    for (size_t i = 0; i < b->commit.count; i++)
        put_vote(out, &b->commit.votes[i]);
    json_close(out, ']');
    json_close(out, '}');
    json_close(out, '}');
    json_put_key(out, "validators");
    put_validators(out, &b->set);
    json_close(out, '}');
}

/* CometBFT's genesis file: what else it says does not matter here. */
static enum err read_genesis(struct light_trust *t, struct arena *a, const struct json *j,
                             struct diag *d)
{
    TRY(read_chain_id(&t->chain_id, a, j, "chain_id", d));
    TRY(value_time(&t->time, j, "genesis_time", d));
    if (json_get(j, "initial_height"))
        TRY(value_number(&t->height, j, "initial_height", INT64_MAX, d));
    if (t->height == 0)
        t->height = 1;
    t->period_s = LIGHT_PERIOD_S;
    TRY(read_validators(&t->set, a, json_get(j, "validators"), "address pub_key power ?name",
                        "power", d));
    light_set_sort(&t->set); /* people write the file in any order */
    return E_OK;
}

static enum err read_own(struct light_trust *t, struct arena *a, const struct json *j,
                         struct diag *d)
{
    struct bytes header, next;
    uint64_t version;
    TRY(value_only(
        j, "version chain height time periodSeconds validators ?headerHash nextValidatorsHash", d));
    if (json_u64(&version, json_get(j, "version")) != E_OK || version != 1)
        return value_bad(d, "version");
    TRY(read_chain_id(&t->chain_id, a, j, "chain", d));
    TRY(value_number(&t->height, j, "height", INT64_MAX, d));
    TRY(value_time(&t->time, j, "time", d));
    if (json_u64(&t->period_s, json_get(j, "periodSeconds")) != E_OK || t->period_s > PERIOD_MAX_S)
        return value_bad(d, "periodSeconds");
    t->has_header = json_get(j, "headerHash") || json_get(j, "nextValidatorsHash");
    if (t->has_header) {
        TRY(value_whole_hash(&header, a, j, "headerHash", d));
        TRY(value_whole_hash(&next, a, j, "nextValidatorsHash", d));
        memcpy(t->header_hash.b, header.data, sizeof t->header_hash.b);
        memcpy(t->next_set_hash.b, next.data, sizeof t->next_set_hash.b);
    }
    return light_read_validators(&t->set, a, json_get(j, "validators"), false, d);
}

enum err light_read_trust(struct light_trust *out, struct arena *a, const struct json *j,
                          struct diag *d)
{
    struct light_trust t = {0};
    TRY(json_get(j, "genesis_time") ? read_genesis(&t, a, j, d) : read_own(&t, a, j, d));
    if (t.set.count == 0)
        return value_bad(d, "validators");
    *out = t;
    return E_OK;
}

void light_put_trust(struct buf *out, const struct light_trust *t)
{
    json_open(out, '{');
    json_put_key(out, "version");
    json_put_u64(out, 1);
    json_put_key(out, "chain");
    json_put_string(out, t->chain_id);
    json_put_key(out, "height");
    value_put_number(out, t->height);
    json_put_key(out, "time");
    light_put_time(out, t->time);
    json_put_key(out, "periodSeconds");
    json_put_u64(out, t->period_s);
    if (t->has_header) {
        json_put_key(out, "headerHash");
        value_put_hex(out, bytes_of(t->header_hash.b, sizeof t->header_hash.b));
        json_put_key(out, "nextValidatorsHash");
        value_put_hex(out, bytes_of(t->next_set_hash.b, sizeof t->next_set_hash.b));
    }
    json_put_key(out, "validators");
    put_validators(out, &t->set);
    json_close(out, '}');
}
