/* Private to the snapshot_*.c files: the form of manifests, chunks and records, and their files. */
#ifndef PARVIS_CHAIN_SNAPSHOT_INTERNAL_H
#define PARVIS_CHAIN_SNAPSHOT_INTERNAL_H

#include "chain/block.h"
#include "chain/snapshot.h"
#include "crypto/seal.h"

enum snapshot_section {
    SECTION_GENESIS,
    SECTION_BLOCKS,
    SECTION_STATE,
    SECTION_CODE,
    SECTION_COUNT
};

#define RECORD_HEAD_BYTES 5u /* kind, length */

/* Content of every chunk of a section but its last: what fits a chunk even if it does not compress.
 */
#define SNAPSHOT_CONTENT_BYTES (LIMIT_SNAPSHOT_CHUNK_BYTES - (64u << 10))

/* Test seam: smaller chunks and manifests. Not changed while a snapshot is made or taken. */
extern size_t snapshot_content_bytes, snapshot_manifest_bytes;

/* --- form ------------------------------------------------------------------------------------- */

struct manifest {
    uint64_t number;
    uint64_t content_bytes;
    uint32_t chunks[SECTION_COUNT];
    uint32_t chunk_count;
    struct bytes header_rlp; /* this, and extra_data and hashes below, borrow from the text */
    struct header header;
    struct hash head_hash;
    struct bytes hashes; /* 32 bytes per chunk */
};

/* manifest_decode: E_OK | E_CORRUPT | E_VERSION. manifest_encode writes number, content_bytes,
 * chunks, header_rlp and hashes. */
enum err manifest_decode(struct manifest *out, struct bytes text);
void manifest_encode(struct buf *out, const struct manifest *m);
struct hash manifest_chunk_hash(const struct manifest *m, uint32_t index);
/* As many chunks can be named beside a header of this length. */
uint32_t manifest_chunks_max(size_t header_len);

/* A chunk as it is sent. chunk_open: E_OK | E_CORRUPT: not a chunk, or not of this hash. */
void chunk_pack(struct buf *out, struct bytes content);
enum err chunk_open(struct buf *content_out, struct bytes chunk, const struct hash *content_hash);

/* The next record of a row. False: there is no whole one. *too_long_out: there never will be. */
struct record_in {
    uint8_t kind;
    struct bytes content;
};
bool record_next(struct bytes *rest, struct record_in *out, bool *too_long_out);

/* --- files ------------------------------------------------------------------------------------ */

/* The key of a store's snapshots; seal_wipe afterwards. */
void snapshot_seal(const struct store *s, struct seal *out);

#define SNAPSHOT_PATH_BYTES 4200u
/* DIR/NUMBER or DIR/NUMBER.part; and of a chunk in it. */
void snapshot_path(char out[SNAPSHOT_PATH_BYTES], const char *dir, uint64_t number, bool part);
void snapshot_chunk_path(char out[SNAPSHOT_PATH_BYTES], const char *of, uint32_t index);

/* snapshot_remove_part takes away DIR/NUMBER.part and the files in it. */
void snapshot_remove_part(const char *part);

/* A file is written whole and put on disk; read whole and opened. `bound` is authenticated with it.
 * E_OK | E_DISK_FULL | E_IO; E_OK | E_NOT_FOUND | E_CORRUPT | E_IO. */
enum err snapshot_write_file(const char *path, struct seal *seal, struct bytes content,
                             struct bytes bound, struct diag *d);
enum err snapshot_read_file(const char *path, const struct seal *seal, struct bytes bound,
                            struct buf *out);

/* snapshot_load_manifest appends a complete snapshot's manifest, checked. */
enum err snapshot_load_manifest(const char *dir, uint64_t number, const struct seal *seal,
                                struct buf *text_out, struct manifest *out);
enum err snapshot_write_manifest(const char *part, struct seal *seal, struct bytes text,
                                 struct diag *d);

/* Where the last, not full chunk of blocks begins. */
struct blocks_place {
    uint32_t full;  /* chunks of blocks before it */
    uint64_t block; /* it begins inside this block's records, */
    uint64_t skip;  /* so many bytes from their beginning */
};
enum err snapshot_write_place(const char *part, struct seal *seal, struct bytes manifest,
                              const struct blocks_place *place, struct diag *d);
enum err snapshot_read_place(const char *of, const struct seal *seal, struct bytes manifest,
                             struct blocks_place *out);

/* snapshot_numbers gives the numbers of what is in the directory, ascending; parts: those of the
 * unfinished ones instead. *out is the caller's to free. E_OK | E_IO. */
enum err snapshot_numbers(const char *dir, bool parts, uint64_t **out, size_t *count_out);

#endif
