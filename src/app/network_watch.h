/* network_watch: what the supervisor looks at while a member runs. */
#ifndef PARVIS_APP_NETWORK_WATCH_H
#define PARVIS_APP_NETWORK_WATCH_H

#include "base/bytes.h"

#define WATCH_PERIOD_US 5000000u  /* between two looks */
#define WATCH_ALONE_US 60000000u  /* without a peer, or silent: the engine starts again */
#define WATCH_CLOCK_US 600000000u /* between two looks at the clock's own synchronisation */
#define WATCH_CLOCK_OFF_S 5       /* from the others' time: a warning */

struct watch {
    const char *socket; /* the engine's */
    bool has_peers;     /* by its configuration */
    bool answered;      /* since it was started */
    uint64_t next_us, next_clock_us;
    uint64_t last_peer_us, last_answer_us;
    uint64_t height;
    bool clock_told;
};

/* watch_advice tells once, at the start, what of the machine is not as a network wants it. */
void watch_advice(void);
void watch_advise_clock(void); /* of the clock alone */
/* watch_reset begins anew, with an engine that was just started. */
void watch_reset(struct watch *w);
/* watch_look asks the engine, when it is time. Returns why it should be started again, or NULL. */
const char *watch_look(struct watch *w);

/* What the engine says when it has given up; it then lives on, answers, and does nothing more.
 * NULL-terminated. */
extern const char *const ENGINE_ALARMS[];

/* engine_advice explains, to a person, what made the engine end, from its last words; NULL when it
 * is nothing known. *fatal_out: another start would end the same way. */
const char *engine_advice(const char *last_words, bool *fatal_out);

#endif
