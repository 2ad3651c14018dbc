#include "gateway/ethereum/networks.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/lang.h"
#include "gateway/ethereum/forks.h"
#include "gateway/ethereum/forms.h"

/* What geth and the execution-spec tests run their numbered BPO forks with. */
static const struct blob_params BPO_BLOBS[] = {
    {10, 15, 8346193}, {14, 21, 11684671}, {21, 32, 20609697}, {14, 21, 13739630}};
#define BPO_COUNT (sizeof BPO_BLOBS / sizeof BPO_BLOBS[0])

/* One side of a transition. */
struct side {
    enum fork fork;
    unsigned bpo;  /* 1..: the numbers of blobs alone changed, last by this one */
    unsigned bomb; /* 1..: the difficulty bomb was put off, last by enum bomb + 1 */
};

static bool read_side(struct side *out, const char *text, size_t len)
{
    static const char *const BOMBS[BOMB_COUNT] = {"MuirGlacier", "ArrowGlacier", "GrayGlacier"};
    char name[64];
    int used = 0;
    *out = (struct side){0};
    if (len >= sizeof name)
        return false;
    memcpy(name, text, len);
    name[len] = 0;
    for (unsigned i = 0; i < BOMB_COUNT; i++)
        if (strcmp(name, BOMBS[i]) == 0)
            out->bomb = i + 1;
    if (sscanf(name, "BPO%1u%n", &out->bpo, &used) == 1 && (size_t)used == len) {
        out->fork = FORK_OSAKA;
        return out->bpo >= 1 && out->bpo <= BPO_COUNT;
    }
    return fork_named(name, &out->fork);
}

static void add_bpo(struct schedule *s, unsigned from, unsigned to, uint64_t at)
{
    for (unsigned i = from; i < to; i++) {
        s->bpo[s->bpo_count].from_time = at;
        s->bpo[s->bpo_count++].blobs = BPO_BLOBS[i];
    }
}

static void begin_with(struct schedule *s, const struct side *side, uint64_t chain_id)
{
    schedule_of(s, side->fork, chain_id);
    for (unsigned i = 0; i < side->bomb; i++)
        s->bomb_block[i] = 0;
    add_bpo(s, 0, side->bpo, 0);
}

/* read_at puts the later side's forks at the block, time or difficulty of the text. */
static bool read_at(struct schedule *s, const struct side *from, const struct side *to,
                    const char *text)
{
    char *end;
    if (to->fork < from->fork || (to->fork == from->fork && to->bpo <= from->bpo))
        return false;
    if (strncmp(text, "Time", 4) == 0) {
        uint64_t at = strtoull(text + 4, &end, 10);
        if (*end == 'k') {
            at *= 1000;
            end++;
        }
        for (int f = from->fork + 1; f <= (int)to->fork; f++)
            s->from_time[f] = at;
        add_bpo(s, from->bpo, to->bpo, at);
        return *end == 0 && end != text + 4 && from->fork >= FORK_PARIS;
    }
    if (strncmp(text, "Diff", 4) == 0) {
        s->has_terminal_difficulty = true;
        s->terminal_difficulty = u256_from_u64(strtoull(text + 4, &end, 16));
        return *end == 0 && end != text + 4 && to->fork == FORK_PARIS;
    }
    uint64_t at = strtoull(text, &end, 10);
    for (int f = from->fork + 1; f <= (int)to->fork && f < FORK_PARIS; f++)
        s->from_block[f] = at;
    if (to->fork >= FORK_BERLIN && from->fork < FORK_BERLIN)
        s->bomb_block[BOMB_MUIR_GLACIER] = at;
    return *end == 0 && end != text && to->fork < FORK_PARIS;
}

enum err network_schedule(struct schedule *out, const char *name, uint64_t chain_id)
{
    struct side from, to;
    const char *mark = strstr(name, "To"), *at = mark ? strstr(mark, "At") : NULL;
    if (!mark || !at) {
        if (!read_side(&from, name, strlen(name)))
            return E_NOT_FOUND;
        begin_with(out, &from, chain_id);
        return E_OK;
    }
    if (!read_side(&from, name, (size_t)(mark - name)) ||
        !read_side(&to, mark + 2, (size_t)(at - mark - 2)))
        return E_NOT_FOUND;
    begin_with(out, &from, chain_id);
    return read_at(out, &from, &to, at + 2) ? E_OK : E_NOT_FOUND;
}

static enum err read_params(struct blob_params *out, const struct json *entry, struct diag *d)
{
    if (form_u64(&out->target, json_get(entry, "target")) == E_OK &&
        form_u64(&out->max, json_get(entry, "max")) == E_OK &&
        form_u64(&out->base_fee_fraction, json_get(entry, "baseFeeUpdateFraction")) == E_OK &&
        out->max > 0 && out->target <= out->max && out->max <= 4096)
        return E_OK;
    return diag_set(d, E_JSON,
                    T("blobSchedule.%s: target, max and baseFeeUpdateFraction are needed",
                      "blobSchedule.%s : target, max et baseFeeUpdateFraction sont attendus"),
                    json_key(entry));
}

enum err network_blobs(struct schedule *s, const struct json *blob_schedule, struct diag *d)
{
    for (const struct json *m = json_first(blob_schedule); m; m = json_next(m)) {
        struct side side;
        struct blob_params params;
        TRY(read_params(&params, m, d));
        if (!read_side(&side, json_key(m), strlen(json_key(m))))
            continue; /* a fork that comes after all of ours */
        if (side.bpo == 0)
            s->blobs[side.fork] = params;
        else if (side.bpo <= s->bpo_count)
            s->bpo[side.bpo - 1].blobs = params;
    }
    return E_OK;
}
