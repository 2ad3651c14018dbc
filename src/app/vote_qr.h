/* vote_qr: a QR code (ISO/IEC 18004) as SVG, by libqrencode. No other file includes it. */
#ifndef PARVIS_APP_VOTE_QR_H
#define PARVIS_APP_VOTE_QR_H

#include "base/bytes.h"

/* vote_qr_put appends an <svg> element of a text: quiet zone included, error correction M (15 %),
 * one unit a module, so that a style sheet gives its size. title: what it is, for those who do not
 * see it. E_OK | E_TOO_LARGE (more than a code holds: 2 331 bytes). */
enum err vote_qr_put(struct buf *out, const char *text, const char *title);

#endif
