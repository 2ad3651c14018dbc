#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

static _Atomic int level_max = LOG_INFO;

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&level_max, (int)level, memory_order_relaxed);
}

void log_line(enum log_level level, const char *room, const char *format, ...)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};
    if ((int)level > atomic_load_explicit(&level_max, memory_order_relaxed))
        return;
    char line[2048];
    time_t now = (time_t)clock_unix_s();
    struct tm utc;
    gmtime_r(&now, &utc);
    size_t head = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%SZ", &utc);
    int n = snprintf(line + head, sizeof line - head, " %-5s %s: ", names[level], room);
    size_t len = head + (n > 0 ? (size_t)n : 0);
    va_list ap;
    va_start(ap, format);
    n = vsnprintf(line + len, sizeof line - 1 - len, format, ap);
    va_end(ap);
    size_t text_max = sizeof line - 2 - len; /* what vsnprintf can have left, without its NUL */
    size_t text_len = n < 0 ? 0 : (size_t)n < text_max ? (size_t)n : text_max;
    /* one event, one line: text from outside must not be able to forge a second one */
    for (size_t i = len; i < len + text_len; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = ' ';
    len += text_len;
    line[len++] = '\n';
    ssize_t written = write(STDERR_FILENO, line, len); /* one call, so threads do not interleave */
    (void)written;
}
