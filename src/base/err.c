#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
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
    text_disarm(d->text, len, false);
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

const char *os_reason(int code)
{
    switch (code) {
    case ENOENT:
        return T("No such file or folder", "aucun fichier ni dossier de ce nom");
    case EACCES:
    case EPERM:
        return T("Permission denied", "permission refusée");
    case ENOSPC:
    case EDQUOT:
        return T("No space left on the disk", "plus de place sur le disque");
    case EROFS:
        return T("The disk is read-only", "le disque est en lecture seule");
    case EIO:
        return T("Input/output error", "erreur d'entrée-sortie");
    case EFBIG:
        return T("The file would be too large", "le fichier serait trop grand");
    case ENOTDIR:
        return T("A file stands where a folder is needed",
                 "un fichier tient la place d'un dossier");
    case ENOTEMPTY:
        return T("The folder is not empty", "le dossier n'est pas vide");
    case ENAMETOOLONG:
        return T("The name is too long", "le nom est trop long");
    case ELOOP:
        return T("Too many links to follow", "trop de liens à suivre");
    case EEXIST:
        return T("It already exists", "il existe déjà");
    case EISDIR:
        return T("It is a folder", "c'est un dossier");
    case EBUSY:
        return T("It is in use", "il est utilisé");
    case EMFILE:
    case ENFILE:
        return T("Too many open files", "trop de fichiers ouverts");
    case ENOMEM:
        return T("Out of memory", "mémoire épuisée");
    case EADDRINUSE:
        return T("Address already in use", "adresse déjà utilisée");
    case EADDRNOTAVAIL:
        return T("This machine does not have this address", "cette machine n'a pas cette adresse");
    default:
        return strerror(code);
    }
}

enum err diag_os(struct diag *d, enum err e, const char *what, int code)
{
    return diag_set(d, e, T("%s: %s", "%s : %s"), what, os_reason(code));
}

void assert_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "parvis: %s:%d: broken invariant: %s\n", file, line, condition);
    abort();
}
