/* csv: a streaming reader of separated values (RFC 4180 with ',' or ';'), plain or gzip.
 *
 * Reads one row at a time, so a file of any size needs the memory of one line. Quoted fields may
 * hold separators, doubled quotes and line breaks. A UTF-8 byte order mark, CR LF line ends and a
 * missing last line end are accepted. The separator is the one of ',' and ';' that comes first, and
 * is fixed by the first row that has one, unless given.
 * Limits    LIMIT_CSV_LINE_BYTES per row, LIMIT_IMPORT_FILE_BYTES per file, after decompression. */
#ifndef PARVIS_GATEWAY_FILES_CSV_H
#define PARVIS_GATEWAY_FILES_CSV_H

#include "gateway/files/problems.h"

struct csv;

struct csv_field {
    const char *text; /* NUL-terminated; borrowed until the next row */
    size_t len;
};

struct csv_row {
    const struct csv_field *field;
    size_t count; /* 0 only at the end of the file; an empty line has one empty field */
    size_t line;  /* where the row begins, from 1 */
};

/* csv_open opens a file; csv_open_text reads text that the caller keeps alive, reported under name.
 * separator: ',' or ';', or 0 to detect it. E_OK | E_NOT_FOUND | E_IO. */
enum err csv_open(struct csv **out, const char *path, char separator, struct diag *d);
struct csv *csv_open_text(const char *name, struct bytes text, char separator);
void csv_close(struct csv *c);

/* csv_next reads the next row; at the end *row has count 0. E_OK | E_CSV (in p: a quote that does
 * not close, text after a closing quote, a NUL byte, a line over the limit, damaged gzip data);
 * reading cannot go on after an error. */
enum err csv_next(struct csv *c, struct csv_row *row, struct problems *p);

const char *csv_name(const struct csv *c);
bool csv_row_is_blank(const struct csv_row *row); /* one field of white space */

/* csv_u64 reads a field of decimal digits only, at most max. false otherwise. */
bool csv_u64(uint64_t *out, struct csv_field f, uint64_t max);

/* csv_put_field appends a field, quoted where it must be. */
void csv_put_field(struct buf *out, const char *text, char separator);

#endif
