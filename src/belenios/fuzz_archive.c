/* Archives: any bytes (first byte 0), or documents from which a sound container is made (first
 * byte 1), so that what lies behind hashes and checksums is reached as well:
 *   D len16 BYTES   a data record           S          setup_data of the last three data records
 *   T n w           sized_encrypted_tally of the last data record, n ballots of weight w
 *   O n             owned by trustee n, of the last data record
 *   E t             an event of type t, its payload the last data record (none with EndBallots)
 *   A               another archive; those before it are units of the last one
 *   N from to       a data record that names the last events of these archives
 * Whatever is refused is refused with a message, the same twice; an accepted archive is the one
 * that is written of its records. */
#include "belenios/verify.h"
#include "crypto/sha256.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FILE_MAX (1u << 18)

#define ARCHIVES_MAX 8

struct maker {
    struct buf files[ARCHIVES_MAX];
    struct hash ends[ARCHIVES_MAX]; /* their last events */
    size_t count;                   /* with the one that is being made */
    struct bel_writer w;
    struct hash last[3]; /* of the latest data records, the newest last */
};

static void put_data(struct maker *m, struct bytes body)
{
    memmove(m->last, m->last + 1, 2 * sizeof m->last[0]);
    sha256_once(&m->last[2], body.data, body.len);
    bel_writer_data(&m->w, body);
}

static void put_made(struct maker *m, struct buf *body)
{
    put_data(m, buf_view(body));
    buf_free(body);
}

static void begin_archive(struct maker *m)
{
    if (m->count == ARCHIVES_MAX)
        return;
    if (m->count > 0)
        m->ends[m->count - 1] = m->w.last;
    m->count++;
    bel_writer_begin(&m->w, &m->files[m->count - 1], 1795454598);
}

static void put_names(struct maker *m, size_t from, size_t to)
{
    struct buf names = {0};
    for (size_t i = from; i <= to && i + 1 < m->count; i++) {
        char hex[2 * sizeof m->ends[i].b + 1];
        hex_encode(hex, m->ends[i].b, sizeof m->ends[i].b);
        buf_putf(&names, "%s\"%s\"", i > from ? "," : "[", hex);
    }
    buf_puts(&names, "]");
    put_made(m, &names);
}

/* One instruction at p, at least 4 bytes; returns its length. */
static size_t step(struct maker *m, const uint8_t *p, size_t left)
{
    struct buf made = {0};
    size_t len = (size_t)p[1] << 8 | p[2];
    switch (p[0]) {
    case 'D':
        if (len > left - 3)
            len = left - 3;
        put_data(m, bytes_of(p + 3, len));
        return 3 + len;
    case 'S':
        bel_setup_write(&made, &m->last[0], &m->last[1], &m->last[2]);
        put_made(m, &made);
        return 1;
    case 'T':
        bel_sized_write(&made, p[1], p[2], &m->last[2]);
        put_made(m, &made);
        return 3;
    case 'O':
        bel_owned_write(&made, p[1], &m->last[2]);
        put_made(m, &made);
        return 2;
    case 'E':
        if (p[1] % BEL_EVENT_TYPES == BEL_END_BALLOTS)
            bel_writer_event(&m->w, BEL_END_BALLOTS, NULL, NULL);
        else
            bel_writer_event(&m->w, p[1] % BEL_EVENT_TYPES, &m->last[2], NULL);
        return 2;
    case 'A':
        begin_archive(m);
        return 1;
    case 'N':
        put_names(m, p[1], p[2]);
        return 3;
    default:
        return 1;
    }
}

static void check_written_again(struct bytes file)
{
    struct bel_reader r;
    struct bel_record record;
    struct bel_writer w;
    struct buf again = {0};
    struct hash payload = {{0}};
    ASSERT(bel_reader_begin(&r, file, NULL) == E_OK);
    bel_writer_begin(&w, &again, r.timestamp_s);
    if (r.at != again.len || memcmp(file.data, again.data, again.len) != 0) {
        buf_free(&again); /* its timestamp is a number */
        return;
    }
    while (bel_reader_next(&r, &record, NULL) == E_OK) {
        struct bel_event e;
        if (!record.is_event) {
            payload = record.hash;
            bel_writer_data(&w, record.body);
            continue;
        }
        ASSERT(bel_event_read(&e, record.body, NULL) == E_OK);
        bel_writer_event(&w, e.type, e.has_payload ? &payload : NULL, NULL);
    }
    ASSERT(bytes_eq(buf_view(&again), file));
    buf_free(&again);
}

static void verify(struct bytes file, const struct bel_unit_file *units, size_t count)
{
    struct bel_verify_options o = {.threads = 1, .units = units, .unit_count = count};
    struct diag d[2] = {0};
    enum err e[2];
    for (size_t i = 0; i < 2; i++) {
        struct arena a = {0};
        struct bel_report r;
        e[i] = bel_archive_verify(&r, &a, file, &o, &d[i]);
        bel_report_free(&r);
        arena_free(&a);
    }
    ASSERT(e[0] == e[1] && strcmp(d[0].text, d[1].text) == 0);
    ASSERT((e[0] == E_OK) == (d[0].text[0] == 0));
    if (e[0] == E_OK)
        check_written_again(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > FILE_MAX)
        return 0;
    if (data[0] == 0) {
        verify(bytes_of(data + 1, size - 1), NULL, 0);
        return 0;
    }
    struct maker m = {0};
    struct bel_unit_file units[ARCHIVES_MAX];
    begin_archive(&m);
    for (size_t at = 1; at + 4 <= size;)
        at += step(&m, data + at, size - at);
    for (size_t i = 0; i + 1 < m.count; i++)
        units[i] = (struct bel_unit_file){buf_view(&m.files[i]), "unit"};
    verify(buf_view(&m.files[m.count - 1]), units, m.count - 1);
    for (size_t i = 0; i < m.count; i++)
        buf_free(&m.files[i]);
    return 0;
}
