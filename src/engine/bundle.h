/* bundle: many transactions as one byte string. It is what members tell each other and what a block
 * of the engine holds: CometBFT hands every gossiped unit to the application in the receive routine
 * of the peer that sent it, so that units of one transaction each would hold up the votes behind
 * them.
 *
 * Form      "PVB1", u64 mark, then per transaction: u32 length, encoding. Integers are big-endian.
 *           The mark of a block's bundle is 0; of a gossiped one it makes bytes that are told again
 *           different from those told before, which the engine would take for known.
 * Bounds    1 to LIMIT_BLOCK_TXS transactions of 1 to LIMIT_TX_BYTES each; a gossiped bundle is
 *           closed before it would pass BUNDLE_GOSSIP_BYTES, unless one transaction alone does. */
#ifndef PARVIS_ENGINE_BUNDLE_H
#define PARVIS_ENGINE_BUNDLE_H

#include "base/bytes.h"

#define BUNDLE_HEAD_BYTES 12u
#define BUNDLE_GOSSIP_BYTES (64u << 10)

void bundle_open(struct buf *out, uint64_t mark);
void bundle_add(struct buf *bundle, struct bytes raw);

/* bundle_read checks the form of the whole before anything of it is used. E_OK | E_INVALID (no
 * bundle, no transaction in it, a length that does not fit) | E_TOO_LARGE. bundle_next then gives
 * one transaction after the other, borrowed from the bundle; false at the end. */
struct bundle {
    uint64_t mark;
    size_t count;
    struct bytes rest;
};
enum err bundle_read(struct bundle *out, struct bytes encoded);
bool bundle_next(struct bundle *b, struct bytes *raw_out);

#endif
