/* test_voting: elections made by belenios-tool (the optional shared data), for tests. */
#ifndef PARVIS_BELENIOS_TEST_VOTING_H
#define PARVIS_BELENIOS_TEST_VOTING_H

#include <stdlib.h>

#include "base/mem.h"
#include "belenios/ballot.h"
#include "test.h"

#define VOTING_BALLOTS_MAX 1024u

/* An archive's documents, found by how they begin. */
struct voting {
    struct arena arena;
    struct bytes file, election_json, roll_json, ballots[VOTING_BALLOTS_MAX];
    size_t ballot_count;
    struct bel_election election;
    struct bel_roll roll;
};

static const char *const voting_archives[] = {
    "voting/e10-basic/4jA5L86ZC9W4Fh.bel",
    "voting/e10-threshold/2LXFLgyuYwM9Ge.bel",
    "voting/e10-lists/t8BsCRxUvpT6FZ.bel",
    "voting/e100-simple/7Kh8Mn9NHg4ejF.bel",
    "voting/e20-mj-homomorphic/8Fvs3P8wQJKtJE.bel",
    "voting/e20-participatory-budget/LPZG18bNQ1x6UQ.bel",
};

static inline struct bytes voting_file(struct arena *a, const char *path)
{
    FILE *f = fopen(path, "rb");
    struct buf b = {0};
    size_t got;
    if (!f)
        return (struct bytes){0};
    do {
        buf_reserve(&b, 1 << 16);
        got = fread(b.data + b.len, 1, 1 << 16, f);
        b.len += got;
    } while (got > 0);
    fclose(f);
    struct bytes file = bytes_of(arena_dup(a, b.data, b.len), b.len);
    buf_free(&b);
    return file;
}

static inline bool voting_begins(struct bytes body, const char *text)
{
    return body.len >= strlen(text) && memcmp(body.data, text, strlen(text)) == 0;
}

/* Reads an archive's election, roll and ballots; false when the data is not there. The election is
 * prepared. */
static inline bool voting_open(struct voting *v, const char *relative)
{
    struct diag d = {""};
    const char *path = test_data(relative);
    *v = (struct voting){0};
    if (!path)
        return false;
    v->file = voting_file(&v->arena, path);
    for (size_t at = 0; at + 512 <= v->file.len;) {
        size_t len = (size_t)strtoull((const char *)v->file.data + at + 124, NULL, 8);
        struct bytes body = bytes_of(v->file.data + at + 512, len);
        at += 512 + (len + 511) / 512 * 512;
        if (voting_begins(body, "{\"version\":1,\"description\""))
            v->election_json = body;
        else if (voting_begins(body, "[\"") && len > 66 && body.data[2] != 'S' &&
                 body.data[2] != 'P')
            v->roll_json = body;
        else if (voting_begins(body, "{\"election_uuid\"") && v->ballot_count < VOTING_BALLOTS_MAX)
            v->ballots[v->ballot_count++] = body;
    }
    if (bel_election_read(&v->election, &v->arena, v->election_json, &d) != E_OK ||
        bel_roll_read(&v->roll, &v->arena, v->roll_json, &d) != E_OK) {
        test_fail(__FILE__, __LINE__, "%s: %s", relative, d.text);
        return false;
    }
    bel_election_prepare(&v->election);
    return true;
}

static inline void voting_close(struct voting *v)
{
    bel_election_free(&v->election);
    arena_free(&v->arena);
}

#endif
