#include "codec/json_scan.h"

#include "base/lang.h"
#include "base/limits.h"
#include "codec/utf8.h"

struct scanner {
    const uint8_t *start, *p, *end;
    size_t values_left;
    struct buf *plain;
    struct json_fault *fault;
};

static enum err fail(struct scanner *s, const char *what)
{
    *s->fault = (struct json_fault){(size_t)(s->p - s->start), what};
    return E_JSON;
}

static void skip_space(struct scanner *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\r' || *s->p == '\t'))
        s->p++;
}

static bool take(struct scanner *s, char c)
{
    if (s->p < s->end && *s->p == (uint8_t)c) {
        s->p++;
        return true;
    }
    return false;
}

static size_t skip_digits(struct scanner *s)
{
    const uint8_t *from = s->p;
    while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
        s->p++;
    return (size_t)(s->p - from);
}

static enum err scan_number(struct scanner *s)
{
    const uint8_t *from = s->p;
    bool plain = true;
    take(s, '-');
    if (!take(s, '0') && skip_digits(s) == 0)
        return fail(s, T("a digit is missing", "il manque un chiffre"));
    if (take(s, '.')) {
        plain = false;
        if (skip_digits(s) == 0)
            return fail(
                s, T("a digit is missing after the point", "il manque un chiffre après le point"));
    }
    if (take(s, 'e') || take(s, 'E')) {
        plain = false;
        if (!take(s, '+'))
            take(s, '-');
        if (skip_digits(s) == 0)
            return fail(
                s, T("a digit is missing in the exponent", "il manque un chiffre dans l'exposant"));
    }
    /* cJSON reads a number through a buffer of 64 bytes */
    if (s->p - from > 63)
        return fail(s,
                    T("a number has more than 63 characters", "un nombre a plus de 63 caractères"));
    buf_put_u8(s->plain, plain);
    return E_OK;
}

/* The four digits after "\u"; -1 if they are not. */
static int scan_unit(struct scanner *s)
{
    uint8_t be[2];
    if (s->end - s->p < 4 || s->p[1] == 'x' || hex_decode(be, 2, (const char *)s->p, 4) != E_OK)
        return -1;
    s->p += 4;
    return be[0] << 8 | be[1];
}

static enum err scan_escape(struct scanner *s)
{
    if (s->p < s->end && *s->p && strchr("\"\\/bfnrt", *s->p)) {
        s->p++;
        return E_OK;
    }
    if (!take(s, 'u'))
        return fail(s, T("unknown escape in a string", "échappement inconnu dans une chaîne"));
    int unit = scan_unit(s);
    if (unit >= 0xd800 && unit <= 0xdbff) {
        bool low = take(s, '\\') && take(s, 'u');
        int second = low ? scan_unit(s) : -1;
        unit = second >= 0xdc00 && second <= 0xdfff ? 0x10000 : -1;
    } else if (unit >= 0xdc00 && unit <= 0xdfff) {
        unit = -1;
    }
    if (unit < 0)
        return fail(s, T("not a character after \\u", "pas un caractère après \\u"));
    if (unit == 0) /* our strings end with a NUL: one inside would cut them unseen */
        return fail(s, T("\\u0000 in a string", "\\u0000 dans une chaîne"));
    return E_OK;
}

static enum err scan_string(struct scanner *s)
{
    if (!take(s, '"'))
        return fail(s, T("a string is expected", "une chaîne est attendue"));
    while (s->p < s->end) {
        uint8_t c = *s->p;
        if (c == '"') {
            s->p++;
            return E_OK;
        }
        if (c == '\\') {
            s->p++;
            TRY(scan_escape(s));
        } else if (c < 0x20) {
            return fail(s, T("a control character in a string",
                             "un caractère de contrôle dans une chaîne"));
        } else if (c < 0x80) {
            s->p++;
        } else {
            size_t len = utf8_len(s->p, (size_t)(s->end - s->p));
            if (len == 0)
                return fail(s, T("invalid UTF-8", "UTF-8 invalide"));
            s->p += len;
        }
    }
    return fail(s, T("a string without end", "une chaîne sans fin"));
}

static enum err scan_word(struct scanner *s)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < 3; i++) {
        size_t len = strlen(words[i]);
        if ((size_t)(s->end - s->p) >= len && memcmp(s->p, words[i], len) == 0) {
            s->p += len;
            return E_OK;
        }
    }
    return fail(s, s->p == s->end ? T("the text ends too early", "le texte finit trop tôt")
                                  : T("a value is expected", "une valeur est attendue"));
}

static enum err scan_key(struct scanner *s)
{
    skip_space(s);
    TRY(scan_string(s));
    skip_space(s);
    if (!take(s, ':'))
        return fail(s, T("\":\" is expected", "« : » est attendu"));
    return E_OK;
}

/* After a value: commas and closing brackets, up to where the next value stands or the text ends.
 * closers holds the bracket that closes each open level. */
static enum err scan_after_value(struct scanner *s, const char *closers, unsigned *depth)
{
    while (*depth > 0) {
        skip_space(s);
        char closer = closers[*depth - 1];
        if (take(s, ','))
            return closer == '}' ? scan_key(s) : E_OK;
        if (!take(s, closer))
            return fail(s, closer == '}'
                               ? T("\",\" or \"}\" is expected", "« , » ou « } » attendu")
                               : T("\",\" or \"]\" is expected", "« , » ou « ] » attendu"));
        (*depth)--;
    }
    return E_OK;
}

static enum err scan_values(struct scanner *s)
{
    char closers[LIMIT_JSON_DEPTH];
    unsigned depth = 0;
    do {
        if (s->values_left-- == 0) {
            (void)fail(s, T("too many values", "trop de valeurs"));
            return E_TOO_LARGE;
        }
        skip_space(s);
        uint8_t c = s->p < s->end ? *s->p : 0;
        if (c == '{' || c == '[') {
            if (depth == LIMIT_JSON_DEPTH)
                return fail(s, T("too many levels", "trop de niveaux"));
            s->p++;
            skip_space(s);
            char closer = c == '{' ? '}' : ']';
            if (!take(s, closer)) {
                closers[depth++] = closer;
                if (c == '{')
                    TRY(scan_key(s));
                continue;
            }
        } else if (c == '"') {
            TRY(scan_string(s));
        } else if (c == '-' || (c >= '0' && c <= '9')) {
            TRY(scan_number(s));
        } else {
            TRY(scan_word(s));
        }
        TRY(scan_after_value(s, closers, &depth));
    } while (depth > 0);
    return E_OK;
}

enum err json_scan(struct bytes text, size_t most, struct buf *plain, struct json_fault *fault)
{
    static const uint8_t none = 0;
    const uint8_t *data = text.len ? text.data : &none;
    struct scanner s = {data, data, data + text.len, most, plain, fault};
    TRY(scan_values(&s));
    skip_space(&s);
    if (s.p != s.end)
        return fail(&s, T("something follows the value", "quelque chose suit la valeur"));
    return E_OK;
}
