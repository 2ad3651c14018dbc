/* fuzz_forms: Ethereum's JSON forms. Whatever the text, reading ends with a code; accounts that
 * were read are the same after they were written and read again; a transaction that was read
 * decodes. */
#include <stddef.h>
#include <stdint.h>

#include "gateway/ethereum/alloc.h"
#include "gateway/ethereum/exceptions.h"
#include "gateway/ethereum/forms.h"
#include "gateway/ethereum/state_test.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_alloc(const struct json *j)
{
    struct alloc *a = alloc_new(), *b = alloc_new();
    struct buf text = {0}, again = {0};
    struct json *copy = NULL;
    struct diag d;
    if (alloc_read(a, j, &d) == E_OK) {
        alloc_write(a, &text);
        enum err e = json_parse(&copy, buf_view(&text), &d);
        ASSERT(e == E_OK);
        e = alloc_read(b, copy, &d);
        ASSERT(e == E_OK);
        alloc_write(b, &again);
        ASSERT(bytes_eq(buf_view(&text), buf_view(&again)));
        struct hash x = alloc_root(a), y = alloc_root(b);
        ASSERT(hash_eq(&x, &y));
        buf_clear(&again);
        ASSERT(alloc_diff(a, b, &again) == 0);
        json_free(copy);
    }
    alloc_free(a);
    alloc_free(b);
    buf_free(&text);
    buf_free(&again);
}

static void try_tx(const struct json *j, struct arena *a)
{
    struct tx t, back;
    if (form_tx(&t, a, j, 1) != E_OK)
        return;
    enum err e = tx_decode(&back, a, t.raw);
    ASSERT(e != E_OK || hash_eq(&back.hash, &t.hash));
    ASSERT(e == E_OK || e == E_SIGNATURE || e == E_TX_TOO_LARGE || e == E_RANGE);
}

static void try_env(const struct json *j, struct arena *a)
{
    struct block_env env;
    struct diag d;
    for (int fork = 0; fork < FORK_COUNT; fork++)
        if (form_env(&env, a, j, (enum fork)fork, 1, &d) == E_OK)
            (void)env.block_hash(env.block_hash_ctx, 1);
}

static void try_test(const struct json *j)
{
    struct state_test *t;
    struct diag d;
    if (state_test_open(&t, j, &d) != E_OK)
        return;
    for (size_t i = 0; i < state_test_cases(t); i++)
        ASSERT(state_test_case(t, i)->fork_name);
    state_test_close(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct json *root = NULL;
    struct diag d;
    if (json_parse(&root, bytes_of(data, size), &d) == E_OK) {
        for (const struct json *j = json_first(root); j; j = json_next(j)) {
            try_test(j);
            try_alloc(json_get(j, "pre"));
            try_env(json_get(j, "env"), &a);
            try_tx(json_get(j, "transaction"), &a);
            try_tx(j, &a);
            try_alloc(j);
            if (json_text(j))
                (void)exception_allows(json_text(j), E_RLP);
        }
        json_free(root);
    }
    arena_free(&a);
    return 0;
}
