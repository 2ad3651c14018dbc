/* network_genesis: the network file, which all members share before the first block. */
#include "app/network.h"

#include <stdio.h>

#include "app/json_members.h"
#include "base/mem.h"
#include "chain/genesis.h"
#include "crypto/sha256.h"

#define NETWORK_FILE_BYTES (80u << 20) /* the ledger's genesis may be 64 MiB */

void network_write(struct buf *out, struct network *n)
{
    json_open(out, '{');
    json_put_u64_member(out, "parvisNetwork", 1);
    json_put_key(out, "members");
    json_open(out, '[');
    for (size_t i = 0; i < n->member_count; i++)
        card_write(out, &n->members[i]);
    json_close(out, ']');
    json_put_key(out, "engine");
    json_put_raw(out, buf_cstr(&n->engine_genesis));
    json_put_key(out, "genesis");
    json_put_raw(out, buf_cstr(&n->genesis));
    if (n->grown) {
        const char *name = strrchr(n->chain_path, '/');
        json_put_key(out, "chain");
        json_open(out, '{');
        json_put_text_member(out, "file", name ? name + 1 : n->chain_path);
        json_put_u64_member(out, "block", n->head_number);
        json_put_data_member(out, "hash", n->head.b, sizeof n->head.b);
        json_close(out, '}');
    }
    json_close(out, '}');
    buf_puts(out, "\n");
}

void network_free(struct network *n)
{
    buf_free(&n->genesis);
    buf_free(&n->engine_genesis);
    mem_free(n->members);
    mem_free(n->chain_path);
    *n = (struct network){0};
}

void network_fingerprint(char out[20], const struct network *n)
{
    const uint8_t *b = n->fingerprint.b;
    snprintf(out, 20, "%02x%02x %02x%02x %02x%02x %02x%02x", b[0], b[1], b[2], b[3], b[4], b[5],
             b[6], b[7]);
}

static bool same_identity(const struct network_member *a, const struct network_member *b)
{
    return address_eq(&a->operator, & b->operator) ||
           memcmp(a->key32, b->key32, sizeof a->key32) == 0 ||
           memcmp(a->node20, b->node20, sizeof a->node20) == 0;
}

enum err network_members_check(const struct network_member *members, size_t count, struct diag *d)
{
    if (count == 0 || count > NETWORK_MEMBERS_MAX)
        return diag_set(d, E_INVALID, T("1 to %u members are wanted", "il faut de 1 à %u membres"),
                        NETWORK_MEMBERS_MAX);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            if (same_identity(&members[i], &members[k]))
                return diag_set(
                    d, E_INVALID,
                    T("%s and %s have a key in common: every member makes its own",
                      "%s et %s ont une clé en commun : chaque membre crée les siennes"),
                    members[k].name, members[i].name);
    return E_OK;
}

static enum err read_members(struct network *n, const struct json *list, struct diag *d)
{
    size_t count = json_count(list);
    if (!json_is_array(list))
        return diag_set(
            d, E_INVALID,
            T("members: a list of cards is wanted", "members : liste de fiches attendue"));
    n->members = mem_zalloc(count + 1, sizeof *n->members);
    for (const struct json *m = json_first(list); m; m = json_next(m)) {
        enum err e = card_parse(&n->members[n->member_count], m, d);
        if (e == E_OK && n->members[n->member_count].power == 0)
            e = diag_set(d, E_INVALID, T("power: absent", "power : absent"));
        if (e != E_OK)
            return diag_wrap(d, e, T("members[%zu].", "members[%zu]."), n->member_count);
        n->member_count++;
    }
    return network_members_check(n->members, n->member_count, d);
}

static enum err read_chain(struct network *n, const struct json *chain, const char *path,
                           struct diag *d)
{
    const char *file = json_text(json_get(chain, "file"));
    const char *hash = json_text(json_get(chain, "hash"));
    const char *slash = strrchr(path, '/');
    struct buf beside = {0};
    if (!chain)
        return E_OK;
    if (!file || !file[0] || strchr(file, '/') || !hash || hash_from_hex(&n->head, hash) != E_OK ||
        json_u64(&n->head_number, json_get(chain, "block")) != E_OK)
        return diag_set(d, E_INVALID,
                        T("chain: file, block and hash are wanted",
                          "chain : file, block et hash sont attendus"));
    buf_putf(&beside, "%.*s%s", slash ? (int)(slash - path + 1) : 0, path, file);
    n->chain_path = mem_strdup(buf_cstr(&beside));
    n->grown = true;
    buf_free(&beside);
    return E_OK;
}

static enum err read_fields(struct network *n, const struct json *j, const char *path,
                            struct diag *d)
{
    uint64_t version = 0;
    char chain_name[64];
    struct genesis genesis;
    const struct json *engine = json_get(j, "engine");
    const char *engine_name = json_text(json_get(engine, "chain_id"));
    if (json_u64(&version, json_get(j, "parvisNetwork")) != E_OK || version != 1)
        return diag_set(d, E_INVALID,
                        T("parvisNetwork: 1 is wanted: this is not a network file",
                          "parvisNetwork : 1 est attendu : ce n'est pas un fichier de réseau"));
    TRY(read_members(n, json_get(j, "members"), d));
    if (!json_is_object(json_get(j, "genesis")) || !json_is_object(engine))
        return diag_set(d, E_INVALID,
                        T("genesis and engine are wanted", "genesis et engine sont attendus"));
    json_print(&n->genesis, json_get(j, "genesis"));
    json_print(&n->engine_genesis, engine);
    enum err e = genesis_parse(&genesis, buf_view(&n->genesis), d);
    if (e != E_OK)
        return diag_wrap(d, e, "%s", "genesis.");
    n->chain_id = genesis.chain_id;
    genesis_free(&genesis);
    snprintf(chain_name, sizeof chain_name, "parvis-%llu", (unsigned long long)n->chain_id);
    if (!engine_name || strcmp(engine_name, chain_name) != 0)
        return diag_set(d, E_INVALID,
                        T("engine.chain_id: %s is wanted", "engine.chain_id : %s attendu"),
                        chain_name);
    return read_chain(n, json_get(j, "chain"), path, d);
}

enum err network_read(struct network *out, const char *path, struct diag *d)
{
    struct buf text = {0};
    struct json *j = NULL;
    *out = (struct network){0};
    enum err e = file_read(&text, path, NETWORK_FILE_BYTES, d);
    if (e == E_OK) {
        sha256_once(&out->fingerprint, text.data, text.len);
        e = json_parse(&j, buf_view(&text), d);
        if (e == E_OK)
            e = read_fields(out, j, path, d);
        if (e != E_OK)
            diag_wrap(d, e, T("%s: ", "%s : "), path);
    }
    json_free(j);
    buf_free(&text);
    if (e != E_OK)
        network_free(out);
    return e;
}
