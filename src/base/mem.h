/* mem: allocation that cannot fail upward, and an arena for things that die together.
 *
 * Allocation failure is fail-stop: mem_* print one line and exit with EXIT_MEMORY. A block is one
 * store transaction, so a node that stops this way reopens at its last committed block. Faults are
 * injected through mem_hook (tests only). */
#ifndef PARVIS_BASE_MEM_H
#define PARVIS_BASE_MEM_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define EXIT_MEMORY 71 /* sysexits' EX_OSERR */

void *mem_alloc(size_t size);                /* uninitialised */
void *mem_zalloc(size_t count, size_t size); /* zeroed; stops on overflow of count * size */
void *mem_resize(void *p, size_t count, size_t size);
void *mem_dup(const void *data, size_t size);
char *mem_strdup(const char *text);
void mem_free(void *p); /* NULL is fine */

/* mem_reserve takes address space of `size` bytes (rounded up to pages) whose memory is committed
 * page by page when it is first written, and reads as zero until then. mem_release gives it back
 * (NULL is fine); mem_forget gives the memory back and keeps the address space: it reads as zero
 * again. The byte after the region faults. Fail-stop like the rest. */
void *mem_reserve(size_t size);
void mem_forget(void *p, size_t size);
void mem_release(void *p, size_t size);

/* mem_fail is what every failed allocation ends in: one line on standard error and _exit, so that
 * no handler runs in a half-built state. size is what was asked for, for the message. */
_Noreturn void mem_fail(size_t size);

/* Test seam: when set, called before each allocation; returning false makes it fail. */
extern bool (*mem_hook)(size_t size);

/* An arena: bump allocation in growing chunks, freed or reset as a whole. {0} is ready to use. */
struct arena {
    struct arena_chunk *chunk;
    size_t used_bytes; /* total handed out since the last reset */
};

/* arena_alloc returns size bytes aligned to 16, uninitialised; arena_zalloc zeroed. Valid until
 * arena_reset or arena_free. arena_reset keeps the largest chunk for reuse. */
void *arena_alloc(struct arena *a, size_t size);
void *arena_zalloc(struct arena *a, size_t count, size_t size);
void *arena_dup(struct arena *a, const void *data, size_t len);
char *arena_strdup(struct arena *a, const char *text);
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
void arena_reset(struct arena *a);
/* arena_mark and arena_back: what was handed out after the mark is given back. */
struct arena_mark {
    struct arena_chunk *chunk;
    size_t used, used_bytes;
};
struct arena_mark arena_mark(const struct arena *a);
void arena_back(struct arena *a, struct arena_mark mark);
void arena_free(struct arena *a);

#endif
