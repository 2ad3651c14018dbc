/* Private to genesis*.c: reading the members of a genesis file. */
#ifndef PARVIS_CHAIN_GENESIS_INTERNAL_H
#define PARVIS_CHAIN_GENESIS_INTERNAL_H

#include "chain/genesis.h"

/* Where a value stands in the file, as a person finds it: "alloc.0x12.balance". */
struct path {
    char text[256];
};
struct path genesis_path_of(const char *parent, const char *member);

/* genesis_refuse sets the diag "where: why" and returns E_GENESIS. */
enum err genesis_refuse(struct diag *d, const char *where, const char *why);

/* genesis_check_object refuses what is no object, and members that are unknown. genesis_check_named
 * refuses what is no object; its member names are free; NULL (absent) is fine. */
enum err genesis_check_object(const struct json *object, const char *where,
                              const char *const *names, struct diag *d);
enum err genesis_check_named(const struct json *object, const char *where, struct diag *d);

/* The member as an integer from min to max; *out stays as it is (the default) when it is absent. */
enum err genesis_read_u64(uint64_t *out, const struct json *object, const char *parent,
                          const char *member, uint64_t min, uint64_t max, struct diag *d);
enum err genesis_read_address(struct address *out, const struct json *j, const char *where,
                              struct diag *d);
/* genesis_read_hex appends the bytes of an optional member; more than max are refused. */
enum err genesis_read_hex(struct buf *out, const struct json *j, const char *where, size_t max,
                          struct diag *d);

/* genesis_check_allocations reads every entry of "alloc" once, without writing any.
 *   foreign  accounts of an Ethereum chain: code of any beginning and length, storage without
 *            nonce, and balances of any sum are allowed */
enum err genesis_check_allocations(const struct json *alloc, bool foreign, struct diag *d);
enum err genesis_write_allocations(const struct json *alloc, bool foreign, struct state *s,
                                   struct diag *d);

/* genesis_check_ethereum fills g from g->json. E_OK | E_GENESIS. */
enum err genesis_check_ethereum(struct genesis *g, struct diag *d);

#endif
