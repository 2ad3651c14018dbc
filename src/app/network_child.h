/* network_child: a program that the supervisor runs: started, its words passed on, ended.
 *
 * A child dies with the supervisor, however that ends, and stands in a process group of its own, so
 * that Ctrl-C reaches the supervisor alone. */
#ifndef PARVIS_APP_NETWORK_CHILD_H
#define PARVIS_APP_NETWORK_CHILD_H

#include <sys/types.h>

#include "base/bytes.h"

#define CHILD_LAST_BYTES 8192u

struct child_pipe {
    int fd; /* -1: closed */
    struct buf line;
    bool plain; /* to standard output as it is, instead of standard error with the label */
};

struct child {
    const char *label;
    pid_t pid;  /* 0: not running */
    int status; /* of waitpid, once it ended */
    struct child_pipe pipes[2];
    struct buf last;           /* what it said last, to see why it ended */
    const char *const *alarms; /* a line with one of these means: as good as ended; NULL: none */
    struct buf alarm_line;     /* that line, once it was said */
    bool quiet_end;            /* once it is asked to end, what it says is no news */
    bool asked;                /* to end */
    uint64_t kill_us;          /* ended for good at this time; 0: not asked yet */
};

/* child_start runs argv in folder cwd. first_plain: its standard output is a result, passed on as
 * it is. E_OK | E_IO. A program that cannot be executed ends with 127. */
enum err child_start(struct child *c, char *const *argv, const char *cwd, bool first_plain,
                     struct diag *d);
/* child_read passes on what a pipe has; false when it is closed. */
bool child_read(struct child *c, struct child_pipe *p);
/* child_drain passes on what is left after the end, the last unfinished lines too. */
void child_drain(struct child *c);
/* child_ask asks it to end, and for good after patience_ms; asking again only shortens that.
 * child_overdue ends it when that time came. */
void child_ask(struct child *c, unsigned patience_ms);
void child_overdue(struct child *c);
/* child_ended: did it end since? *status is then set. */
bool child_ended(struct child *c);
void child_free(struct child *c);

#endif
