/* archive: an election as one append-only file, UUID.bel (specification, "Archive").
 *
 * Records like tar's, without a final block: a 512-byte header (name, size, time, checksum; the
 * rest zero) and a body padded with zeros to 512. The first is BELENIOS, {"version":1,"timestamp":
 * "UNIX"}; all carry its time. Then data records (HASH.data.json) and events (HASH.event.json), an
 * event after the data it needs, its payload last. Events form a hash chain. */
#ifndef PARVIS_BELENIOS_ARCHIVE_H
#define PARVIS_BELENIOS_ARCHIVE_H

#include "belenios/text.h"

enum bel_event_type {
    BEL_SETUP,
    BEL_BALLOT,
    BEL_END_BALLOTS,
    BEL_ENCRYPTED_TALLY,
    BEL_PARTIAL_DECRYPTION,
    BEL_RESULT,
    BEL_EVENT_TYPES, /* how many; Shuffle and EndShuffles are read as unsupported */
};
const char *bel_event_name(enum bel_event_type t);

struct bel_event {
    uint64_t height; /* from 0 */
    enum bel_event_type type;
    bool has_parent, has_payload; /* no parent at height 0, no payload with EndBallots */
    struct hash parent, payload;  /* SHA-256 of the previous event's and of the payload's bytes */
};
void bel_event_write(struct buf *json, const struct bel_event *e);
/* Byte for byte what bel_event_write makes. E_OK | E_JSON | E_INVALID | E_UNSUPPORTED |
 * E_TOO_LARGE. */
enum err bel_event_read(struct bel_event *out, struct bytes json, struct diag *d);
void bel_setup_write(struct buf *json, const struct hash *election, const struct hash *trustees,
                     const struct hash *credentials); /* setup_data */
/* json_parse of an archive's small documents (BELENIOS, events, owner of a decryption, size of the
 * tally): E_TOO_LARGE for what is longer than any can be. */
#define BEL_LINK_BYTES_MAX 1024u
enum err bel_link_parse(struct json **out, struct bytes json, struct diag *d);

/* Writing: append to a buffer, in the order of events. */
struct bel_writer {
    struct buf *out;
    uint64_t timestamp_s;
    uint64_t height;  /* of the next event */
    struct hash last; /* of the last event */
};
void bel_writer_begin(struct bel_writer *w, struct buf *out, uint64_t timestamp_s);
void bel_writer_data(struct bel_writer *w, struct bytes body);
/* The event of what was written last (payload NULL: none); *hash_out (may be NULL): the event's. */
void bel_writer_event(struct bel_writer *w, enum bel_event_type type, const struct hash *payload,
                      struct hash *hash_out);

/* Reading: record after record of a file in memory; every byte of every header is checked. */
struct bel_record {
    uint64_t offset; /* of its header */
    bool is_event;
    struct hash hash; /* of the body; checked against the name */
    struct bytes body;
};
struct bel_reader {
    struct bytes file;
    uint64_t at;
    uint64_t timestamp_s;
};
/* bel_reader_begin reads the first record. bel_reader_next: E_OK | E_NOT_FOUND (the end) |
 * E_INVALID (d: byte offset and rule). */
enum err bel_reader_begin(struct bel_reader *r, struct bytes file, struct diag *d);
enum err bel_reader_next(struct bel_reader *r, struct bel_record *out, struct diag *d);

#endif
