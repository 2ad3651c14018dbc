/* evm_pool: interpreters for threads that only read the chain (eth_call, traces). Each reader takes
 * one for a call and gives it back; a few idle ones are kept, so that their code cache lasts.
 * Threads   any. */
#ifndef PARVIS_CHAIN_EVM_POOL_H
#define PARVIS_CHAIN_EVM_POOL_H

#include "evm/evm.h"

struct evm_pool;

struct evm_pool *evm_pool_new(void);
void evm_pool_free(struct evm_pool *p); /* all must have come back; NULL is fine */
struct evm *evm_pool_take(struct evm_pool *p);
void evm_pool_give(struct evm_pool *p, struct evm *e);

#endif
