/* rules: what Ethereum demands of a block's header and lists, given its parent. Nothing is executed
 * here (chain/ethereum.h does), and the seal of the proof of work is not checked. */
#ifndef PARVIS_CHAIN_RULES_H
#define PARVIS_CHAIN_RULES_H

#include "chain/block.h"
#include "chain/schedule.h"
#include "evm/frame.h"

#define RULES_BLOCK_BYTES ((10u << 20) - (2u << 20)) /* EIP-7934, from Osaka on */

/* The rules of a header's block. Whether it is one of proof of stake is told by its difficulty;
 * rules_check_header verifies that. */
struct rules rules_of(const struct schedule *s, const struct header *h);

/* What the rules say a child of `parent` must have, under the rules of the child. */
enum header_form rules_form(enum fork fork);
struct u256 rules_base_fee(const struct header *parent);
uint64_t rules_excess_blob_gas(const struct rules *r, const struct header *parent);
struct u256 rules_difficulty(const struct rules *r, uint64_t number, uint64_t timestamp_s,
                             const struct header *parent);

/* rules_check_header: number, parent hash, time, gas limit, form, base fee, difficulty, blob gas,
 * and that proof of work ends where it must.
 *   parent_hash        of parent
 *   total_difficulty   up to the parent, with it; only looked at where Paris is to come
 * E_OK | E_BLOCK, d names the field. */
enum err rules_check_header(const struct schedule *s, const struct header *h,
                            const struct header *parent, const struct hash *parent_hash,
                            struct u256 total_difficulty, struct diag *d);

/* rules_check_body: the lists are those of the header; the block is not too large. E_OK | E_BLOCK.
 */
enum err rules_check_body(const struct schedule *s, const struct block *b, struct diag *d);

/* What the rules about ommers ask of earlier blocks: header, hash and ommers of the block with this
 * hash, or NULL when it is unknown. */
struct ancestry {
    const struct block *(*find)(void *ctx, const struct hash *hash);
    void *ctx;
};

/* rules_check_ommers: at most two, each a valid header that continues one of the block's ancestors,
 * at most six generations back, never included before (Yellow Paper sec. 11.1). E_OK | E_BLOCK. */
enum err rules_check_ommers(const struct schedule *s, const struct block *b,
                            const struct ancestry *ancestry, struct diag *d);

/* rules_env is what the block's transactions see of it; block_hash is left for the caller. */
struct block_env rules_env(const struct schedule *s, const struct header *h);

#endif
