/* test_reader: a state in which nothing was ever written. For tests and fuzz targets. */
#ifndef PARVIS_EVM_TEST_READER_H
#define PARVIS_EVM_TEST_READER_H

#include "state/state.h"

static inline enum err no_account(void *ctx, const struct address *a, struct account *out,
                                  bool *exists_out)
{
    (void)ctx;
    (void)a;
    *out = account_empty();
    *exists_out = false;
    return E_OK;
}

static inline enum err no_storage(void *ctx, const struct address *a, const struct hash *slot,
                                  struct buf *out)
{
    (void)ctx;
    (void)a;
    (void)slot;
    (void)out;
    return E_OK;
}

static inline enum err no_code(void *ctx, const struct hash *code_hash, struct buf *out)
{
    (void)ctx;
    (void)code_hash;
    (void)out;
    return E_OK;
}

static const struct state_reader EMPTY_READER = {no_account, no_storage, no_code, NULL};

#endif
