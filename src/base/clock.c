#include "base/clock.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/random.h>
#include <time.h>

#include "base/err.h"

static _Atomic uint64_t fixed_unix_s;

uint64_t clock_unix_s(void)
{
    uint64_t fixed = atomic_load_explicit(&fixed_unix_s, memory_order_relaxed);
    if (fixed)
        return fixed;
    struct timespec t;
    ASSERT(clock_gettime(CLOCK_REALTIME, &t) == 0);
    return (uint64_t)t.tv_sec;
}

uint64_t clock_mono_us(void)
{
    struct timespec t;
    ASSERT(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
    return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

void clock_set_fixed(uint64_t unix_s)
{
    atomic_store_explicit(&fixed_unix_s, unix_s, memory_order_relaxed);
}

void random_bytes(void *out, size_t len)
{
    uint8_t *p = out;
    while (len > 0) {
        ssize_t n = getrandom(p, len, 0);
        if (n < 0 && errno == EINTR)
            continue;
        ASSERT(n > 0);
        p += n;
        len -= (size_t)n;
    }
}
