#include "chain/rules.h"

#include "base/lang.h"
#include "chain/blocks.h"

#define GAS_LIMIT_MIN 5000u
#define GAS_LIMIT_STEP 1024u /* a child's limit differs by less than 1/1024 */
#define BASE_FEE_FIRST 1000000000u
#define BASE_FEE_STEP 8u     /* EIP-1559 */
#define GAS_ELASTICITY 2u    /* EIP-1559 */
#define BLOB_BASE_COST 8192u /* EIP-7918 */
#define DIFFICULTY_MIN 131072u
#define DIFFICULTY_STEP 2048u
#define BOMB_PERIOD 100000u

struct rules rules_of(const struct schedule *s, const struct header *h)
{
    return schedule_rules(s, h->number, h->timestamp_s, u256_is_zero(h->difficulty));
}

enum header_form rules_form(enum fork fork)
{
    return fork >= FORK_PRAGUE     ? HEADER_PRAGUE
           : fork >= FORK_CANCUN   ? HEADER_CANCUN
           : fork >= FORK_SHANGHAI ? HEADER_SHANGHAI
           : fork >= FORK_LONDON   ? HEADER_LONDON
                                   : HEADER_FRONTIER;
}

/* --- fees ------------------------------------------------------------------------------------- */

/* a * b / c. The fees of headers that hold are far from 2^192, so nothing overflows there. */
static struct u256 scaled(struct u256 a, uint64_t b, uint64_t c)
{
    struct u256 product;
    if (u256_mul(&product, a, u256_from_u64(b)))
        return U256_ZERO;
    u256_divmod(&product, NULL, product, u256_from_u64(c));
    return product;
}

struct u256 rules_base_fee(const struct header *parent)
{
    struct u256 fee = parent->base_fee, delta;
    uint64_t target = parent->gas_limit / GAS_ELASTICITY;
    if (parent->form < HEADER_LONDON)
        return u256_from_u64(BASE_FEE_FIRST);
    if (parent->gas_used == target || target == 0)
        return fee;
    if (parent->gas_used > target) {
        delta = scaled(scaled(fee, parent->gas_used - target, target), 1, BASE_FEE_STEP);
        if (u256_is_zero(delta))
            delta = u256_from_u64(1);
        (void)u256_add(&fee, fee, delta);
        return fee;
    }
    delta = scaled(scaled(fee, target - parent->gas_used, target), 1, BASE_FEE_STEP);
    (void)u256_sub(&fee, fee, delta);
    return fee;
}

/* EIP-7918: below this price blobs would cost less than the gas that their commitment does. */
static bool below_reserve(const struct rules *r, const struct header *parent)
{
    struct u256 reserve,
        price = schedule_blob_fee(parent->excess_blob_gas, r->blobs.base_fee_fraction);
    if (u256_mul(&price, price, u256_from_u64(TX_GAS_PER_BLOB)))
        return false;
    if (u256_mul(&reserve, parent->base_fee, u256_from_u64(BLOB_BASE_COST)))
        return true;
    return u256_cmp(reserve, price) > 0;
}

uint64_t rules_excess_blob_gas(const struct rules *r, const struct header *parent)
{
    uint64_t target = r->blobs.target * TX_GAS_PER_BLOB, excess;
    if (parent->form < HEADER_CANCUN)
        return 0;
    if (__builtin_add_overflow(parent->excess_blob_gas, parent->blob_gas_used, &excess))
        return UINT64_MAX;
    if (excess < target)
        return 0;
    if (r->fork >= FORK_OSAKA && below_reserve(r, parent))
        return parent->excess_blob_gas +
               parent->blob_gas_used * (r->blobs.max - r->blobs.target) / r->blobs.max;
    return excess - target;
}

/* --- difficulty ------------------------------------------------------------------------------- */

/* How many steps the difficulty moves: up to one or two upwards, down to 99. */
static int64_t steps(const struct rules *r, uint64_t timestamp_s, const struct header *parent)
{
    uint64_t seconds = timestamp_s - parent->timestamp_s;
    if (r->fork < FORK_HOMESTEAD)
        return seconds < 13 ? 1 : -1;
    uint64_t slow = seconds / (r->fork >= FORK_BYZANTIUM ? 9 : 10); /* EIP-100, EIP-2 */
    int64_t best = 1;
    if (r->fork >= FORK_BYZANTIUM && !hash_eq(&parent->ommers_hash, &HEADER_NO_OMMERS))
        best = 2;
    return slow > 101 || best - (int64_t)slow < -99 ? -99 : best - (int64_t)slow;
}

struct u256 rules_difficulty(const struct rules *r, uint64_t number, uint64_t timestamp_s,
                             const struct header *parent)
{
    struct u256 value = parent->difficulty, step, moved;
    int64_t by = steps(r, timestamp_s, parent);
    u256_divmod(&step, NULL, value, u256_from_u64(DIFFICULTY_STEP));
    (void)u256_mul(&moved, step, u256_from_u64((uint64_t)(by < 0 ? -by : by)));
    if (by >= 0)
        (void)u256_add(&value, value, moved);
    else if (u256_sub(&value, value, moved))
        value = U256_ZERO;
    if (u256_cmp(value, u256_from_u64(DIFFICULTY_MIN)) < 0)
        value = u256_from_u64(DIFFICULTY_MIN);
    /* the bomb: 2^(periods - 2), counted from bomb_delay (one block earlier, as EIP-649 says) */
    uint64_t counted = r->bomb_delay == 0       ? number
                       : number > r->bomb_delay ? number - r->bomb_delay
                                                : 0;
    uint64_t periods = counted / BOMB_PERIOD;
    if (periods >= 2 && periods - 2 < 256) {
        struct u256 bomb = U256_ZERO;
        bomb.w[(periods - 2) / 64] = UINT64_C(1) << (periods - 2) % 64;
        (void)u256_add(&value, value, bomb);
    }
    return value;
}

/* --- the header ------------------------------------------------------------------------------- */

static enum err refuse(struct diag *d, const char *field)
{
    return diag_set(d, E_BLOCK, T("the %s breaks the rules", "%s : contraire aux règles"), field);
}

static bool gas_limit_follows(const struct rules *r, const struct header *h,
                              const struct header *parent)
{
    uint64_t before = parent->gas_limit;
    if (r->fork >= FORK_LONDON && parent->form < HEADER_LONDON)
        before *= GAS_ELASTICITY; /* EIP-1559: the target stays what the limit was */
    uint64_t step = h->gas_limit > before ? h->gas_limit - before : before - h->gas_limit;
    return step < before / GAS_LIMIT_STEP && h->gas_limit >= GAS_LIMIT_MIN &&
           h->gas_limit <= INT64_MAX;
}

/* EIP-3675: proof of work up to and with the block that reaches the mark, proof of stake after. */
static enum err check_consensus(const struct schedule *s, const struct rules *r,
                                const struct header *h, const struct header *parent,
                                struct u256 total_difficulty, struct diag *d)
{
    static const uint8_t no_nonce[sizeof h->nonce];
    bool due =
        s->has_terminal_difficulty && u256_cmp(total_difficulty, s->terminal_difficulty) >= 0;
    bool merged = u256_is_zero(h->difficulty);
    if (merged != due)
        return refuse(d, T("difficulty", "la difficulté"));
    if (!merged) {
        struct u256 wanted = rules_difficulty(r, h->number, h->timestamp_s, parent);
        return u256_eq(h->difficulty, wanted) ? E_OK : refuse(d, T("difficulty", "la difficulté"));
    }
    if (memcmp(h->nonce, no_nonce, sizeof no_nonce) != 0)
        return refuse(d, T("nonce", "le nonce"));
    return hash_eq(&h->ommers_hash, &HEADER_NO_OMMERS)
               ? E_OK
               : refuse(d, T("ommers hash", "l'empreinte des oncles"));
}

static enum err check_fees(const struct rules *r, const struct header *h,
                           const struct header *parent, struct diag *d)
{
    if (r->fork >= FORK_LONDON && !u256_eq(h->base_fee, rules_base_fee(parent)))
        return refuse(d, T("base fee", "le prix de base du gas"));
    if (r->fork < FORK_CANCUN)
        return E_OK;
    if (h->blob_gas_used % TX_GAS_PER_BLOB != 0 ||
        h->blob_gas_used > r->blobs.max * TX_GAS_PER_BLOB)
        return refuse(d, T("blob gas used", "le gas de blobs consommé"));
    if (h->excess_blob_gas != rules_excess_blob_gas(r, parent))
        return refuse(d, T("excess blob gas", "l'excédent de gas de blobs"));
    return E_OK;
}

enum err rules_check_header(const struct schedule *s, const struct header *h,
                            const struct header *parent, const struct hash *parent_hash,
                            struct u256 total_difficulty, struct diag *d)
{
    struct rules r = rules_of(s, h);
    if (!hash_eq(&h->parent_hash, parent_hash))
        return refuse(d, T("parent hash", "l'empreinte du parent"));
    if (h->number != parent->number + 1)
        return refuse(d, T("number", "le numéro"));
    if (h->timestamp_s <= parent->timestamp_s)
        return refuse(d, T("timestamp", "l'horodatage"));
    if (h->form != rules_form(r.fork))
        return refuse(d, T("number of fields", "le nombre de champs"));
    if (!gas_limit_follows(&r, h, parent))
        return refuse(d, T("gas limit", "la limite de gas"));
    if (h->gas_used > h->gas_limit)
        return refuse(d, T("gas used", "le gas consommé"));
    TRY(check_consensus(s, &r, h, parent, total_difficulty, d));
    return check_fees(&r, h, parent, d);
}

enum err rules_check_body(const struct schedule *s, const struct block *b, struct diag *d)
{
    struct rules r = rules_of(s, &b->header);
    struct hash root = blocks_tx_root(b->txs, b->tx_count), ommers = block_ommers_hash(b);
    if (!hash_eq(&root, &b->header.transactions_root))
        return refuse(d, T("transactions root", "la racine des transactions"));
    if (!hash_eq(&ommers, &b->header.ommers_hash))
        return refuse(d, T("ommers hash", "l'empreinte des oncles"));
    if (b->header.form >= HEADER_SHANGHAI) {
        root = block_withdrawals_root(b);
        if (!hash_eq(&root, &b->header.withdrawals_root))
            return refuse(d, T("withdrawals root", "la racine des retraits"));
    }
    if (r.fork >= FORK_OSAKA && b->size_bytes > RULES_BLOCK_BYTES)
        return refuse(d, T("size", "la taille"));
    return E_OK;
}

/* --- ommers ----------------------------------------------------------------------------------- */

#define OMMERS_MAX 2u
#define OMMER_DEPTH 6u

/* The block's ancestors, the parent first. */
struct family {
    const struct block *of[OMMER_DEPTH + 1];
    size_t count;
};

static void find_family(struct family *f, const struct block *b, const struct ancestry *ancestry)
{
    struct hash next = b->header.parent_hash;
    for (f->count = 0; f->count <= OMMER_DEPTH; f->count++) {
        const struct block *up = ancestry->find(ancestry->ctx, &next);
        if (!up)
            return;
        f->of[f->count] = up;
        next = up->header.parent_hash;
    }
}

/* included tells whether the hash is an ancestor's, or one of the ommers that they name. */
static bool included(const struct family *f, const struct hash *hash)
{
    for (size_t i = 0; i < f->count; i++) {
        if (hash_eq(&f->of[i]->hash, hash))
            return true;
        for (size_t k = 0; k < f->of[i]->ommer_count; k++) {
            struct hash earlier = header_hash(&f->of[i]->ommers[k]);
            if (hash_eq(&earlier, hash))
                return true;
        }
    }
    return false;
}

static enum err check_ommer(const struct schedule *s, const struct block *b, const struct family *f,
                            size_t index)
{
    const struct header *ommer = &b->ommers[index];
    struct hash hash = header_hash(ommer);
    if (included(f, &hash))
        return E_BLOCK;
    for (size_t i = 0; i < index; i++) {
        struct hash other = header_hash(&b->ommers[i]);
        if (hash_eq(&other, &hash))
            return E_BLOCK;
    }
    for (size_t i = 1; i < f->count; i++) /* its parent is an ancestor, but not the parent */
        if (hash_eq(&f->of[i]->hash, &ommer->parent_hash))
            return rules_check_header(s, ommer, &f->of[i]->header, &f->of[i]->hash, U256_ZERO,
                                      NULL);
    return E_BLOCK;
}

enum err rules_check_ommers(const struct schedule *s, const struct block *b,
                            const struct ancestry *ancestry, struct diag *d)
{
    struct family family;
    if (b->ommer_count == 0)
        return E_OK;
    if (b->ommer_count > OMMERS_MAX)
        return refuse(d, T("number of ommers", "le nombre d'oncles"));
    find_family(&family, b, ancestry);
    struct schedule work = *s; /* an ommer is proof of work, whatever has come since */
    work.has_terminal_difficulty = false;
    for (size_t i = 0; i < b->ommer_count; i++)
        if (check_ommer(&work, b, &family, i) != E_OK)
            return diag_set(d, E_BLOCK,
                            T("ommer %zu breaks the rules", "oncle %zu : contraire aux règles"), i);
    return E_OK;
}

/* --- what transactions see ---------------------------------------------------------------------
 */

struct block_env rules_env(const struct schedule *s, const struct header *h)
{
    struct rules r = rules_of(s, h);
    return (struct block_env){
        .chain_id = s->chain_id,
        .number = h->number,
        .timestamp_s = h->timestamp_s,
        .gas_limit = h->gas_limit,
        .beneficiary = h->beneficiary,
        .prev_randao = h->prev_randao,
        .base_fee = h->base_fee,
        .blob_base_fee = schedule_blob_fee(h->excess_blob_gas, r.blobs.base_fee_fraction),
        .blobs_max = (unsigned)r.blobs.max,
        .difficulty = h->difficulty,
        .fork = r.fork,
    };
}
