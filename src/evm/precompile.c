#include "evm/precompile_internal.h"

struct precompile {
    unsigned address; /* the last two bytes; the others are zero */
    enum fork since;
    const char *name; /* EIP-7910 */
    precompile_price *price;
    precompile_body *body;
};

/* Ascending addresses. row_of knows where each stands. */
static const struct precompile table[PRECOMPILE_MAX] = {
    {0x01, FORK_FRONTIER, "ECREC", ecrecover_price, ecrecover_body},
    {0x02, FORK_FRONTIER, "SHA256", sha256_price, sha256_body},
    {0x03, FORK_FRONTIER, "RIPEMD160", ripemd160_price, ripemd160_body},
    {0x04, FORK_FRONTIER, "ID", identity_price, identity_body},
    {0x05, FORK_BYZANTIUM, "MODEXP", modexp_price, modexp_body},
    {0x06, FORK_BYZANTIUM, "BN254_ADD", bn254_add_price, bn254_add_body},
    {0x07, FORK_BYZANTIUM, "BN254_MUL", bn254_mul_price, bn254_mul_body},
    {0x08, FORK_BYZANTIUM, "BN254_PAIRING", bn254_pairing_price, bn254_pairing_body},
    {0x09, FORK_ISTANBUL, "BLAKE2F", blake2f_price, blake2f_body},
    {0x0a, FORK_CANCUN, "KZG_POINT_EVALUATION", kzg_price, kzg_body},
    {0x0b, FORK_PRAGUE, "BLS12_G1ADD", bls_g1_add_price, bls_g1_add_body},
    {0x0c, FORK_PRAGUE, "BLS12_G1MSM", bls_g1_msm_price, bls_g1_msm_body},
    {0x0d, FORK_PRAGUE, "BLS12_G2ADD", bls_g2_add_price, bls_g2_add_body},
    {0x0e, FORK_PRAGUE, "BLS12_G2MSM", bls_g2_msm_price, bls_g2_msm_body},
    {0x0f, FORK_PRAGUE, "BLS12_PAIRING_CHECK", bls_pairing_price, bls_pairing_body},
    {0x10, FORK_PRAGUE, "BLS12_MAP_FP_TO_G1", bls_map_fp_price, bls_map_fp_body},
    {0x11, FORK_PRAGUE, "BLS12_MAP_FP2_TO_G2", bls_map_fp2_price, bls_map_fp2_body},
    {0x100, FORK_OSAKA, "P256VERIFY", p256verify_price, p256verify_body},
};

#define LAST_LOW 0x11 /* addresses 1 to here stand in rows 0 on */
#define P256VERIFY 0x100

/* The row of an address, NULL when there is none. Asked at every call, so it looks at the zeros
 * first. */
static const struct precompile *row_of(enum fork fork, const struct address *a)
{
    uint64_t high, middle;
    memcpy(&high, a->b, 8);
    memcpy(&middle, a->b + 8, 8);
    unsigned low = (unsigned)be32_get(a->b + 16);
    if ((high | middle) != 0 || low == 0 || low > P256VERIFY)
        return NULL;
    if (low > LAST_LOW && low != P256VERIFY)
        return NULL;
    const struct precompile *row = &table[low == P256VERIFY ? LAST_LOW : low - 1];
    if (fork < row->since)
        return NULL;
    ASSERT(row->address == low);
    return row;
}

bool precompile_is(enum fork fork, const struct address *a)
{
    return row_of(fork, a) != NULL;
}

size_t precompile_list(enum fork fork, struct address out[PRECOMPILE_MAX],
                       const char *names_out[PRECOMPILE_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < PRECOMPILE_MAX; i++) {
        if (fork < table[i].since)
            continue;
        out[count] = (struct address){{0}};
        be32_put(out[count].b + 16, table[i].address);
        names_out[count++] = table[i].name;
    }
    return count;
}

bool precompile_run(struct world *w, const struct frame *f, struct frame_result *out)
{
    if (f->kind == FRAME_CREATE || f->kind == FRAME_CREATE2)
        return false;
    enum fork fork = w->block->fork;
    const struct precompile *row = row_of(fork, &f->code_address);
    if (!row)
        return false;
    uint64_t price = row->price(fork, f->input);
    *out = (struct frame_result){.status = FRAME_OUT_OF_GAS};
    if (f->gas < 0 || price > (uint64_t)f->gas)
        return true;
    struct bytes output = {0};
    if (!row->body(w->arena, fork, f->input, &output)) {
        out->status = FRAME_INVALID;
        return true;
    }
    *out = (struct frame_result){
        .status = FRAME_SUCCESS, .gas_left = f->gas - (int64_t)price, .output = output};
    return true;
}

void input_copy(uint8_t *out, size_t len, struct bytes input, size_t offset)
{
    size_t there = offset < input.len ? input.len - offset : 0;
    if (there > len)
        there = len;
    if (there > 0)
        memcpy(out, input.data + offset, there);
    memset(out + there, 0, len - there);
}

uint64_t input_words(struct bytes input)
{
    return (uint64_t)input.len / 32 + (input.len % 32 != 0);
}

uint8_t *output_alloc(struct arena *a, size_t len, struct bytes *out)
{
    uint8_t *p = arena_zalloc(a, 1, len);
    *out = bytes_of(p, len);
    return p;
}
