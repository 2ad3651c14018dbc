#include <strings.h>

#include "net/conn.h"

void head_reset(struct conn_head *h)
{
    struct buf text = h->text;
    buf_clear(&text);
    *h = (struct conn_head){.text = text};
}

const char *head_at(const struct conn_head *h, size_t offset)
{
    return offset ? (const char *)h->text.data + offset : "";
}

/* append refuses NUL, which http-parser lets through in places: the texts here end with one. */
static void append(struct conn_head *h, const char *at, size_t len)
{
    if (memchr(at, 0, len))
        h->bad = true;
    buf_put(&h->text, at, len);
}

void head_target(struct conn_head *h, const char *at, size_t len)
{
    append(h, at, len);
}

/* classify remembers the headers that the server itself or every handler wants. */
static void classify(struct conn_head *h)
{
    const char *name = (const char *)h->text.data + h->name_at;
    static const struct {
        const char *name;
        size_t field;
    } wanted[] = {
        {"content-type", offsetof(struct conn_head, content_type)},
        {"accept-language", offsetof(struct conn_head, accept_language)},
        {"expect", offsetof(struct conn_head, expect)},
        {"upgrade", offsetof(struct conn_head, upgrade)},
        {"sec-websocket-key", offsetof(struct conn_head, ws_key)},
        {"sec-websocket-version", offsetof(struct conn_head, ws_version)},
        {"transfer-encoding", offsetof(struct conn_head, coding)},
    };
    switch (strlen(name)) {
    case 4:
        h->hosts += strcasecmp(name, "host") == 0;
        return;
    case 14:
        h->lengths += strcasecmp(name, "content-length") == 0;
        return;
    case 12:
    case 15:
    case 6:
    case 7:
    case 17:
    case 21:
        break;
    default:
        return;
    }
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        size_t *field = (size_t *)((char *)h + wanted[i].field);
        if (strcasecmp(name, wanted[i].name) == 0) {
            if (field == &h->coding)
                h->codings++;
            if (!*field)
                *field = h->value_at;
            return;
        }
    }
}

/* finish ends the header line in hand: value trimmed at the end, both texts NUL-terminated. */
static void finish(struct conn_head *h)
{
    struct buf *t = &h->text;
    if (!h->name_at) { /* the target */
        buf_put_u8(t, 0);
        h->first_at = t->len;
        return;
    }
    if (!h->in_value) {
        buf_put_u8(t, 0);
        h->value_at = t->len;
    }
    while (t->len > h->value_at && (t->data[t->len - 1] == ' ' || t->data[t->len - 1] == '\t'))
        t->len--;
    buf_put_u8(t, 0);
    const char *name = (const char *)t->data + h->name_at;
    if (*name == 0 || strpbrk(name, " \t"))
        h->bad = true;
    classify(h);
}

void head_name(struct conn_head *h, const char *at, size_t len)
{
    if (!h->name_at || h->in_value) {
        finish(h);
        h->name_at = h->text.len;
        h->in_value = false;
    }
    append(h, at, len);
}

void head_value(struct conn_head *h, const char *at, size_t len)
{
    if (!h->in_value) {
        buf_put_u8(&h->text, 0);
        h->value_at = h->text.len;
        h->in_value = true;
    }
    append(h, at, len);
}

void head_end(struct conn_head *h)
{
    finish(h);
    h->in_value = true;
}

const char *http_header(const struct http_request *in, const char *name)
{
    const struct conn_head *h = in->head;
    const char *p = (const char *)h->text.data + h->first_at;
    const char *end = (const char *)h->text.data + h->text.len;
    while (p < end) {
        const char *value = p + strlen(p) + 1;
        if (strcasecmp(p, name) == 0)
            return value;
        p = value + strlen(value) + 1;
    }
    return NULL;
}
