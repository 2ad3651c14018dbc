/* network_card: a member's public card, the one thing an organisation hands to the others. */
#include "app/json_members.h"
#include "app/network.h"

#include <stdio.h>

#define CARD_BYTES_MAX 65536u

void card_write(struct buf *out, const struct network_member *m)
{
    char node[41];
    hex_encode(node, m->node20, sizeof m->node20);
    json_open(out, '{');
    json_put_u64_member(out, "parvisMember", 1);
    json_put_text_member(out, "name", m->name);
    json_put_address_member(out, "operator", &m->operator);
    json_put_data_member(out, "key", m->key32, sizeof m->key32);
    json_put_text_member(out, "node", node);
    json_put_text_member(out, "p2p", m->p2p);
    if (m->power)
        json_put_u64_member(out, "power", m->power);
    json_close(out, '}');
}

bool card_eq(const struct network_member *a, const struct network_member *b)
{
    return strcmp(a->name, b->name) == 0 && address_eq(&a->operator, & b->operator) &&
           memcmp(a->key32, b->key32, sizeof a->key32) == 0 &&
           memcmp(a->node20, b->node20, sizeof a->node20) == 0 && strcmp(a->p2p, b->p2p) == 0;
}

static bool host_character(char c, bool bracketed)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || (bracketed && c == ':');
}

enum err network_address_parse(const char *text, char host_out[NETWORK_ADDRESS_MAX + 1],
                               uint16_t *port_out, struct diag *d)
{
    const char *host = text, *end = strrchr(text, ':');
    bool bracketed = text[0] == '[';
    size_t host_len = end ? (size_t)(end - text) : 0;
    unsigned port = 0;
    if (bracketed && host_len > 2 && text[host_len - 1] == ']') {
        host++;
        host_len -= 2;
    } else if (bracketed) {
        host_len = 0;
    }
    bool good = host_len > 0 && strlen(text) <= NETWORK_ADDRESS_MAX && end[1] != 0;
    for (size_t i = 0; good && i < host_len; i++)
        good = host_character(host[i], bracketed);
    for (const char *p = good ? end + 1 : ""; *p; p++) {
        good = good && *p >= '0' && *p <= '9' && port <= 65535;
        port = good ? port * 10 + (unsigned)(*p - '0') : 0;
    }
    if (!good || port == 0 || port > 65535)
        return diag_set(d, E_INVALID,
                        T("%s: write HOST:PORT, for example ledger.example.org:26656",
                          "%s : écrivez HÔTE:PORT, par exemple registre.example.org:26656"),
                        text);
    snprintf(host_out, NETWORK_ADDRESS_MAX + 1, "%.*s", (int)host_len, host);
    *port_out = (uint16_t)port;
    return E_OK;
}

static enum err field_bad(struct diag *d, const char *field, const char *wanted)
{
    return diag_set(d, E_INVALID, T("%s: %s", "%s : %s"), field, wanted);
}

static enum err hex_field(uint8_t *out, size_t len, const struct json *j, const char *field,
                          struct diag *d)
{
    const char *text = json_text(json_get(j, field));
    if (text && hex_decode(out, len, text, strlen(text)) == E_OK)
        return E_OK;
    return diag_set(
        d, E_INVALID,
        T("%s: %zu hexadecimal digits are wanted", "%s : %zu chiffres hexadécimaux sont attendus"),
        field, 2 * len);
}

enum err card_parse(struct network_member *out, const struct json *j, struct diag *d)
{
    struct network_member m = {0};
    char host[NETWORK_ADDRESS_MAX + 1];
    uint16_t port;
    uint64_t version = 0;
    const char *name = json_text(json_get(j, "name"));
    const char *p2p = json_text(json_get(j, "p2p"));
    if (json_u64(&version, json_get(j, "parvisMember")) != E_OK || version != 1)
        return field_bad(d, "parvisMember",
                         T("1 is wanted: this is not a member's card",
                           "1 est attendu : ce n'est pas la fiche d'un membre"));
    if (!name || !name[0] || strlen(name) > NETWORK_NAME_MAX)
        return field_bad(
            d, "name",
            T("a text of 1 to 64 bytes is wanted", "un texte de 1 à 64 octets est attendu"));
    if (!p2p)
        return field_bad(d, "p2p", T("HOST:PORT is wanted", "HÔTE:PORT est attendu"));
    TRY(hex_field(m.operator.b, sizeof m.operator.b, j, "operator", d));
    TRY(hex_field(m.key32, sizeof m.key32, j, "key", d));
    TRY(hex_field(m.node20, sizeof m.node20, j, "node", d));
    TRY(network_address_parse(p2p, host, &port, d));
    if (json_get(j, "power") && (json_u64(&m.power, json_get(j, "power")) != E_OK || m.power == 0))
        return field_bad(
            d, "power",
            T("a whole number above 0 is wanted", "un nombre entier supérieur à 0 est attendu"));
    snprintf(m.name, sizeof m.name, "%s", name);
    snprintf(m.p2p, sizeof m.p2p, "%s", p2p);
    *out = m;
    return E_OK;
}

enum err card_read(struct network_member *out, const char *path, struct diag *d)
{
    struct buf text = {0};
    struct json *j = NULL;
    enum err e = file_read(&text, path, CARD_BYTES_MAX, d);
    if (e == E_OK) {
        e = json_parse(&j, buf_view(&text), d);
        if (e == E_OK)
            e = card_parse(out, j, d);
        if (e != E_OK)
            diag_wrap(d, e, T("%s: ", "%s : "), path);
    }
    json_free(j);
    buf_free(&text);
    return e;
}
