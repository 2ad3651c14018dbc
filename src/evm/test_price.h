/* test_price: calling a precompile with exactly its price, and building inputs, for the tests of
 * this room. */
#ifndef PARVIS_EVM_TEST_PRICE_H
#define PARVIS_EVM_TEST_PRICE_H

#include "test.h"

#include "evm/test_precompile.h"

static struct precompile_call c;

static inline enum frame_status call(enum fork fork, unsigned low, struct bytes input, int64_t gas)
{
    if (!precompile_call(&c, fork, low, input, gas))
        test_fail(__FILE__, __LINE__, "0x%x does not exist", low);
    if (c.result.status != FRAME_SUCCESS) {
        CHECK_INT(c.result.gas_left, 0);
        CHECK_INT(c.result.output.len, 0);
    }
    return c.result.status;
}

/* The gas that a call takes: exactly that much suffices, one less does not. */
static inline int64_t price(enum fork fork, unsigned low, struct bytes input)
{
    CHECK_INT(call(fork, low, input, ANY_GAS), FRAME_SUCCESS);
    int64_t gas = ANY_GAS - c.result.gas_left;
    if (gas > 0)
        CHECK_INT(call(fork, low, input, gas - 1), FRAME_OUT_OF_GAS);
    CHECK_INT(call(fork, low, input, gas), FRAME_SUCCESS);
    CHECK_INT(c.result.gas_left, 0);
    return gas;
}

static inline void put_word(struct buf *b, uint64_t v)
{
    uint8_t word[32] = {0};
    be64_put(word + 24, v);
    buf_put(b, word, sizeof word);
}

static inline void put_hex(struct buf *b, const char *hex)
{
    CHECK_ERR(hex_decode_buf(b, hex, strlen(hex)), E_OK);
}

#endif
