/* Hostile batches: never read outside the input, and what is accepted means one thing only: read
 * and written again, it gives the same values. First byte: number of steps; second: streams. */
#include <stdlib.h>

#include "city/energy/readings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_readings(struct bytes batch, size_t streams, size_t steps)
{
    uint64_t first[256], again[256];
    struct readings_reader r, r2;
    struct buf copy = {0};
    if (readings_open(&r, batch) != E_OK)
        return;
    while (streams-- > 0 && readings_next(&r, first, 1, steps) == E_OK) {
        ASSERT(r.p <= r.end);
        buf_clear(&copy);
        readings_begin(&copy);
        readings_put(&copy, first, steps);
        ASSERT(readings_open(&r2, buf_view(&copy)) == E_OK);
        ASSERT(readings_next(&r2, again, 1, steps) == E_OK && readings_at_end(&r2));
        ASSERT(memcmp(first, again, steps * sizeof *first) == 0);
    }
    buf_free(&copy);
}

static void check_coefficients(struct bytes batch, size_t streams, size_t steps)
{
    uint32_t ppm[256];
    struct readings_reader r;
    if (readings_open(&r, batch) != E_OK)
        return;
    while (streams-- > 0 && coefficients_next(&r, ppm, 1, steps) == E_OK) {
        for (size_t t = 0; t < steps; t++)
            ASSERT(ppm[t] <= 1000000);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t steps = 1 + data[0] % 150, streams = data[1];
    struct bytes batch = bytes_of(data + 2, size - 2);
    check_readings(batch, streams, steps);
    check_coefficients(batch, streams, steps);
    return 0;
}
