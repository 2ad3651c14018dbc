/* test_archive: the archive of a consultation in a test's world, made of what the views tell as
 * anybody makes it, and verified. */
#ifndef PARVIS_CITY_VOTING_TEST_ARCHIVE_H
#define PARVIS_CITY_VOTING_TEST_ARCHIVE_H

#include "belenios/verify.h"
#include "city/voting/test_world.h"

static inline void world_data(struct bel_writer *a, const struct buf *json, struct hash *hash_out)
{
    sha256_once(hash_out, json->data, json->len);
    bel_writer_data(a, buf_view(json));
}

/* public_credentials.json from the roll's pages. */
static inline void world_credentials(struct election_world *w, struct buf *out)
{
    struct abi_value list = ASK(w, "votersOf", world_id(w), "0", "100000");
    struct bel_roll r = {.count = list.item[1].count};
    r.voters = arena_zalloc(&w->arena, r.count + 1, sizeof *r.voters);
    for (size_t i = 0; i < r.count; i++) {
        memcpy(r.voters[i].key32, list.item[0].bytes.data + 32 * i, 32);
        r.voters[i].weight = abi_get_u64(&list.item[1].item[i]);
        r.has_weights |= r.voters[i].weight != 1;
    }
    bel_roll_write(out, &r);
}

/* What stands before an event, and its payload: as anybody makes it from the state. */
static inline void world_event(struct election_world *w, struct bel_writer *a,
                               const struct abi_value *event)
{
    uint8_t kind[33] = {0}, stated[32], payload32[32];
    struct buf json = {0};
    struct hash h = {0}, hash;
    struct bytes body = event->item[6].bytes;
    enum bel_event_type type = BEL_SETUP;
    abi_get_bytes32(kind, &event->item[0]);
    abi_get_bytes32(stated, &event->item[1]);
    abi_get_bytes32(payload32, &event->item[2]);
    while (strcmp(bel_event_name(type), (const char *)kind) != 0)
        type++;
    switch (type) {
    case BEL_SETUP:
        bel_writer_data(a, ASK(w, "electionOf", world_id(w)).item[0].bytes);
        bel_writer_data(a, ASK(w, "trusteesOf", world_id(w)).item[0].bytes);
        world_credentials(w, &json);
        bel_writer_data(a, buf_view(&json));
        buf_clear(&json);
        buf_put(&json, body.data, body.len);
        world_data(a, &json, &h);
        break;
    case BEL_BALLOT:
        CHECK_ERR(bel_ballot_write(&json, &w->e, body), E_OK);
        world_data(a, &json, &h);
        break;
    case BEL_ENCRYPTED_TALLY:
        bel_sums_write(&json, &w->e, body);
        world_data(a, &json, &h);
        buf_clear(&json);
        bel_sized_write(&json, abi_get_u64(world_record(w, RECORD_COUNTED)),
                        abi_get_u64(world_record(w, RECORD_WEIGHT)), &h);
        world_data(a, &json, &h);
        break;
    case BEL_PARTIAL_DECRYPTION:
        bel_decryption_write(&json, &w->e, body);
        world_data(a, &json, &h);
        buf_clear(&json);
        bel_owned_write(&json, abi_get_u64(&event->item[5]), &h);
        world_data(a, &json, &h);
        break;
    case BEL_RESULT:
        buf_put(&json, body.data, body.len);
        world_data(a, &json, &h);
        break;
    default:
        break;
    }
    buf_free(&json);
    CHECK(memcmp(h.b, payload32, 32) == 0);
    bel_writer_event(a, type, type == BEL_END_BALLOTS ? NULL : &h, &hash);
    CHECK(memcmp(hash.b, stated, 32) == 0);
}

/* The archive as it follows from the views; the events' hashes are compared on the way. */
static inline void world_archive(struct election_world *w, struct buf *out)
{
    struct bel_writer a;
    uint8_t last32[32];
    uint64_t count = abi_get_u64(world_record(w, RECORD_EVENTS));
    bel_writer_begin(&a, out, abi_get_u64(world_record(w, RECORD_PUBLISHED)));
    for (uint64_t done = 0; done < count;) {
        struct abi_value list =
            ASK(w, "eventsOf", world_id(w), world_number(w, done), "100").item[0];
        for (size_t i = 0; i < list.count; i++)
            world_event(w, &a, &list.item[i]);
        done += list.count;
    }
    abi_get_bytes32(last32, world_record(w, RECORD_LAST));
    CHECK(memcmp(a.last.b, last32, 32) == 0);
}

/* The archive holds, by Belenios' rules. */
static inline void world_verify(struct election_world *w, enum bel_event_type last_event)
{
    struct buf file = {0};
    struct bel_report report = {0};
    struct bel_verify_options options = {.threads = 1};
    struct diag d = {0};
    struct arena a = {0};
    world_archive(w, &file);
    CHECK_ERR(bel_archive_verify(&report, &a, buf_view(&file), &options, &d), E_OK);
    CHECK_STR(d.text, "");
    CHECK_INT(report.last_event, last_event);
    CHECK_INT(report.event_count, abi_get_u64(world_record(w, RECORD_EVENTS)));
    CHECK_INT(report.ballot_count, abi_get_u64(world_record(w, RECORD_CAST)));
    bel_report_free(&report);
    arena_free(&a);
    buf_free(&file);
}

#endif
