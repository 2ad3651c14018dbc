#include "app/network_child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

extern char **environ;

/* CometBFT takes any of its settings from variables of these names: none of ours. */
static bool is_foreign(const char *variable)
{
    return strncmp(variable, "CMT", 3) == 0 || strncmp(variable, "TMHOME", 6) == 0;
}

static void clean_environment(void)
{
    size_t kept = 0;
    for (size_t i = 0; environ[i]; i++)
        if (!is_foreign(environ[i]))
            environ[kept++] = environ[i];
    environ[kept] = NULL;
}

_Noreturn static void become(char *const *argv, const char *cwd, pid_t parent, int out, int err)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it died before the line above */
        _exit(127);
    setpgid(0, 0);
    int nothing = open("/dev/null", O_RDONLY);
    if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
        dup2(err, STDERR_FILENO) < 0 || chdir(cwd) != 0)
        _exit(127);
    clean_environment();
    execv(argv[0], argv);
    fprintf(stderr, "%s: %s\n", argv[0], os_reason(errno));
    fflush(stderr);
    _exit(127);
}

enum err child_start(struct child *c, char *const *argv, const char *cwd, bool first_plain,
                     struct diag *d)
{
    int out[2] = {-1, -1}, err[2] = {-1, -1};
    pid_t parent = getpid();
    pid_t pid = -1;
    if (pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0)
        pid = fork();
    int code = errno;
    if (pid == 0)
        become(argv, cwd, parent, out[1], err[1]);
    for (int i = 1; i >= (pid < 0 ? 0 : 1); i--) {
        if (out[i] >= 0)
            close(out[i]);
        if (err[i] >= 0)
            close(err[i]);
    }
    if (pid < 0)
        return diag_os(d, E_IO, argv[0], code);
    fcntl(out[0], F_SETFL, O_NONBLOCK);
    fcntl(err[0], F_SETFL, O_NONBLOCK);
    c->pid = pid;
    c->status = 0;
    c->asked = false;
    c->kill_us = 0;
    buf_clear(&c->last);
    buf_clear(&c->alarm_line);
    c->pipes[0] = (struct child_pipe){.fd = out[0], .line = c->pipes[0].line, .plain = first_plain};
    c->pipes[1] = (struct child_pipe){.fd = err[0], .line = c->pipes[1].line};
    buf_clear(&c->pipes[0].line);
    buf_clear(&c->pipes[1].line);
    return E_OK;
}

static void pass_on(struct child *c, struct child_pipe *p)
{
    if (p->line.len == 0)
        return;
    if (p->plain) {
        printf("%.*s\n", (int)p->line.len, (const char *)p->line.data);
        fflush(stdout);
    } else if (!c->asked || !c->quiet_end) {
        fprintf(stderr, "%s: %.*s\n", c->label, (int)p->line.len, (const char *)p->line.data);
    }
    for (size_t i = 0; c->alarms && c->alarms[i] && c->alarm_line.len == 0; i++)
        if (strstr(buf_cstr(&p->line), c->alarms[i]))
            buf_put(&c->alarm_line, p->line.data, p->line.len);
    if (c->last.len > CHILD_LAST_BYTES) { /* the second half stays */
        size_t half = c->last.len / 2;
        memmove(c->last.data, c->last.data + half, c->last.len - half);
        c->last.len -= half;
    }
    buf_put(&c->last, p->line.data, p->line.len);
    buf_puts(&c->last, "\n");
    buf_clear(&p->line);
}

bool child_read(struct child *c, struct child_pipe *p)
{
    uint8_t chunk[4096];
    ssize_t n;
    if (p->fd < 0)
        return false;
    while ((n = read(p->fd, chunk, sizeof chunk)) > 0) {
        for (ssize_t i = 0; i < n; i++) {
            if (chunk[i] == '\n' || p->line.len >= CHILD_LAST_BYTES / 2)
                pass_on(c, p);
            if (chunk[i] != '\n')
                buf_put_u8(&p->line, chunk[i]);
        }
    }
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    close(p->fd);
    p->fd = -1;
    return false;
}

void child_drain(struct child *c)
{
    for (int i = 0; i < 2; i++) {
        child_read(c, &c->pipes[i]);
        pass_on(c, &c->pipes[i]);
        if (c->pipes[i].fd >= 0)
            close(c->pipes[i].fd);
        c->pipes[i].fd = -1;
    }
}

void child_ask(struct child *c, unsigned patience_ms)
{
    uint64_t kill_us = clock_mono_us() + (uint64_t)patience_ms * 1000;
    if (!c->pid)
        return;
    if (!c->asked)
        kill(c->pid, SIGTERM);
    if (!c->asked || kill_us < c->kill_us)
        c->kill_us = kill_us;
    c->asked = true;
}

void child_overdue(struct child *c)
{
    if (c->pid && c->asked && clock_mono_us() >= c->kill_us)
        kill(c->pid, SIGKILL);
}

bool child_ended(struct child *c)
{
    if (!c->pid)
        return true;
    pid_t pid = waitpid(c->pid, &c->status, WNOHANG);
    if (pid == 0 || (pid < 0 && errno == EINTR))
        return false;
    c->pid = 0;
    child_drain(c);
    return true;
}

void child_free(struct child *c)
{
    child_drain(c);
    for (int i = 0; i < 2; i++)
        buf_free(&c->pipes[i].line);
    buf_free(&c->last);
    buf_free(&c->alarm_line);
}
