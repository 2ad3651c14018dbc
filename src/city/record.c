#include "city/record.h"

#include "codec/utf8.h"

struct hash record_slot(const char *tag, const uint64_t *keys, size_t count)
{
    uint8_t text[3][8];
    struct bytes views[3];
    ASSERT(count <= 3);
    for (size_t i = 0; i < count; i++) {
        be64_put(text[i], keys[i]);
        views[i] = bytes_of(text[i], sizeof text[i]);
    }
    return service_slot(tag, views, count);
}

enum err record_load(struct service_call *c, const struct hash *slot, struct record *out)
{
    struct buf b = {0};
    enum err err = service_load(c, slot, &b);
    if (err == E_OK) {
        const uint8_t *copy = arena_dup(c->arena, b.data, b.len);
        *out = (struct record){copy, copy + b.len, false};
    }
    buf_free(&b);
    return err;
}

enum err record_store(struct service_call *c, const struct hash *slot, struct buf *b)
{
    enum err err = service_store(c, slot, buf_view(b));
    buf_free(b);
    return err;
}

enum err record_unreadable(struct service_call *c)
{
    return service_revert(c, "RecordUnreadable", NULL);
}

/* --- texts ------------------------------------------------------------------------------------ */

static uint32_t code_point(const uint8_t *p, size_t len)
{
    static const uint8_t FIRST[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t v = p[0] & FIRST[len];
    for (size_t i = 1; i < len; i++)
        v = v << 6 | (p[i] & 0x3f);
    return v;
}

/* Characters that cannot be seen, or that change how their neighbours are shown: a name is read
 * before it is decided on. */
static bool is_printable(uint32_t v)
{
    static const struct {
        uint32_t from, to;
    } HIDDEN[] = {
        {0x0000, 0x001f},   {0x007f, 0x009f}, /* controls */
        {0x00ad, 0x00ad},                     /* soft hyphen */
        {0x200b, 0x200f},                     /* zero width, directions */
        {0x2028, 0x202e},                     /* line ends, directions */
        {0x2060, 0x206f},                     /* invisible operators, directions */
        {0xfdd0, 0xfdef},                     /* no characters */
        {0xfeff, 0xfeff},                     /* byte order mark */
        {0xfff9, 0xfffb},                     /* annotations */
        {0xe0000, 0xe0fff},                   /* tags */
    };
    for (size_t i = 0; i < sizeof HIDDEN / sizeof *HIDDEN; i++)
        if (v >= HIDDEN[i].from && v <= HIDDEN[i].to)
            return false;
    return (v & 0xfffe) != 0xfffe;
}

bool record_text_holds(struct bytes text)
{
    if (text.len == 0 || text.data[0] == ' ' || text.data[text.len - 1] == ' ')
        return false;
    for (size_t i = 0; i < text.len;) {
        size_t len = utf8_len(text.data + i, text.len - i);
        if (len == 0 || !is_printable(code_point(text.data + i, len)))
            return false;
        i += len;
    }
    return true;
}
