/* json_members: "name": value pairs of the kinds that the command line writes most. */
#ifndef PARVIS_APP_JSON_MEMBERS_H
#define PARVIS_APP_JSON_MEMBERS_H

#include "codec/json.h"

static inline void json_put_text_member(struct buf *b, const char *name, const char *text)
{
    json_put_key(b, name);
    json_put_string(b, text);
}

static inline void json_put_u64_member(struct buf *b, const char *name, uint64_t value)
{
    json_put_key(b, name);
    json_put_u64(b, value);
}

static inline void json_put_bool_member(struct buf *b, const char *name, bool value)
{
    json_put_key(b, name);
    json_put_bool(b, value);
}

static inline void json_put_data_member(struct buf *b, const char *name, const void *data,
                                        size_t len)
{
    json_put_key(b, name);
    json_put_data(b, data, len);
}

static inline void json_put_address_member(struct buf *b, const char *name, const struct address *a)
{
    json_put_data_member(b, name, a->b, sizeof a->b);
}

#endif
