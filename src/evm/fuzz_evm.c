/* fuzz_evm: any program under any fork, in the plain interpreter and in the fast ones: the same
 * end, gas, output, changes and logs, or it aborts.
 *
 * Input  fork, flags (1 static, 2 init code), gas / 64 (2 bytes), call data length (1 byte), call
 *        data, code. */
#include <stdlib.h>

#include "evm/test_program.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct evm *e;
    static const enum evm_flavour fast[] = {EVM_THREADED, EVM_TAIL};
    if (size < 5 || size > 5 + 255 + LIMIT_CODE_BYTES)
        return 0;
    size_t input_len = data[4] < size - 5 ? data[4] : size - 5;
    struct program p = {.fork = (enum fork)(data[0] % FORK_COUNT),
                        .is_static = data[1] & 1,
                        .creates = data[1] & 2,
                        .gas = 64 * (data[2] << 8 | data[3]),
                        .input = bytes_of(data + 5, input_len),
                        .code = bytes_of(data + 5 + input_len, size - 5 - input_len)};
    if (!e)
        e = evm_new();
    evm_set_flavour(e, EVM_PLAIN);
    struct program_result plain = program_run(e, &p, NULL);
    for (size_t i = 0; i < 2; i++) {
        evm_set_flavour(e, fast[i]);
        struct program_result r = program_run(e, &p, NULL);
        if (!program_result_eq(&plain, &r))
            abort();
    }
    return 0;
}
