/* zstd: compression of whole pieces (libzstd). A frame states its length, so that expanding is
 * bounded before it begins. */
#ifndef PARVIS_CODEC_ZSTD_H
#define PARVIS_CODEC_ZSTD_H

#include "base/bytes.h"

/* zstd_compress appends one frame. The same plain text gives the same frame with the same version
 * of the library. At most zstd_bound(plain.len) bytes. */
void zstd_compress(struct buf *out, struct bytes plain);
size_t zstd_bound(size_t plain_len);

/* zstd_expand appends the content of exactly one frame. E_OK | E_CORRUPT (not one frame that states
 * its length and has it) | E_TOO_LARGE (more than plain_max); on an error out is as before. */
enum err zstd_expand(struct buf *out, struct bytes frame, size_t plain_max);

#endif
