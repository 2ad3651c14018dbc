/* A table has 1 to 128 times 2^(8 row) p: a scalar in signed digits of radix 256 costs one addition
 * a digit. */
#include "crypto/edwards/group25519.h"

#include <pthread.h>

#include "base/mem.h"

#define ROWS 32 /* a scalar is below 2^253: its top digit takes the last carry */
#define COLUMNS 128

struct ed_table {
    struct ge_niels multiple[ROWS][COLUMNS];
};

struct ed_table *ed_table_new(const struct ed_point *p)
{
    struct ed_table *t = mem_alloc(sizeof *t);
    struct ed_point row[COLUMNS], power = *p;
    struct fe25519 scratch[COLUMNS];
    for (int i = 0; i < ROWS; i++) {
        struct ge_cached c;
        ge_to_cached(&c, &power);
        row[0] = power;
        for (int j = 1; j < COLUMNS; j++)
            ge_add_cached(&row[j], &row[j - 1], &c, false);
        ge_to_niels_many(t->multiple[i], row, COLUMNS, scratch);
        ge_double(&power, &row[COLUMNS - 1]);
    }
    return t;
}

void ed_table_free(struct ed_table *t)
{
    mem_free(t);
}

static struct ed_table *base;

static void make_base(void)
{
    base = ed_table_new(&ED_BASE);
}

const struct ed_table *ed_table_base(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_base);
    return base;
}

void ed_table_mul(struct ed_point *out, const struct ed_table *t, const struct ed_scalar *s)
{
    ed_table_add(out, &ED_IDENTITY, t, s);
}

void ed_table_add(struct ed_point *out, const struct ed_point *p, const struct ed_table *t,
                  const struct ed_scalar *s)
{
    uint8_t le32[32];
    struct ed_point r = *p;
    int carry = 0;
    ed_scalar_to_le32(le32, s);
    for (int i = 0; i < ROWS; i++) {
        int digit = le32[i] + carry;
        carry = digit > COLUMNS;
        digit -= carry << 8;
        if (digit != 0)
            ge_add_niels(&r, &r, &t->multiple[i][(digit > 0 ? digit : -digit) - 1], digit < 0);
    }
    *out = r;
}
