#include "app/network_watch.h"

#include <time.h>

#include "app/network.h"
#include "base/clock.h"
#include "base/lang.h"
#include "base/log.h"

#define ASK_MS 2000u

void watch_reset(struct watch *w)
{
    uint64_t now_us = clock_mono_us();
    w->answered = false;
    w->height = 0;
    w->next_us = now_us + WATCH_PERIOD_US;
    w->last_peer_us = w->last_answer_us = now_us;
}

/* Seconds since 1970 of "2026-11-28T18:21:50.046365123Z", -1 when it is none. */
static int64_t parse_time(const char *text)
{
    struct tm tm = {0};
    const char *end = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
    return end ? (int64_t)timegm(&tm) : -1;
}

/* While blocks come, their time is the members' median: far from it, one's own clock is wrong. */
static void compare_clock(struct watch *w, const struct json *sync)
{
    uint64_t height = 0;
    int64_t block_s = parse_time(json_text(json_get(sync, "latest_block_time")));
    json_u64(&height, json_get(sync, "latest_block_height"));
    bool moves = w->height && height > w->height && !json_true(json_get(sync, "catching_up"));
    w->height = height;
    int64_t off_s = (int64_t)clock_unix_s() - block_s;
    /* the last block may be as old as the pause between two looks */
    bool wrong = moves && block_s >= 0 &&
                 (off_s < -WATCH_CLOCK_OFF_S ||
                  off_s > WATCH_CLOCK_OFF_S + (int64_t)(WATCH_PERIOD_US / 1000000));
    if (wrong && !w->clock_told)
        log_warn(
            "network",
            T("this clock is %lld s %s: set it (NTP); a member that is more than 60 s behind stops",
              "cette horloge est à %lld s %s : réglez-la (NTP) ; un membre en retard de plus de "
              "60 s s'arrête"),
            (long long)(off_s < 0 ? -off_s : off_s),
            off_s < 0 ? T("behind the other members'", "en retard sur celle des autres membres")
                      : T("ahead of the other members'", "en avance sur celle des autres membres"));
    if (moves)
        w->clock_told = wrong;
}

static void look_at_status(struct watch *w)
{
    struct json *reply = NULL;
    if (engine_ask(w->socket, "/status", ASK_MS, &reply, NULL) == E_OK)
        compare_clock(w, json_get(json_get(reply, "result"), "sync_info"));
    json_free(reply);
}

const char *watch_look(struct watch *w)
{
    uint64_t now_us = clock_mono_us(), peers = 0;
    struct json *reply = NULL;
    if (now_us < w->next_us)
        return NULL;
    w->next_us = now_us + WATCH_PERIOD_US;
    if (now_us >= w->next_clock_us) {
        if (w->next_clock_us) /* the first time it was told at the start */
            watch_advise_clock();
        w->next_clock_us = now_us + WATCH_CLOCK_US;
    }
    if (engine_ask(w->socket, "/net_info", ASK_MS, &reply, NULL) == E_OK) {
        json_u64(&peers, json_get(json_get(reply, "result"), "n_peers"));
        json_free(reply);
        w->answered = true;
        w->last_answer_us = now_us;
        look_at_status(w);
    }
    if (peers > 0 || !w->answered)
        w->last_peer_us = now_us;
    if (w->answered && now_us - w->last_answer_us > WATCH_ALONE_US)
        return T("the engine has not answered for a minute",
                 "le moteur ne répond plus depuis une minute");
    if (w->has_peers && now_us - w->last_peer_us > WATCH_ALONE_US)
        return T("no other member has been reached for a minute: the engine calls them anew",
                 "aucun autre membre joint depuis une minute : le moteur les rappelle");
    return NULL;
}
