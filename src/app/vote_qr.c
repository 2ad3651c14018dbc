/* vote_qr: see vote_qr.h. */
#include "app/vote_qr.h"

#include <qrencode.h>

#define QUIET 4 /* modules of white around, as the standard asks */

/* A row's dark modules, each run of them as one rectangle. */
static void put_row(struct buf *out, const unsigned char *row, int width, int y)
{
    for (int x = 0; x < width; x++) {
        int run = 0;
        while (x + run < width && (row[x + run] & 1))
            run++;
        if (run)
            buf_putf(out, "M%d %dh%dv1h-%dz", x + QUIET, y + QUIET, run, run);
        x += run;
    }
}

enum err vote_qr_put(struct buf *out, const char *text, const char *title)
{
    QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
    if (!code)
        return E_TOO_LARGE;
    int side = code->width + 2 * QUIET;
    buf_putf(out,
             "<svg class=\"qr\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
             "role=\"img\" aria-label=\"%s\"><path fill=\"#fff\" d=\"M0 0h%dv%dh-%dz\"/><path "
             "fill=\"#000\" d=\"",
             side, side, title, side, side, side);
    for (int y = 0; y < code->width; y++)
        put_row(out, code->data + (size_t)y * (size_t)code->width, code->width, y);
    buf_puts(out, "\"/></svg>");
    QRcode_free(code);
    return E_OK;
}
