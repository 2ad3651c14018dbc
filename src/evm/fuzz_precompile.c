/* fuzz_precompile: byte 0 chooses the address, byte 1 the fork (0 is the newest, 1 the one before),
 * the rest is the input. Whatever that is, a price is exact to one gas, the same call gives the
 * same answer, and adding two points is commutative. */
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "evm/test_precompile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_GAS 1000000 /* a frame's gas, which bounds the time of one input */
#define ADDRESSES 19     /* 0x01 to 0x12, of which the last does not exist, and 0x100 */

static void check_failure(const struct frame_result *r)
{
    ASSERT(r->status == FRAME_OUT_OF_GAS || r->status == FRAME_INVALID);
    ASSERT(r->gas_left == 0 && r->output.len == 0);
}

/* With exactly the gas used it works again, to the same output; with one less it does not. */
static void check_price(enum fork fork, unsigned low, struct bytes input,
                        const struct frame_result *r)
{
    struct precompile_call again = {0};
    int64_t used = FUZZ_GAS - r->gas_left;
    ASSERT(used >= 0 && used <= FUZZ_GAS);
    precompile_call(&again, fork, low, input, used);
    ASSERT(again.result.status == FRAME_SUCCESS && again.result.gas_left == 0);
    ASSERT(bytes_eq(again.result.output, r->output));
    if (used > 0) {
        precompile_call(&again, fork, low, input, used - 1);
        ASSERT(again.result.status == FRAME_OUT_OF_GAS);
    }
    arena_free(&again.arena);
}

/* The two halves of an addition's input, exchanged. */
static void check_addition(enum fork fork, unsigned low, struct bytes input, size_t point_bytes,
                           const struct frame_result *r)
{
    struct precompile_call swapped = {0};
    uint8_t in[512] = {0};
    if (input.len != 2 * point_bytes)
        return;
    memcpy(in, input.data + point_bytes, point_bytes);
    memcpy(in + point_bytes, input.data, point_bytes);
    precompile_call(&swapped, fork, low, bytes_of(in, input.len), FUZZ_GAS);
    ASSERT(swapped.result.status == FRAME_SUCCESS);
    ASSERT(bytes_eq(swapped.result.output, r->output));
    arena_free(&swapped.arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    unsigned choice = data[0] % ADDRESSES, low = choice == ADDRESSES - 1 ? 0x100 : choice + 1;
    enum fork fork = (enum fork)(FORK_COUNT - 1 - data[1] % FORK_COUNT);
    struct bytes input = bytes_of(data + 2, size - 2);
    struct address a = precompile_address(low);
    struct precompile_call c = {0};
    if (!precompile_call(&c, fork, low, input, FUZZ_GAS)) {
        ASSERT(!precompile_is(fork, &a));
        return 0;
    }
    ASSERT(precompile_is(fork, &a));
    if (c.result.status != FRAME_SUCCESS) {
        check_failure(&c.result);
    } else {
        check_price(fork, low, input, &c.result);
        if (low == 0x06 || low == 0x0b || low == 0x0d)
            check_addition(fork, low, input, low == 0x06 ? 64 : low == 0x0b ? 128 : 256, &c.result);
    }
    arena_free(&c.arena);
    return 0;
}
