/* elect_cast: ballots of an election made by the library alone, its closing and its opening. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "elect.h"

#include "crypto/sha256.h"

#define CHUNK 1024 /* ballots in memory at once */

/* --- choices ------------------------------------------------------------------------------------
 */

/* Chooses `count` of n at random: their numbers become 1. */
static void choose(uint8_t *numbers, size_t n, size_t count, uint64_t *random)
{
    for (size_t i = 0; i < n && count > 0; i++) {
        *random = elect_random(*random, 2, i);
        if (*random % (n - i) < count) {
            numbers[i] = 1;
            count--;
        }
    }
}

static void choose_list(uint8_t *numbers, const struct bel_question *q, uint64_t *random)
{
    *random = elect_random(*random, 3, 0);
    size_t list = *random % q->list_count;
    for (size_t i = 0; i < list; i++)
        numbers += 1 + q->lists[i].candidate_count;
    numbers[0] = 1;
    size_t candidates = q->lists[list].candidate_count;
    choose(numbers + 1, candidates, 1 + *random / 64 % candidates, random);
}

static void make_choice(uint8_t *choice, const struct bel_election *e, uint64_t random)
{
    struct diag d = {0};
    memset(choice, 0, e->ciphertext_count);
    for (size_t i = 0; i < e->question_count; i++) {
        const struct bel_question *q = &e->questions[i];
        uint8_t *numbers = choice + q->first_ciphertext;
        random = elect_random(random, 4, i);
        if (q->kind == BEL_LISTS)
            choose_list(numbers, q, &random);
        else if (q->has_blank && random % 8 == 0)
            numbers[0] = 1;
        else
            choose(numbers + q->has_blank, q->answer_count,
                   q->min + random / 8 % (q->max - q->min + 1), &random);
    }
    enum err code = bel_choice_check(e, choice, &d);
    if (code != E_OK)
        elect_stop("choice", code, &d);
}

/* --- casting ------------------------------------------------------------------------------------
 */

struct slot {
    uint32_t voter; /* its place on the roll */
    bool counts;    /* it is the voter's last */
};

struct work {
    struct elect *x;
    const struct slot *slots; /* of the chunk */
    size_t first;             /* the chunk's, among all */
    struct made {
        struct buf packed, json;
        uint8_t *choice;
        double seconds;
    } made[CHUNK];
};

static double thread_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void make_ballot(void *ctx, size_t i)
{
    struct work *w = ctx;
    struct made *m = &w->made[i];
    const struct bel_election *e = &w->x->election;
    struct arena arena = {0};
    struct diag d = {0};
    struct ed_scalar secret;
    make_choice(m->choice, e, elect_random(w->x->options->seed, 5, w->first + i));
    bel_credential_secret(&secret, e->version, e->uuid, w->x->credentials[w->slots[i].voter]);
    buf_clear(&m->packed);
    buf_clear(&m->json);
    double start = thread_seconds();
    enum err code = bel_ballot_make(&m->packed, e, &secret, m->choice, &arena, NULL, &d);
    m->seconds = thread_seconds() - start;
    if (code == E_OK)
        code = bel_ballot_write(&m->json, e, buf_view(&m->packed));
    if (code != E_OK)
        elect_stop("ballot", code, &d);
    arena_free(&arena);
}

/* Who votes in which place: voters who are there, once or twice, shuffled. */
static struct slot *make_slots(const struct elect *x, size_t *count_out)
{
    const struct elect_options *o = x->options;
    size_t count = 0;
    struct slot *slots = mem_zalloc(2 * x->roll.count, sizeof *slots);
    for (size_t i = 0; i < x->roll.count; i++) {
        if (!x->credentials[i][0] || elect_random(o->seed, 6, i) % 100 < o->absent)
            continue;
        slots[count++].voter = (uint32_t)i;
        if (elect_random(o->seed, 7, i) % 100 < o->revotes)
            slots[count++].voter = (uint32_t)i;
    }
    for (size_t i = count; i > 1; i--) {
        size_t j = elect_random(o->seed, 8, i) % i;
        struct slot t = slots[i - 1];
        slots[i - 1] = slots[j];
        slots[j] = t;
    }
    bool *seen = mem_zalloc(x->roll.count, sizeof *seen);
    for (size_t i = count; i > 0; i--) {
        slots[i - 1].counts = !seen[slots[i - 1].voter];
        seen[slots[i - 1].voter] = true;
    }
    mem_free(seen);
    *count_out = count;
    return slots;
}

/* Where ballots go when there is no archive: one a line, as documents and packed in hexadecimal. */
struct lines {
    FILE *documents, *packed;
};

static void record(struct elect *x, const struct made *m, const struct lines *to)
{
    struct hash hash;
    if (to->documents) {
        struct buf hex = {0};
        buf_put_hex(&hex, m->packed.data, m->packed.len);
        fprintf(to->documents, "%.*s\n", (int)m->json.len, (const char *)m->json.data);
        fprintf(to->packed, "%.*s\n", (int)hex.len, (const char *)hex.data);
        buf_free(&hex);
    } else {
        sha256_once(&hash, m->json.data, m->json.len);
        elect_data(x, buf_view(&m->json));
        elect_event(x, BEL_BALLOT, &hash);
    }
    x->make_s += m->seconds;
    x->ballots++;
}

static void count_chunk(struct elect *x, const struct work *w, size_t n)
{
    struct bytes *packed = mem_zalloc(n, sizeof *packed);
    uint64_t *weights = mem_zalloc(n, sizeof *weights);
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        if (w->slots[i].counts) {
            weights[count] = x->roll.voters[w->slots[i].voter].weight;
            packed[count] = buf_view(&w->made[i].packed);
            for (size_t c = 0; c < x->election.ciphertext_count; c++)
                x->expected[c] += w->made[i].choice[c] * weights[count];
            count++;
        }
    enum err code = bel_tally_many(&x->tally, packed, weights, count, x->options->threads);
    if (code != E_OK)
        elect_stop("tally", code, NULL);
    mem_free(packed);
    mem_free(weights);
}

void elect_cast(struct elect *x)
{
    size_t count;
    struct slot *slots = make_slots(x, &count);
    struct work *w = mem_zalloc(1, sizeof *w);
    struct lines lines = {0};
    if (!x->archive)
        lines = (struct lines){elect_create(x->options->folder, "ballots.jsonl"),
                               elect_create(x->options->folder, "ballots.hex")};
    w->x = x;
    x->expected = arena_zalloc(&x->arena, x->election.ciphertext_count, sizeof *x->expected);
    for (size_t i = 0; i < CHUNK; i++)
        w->made[i].choice = mem_zalloc(x->election.ciphertext_count, 1);
    bel_tally_init(&x->tally, &x->election);
    for (size_t at = 0; at < count; at += CHUNK) {
        size_t n = count - at < CHUNK ? count - at : CHUNK;
        w->slots = slots + at;
        w->first = at;
        elect_parallel(x->options->threads, n, make_ballot, w);
        for (size_t i = 0; i < n; i++)
            record(x, &w->made[i], &lines);
        count_chunk(x, w, n);
    }
    if (!x->archive && (fclose(lines.documents) != 0 || fclose(lines.packed) != 0))
        elect_stop("ballots.jsonl", E_IO, NULL);
    for (size_t i = 0; i < CHUNK; i++) {
        buf_free(&w->made[i].packed);
        buf_free(&w->made[i].json);
        mem_free(w->made[i].choice);
    }
    mem_free(w);
    mem_free(slots);
}

/* --- opening ------------------------------------------------------------------------------------
 */

static void put_document(struct elect *x, struct buf *json, struct hash *hash)
{
    sha256_once(hash, json->data, json->len);
    elect_data(x, buf_view(json));
    buf_clear(json);
}

static void write_tally(struct elect *x, struct bytes sums)
{
    struct buf json = {0};
    struct hash hash;
    bel_sums_write(&json, &x->election, sums);
    put_document(x, &json, &hash);
    bel_sized_write(&json, x->tally.ballot_count, x->tally.total_weight, &hash);
    put_document(x, &json, &hash);
    elect_event(x, BEL_ENCRYPTED_TALLY, &hash);
    buf_free(&json);
}

/* The owners that decrypt: as the options say, or each alone and the first k of every group. */
static size_t choose_owners(const struct elect *x, uint64_t *owners)
{
    size_t count = 0;
    if (x->options->open) {
        for (const char *text = x->options->open; *text && count < BEL_TRUSTEES_MAX;) {
            char *end;
            owners[count++] = strtoull(text, &end, 10);
            if (end == text || owners[count - 1] == 0 || owners[count - 1] > x->trustees.count)
                elect_stop("--open: no such trustee", E_USAGE, NULL);
            text = end + (*end == ',');
        }
        return count;
    }
    for (size_t i = 0; i < x->trustees.count; i++) {
        const struct bel_trustee *t = &x->trustees.trustees[i];
        if (t->member <= x->trustees.entries[t->entry].threshold)
            owners[count++] = i + 1;
    }
    return count;
}

static size_t write_decryptions(struct elect *x, struct bytes sums, uint64_t *owners,
                                struct bytes *decryptions)
{
    size_t count = choose_owners(x, owners);
    struct diag d = {0};
    for (size_t i = 0; i < count; i++) {
        struct buf packed = {0}, json = {0};
        struct hash hash;
        bel_decryption_make(&packed, &x->election, sums, &x->secrets[owners[i] - 1]);
        enum err code = bel_decryption_check(&x->election, sums, buf_view(&packed),
                                             x->trustees.trustees[owners[i] - 1].key32, &d);
        if (code != E_OK)
            elect_stop("partial decryption", code, &d);
        bel_decryption_write(&json, &x->election, buf_view(&packed));
        put_document(x, &json, &hash);
        bel_owned_write(&json, owners[i], &hash);
        put_document(x, &json, &hash);
        elect_event(x, BEL_PARTIAL_DECRYPTION, &hash);
        decryptions[i] = bytes_of(arena_dup(&x->arena, packed.data, packed.len), packed.len);
        buf_free(&packed);
        buf_free(&json);
    }
    return count;
}

void elect_close(struct elect *x)
{
    const struct bel_election *e = &x->election;
    uint64_t owners[BEL_TRUSTEES_MAX];
    struct bytes decryptions[BEL_TRUSTEES_MAX];
    struct diag d = {0};
    struct buf packed = {0}, json = {0};
    struct hash hash;
    if (x->options->until < BEL_END_BALLOTS)
        return;
    elect_event(x, BEL_END_BALLOTS, NULL);
    if (x->options->until < BEL_ENCRYPTED_TALLY)
        return;
    bel_tally_pack(buf_grow(&packed, 64 * e->ciphertext_count), &x->tally);
    write_tally(x, buf_view(&packed));
    if (x->options->until < BEL_PARTIAL_DECRYPTION)
        return;
    size_t count = write_decryptions(x, buf_view(&packed), owners, decryptions);
    if (x->options->until < BEL_RESULT)
        return;
    struct ed_point *opened = arena_zalloc(&x->arena, e->ciphertext_count, sizeof *opened);
    uint64_t *counts = arena_zalloc(&x->arena, e->ciphertext_count, sizeof *counts);
    enum err code =
        bel_open(opened, e, &x->trustees, buf_view(&packed), owners, decryptions, count, &d);
    if (code == E_OK)
        code = bel_result_find(counts, e, opened, x->tally.total_weight, &d);
    if (code != E_OK)
        elect_stop("opening", code, &d);
    if (memcmp(counts, x->expected, e->ciphertext_count * sizeof *counts) != 0)
        elect_stop("the result is not the sum of the choices", E_INVALID, NULL);
    bel_result_write(&json, e, counts);
    put_document(x, &json, &hash);
    elect_event(x, BEL_RESULT, &hash);
    buf_free(&packed);
    buf_free(&json);
}
