/* network_start: `parvis network start`: the application and the ordering engine as one service.
 *
 * The application starts first; when its socket is there, the engine. When either ends, the other
 * is ended too and both start again, after 0.1 s at first, then twice as long each time up to 5 s;
 * five seconds of running begin anew at 0.1 s. What another start cannot mend (a wrong key,
 * damaged data) ends the service with the program's exit code. SIGTERM and SIGINT end the engine,
 * then the application. */
#include "app/network.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/network_child.h"
#include "app/network_watch.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

const struct cli_option NETWORK_START_OPTIONS[] = {
    {"engine", "FILE", "CometBFT's program (default $PARVIS_ENGINE, engine/bin/cometbft, PATH)",
     "programme de CometBFT (défaut $PARVIS_ENGINE, engine/bin/cometbft, PATH)"},
    {"host", "ADDRESS", "address to serve JSON-RPC on (default 127.0.0.1)",
     "adresse d'écoute de JSON-RPC (défaut 127.0.0.1)"},
    {"port", "N", "port to serve it on, 0 for any (default 8545)",
     "son port d'écoute, 0 pour un port libre (défaut 8545)"},
    {"threads", "N", "threads that serve requests (default: one per processor, at most 8)",
     "fils qui servent les requêtes (défaut : un par processeur, 8 au plus)"},
    {"archive", NULL, "keep the state of every block", "garde l'état de chaque bloc"},
    MAP_MB_OPTION,
    {"snapshot-blocks", "N",
     "a snapshot for members that join every N blocks, 0: never (default 1000)",
     "un instantané pour les membres qui rejoignent tous les N blocs, 0 : jamais (défaut 1000)"},
    {"log", "LEVEL", "error, warn, info or debug (default info)",
     "error, warn, info ou debug (défaut info)"},
    {0},
};

#define BACKOFF_FIRST_MS 100u
#define BACKOFF_LAST_MS 5000u
#define HEALTHY_US 5000000u
#define END_ENGINE_MS 10000u /* patience when the service ends */
#define END_APP_MS 20000u
#define RESTART_MS 2000u       /* patience when both start again */
#define NEVER_READY_MAX 10u    /* starts in a row after which the environment is given up */
#define TELL_WAIT_US 10000000u /* how often a slow start is told of */

enum phase {
    RESTING,  /* until resume_us */
    OPENING,  /* the application runs, its socket is not there yet */
    RUNNING,  /* both run */
    ENDING_E, /* the engine is asked to end, then the application */
    ENDING_A,
    OVER,
};

struct supervisor {
    struct cli *cli;
    char *home, *engine_home, *app_socket, *rpc_socket;
    char engine_path[4096];
    const char *app_argv[40];
    struct child app, engine;
    struct watch watch;
    enum phase phase;
    bool stopping; /* for good */
    int exit_code;
    int signals;
    unsigned backoff_ms, never_ready;
    uint64_t resume_us, healthy_us, told_us;
    const char *advice_told;
};

/* --- getting ready -----------------------------------------------------------------------------
 */

/* The folder's full path: the children start elsewhere. */
static enum err full_home(struct supervisor *s, struct diag *d)
{
    struct buf b = {0};
    char *real = realpath(cli_home(s->cli), NULL);
    if (!real || access(home_path(s->cli, "engine/config/config.toml"), F_OK) != 0) {
        free(real);
        return diag_set(
            d, E_NOT_FOUND,
            T("%s has joined no network; run `parvis network join`, or choose the "
              "folder with --home",
              "%s n'a rejoint aucun réseau ; lancez `parvis network join`, ou choisissez "
              "le dossier avec --home"),
            cli_home(s->cli));
    }
    s->home = mem_strdup(real);
    buf_putf(&b, "%s/engine", real);
    s->engine_home = mem_strdup(buf_cstr(&b));
    buf_clear(&b);
    buf_putf(&b, "%s/engine/app.sock", real);
    s->app_socket = mem_strdup(buf_cstr(&b));
    buf_clear(&b);
    buf_putf(&b, "%s/engine/rpc.sock", real);
    s->rpc_socket = mem_strdup(buf_cstr(&b));
    buf_free(&b);
    free(real);
    return E_OK;
}

/* One supervisor a home; the lock ends with the process that holds it. */
enum err network_lock(const struct cli *cli, int *fd_out, struct diag *d)
{
    char pid[24];
    const char *path = home_path(cli, "engine/supervisor.lock");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return diag_os(d, E_IO, path, errno);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        ssize_t n = pread(fd, pid, sizeof pid - 1, 0);
        close(fd);
        pid[n > 0 ? strcspn((pid[n] = 0, pid), "\n") : 0] = 0;
        return diag_set(d, E_LOCKED,
                        T("%s: this member is running already (process %s)",
                          "%s : ce membre est déjà en marche (processus %s)"),
                        cli_home(cli), pid[0] ? pid : "?");
    }
    int n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, (size_t)n, 0) != n) {
        int code = errno;
        close(fd);
        return diag_os(d, E_IO, path, code);
    }
    *fd_out = fd;
    return E_OK;
}

static void add(struct supervisor *s, size_t *n, const char *word)
{
    ASSERT(*n + 1 < sizeof s->app_argv / sizeof s->app_argv[0]);
    s->app_argv[(*n)++] = mem_strdup(word);
}

/* parvis node with what of the command line is its own; files by their full path. */
static enum err app_command(struct supervisor *s, struct diag *d)
{
    static const char *const VALUES[] = {"host", "port", "threads", "map-mb", "snapshot-blocks",
                                         "log",  "lang"};
    static const char *const FILES[] = {"key-file", "passphrase-file"};
    char self[4096], option[64];
    size_t n = 0;
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    if (len <= 0)
        return diag_os(d, E_IO, "/proc/self/exe", errno);
    self[len] = 0;
    add(s, &n, self);
    add(s, &n, "node");
    add(s, &n, "--home");
    add(s, &n, s->home);
    for (size_t i = 0; i < sizeof VALUES / sizeof VALUES[0]; i++) {
        if (!cli_has(s->cli, VALUES[i]))
            continue;
        snprintf(option, sizeof option, "--%s", VALUES[i]);
        add(s, &n, option);
        add(s, &n, cli_get(s->cli, VALUES[i]));
    }
    for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++) {
        const char *path = cli_get(s->cli, FILES[i]);
        char *real = path ? realpath(path, NULL) : NULL;
        if (path && !real)
            return diag_os(d, errno == ENOENT ? E_NOT_FOUND : E_IO, path, errno);
        if (!path)
            continue;
        snprintf(option, sizeof option, "--%s", FILES[i]);
        add(s, &n, option);
        add(s, &n, real);
        free(real);
    }
    if (cli_has(s->cli, "archive"))
        add(s, &n, "--archive");
    if (s->cli->json)
        add(s, &n, "--json");
    return E_OK;
}

/* Does the configuration name peers? Without any, nobody can be missing. */
static bool has_peers(const struct cli *cli)
{
    struct buf text = {0};
    bool found = false;
    if (file_read(&text, home_path(cli, "engine/config/config.toml"), 1u << 20, NULL) == E_OK) {
        const char *line = strstr(buf_cstr(&text), "\npersistent_peers = \"");
        found = line && line[strlen("\npersistent_peers = \"")] != '"';
    }
    buf_free(&text);
    return found;
}

static int block_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* --- starting and ending -----------------------------------------------------------------------
 */

static bool is_socket(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

static void give_up(struct supervisor *s, int code)
{
    s->stopping = true;
    s->exit_code = code;
}

static void start_app(struct supervisor *s)
{
    struct diag d = {0};
    unlink(s->app_socket); /* of an earlier life */
    unlink(s->rpc_socket);
    enum err e = child_start(&s->app, (char *const *)s->app_argv, s->home, true, &d);
    if (e != E_OK) {
        give_up(s, cli_fail(s->cli, e, &d));
        s->phase = OVER;
        return;
    }
    s->phase = OPENING;
    s->told_us = clock_mono_us() + TELL_WAIT_US;
}

static void start_engine(struct supervisor *s)
{
    struct diag d = {0};
    char word[] = "start", home[] = "--home", here[] = ".";
    char *argv[] = {s->engine_path, word, home, here, NULL};
    enum err e = child_start(&s->engine, argv, s->engine_home, false, &d);
    if (e != E_OK)
        give_up(s, cli_fail(s->cli, e, &d));
    s->phase = e == E_OK ? RUNNING : ENDING_E;
    s->healthy_us = clock_mono_us() + HEALTHY_US;
    s->never_ready = 0;
    watch_reset(&s->watch);
}

static void end_both(struct supervisor *s)
{
    child_ask(&s->engine, s->stopping ? END_ENGINE_MS : RESTART_MS);
    s->phase = ENDING_E;
}

static void rest(struct supervisor *s)
{
    uint64_t now_us = clock_mono_us();
    if (s->healthy_us && now_us >= s->healthy_us) {
        s->backoff_ms = 0;
        s->advice_told = NULL;
    }
    s->healthy_us = 0;
    s->backoff_ms = s->backoff_ms == 0                    ? BACKOFF_FIRST_MS
                    : s->backoff_ms * 2 > BACKOFF_LAST_MS ? BACKOFF_LAST_MS
                                                          : s->backoff_ms * 2;
    s->resume_us = now_us + (uint64_t)s->backoff_ms * 1000;
    s->phase = RESTING;
}

/* --- why they ended ----------------------------------------------------------------------------
 */

static void describe(const struct child *c, const char *consequence)
{
    if (WIFSIGNALED(c->status))
        log_warn("network",
                 T("%s was ended by signal %d; %s", "%s a été arrêté par le signal %d ; %s"),
                 c->label, WTERMSIG(c->status), consequence);
    else
        log_warn("network", T("%s ended with code %d; %s", "%s s'est arrêté avec le code %d ; %s"),
                 c->label, WEXITSTATUS(c->status), consequence);
}

/* What the application itself says that no other start would mend. */
static bool app_is_final(int status)
{
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return code == EXIT_USAGE_ERROR || code == EXIT_NOT_FOUND || code == EXIT_INPUT ||
           code == EXIT_WRONG_KEY || code == EXIT_DAMAGED || code == 127;
}

static void app_ended(struct supervisor *s)
{
    const char *again = T("both start again", "les deux redémarrent");
    const char *no_more = T("the service stops", "le service s'arrête");
    bool final = app_is_final(s->app.status);
    if (s->app.asked && !final) /* the engine, which it stops by an error, may have ended first */
        return;
    if (s->phase == OPENING && ++s->never_ready >= NEVER_READY_MAX)
        final = true;
    describe(&s->app, final ? no_more : again);
    if (final)
        give_up(s, WIFEXITED(s->app.status) ? WEXITSTATUS(s->app.status) : EXIT_ENVIRONMENT);
}

static void engine_ended(struct supervisor *s)
{
    bool fatal = false;
    if (s->engine.asked)
        return;
    const char *advice = engine_advice(buf_cstr(&s->engine.last), &fatal);
    if (WIFEXITED(s->engine.status) && WEXITSTATUS(s->engine.status) == 127)
        fatal = true;
    describe(&s->engine, fatal ? T("the service stops", "le service s'arrête")
                               : T("both start again", "les deux redémarrent"));
    if (advice && advice != s->advice_told)
        log_error("network", "%s", advice);
    s->advice_told = advice;
    if (fatal)
        give_up(s, EXIT_DAMAGED);
}

/* --- the loop ----------------------------------------------------------------------------------
 */

static void step_opening(struct supervisor *s)
{
    if (!s->app.pid || s->stopping) {
        end_both(s);
    } else if (is_socket(s->app_socket)) {
        start_engine(s);
    } else if (clock_mono_us() >= s->told_us) {
        log_info("network", "%s",
                 T("the application is still opening its ledger",
                   "l'application ouvre encore son registre"));
        s->told_us += TELL_WAIT_US;
    }
}

/* Its consensus has failed, or its state sync: it would run on for ever and do nothing. */
static const char *engine_is_idle(struct supervisor *s)
{
    bool fatal = false;
    const char *advice = engine_advice(buf_cstr(&s->engine.alarm_line), &fatal);
    log_warn("network", "%s",
             fatal ? T("the engine runs on but has given up; the service stops",
                       "le moteur tourne mais a abandonné ; le service s'arrête")
                   : T("the engine runs on but has given up; both start again",
                       "le moteur tourne mais a abandonné ; les deux redémarrent"));
    if (fatal)
        give_up(s, EXIT_DAMAGED);
    return advice;
}

static void step_running(struct supervisor *s)
{
    const char *why = NULL;
    bool idle = false;
    if (s->app.pid && s->engine.pid && !s->stopping) {
        why = watch_look(&s->watch);
        idle = s->engine.alarm_line.len > 0;
        if (idle)
            why = engine_is_idle(s);
    }
    if (why)
        log_warn("network", "%s", why);
    if (!s->app.pid || !s->engine.pid || s->stopping || why || idle)
        end_both(s);
}

static void step(struct supervisor *s)
{
    struct child *children[] = {&s->app, &s->engine};
    for (int i = 0; i < 2; i++) {
        if (children[i]->pid && child_ended(children[i])) {
            if (i == 0)
                app_ended(s);
            else
                engine_ended(s);
        }
        child_overdue(children[i]);
    }
    switch (s->phase) {
    case RESTING:
        if (s->stopping)
            s->phase = OVER;
        else if (clock_mono_us() >= s->resume_us)
            start_app(s);
        break;
    case OPENING:
        step_opening(s);
        break;
    case RUNNING:
        step_running(s);
        break;
    case ENDING_E:
        if (s->stopping) /* the signal may have come while both were to start again */
            child_ask(&s->engine, END_ENGINE_MS);
        if (!s->engine.pid) {
            child_ask(&s->app, s->stopping ? END_APP_MS : RESTART_MS);
            s->phase = ENDING_A;
        }
        break;
    case ENDING_A:
        if (s->app.pid)
            break;
        if (s->stopping)
            s->phase = OVER;
        else
            rest(s);
        break;
    case OVER:
        break;
    }
}

/* Milliseconds until something has to be looked at, whatever happens. */
static int patience_ms(const struct supervisor *s)
{
    uint64_t now_us = clock_mono_us();
    if (s->phase == OPENING)
        return 10; /* the socket announces itself by being there */
    if (s->phase == RESTING)
        return s->resume_us > now_us ? (int)((s->resume_us - now_us) / 1000) + 1 : 0;
    return s->phase == RUNNING ? 1000 : 100;
}

static void wait_for_news(struct supervisor *s)
{
    struct pollfd fds[5] = {{.fd = s->signals, .events = POLLIN}};
    struct child *of[5] = {0};
    struct child_pipe *pipe[5] = {0};
    struct child *children[] = {&s->app, &s->engine};
    nfds_t n = 1;
    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < 2; k++) {
            if (!children[i]->pid || children[i]->pipes[k].fd < 0)
                continue;
            of[n] = children[i];
            pipe[n] = &children[i]->pipes[k];
            fds[n] = (struct pollfd){.fd = pipe[n]->fd, .events = POLLIN};
            n++;
        }
    }
    if (poll(fds, n, patience_ms(s)) <= 0)
        return;
    for (nfds_t i = 1; i < n; i++)
        if (fds[i].revents)
            child_read(of[i], pipe[i]);
    struct signalfd_siginfo info;
    while (read(s->signals, &info, sizeof info) == sizeof info)
        if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
            s->stopping = true;
}

static int supervise(struct supervisor *s)
{
    watch_advice();
    start_app(s);
    while (s->phase != OVER) {
        wait_for_news(s);
        step(s);
    }
    unlink(s->app_socket);
    unlink(s->rpc_socket);
    return s->exit_code;
}

int run_network_start(struct cli *cli)
{
    struct diag d = {0};
    struct supervisor s = {.cli = cli,
                           .app = {.label = "app", .pipes = {{.fd = -1}, {.fd = -1}}},
                           .engine = {.label = "engine",
                                      .quiet_end = true,
                                      .alarms = ENGINE_ALARMS,
                                      .pipes = {{.fd = -1}, {.fd = -1}}},
                           .signals = -1};
    int lock = -1;
    enum err e = full_home(&s, &d);
    if (e == E_OK)
        e = engine_program(cli, s.engine_path, &d);
    if (e == E_OK)
        e = engine_keys_check(cli, &d);
    if (e == E_OK)
        e = app_command(&s, &d);
    if (e == E_OK)
        e = network_lock(cli, &lock, &d);
    if (e == E_OK && (s.signals = block_signals()) < 0)
        e = diag_os(&d, E_IO, "signalfd", errno);
    s.watch.socket = s.rpc_socket;
    if (e == E_OK)
        s.watch.has_peers = has_peers(cli);
    int code = e == E_OK ? supervise(&s) : cli_fail(cli, e, &d);
    child_free(&s.app);
    child_free(&s.engine);
    for (size_t i = 0; s.app_argv[i]; i++)
        mem_free((char *)(uintptr_t)s.app_argv[i]);
    if (s.signals >= 0)
        close(s.signals);
    if (lock >= 0)
        close(lock);
    mem_free(s.home);
    mem_free(s.engine_home);
    mem_free(s.app_socket);
    mem_free(s.rpc_socket);
    return code;
}
