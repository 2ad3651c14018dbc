#include "base/thread.h"

int thread_start(pthread_t *out, size_t stack_bytes, void *(*run)(void *), void *ctx)
{
    pthread_attr_t attr;
    int e = pthread_attr_init(&attr);
    if (e)
        return e;
    if (stack_bytes)
        e = pthread_attr_setstacksize(&attr, stack_bytes);
    if (!e)
        e = pthread_create(out, &attr, run, ctx);
    pthread_attr_destroy(&attr);
    return e;
}

int thread_run(size_t stack_bytes, void *(*run)(void *), void *ctx, void **result_out)
{
    pthread_t t;
    int e = thread_start(&t, stack_bytes, run, ctx);
    return e ? e : pthread_join(t, result_out);
}
