#include "belenios/election.h"

/* election_write: the document of an election: compact, members in Belenios' order. */

static void put_text(struct buf *out, const char *name, const char *text)
{
    buf_putf(out, "\"%s\":", name);
    bel_put_string(out, text, strlen(text));
}

static void put_texts(struct buf *out, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_put_u8(out, ',');
        bel_put_string(out, texts[i], strlen(texts[i]));
    }
}

static void put_homomorphic(struct buf *out, const struct bel_question *q)
{
    buf_puts(out, "{\"answers\":[");
    put_texts(out, q->answers, q->answer_count);
    buf_putf(out, "],%s\"min\":%u,\"max\":%u,", q->has_blank ? "\"blank\":true," : "", q->min,
             q->max);
    put_text(out, "question", q->question);
    buf_put_u8(out, '}');
}

static void put_lists(struct buf *out, const struct bel_question *q)
{
    buf_puts(out, "{\"type\":\"Lists\",\"value\":{\"answers\":[");
    for (size_t i = 0; i < q->list_count; i++) {
        const struct bel_list *list = &q->lists[i];
        buf_puts(out, i > 0 ? ",[" : "[");
        bel_put_string(out, list->name, strlen(list->name));
        buf_put_u8(out, ',');
        put_texts(out, list->candidates, list->candidate_count);
        buf_put_u8(out, ']');
    }
    buf_puts(out, "],");
    put_text(out, "question", q->question);
    buf_put_u8(out, '}');
    if (q->extra.len > 0) {
        buf_puts(out, ",\"extra\":");
        buf_put(out, q->extra.data, q->extra.len);
    }
    buf_put_u8(out, '}');
}

void bel_election_write(struct buf *out, const struct bel_election *e)
{
    char key[BEL_POINT_CHARS + 1];
    bel_point_text(key, e->public_key32);
    buf_putf(out, "{\"version\":%u,", e->version->number);
    put_text(out, "description", e->description);
    buf_put_u8(out, ',');
    put_text(out, "name", e->name);
    buf_putf(out, ",\"group\":\"%s\",\"public_key\":\"%s\",\"questions\":[", e->version->group,
             key);
    for (size_t i = 0; i < e->question_count; i++) {
        const struct bel_question *q = &e->questions[i];
        if (i > 0)
            buf_put_u8(out, ',');
        (q->kind == BEL_LISTS ? put_lists : put_homomorphic)(out, q);
    }
    buf_puts(out, "],");
    put_text(out, "uuid", e->uuid);
    if (e->administrator) {
        buf_put_u8(out, ',');
        put_text(out, "administrator", e->administrator);
    }
    if (e->credential_authority) {
        buf_put_u8(out, ',');
        put_text(out, "credential_authority", e->credential_authority);
    }
    buf_put_u8(out, '}');
}
