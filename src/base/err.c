#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"

struct err_row {
    const char *name, *en, *fr;
};

static const struct err_row rows[ERR_COUNT] = {
#define ERR_ROW(name, en, fr) [name] = {#name, en, fr},
    ERR_TABLE(ERR_ROW)
#undef ERR_ROW
};

const char *err_name(enum err e)
{
    ASSERT((unsigned)e < ERR_COUNT);
    return rows[e].name;
}

const char *err_text(enum err e)
{
    ASSERT((unsigned)e < ERR_COUNT);
    return T(rows[e].en, rows[e].fr);
}

/* Copies text into d, cut at a character boundary: a diag ends up in JSON and on terminals. */
static void diag_store(struct diag *d, const char *text)
{
    size_t len = strlen(text);
    if (len >= sizeof d->text) {
        len = sizeof d->text - 1;
        while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
            len--;
    }
    memcpy(d->text, text, len);
    d->text[len] = 0;
}

enum err diag_set(struct diag *d, enum err e, const char *format, ...)
{
    if (!d)
        return e;
    /* formatted aside: an argument may point into d */
    char text[2 * sizeof d->text];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    diag_store(d, text);
    return e;
}

enum err diag_wrap(struct diag *d, enum err e, const char *format, ...)
{
    if (!d)
        return e;
    char text[3 * sizeof d->text];
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    size_t used = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    snprintf(text + used, sizeof text - used, "%s", d->text);
    diag_store(d, text);
    return e;
}

void assert_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "parvis: %s:%d: broken invariant: %s\n", file, line, condition);
    abort();
}
