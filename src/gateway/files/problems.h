/* problems: what is wrong with an input file, line by line.
 *
 * An importer reads its whole file before anything is kept, and reports every bad line, not only
 * the first: "FILE:LINE: FIELD: reason; what to do". The caller prints text and imports nothing. */
#ifndef PARVIS_GATEWAY_FILES_PROBLEMS_H
#define PARVIS_GATEWAY_FILES_PROBLEMS_H

#include "base/bytes.h"
#include "base/lang.h"

#define PROBLEMS_SHOWN_MAX 50

/* {0} is ready to use. */
struct problems {
    struct buf text; /* one line per problem, the first PROBLEMS_SHOWN_MAX of them */
    size_t count;
    char first[512];
};

/* problem_add notes one problem of a line (1-based; 0: the file as a whole) and field ("" if none);
 * always returns E_CSV, so that a parser can write `return problem_add(...)`. */
enum err problem_add(struct problems *p, const char *file, size_t line, const char *field,
                     const char *format, ...) __attribute__((format(printf, 5, 6)));

/* problems_end: E_OK when there was none; else E_CSV with the first problem in d and how many more
 * there are. problems_free releases the text. */
enum err problems_end(struct problems *p, struct diag *d);
void problems_free(struct problems *p);

#endif
