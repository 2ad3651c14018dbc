/* invocation: what `send` and `call` say after the address: a method and its arguments, as a
 * service knows it by name ("balanceOf") or as a full line ("function balanceOf(address) returns
 * (uint256)"). */
#ifndef PARVIS_APP_INVOCATION_H
#define PARVIS_APP_INVOCATION_H

#include "codec/abi.h"

struct invocation {
    struct arena arena;
    struct abi_entry entry;
    struct buf input; /* call data */
};

/* invocation_encode fills a zeroed *v; invocation_free ends it, also after an error.
 * E_OK | E_NOT_FOUND (no such method) | E_ABI | E_USAGE (number of arguments). */
enum err invocation_encode(struct invocation *v, const struct address *to, const char *method,
                           const char **args, size_t count, struct diag *d);
void invocation_free(struct invocation *v);

#endif
