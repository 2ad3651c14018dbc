/* problems: see problems.h. */
#include "gateway/files/problems.h"

#include <stdarg.h>
#include <stdio.h>

enum err problem_add(struct problems *p, const char *file, size_t line, const char *field,
                     const char *format, ...)
{
    char reason[384], text[512];
    va_list ap;
    if (p->count++ >= PROBLEMS_SHOWN_MAX)
        return E_CSV;
    va_start(ap, format);
    vsnprintf(reason, sizeof reason, format, ap);
    va_end(ap);
    int len = line ? snprintf(text, sizeof text, "%s:%zu: ", file, line)
                   : snprintf(text, sizeof text, T("%s: ", "%s : "), file);
    if (len > 0 && (size_t)len < sizeof text)
        snprintf(text + len, sizeof text - (size_t)len, "%s%s%s", field,
                 field[0] ? T(": ", " : ") : "", reason);
    if (p->count == 1)
        memcpy(p->first, text, sizeof p->first);
    buf_puts(&p->text, text);
    buf_put_u8(&p->text, '\n');
    return E_CSV;
}

enum err problems_end(struct problems *p, struct diag *d)
{
    if (p->count == 0)
        return E_OK;
    if (p->count == 1)
        return diag_set(d, E_CSV, "%s", p->first);
    return diag_set(d, E_CSV,
                    T("%s (and %zu more problems; nothing was imported)",
                      "%s (et %zu autres problèmes ; rien n'a été importé)"),
                    p->first, p->count - 1);
}

void problems_free(struct problems *p)
{
    buf_free(&p->text);
    *p = (struct problems){0};
}
