#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

bool (*mem_hook)(size_t size);

_Noreturn void mem_fail(size_t size)
{
    /* no stdio buffer, no atexit handler: either may need memory */
    char text[96];
    int n = snprintf(text, sizeof text, "parvis: out of memory (%zu bytes asked)\n", size);
    ssize_t written = write(STDERR_FILENO, text, (size_t)n);
    (void)written;
    _exit(EXIT_MEMORY);
}

static bool mem_refused(size_t size)
{
    return mem_hook && !mem_hook(size);
}

static size_t mem_product(size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total))
        mem_fail(SIZE_MAX);
    return total ? total : 1;
}

void *mem_alloc(size_t size)
{
    size = size ? size : 1;
    void *p = mem_refused(size) ? NULL : malloc(size);
    if (!p)
        mem_fail(size);
    return p;
}

void *mem_zalloc(size_t count, size_t size)
{
    size_t total = mem_product(count, size);
    void *p = mem_refused(total) ? NULL : calloc(1, total);
    if (!p)
        mem_fail(total);
    return p;
}

void *mem_resize(void *p, size_t count, size_t size)
{
    size_t total = mem_product(count, size);
    void *moved = mem_refused(total) ? NULL : realloc(p, total);
    if (!moved)
        mem_fail(total);
    return moved;
}

void *mem_dup(const void *data, size_t size)
{
    void *p = mem_alloc(size);
    if (size)
        memcpy(p, data, size);
    return p;
}

char *mem_strdup(const char *text)
{
    return mem_dup(text, strlen(text) + 1);
}

void mem_free(void *p)
{
    free(p);
}

/* ---- address space ---- */

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static size_t whole_pages(size_t size)
{
    size_t page = page_size();
    return (size + page - 1) & ~(page - 1);
}

void *mem_reserve(size_t size)
{
    size_t total = whole_pages(size) + page_size(); /* the last page stays out of bounds */
    void *p = MAP_FAILED;
    if (total > size && !mem_refused(size))
        p = mmap(NULL, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                 -1, 0);
    if (p == MAP_FAILED || mprotect((char *)p + total - page_size(), page_size(), PROT_NONE) != 0)
        mem_fail(size);
    return p;
}

void mem_forget(void *p, size_t size)
{
    if (madvise(p, whole_pages(size), MADV_DONTNEED) != 0)
        mem_fail(size);
}

void mem_release(void *p, size_t size)
{
    if (p)
        munmap(p, whole_pages(size) + page_size());
}

/* ---- arena ---- */

#define ARENA_ALIGN 16
#define ARENA_MIN_BYTES 4096
#define ARENA_MAX_STEP                                                         \
    (1u << 20) /* chunks double up to here; a larger request gets its own size \
                */

struct arena_chunk {
    struct arena_chunk *previous;
    size_t cap, used; /* of data */
    _Alignas(ARENA_ALIGN) uint8_t data[];
};

static struct arena_chunk *arena_add_chunk(struct arena *a, size_t size)
{
    size_t cap = a->chunk ? a->chunk->cap * 2 : ARENA_MIN_BYTES - sizeof(struct arena_chunk);
    if (cap > ARENA_MAX_STEP)
        cap = ARENA_MAX_STEP;
    if (cap < size)
        cap = size;
    struct arena_chunk *chunk = mem_alloc(sizeof *chunk + cap);
    *chunk = (struct arena_chunk){.previous = a->chunk, .cap = cap};
    a->chunk = chunk;
    return chunk;
}

void *arena_alloc(struct arena *a, size_t size)
{
    if (size > SIZE_MAX / 2)
        mem_fail(size);
    size = (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
    struct arena_chunk *chunk = a->chunk;
    if (!chunk || chunk->cap - chunk->used < size)
        chunk = arena_add_chunk(a, size);
    void *p = chunk->data + chunk->used;
    chunk->used += size;
    a->used_bytes += size;
    return p;
}

void *arena_zalloc(struct arena *a, size_t count, size_t size)
{
    size_t total = mem_product(count, size);
    return memset(arena_alloc(a, total), 0, total);
}

void *arena_dup(struct arena *a, const void *data, size_t len)
{
    void *p = arena_alloc(a, len);
    if (len)
        memcpy(p, data, len);
    return p;
}

char *arena_strdup(struct arena *a, const char *text)
{
    return arena_dup(a, text, strlen(text) + 1);
}

char *arena_printf(struct arena *a, const char *format, ...)
{
    va_list ap, again;
    va_start(ap, format);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, format, ap);
    ASSERT(n >= 0);
    char *text = arena_alloc(a, (size_t)n + 1);
    vsnprintf(text, (size_t)n + 1, format, again);
    va_end(again);
    va_end(ap);
    return text;
}

void arena_reset(struct arena *a)
{
    struct arena_chunk *largest = a->chunk;
    for (struct arena_chunk *c = a->chunk; c; c = c->previous)
        if (c->cap > largest->cap)
            largest = c;
    for (struct arena_chunk *c = a->chunk, *previous; c; c = previous) {
        previous = c->previous;
        if (c != largest)
            mem_free(c);
    }
    if (largest) {
        largest->previous = NULL;
        largest->used = 0;
    }
    *a = (struct arena){.chunk = largest};
}

struct arena_mark arena_mark(const struct arena *a)
{
    return (struct arena_mark){a->chunk, a->chunk ? a->chunk->used : 0, a->used_bytes};
}

void arena_back(struct arena *a, struct arena_mark mark)
{
    while (a->chunk != mark.chunk && a->chunk->previous) {
        struct arena_chunk *last = a->chunk;
        a->chunk = last->previous;
        mem_free(last);
    }
    if (a->chunk) /* the first chunk stays even if it came after the mark */
        a->chunk->used = a->chunk == mark.chunk ? mark.used : 0;
    a->used_bytes = mark.used_bytes;
}

void arena_free(struct arena *a)
{
    for (struct arena_chunk *c = a->chunk, *previous; c; c = previous) {
        previous = c->previous;
        mem_free(c);
    }
    *a = (struct arena){0};
}
