#include "chain/schedule.h"

/* mainnet's deposit contract, which every test network of the fixtures uses too */
static const struct address DEPOSIT_CONTRACT = {{0x00, 0x00, 0x00, 0x00, 0x21, 0x9a, 0xb5,
                                                 0x40, 0x35, 0x6c, 0xbb, 0x83, 0x9c, 0xbe,
                                                 0x05, 0x30, 0x3d, 0x77, 0x05, 0xfa}};

/* EIP-4844, EIP-7691 */
static const struct blob_params CANCUN_BLOBS = {3, 6, 3338477};
static const struct blob_params PRAGUE_BLOBS = {6, 9, 5007716};

void schedule_of(struct schedule *out, enum fork fork, uint64_t chain_id)
{
    *out = (struct schedule){.chain_id = chain_id, .deposit_contract = DEPOSIT_CONTRACT};
    for (int f = 0; f < FORK_PARIS; f++)
        out->from_block[f] = f <= (int)fork ? 0 : SCHEDULE_NEVER;
    out->bomb_block[BOMB_MUIR_GLACIER] = fork >= FORK_BERLIN ? 0 : SCHEDULE_NEVER;
    out->bomb_block[BOMB_ARROW_GLACIER] = SCHEDULE_NEVER;
    out->bomb_block[BOMB_GRAY_GLACIER] = SCHEDULE_NEVER;
    out->has_terminal_difficulty = fork >= FORK_PARIS;
    for (int f = 0; f < FORK_COUNT; f++)
        out->from_time[f] = f <= (int)fork ? 0 : SCHEDULE_NEVER;
    out->blobs[FORK_CANCUN] = CANCUN_BLOBS;
    for (int f = FORK_PRAGUE; f < FORK_COUNT; f++)
        out->blobs[f] = PRAGUE_BLOBS;
}

void schedule_own(struct schedule *out, uint64_t chain_id)
{
    schedule_of(out, FORK_OSAKA, chain_id);
    memset(out->blobs, 0, sizeof out->blobs);
}

/* SCHEDULE_NEVER is a time and number that a block can have, too */
static bool reached(uint64_t now, uint64_t from)
{
    return from != SCHEDULE_NEVER && now >= from;
}

static uint64_t bomb_delay(const struct schedule *s, enum fork fork, uint64_t number)
{
    static const uint64_t DELAYS[BOMB_COUNT] = {9000000, 10700000, 11400000};
    uint64_t delay = fork >= FORK_LONDON           ? 9700000 /* EIP-3554 */
                     : fork >= FORK_CONSTANTINOPLE ? 5000000 /* EIP-1234 */
                     : fork >= FORK_BYZANTIUM      ? 3000000 /* EIP-649 */
                                                   : 0;
    for (int i = 0; i < BOMB_COUNT; i++)
        if (reached(number, s->bomb_block[i]) && DELAYS[i] > delay)
            delay = DELAYS[i];
    return delay;
}

struct rules schedule_rules(const struct schedule *s, uint64_t number, uint64_t timestamp_s,
                            bool merged)
{
    struct rules r = {.fork = FORK_FRONTIER};
    for (int f = 0; f < FORK_PARIS; f++)
        if (reached(number, s->from_block[f]))
            r.fork = (enum fork)f;
    r.bomb_delay = bomb_delay(s, r.fork, number);
    if (!merged)
        return r;
    r.fork = FORK_PARIS;
    for (int f = FORK_SHANGHAI; f < FORK_COUNT; f++)
        if (reached(timestamp_s, s->from_time[f]))
            r.fork = (enum fork)f;
    if (r.fork >= FORK_CANCUN)
        r.blobs = s->blobs[r.fork];
    for (size_t i = 0; i < s->bpo_count; i++)
        if (reached(timestamp_s, s->bpo[i].from_time))
            r.blobs = s->bpo[i].blobs;
    return r;
}

/* The sum 1 + x + x^2/2! + ... in units of 1/fraction, as the EIP's fake_exponential. */
struct u256 schedule_blob_fee(uint64_t excess_blob_gas, uint64_t fraction)
{
    const struct u256 most = {{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}};
    struct u256 sum = U256_ZERO, denominator, product;
    if (fraction == 0)
        return U256_ZERO;
    struct u256 term = u256_from_u64(fraction);
    for (uint64_t i = 1; !u256_is_zero(term); i++) {
        if (u256_add(&sum, sum, term) || u256_mul(&product, term, u256_from_u64(excess_blob_gas)))
            return most;
        (void)u256_mul(&denominator, u256_from_u64(fraction), u256_from_u64(i));
        u256_divmod(&term, NULL, product, denominator);
    }
    u256_divmod(&sum, NULL, sum, u256_from_u64(fraction));
    return sum;
}
