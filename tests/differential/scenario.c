#include "differential/scenario.h"

#include "codec/rlp.h"
#include "crypto/ecdsa.h"
#include "crypto/keccak.h"
#include "differential/program.h"

#define KEYS 3 /* the sender and two who may authorise */
#define CONTRACTS 4

struct cast {
    uint8_t keys[KEYS][32];
    struct address all[PROGRAM_CAST]; /* keys' accounts, contracts, then strangers */
};

static struct cast cast_make(void)
{
    struct cast c;
    for (unsigned i = 0; i < KEYS; i++) {
        memset(c.keys[i], (int)(0x11 * (i + 1)), 32);
        enum err e = ecdsa_address(&c.all[i], c.keys[i]);
        ASSERT(e == E_OK);
    }
    for (unsigned i = KEYS; i < PROGRAM_CAST; i++) {
        memset(c.all[i].b, 0, 20);
        c.all[i].b[0] = i < KEYS + CONTRACTS ? 0xc0 : 0xe0; /* contracts, then strangers */
        c.all[i].b[19] = (uint8_t)i;
    }
    return c;
}

static void put_word(struct buf *out, const uint8_t word[32])
{
    unsigned skip = 0;
    while (skip < 31 && word[skip] == 0)
        skip++;
    buf_puts(out, "\"0x");
    for (unsigned i = skip; i < 32; i++)
        buf_putf(out, "%02x", word[i]);
    buf_puts(out, "\"");
}

static void put_address(struct buf *out, const struct address *a)
{
    buf_puts(out, "\"");
    buf_put_hex(out, a->b, 20);
    buf_puts(out, "\"");
}

static void put_env(struct buf *out, struct random *r, const struct cast *c)
{
    static const uint8_t FEES[] = {0, 7, 10};
    buf_puts(out, "\"env\": {\"currentCoinbase\": ");
    put_address(out, &c->all[random_below(r, PROGRAM_CAST)]);
    buf_putf(out,
             ", \"currentGasLimit\": \"0x5f5e100\", \"currentNumber\": \"0x%x\", "
             "\"currentTimestamp\": \"0x%x\", \"currentDifficulty\": \"0x0\", "
             "\"currentBaseFee\": \"0x%x\", \"currentExcessBlobGas\": \"0x%x\", "
             "\"currentRandom\": \"0x%064llx\"}",
             1 + random_below(r, 400), 1000 + random_below(r, 1000000), FEES[random_below(r, 3)],
             0x20000 * random_below(r, 90), (unsigned long long)random_u64(r));
}

static void put_account(struct buf *out, struct random *r, const struct cast *c, unsigned i,
                        unsigned nonce, enum fork fork)
{
    uint8_t word[32];
    struct buf code = {0};
    bool contract = i >= KEYS && i < KEYS + CONTRACTS;
    if (contract) {
        program_append(&code, r, c->all, 3 + random_below(r, 30));
    } else if (i < KEYS && fork >= FORK_PRAGUE && random_chance(r, i == 0 ? 4 : 25)) {
        /* delegated (EIP-7702) */
        buf_put(&code, "\xef\x01\x00", 3);
        buf_put(&code, c->all[random_below(r, PROGRAM_CAST)].b, 20);
    }
    put_address(out, &c->all[i]);
    buf_putf(out, ": {\"nonce\": \"0x%x\", \"balance\": ", contract ? 1u : nonce);
    if (i == 0)
        buf_puts(out, "\"0xde0b6b3a7640000\"");
    else
        buf_putf(out, "\"0x%llx\"", (unsigned long long)(random_u64(r) >> random_below(r, 64)) | 1);
    buf_puts(out, ", \"code\": \"");
    buf_put_hex(out, code.data, code.len);
    buf_puts(out, "\", \"storage\": {");
    for (unsigned slot = 0, n = 0; contract && slot < 5; slot++) {
        if (random_chance(r, 50))
            continue;
        do
            program_word(word, r, c->all);
        while (memcmp(word, (uint8_t[32]){0}, 32) == 0);
        buf_putf(out, "%s\"0x%02x\": ", n++ ? ", " : "", slot);
        put_word(out, word);
    }
    buf_puts(out, "}}");
    buf_free(&code);
}

static void put_access_list(struct buf *out, struct random *r, const struct cast *c)
{
    buf_puts(out, ", \"accessLists\": [[");
    for (unsigned i = 0, n = random_below(r, 4); i < n; i++) {
        buf_putf(out, "%s{\"address\": ", i ? ", " : "");
        put_address(out, &c->all[random_below(r, PROGRAM_CAST)]);
        buf_puts(out, ", \"storageKeys\": [");
        for (unsigned k = 0, keys = random_below(r, 4); k < keys; k++)
            buf_putf(out, "%s\"0x%064x\"", k ? ", " : "", random_below(r, 8));
        buf_puts(out, "]}");
    }
    buf_puts(out, "]]");
}

/* One signed authorisation; some are for another chain, an old nonce, or spoilt. */
static void put_auth(struct buf *out, struct random *r, const struct cast *c)
{
    unsigned who = random_below(r, KEYS), chain_id = random_chance(r, 85) ? random_below(r, 2) : 7;
    uint64_t nonce = random_chance(r, 5) ? UINT64_MAX : random_below(r, 3);
    struct address target = c->all[random_below(r, PROGRAM_CAST)];
    struct ecdsa_signature sig;
    struct hash digest;
    struct buf b = {0};
    if (random_chance(r, 15)) /* to nobody: clears; or to a precompile */
        target = (struct address){{[19] = (uint8_t)random_below(r, 3)}};
    buf_put_u8(&b, 5); /* MAGIC of EIP-7702 */
    size_t list = rlp_list_open(&b);
    rlp_put_u64(&b, chain_id);
    rlp_put_string(&b, target.b, 20);
    rlp_put_u64(&b, nonce);
    rlp_list_close(&b, list);
    keccak256(&digest, b.data, b.len);
    buf_free(&b);
    enum err e = ecdsa_sign(&sig, &digest, c->keys[who]);
    ASSERT(e == E_OK);
    if (random_chance(r, 5))
        sig.s[0] |= 0x80; /* above n/2 */
    buf_putf(out, "{\"chainId\": \"0x%x\", \"address\": ", chain_id);
    put_address(out, &target);
    buf_putf(out, ", \"nonce\": \"0x%llx\", \"v\": \"0x%x\", \"yParity\": \"0x%x\", \"r\": ",
             (unsigned long long)nonce, sig.y_parity, sig.y_parity);
    put_word(out, sig.r);
    buf_puts(out, ", \"s\": ");
    put_word(out, sig.s);
    buf_puts(out, ", \"signer\": ");
    put_address(out, &c->all[who]);
    buf_puts(out, "}");
}

static void put_data(struct buf *out, struct random *r, const struct cast *c, bool create)
{
    struct buf data = {0};
    if (create)
        program_append(&data, r, c->all, 3 + random_below(r, 20));
    else
        for (unsigned i = 0, n = random_below(r, 200); i < n; i++)
            buf_put_u8(&data, random_chance(r, 50) ? (uint8_t)random_u64(r) : 0);
    buf_puts(out, ", \"data\": [\"");
    buf_put_hex(out, data.data, data.len);
    buf_puts(out, "\"]");
    buf_free(&data);
}

static unsigned gas_limit(struct random *r)
{
    switch (random_below(r, 12)) {
    case 0:
        return 20000 + random_below(r, 10000); /* around the intrinsic cost */
    case 1:
        return 16000000 + random_below(r, 1500000); /* around the cap of EIP-7825 */
    case 2:
    case 3:
        return 53000 + random_below(r, 60000);
    default:
        return 200000 + random_below(r, 2000000);
    }
}

static void put_fees(struct buf *out, struct random *r, unsigned type)
{
    if (type < 2) {
        buf_putf(out, ", \"gasPrice\": \"0x%x\"", 8 + random_below(r, 20));
        return;
    }
    unsigned tip = random_below(r, 12);
    buf_putf(out, ", \"maxPriorityFeePerGas\": \"0x%x\", \"maxFeePerGas\": \"0x%x\"", tip,
             random_chance(r, 97) ? tip + 10 + random_below(r, 10) : random_below(r, 12));
}

static void put_tx(struct buf *out, struct random *r, const struct cast *c, unsigned nonce,
                   enum fork fork)
{
    unsigned type = random_below(r, fork >= FORK_PRAGUE ? 4 : 3);
    type = type == 3 ? 4 : type;
    bool create = random_chance(r, 12);
    const struct address *to = &c->all[random_below(r, PROGRAM_CAST)];
    if (random_chance(r, 75))
        to = &c->all[KEYS + random_below(r, CONTRACTS)];
    if (random_chance(r, 2))
        nonce++;
    buf_putf(out, "\"transaction\": {\"nonce\": \"0x%x\", \"secretKey\": ", nonce);
    put_word(out, c->keys[0]);
    buf_puts(out, ", \"sender\": ");
    put_address(out, &c->all[0]);
    buf_puts(out, ", \"to\": ");
    if (create)
        buf_puts(out, "\"\"");
    else
        put_address(out, to);
    put_fees(out, r, type);
    put_data(out, r, c, create);
    buf_putf(out, ", \"gasLimit\": [\"0x%x\"]", gas_limit(r));
    buf_putf(out, ", \"value\": [\"0x%llx\"]",
             random_chance(r, 60) ? 0ull
                                  : (unsigned long long)(random_u64(r) >> random_below(r, 64)));
    if (type > 0)
        put_access_list(out, r, c);
    if (type == 4) {
        buf_puts(out, ", \"authorizationList\": [");
        for (unsigned i = 0, n = random_chance(r, 97) ? 1 + random_below(r, 3) : 0; i < n; i++) {
            buf_puts(out, i ? ", " : "");
            put_auth(out, r, c);
        }
        buf_puts(out, "]");
    }
    buf_puts(out, "}");
}

void scenario_append(struct buf *out, uint64_t seed, uint64_t index, enum fork fork)
{
    struct random r = {seed};
    r.state = random_u64(&r) ^ index * 0xd1342543de82ef95ULL;
    static struct cast cast;
    static bool made;
    if (!made) {
        cast = cast_make();
        made = true;
    }
    put_env(out, &r, &cast);
    buf_puts(out, ", \"pre\": {");
    unsigned nonce = random_below(&r, 2); /* of every account with a key, or absent code */
    for (unsigned i = 0, n = 0; i < KEYS + CONTRACTS + 2; i++) {
        if (i >= KEYS + CONTRACTS && random_chance(&r, 50)) /* strangers may be absent */
            continue;
        buf_puts(out, n++ ? ", " : "");
        put_account(out, &r, &cast, i, nonce, fork);
    }
    buf_puts(out, "}, ");
    put_tx(out, &r, &cast, nonce, fork);
}
