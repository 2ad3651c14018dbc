#include "city/record.h"

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
