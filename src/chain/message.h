/* message: a transaction that nobody signed and nobody will keep: what eth_call, gas estimation and
 * simulation run. It goes the way of execute_tx, with some of the rules left out.
 *
 * Never asked: the signature, whether the sender has code (EIP-3607), the gas cap of EIP-7825, the
 * sender's quota. Asked on demand: the nonce. The base fee is not asked of a message that offers
 * no fee at all, unless it is MESSAGE_PAID. */
#ifndef PARVIS_CHAIN_MESSAGE_H
#define PARVIS_CHAIN_MESSAGE_H

#include "chain/execute.h"

#define MESSAGE_CHECK_NONCE 1u
#define MESSAGE_PAID 2u

/* Precompiles at other addresses, or nowhere (state overrides). */
struct moved_precompile {
    struct address from, to;
    bool is_gone; /* nothing answers at `from`, and nothing else got it */
};
struct precompile_moves {
    struct moved_precompile *at;
    size_t count;
};

struct message_result {
    struct frame_result frame; /* output in the context's arena */
    uint64_t gas_used;         /* charged */
    uint64_t gas_peak;         /* what it needed before refunds: no less gas would do */
};

/* message_run executes t (sender set, signature not looked at) in x and leaves what it changed in
 * the state; logs stay readable until the next transaction begins.
 *   flags      MESSAGE_*
 *   moves_opt  precompiles that are elsewhere
 *   d          what is wrong, in the words of geth, with addresses and amounts
 * E_OK (also when the frame failed) | E_TX_NONCE_LOW, E_TX_NONCE_HIGH, E_TX_NONCE_MAX | E_TX_FEE
 * (below the base fee) | E_INVALID (tip above the fee cap) | E_TX_FUNDS | E_TX_INTRINSIC_GAS |
 * E_TX_INITCODE | E_TX_BLOBS | E_TX_BLOB_FEE: nothing was changed | the code of state_error. */
enum err message_run(struct execute_context *x, const struct tx *t, unsigned flags,
                     const struct precompile_moves *moves_opt, struct message_result *out,
                     struct diag *d);

/* message_price is what the message pays for a unit of gas: 0 when it offers nothing. */
struct u256 message_price(const struct tx *t, struct u256 base_fee);

/* diag_words is diag_set for words that tools look for: English, whatever the user's language. */
enum err diag_words(struct diag *d, enum err e, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* address_text writes the address with the checksum of EIP-55 and a NUL. */
void address_text(char out[43], const struct address *a);

#endif
