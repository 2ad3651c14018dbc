/* statedb_copy_internal: private to statedb_dump.c and statedb_build.c. */
#ifndef PARVIS_STATE_STATEDB_COPY_INTERNAL_H
#define PARVIS_STATE_STATEDB_COPY_INTERNAL_H

#include "state/statedb_internal.h"

/* The hashes of the codes that accounts have; the empty code is none. */
struct code_set {
    struct hash *at;
    size_t count, cap;
    size_t sorted; /* as many are in order and without doubles */
};

void code_set_add(struct code_set *c, const struct hash *code_hash);
void code_set_sort(struct code_set *c);
void code_set_free(struct code_set *c);

#endif
