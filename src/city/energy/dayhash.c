#include "city/energy/dayhash.h"

#define NUMBER_MAX 21 /* a separator and the 20 digits of a 64-bit number */

static const char DIGIT_PAIRS[201] = "00010203040506070809101112131415161718192021222324"
                                     "25262728293031323334353637383940414243444546474849"
                                     "50515253545556575859606162636465666768697071727374"
                                     "75767778798081828384858687888990919293949596979899";

/* Writes v in decimal at p, returns the end. Most readings have one to four digits. */
static char *put_number(char *p, uint64_t v)
{
    if (v < 10) {
        *p = (char)('0' + v);
        return p + 1;
    }
    if (v < 100) {
        memcpy(p, DIGIT_PAIRS + 2 * v, 2);
        return p + 2;
    }
    if (v < 1000) {
        *p = (char)('0' + v / 100);
        memcpy(p + 1, DIGIT_PAIRS + 2 * (v % 100), 2);
        return p + 3;
    }
    if (v < 10000) {
        memcpy(p, DIGIT_PAIRS + 2 * (v / 100), 2);
        memcpy(p + 2, DIGIT_PAIRS + 2 * (v % 100), 2);
        return p + 4;
    }
    char digits[20];
    size_t at = sizeof digits;
    while (v >= 100) {
        at -= 2;
        memcpy(digits + at, DIGIT_PAIRS + 2 * (v % 100), 2);
        v /= 100;
    }
    if (v >= 10) {
        at -= 2;
        memcpy(digits + at, DIGIT_PAIRS + 2 * v, 2);
    } else {
        digits[--at] = (char)('0' + v);
    }
    memcpy(p, digits + at, sizeof digits - at);
    return p + (sizeof digits - at);
}

static void flush(struct dayhash *h)
{
    sha256_update(&h->sha, h->text, h->fill);
    h->fill = 0;
}

static void put_values(struct dayhash *h, const uint64_t *v, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (h->fill + NUMBER_MAX + 1 > sizeof h->text)
            flush(h);
        char *p = h->text + h->fill;
        *p++ = ',';
        h->fill = (size_t)(put_number(p, v[i]) - h->text);
    }
    h->text[h->fill++] = '\n';
}

void dayhash_begin(struct dayhash *h)
{
    sha256_init(&h->sha);
    h->fill = 0;
}

void dayhash_step(struct dayhash *h, uint64_t step, const uint64_t *allocated_wh, size_t count)
{
    if (h->fill + 2 * NUMBER_MAX > sizeof h->text)
        flush(h);
    h->fill = (size_t)(put_number(h->text + h->fill, step) - h->text);
    put_values(h, allocated_wh, count);
}

void dayhash_row(struct dayhash *h, uint64_t step, uint64_t producer, const uint64_t *row_wh,
                 size_t count)
{
    if (h->fill + 3 * NUMBER_MAX > sizeof h->text)
        flush(h);
    char *p = put_number(h->text + h->fill, step);
    *p++ = ',';
    h->fill = (size_t)(put_number(p, producer) - h->text);
    put_values(h, row_wh, count);
}

void dayhash_end(struct dayhash *h, struct hash *out)
{
    flush(h);
    sha256_final(&h->sha, out);
}

void yearhash_begin(struct yearhash *y)
{
    sha256_init(&y->sha);
}

void yearhash_day(struct yearhash *y, const struct hash *day)
{
    char hex[65];
    hex_encode(hex, day->b, sizeof day->b);
    sha256_update(&y->sha, hex, 64);
}

void yearhash_end(struct yearhash *y, struct hash *out)
{
    sha256_final(&y->sha, out);
}
