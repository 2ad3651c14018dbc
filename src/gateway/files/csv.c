/* csv: see csv.h. Bytes come from gzread (which passes plain files through) or from memory. */
#include "gateway/files/csv.h"

#include <errno.h>
#include <zlib.h>

#include "base/limits.h"
#include "base/mem.h"

struct csv {
    char *name;
    gzFile gz;         /* NULL: from memory */
    struct bytes rest; /* memory not yet handed out */
    uint8_t chunk[65536];
    size_t at, len;  /* what of chunk is unread */
    uint64_t total;  /* bytes read so far */
    size_t line;     /* current line, from 1 */
    char separator;  /* 0: not known yet */
    bool failed;     /* gzip error: message in p already */
    struct buf text; /* the fields of the row, each NUL-terminated */
    struct csv_field *field;
    size_t *offset; /* where each field begins in text */
    size_t field_cap;
    size_t count;
};

static struct csv *csv_new(const char *name, char separator)
{
    struct csv *c = mem_zalloc(1, sizeof *c);
    c->name = mem_strdup(name);
    c->separator = separator;
    c->line = 1;
    return c;
}

enum err csv_open(struct csv **out, const char *path, char separator, struct diag *d)
{
    errno = 0;
    gzFile gz = gzopen(path, "rb");
    if (!gz) {
        int why = errno ? errno : ENOMEM;
        return diag_os(d, why == ENOENT ? E_NOT_FOUND : E_IO, path, why);
    }
    gzbuffer(gz, 1u << 17);
    *out = csv_new(path, separator);
    (*out)->gz = gz;
    return E_OK;
}

struct csv *csv_open_text(const char *name, struct bytes text, char separator)
{
    struct csv *c = csv_new(name, separator);
    c->rest = text;
    return c;
}

void csv_close(struct csv *c)
{
    if (!c)
        return;
    if (c->gz)
        gzclose_r(c->gz);
    buf_free(&c->text);
    mem_free(c->field);
    mem_free(c->offset);
    mem_free(c->name);
    mem_free(c);
}

const char *csv_name(const struct csv *c)
{
    return c->name;
}

static enum err fill(struct csv *c, struct problems *p)
{
    c->at = c->len = 0;
    if (c->gz) {
        int n = gzread(c->gz, c->chunk, sizeof c->chunk);
        int code = Z_OK;
        const char *text = gzerror(c->gz, &code);
        if (n < 0 || (n == 0 && code != Z_OK && code != Z_STREAM_END))
            return problem_add(p, c->name, c->line, "",
                               T("damaged or cut gzip data (%s); get the file again",
                                 "données gzip altérées ou tronquées (%s) ; récupérez le fichier"),
                               code == Z_ERRNO ? os_reason(errno) : text);
        c->len = (size_t)n;
    } else {
        c->len = c->rest.len < sizeof c->chunk ? c->rest.len : sizeof c->chunk;
        if (c->len)
            memcpy(c->chunk, c->rest.data, c->len);
        c->rest.data += c->len;
        c->rest.len -= c->len;
    }
    c->total += c->len;
    if (c->total > LIMIT_IMPORT_FILE_BYTES)
        return problem_add(p, c->name, c->line, "",
                           T("the file is larger than %u bytes; split it",
                             "fichier de plus de %u octets ; découpez-le"),
                           (unsigned)LIMIT_IMPORT_FILE_BYTES);
    return E_OK;
}

/* The next byte in *out, or -1 at the end. */
static inline enum err next_byte(struct csv *c, int *out, struct problems *p)
{
    if (c->at == c->len) {
        TRY(fill(c, p));
        if (c->len == 0) {
            *out = -1;
            return E_OK;
        }
    }
    *out = c->chunk[c->at++];
    return E_OK;
}

/* Looks at the byte after the one just read without taking it. */
static enum err peek_byte(struct csv *c, int *out, struct problems *p)
{
    TRY(next_byte(c, out, p));
    if (*out >= 0)
        c->at--;
    return E_OK;
}

static void field_begin(struct csv *c)
{
    if (c->count == c->field_cap) {
        c->field_cap = c->field_cap ? c->field_cap * 2 : 64;
        c->field = mem_resize(c->field, c->field_cap, sizeof *c->field);
        c->offset = mem_resize(c->offset, c->field_cap, sizeof *c->offset);
    }
    c->offset[c->count++] = c->text.len;
}

static void field_end(struct csv *c)
{
    c->field[c->count - 1].len = c->text.len - c->offset[c->count - 1];
    buf_put_u8(&c->text, 0);
}

static enum err read_quoted(struct csv *c, struct problems *p)
{
    size_t opened = c->line;
    for (;;) {
        int b, after;
        TRY(next_byte(c, &b, p));
        if (b < 0 || c->text.len > LIMIT_CSV_LINE_BYTES)
            return problem_add(p, c->name, opened, "",
                               T("a quoted field does not end; close the quote",
                                 "un champ entre guillemets ne se ferme pas ; fermez-le"));
        if (b == '"') {
            TRY(peek_byte(c, &after, p));
            if (after != '"')
                return E_OK;
            c->at++;
        }
        if (b == 0)
            return problem_add(p, c->name, c->line, "",
                               T("a NUL byte; this is not a text file",
                                 "un octet nul ; ce n'est pas un fichier texte"));
        c->line += b == '\n';
        buf_put_u8(&c->text, (uint8_t)b);
    }
}

static bool is_separator(struct csv *c, int b)
{
    if (c->separator == 0 && (b == ',' || b == ';'))
        c->separator = (char)b;
    return b > 0 && b == c->separator;
}

/* Reads one field; *last tells that the line ends with it. */
static enum err read_field(struct csv *c, bool *last, struct problems *p)
{
    int b;
    bool quoted = false;
    field_begin(c);
    for (;;) {
        TRY(next_byte(c, &b, p));
        if (b == '\r') {
            int after;
            TRY(peek_byte(c, &after, p));
            if (after == '\n' || after < 0)
                continue;
        }
        if (b < 0 || b == '\n' || is_separator(c, b))
            break;
        if (quoted || b == 0)
            return problem_add(
                p, c->name, c->line, "",
                b == 0 ? T("a NUL byte; this is not a text file",
                           "un octet nul ; ce n'est pas un fichier texte")
                       : T("text after a closing quote; double the quotes inside a field",
                           "texte après un guillemet fermant ; doublez les guillemets internes"));
        if (b == '"' && c->text.len == c->offset[c->count - 1]) {
            TRY(read_quoted(c, p));
            quoted = true;
            continue;
        }
        buf_put_u8(&c->text, (uint8_t)b);
        if (c->text.len > LIMIT_CSV_LINE_BYTES)
            return problem_add(p, c->name, c->line, "",
                               T("the line is longer than %u bytes; is it a CSV file?",
                                 "ligne de plus de %u octets ; est-ce bien un fichier CSV ?"),
                               LIMIT_CSV_LINE_BYTES);
    }
    field_end(c);
    *last = b < 0 || b == '\n';
    c->line += b == '\n';
    return E_OK;
}

static enum err skip_byte_order_mark(struct csv *c, struct problems *p)
{
    int b;
    TRY(peek_byte(c, &b, p));
    if (b == 0xef && c->len - c->at >= 3 && c->chunk[c->at + 1] == 0xbb &&
        c->chunk[c->at + 2] == 0xbf)
        c->at += 3;
    return E_OK;
}

enum err csv_next(struct csv *c, struct csv_row *row, struct problems *p)
{
    int b;
    bool last = false;
    *row = (struct csv_row){0};
    buf_clear(&c->text);
    c->count = 0;
    if (c->failed)
        return E_CSV;
    c->failed = true; /* until this row is read well */
    if (c->total == 0)
        TRY(skip_byte_order_mark(c, p));
    TRY(peek_byte(c, &b, p));
    size_t line = c->line;
    while (b >= 0 && !last)
        TRY(read_field(c, &last, p));
    for (size_t i = 0; i < c->count; i++)
        c->field[i].text = (const char *)c->text.data + c->offset[i];
    *row = (struct csv_row){c->field, c->count, line};
    c->failed = false;
    return E_OK;
}

bool csv_row_is_blank(const struct csv_row *row)
{
    return row->count == 1 && strspn(row->field[0].text, " \t") == row->field[0].len;
}

bool csv_u64(uint64_t *out, struct csv_field f, uint64_t max)
{
    uint64_t value = 0;
    for (size_t i = 0; i < f.len; i++) {
        unsigned digit = (unsigned)(unsigned char)f.text[i] - '0';
        if (digit > 9 || value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return f.len > 0 && value <= max;
}

void csv_put_field(struct buf *out, const char *text, char separator)
{
    const char needing_quotes[] = {'"', '\n', '\r', separator, 0};
    if (!text[strcspn(text, needing_quotes)]) {
        buf_puts(out, text);
        return;
    }
    buf_put_u8(out, '"');
    for (; *text; text++) {
        if (*text == '"')
            buf_put_u8(out, '"');
        buf_put_u8(out, (uint8_t)*text);
    }
    buf_put_u8(out, '"');
}
