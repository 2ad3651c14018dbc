/* The page at /, in the reader's language: ?lang= if given, else Accept-Language, else the node's.
 */
#include "rpc/page.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/lang.h"
#include "rpc/rpc_internal.h"

/* wants_french compares the weights of French and English in an Accept-Language header. */
static bool wants_french(const char *header)
{
    double fr = -1, en = -1;
    for (const char *p = header; *p;) {
        p += strspn(p, " ,\t");
        size_t len = strcspn(p, ",");
        double weight = 1;
        for (size_t i = 0; i + 2 < len; i++)
            if (p[i] == 'q' && p[i + 1] == '=')
                weight = strtod(p + i + 2, NULL);
        if (len >= 2 && strncasecmp(p, "fr", 2) == 0 && weight > fr)
            fr = weight;
        if (len >= 2 && strncasecmp(p, "en", 2) == 0 && weight > en)
            en = weight;
        p += len;
    }
    return fr < 0 && en < 0 ? lang_current == LANG_FR : fr > en;
}

static void put_localised(const struct web_file *f, bool french, struct buf *out)
{
    static const char mark[] = "<html lang=\"en\"";
    const unsigned char *at = memmem(f->data, f->len, mark, sizeof mark - 1);
    size_t start = out->len;
    buf_put(out, f->data, f->len);
    if (at && french)
        memcpy(out->data + start + (at - f->data) + sizeof mark - 4, "fr", 2);
}

bool page_serve(const struct http_request *in, struct http_response *out)
{
    const struct web_file *f = WEB_FILES;
    while (f->path && strcmp(f->path, in->path) != 0)
        f++;
    if (!f->path)
        return false;
    bool french = strstr(in->query, "lang=fr") ||
                  (!strstr(in->query, "lang=en") && wants_french(in->accept_language));
    out->content_type = f->type;
    put_localised(f, french, out->body);
    (void)snprintf(
        out->extra_headers, sizeof out->extra_headers,
        "Vary: Accept-Language\r\nCache-Control: no-cache\r\n"
        "Content-Security-Policy: default-src 'self'; img-src 'self' data:; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'\r\n"
        "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n");
    return true;
}
