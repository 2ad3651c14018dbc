/* thread: starting threads with a stack of a known size, whatever the system's default is.
 * A thread that executes transactions asks for LIMIT_EVM_STACK_BYTES. */
#ifndef PARVIS_BASE_THREAD_H
#define PARVIS_BASE_THREAD_H

#include <pthread.h>
#include <stddef.h>

/* thread_start: run(ctx) on a new thread with a stack of stack_bytes (0: the system's default).
 * Returns 0 or an errno, as pthread_create does. */
int thread_start(pthread_t *out, size_t stack_bytes, void *(*run)(void *), void *ctx);

/* thread_run does it and waits: for a main thread, whose stack the shell chose. 0 or an errno. */
int thread_run(size_t stack_bytes, void *(*run)(void *), void *ctx, void **result_out);

#endif
