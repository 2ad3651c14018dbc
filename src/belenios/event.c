/* event: the links of an archive's hash chain, as JSON. */
#include "base/lang.h"
#include "belenios/archive.h"

static const char *const NAMES[BEL_EVENT_TYPES] = {
    [BEL_SETUP] = "Setup",
    [BEL_BALLOT] = "Ballot",
    [BEL_END_BALLOTS] = "EndBallots",
    [BEL_ENCRYPTED_TALLY] = "EncryptedTally",
    [BEL_PARTIAL_DECRYPTION] = "PartialDecryption",
    [BEL_RESULT] = "Result",
};

/* Events of elections counted by a mixnet. */
static const char *const UNSUPPORTED[] = {"Shuffle", "EndShuffles"};

const char *bel_event_name(enum bel_event_type t)
{
    ASSERT(t < BEL_EVENT_TYPES);
    return NAMES[t];
}

static void put_hash(struct buf *json, const struct hash *h)
{
    char text[2 * sizeof h->b + 1];
    hex_encode(text, h->b, sizeof h->b);
    json_put_string(json, text);
}

enum err bel_link_parse(struct json **out, struct bytes json, struct diag *d)
{
    if (json.len > BEL_LINK_BYTES_MAX)
        return diag_set(d, E_TOO_LARGE,
                        T("%zu bytes; it has at most %u", "%zu octets ; il en a au plus %u"),
                        json.len, BEL_LINK_BYTES_MAX);
    return json_parse(out, json, d);
}

void bel_event_write(struct buf *json, const struct bel_event *e)
{
    json_open(json, '{');
    if (e->has_parent) {
        json_put_key(json, "parent");
        put_hash(json, &e->parent);
    }
    json_put_key(json, "height");
    json_put_u64(json, e->height);
    json_put_key(json, "type");
    json_put_string(json, bel_event_name(e->type));
    if (e->has_payload) {
        json_put_key(json, "payload");
        put_hash(json, &e->payload);
    }
    json_close(json, '}');
}

void bel_setup_write(struct buf *json, const struct hash *election, const struct hash *trustees,
                     const struct hash *credentials)
{
    json_open(json, '{');
    json_put_key(json, "election");
    put_hash(json, election);
    json_put_key(json, "trustees");
    put_hash(json, trustees);
    json_put_key(json, "credentials");
    put_hash(json, credentials);
    json_close(json, '}');
}

static enum err read_hash(struct hash *out, bool *has_out, const struct json *j, const char *name,
                          struct diag *d)
{
    *has_out = j != NULL;
    if (!j)
        return E_OK;
    const char *text = json_text(j);
    if (!text || hex_decode(out->b, sizeof out->b, text, strlen(text)) != E_OK)
        return diag_set(d, E_INVALID,
                        T("%s is not a hash of 64 hexadecimal digits",
                          "%s n'est pas un hachage de 64 chiffres hexadécimaux"),
                        name);
    return E_OK;
}

static enum err read_type(enum bel_event_type *out, const char *text, struct diag *d)
{
    if (!text)
        return diag_set(d, E_INVALID, T("type is not a text", "type n'est pas un texte"));
    for (size_t t = 0; t < BEL_EVENT_TYPES; t++)
        if (strcmp(text, NAMES[t]) == 0) {
            *out = (enum bel_event_type)t;
            return E_OK;
        }
    for (size_t i = 0; i < sizeof UNSUPPORTED / sizeof *UNSUPPORTED; i++)
        if (strcmp(text, UNSUPPORTED[i]) == 0)
            return diag_set(d, E_UNSUPPORTED,
                            T("%s: elections counted by a mixnet are not supported",
                              "%s : les élections dépouillées par mélangeurs ne sont pas prises en "
                              "charge"),
                            text);
    return diag_set(d, E_INVALID,
                    T("type %.40s is none of an archive's events",
                      "le type %.40s n'est pas un événement d'archive"),
                    text);
}

static enum err read_members(struct bel_event *e, const struct json *j, struct diag *d)
{
    if (!json_is_object(j))
        return diag_set(d, E_INVALID, T("not an object", "n'est pas un objet"));
    TRY(read_hash(&e->parent, &e->has_parent, json_get(j, "parent"), "parent", d));
    TRY(read_hash(&e->payload, &e->has_payload, json_get(j, "payload"), "payload", d));
    if (json_u64(&e->height, json_get(j, "height")) != E_OK)
        return diag_set(d, E_INVALID,
                        T("height is not a number from 0", "height n'est pas un nombre positif"));
    TRY(read_type(&e->type, json_text(json_get(j, "type")), d));
    if (e->has_parent == (e->height == 0))
        return diag_set(d, E_INVALID,
                        T("an event has a parent, but for the first (height 0)",
                          "un événement a un parent, sauf le premier (hauteur 0)"));
    if (e->has_payload == (e->type == BEL_END_BALLOTS))
        return diag_set(d, E_INVALID,
                        T("an event has a payload, but for EndBallots",
                          "un événement a un contenu (payload), sauf EndBallots"));
    return E_OK;
}

enum err bel_event_read(struct bel_event *out, struct bytes json, struct diag *d)
{
    struct json *j;
    struct bel_event e = {0};
    enum err code = bel_link_parse(&j, json, d);
    if (code == E_OK) {
        code = read_members(&e, j, d);
        json_free(j);
    }
    if (code != E_OK)
        return diag_wrap(d, code, T("event: ", "événement : "));
    struct buf again = {0};
    bel_event_write(&again, &e);
    bool same = bytes_eq(buf_view(&again), json);
    buf_free(&again);
    if (!same)
        return diag_set(d, E_INVALID,
                        T("event: not written in the canonical form (compact, members in order)",
                          "événement : pas écrit sous la forme canonique (compacte, membres dans "
                          "l'ordre)"));
    *out = e;
    return E_OK;
}
