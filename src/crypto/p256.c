#include "crypto/p256.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <pthread.h>

#include "base/mem.h"

/* What every verification needs, made once per thread: building a key object per call would double
 * the time. The group with its table of multiples of the generator is shared and read-only. */
struct scratch {
    BN_CTX *ctx;
    EC_POINT *key, *sum;
    BIGNUM *r, *s, *x, *y, *u1, *u2;
};

static pthread_once_t shared_once = PTHREAD_ONCE_INIT;
static pthread_key_t scratch_key; /* frees a thread's scratch when it ends */
static _Thread_local struct scratch *scratch_mine;
static EC_GROUP *group;
static const BIGNUM *order, *field;
static BIGNUM *field_owned;

static void scratch_free(void *p)
{
    struct scratch *c = p;
    BN_free(c->r);
    BN_free(c->s);
    BN_free(c->x);
    BN_free(c->y);
    BN_free(c->u1);
    BN_free(c->u2);
    EC_POINT_free(c->key);
    EC_POINT_free(c->sum);
    BN_CTX_free(c->ctx);
    mem_free(c);
}

static void shared_create(void)
{
    group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    field_owned = BN_new();
    ASSERT(group && field_owned);
    ASSERT(EC_GROUP_get_curve(group, field_owned, NULL, NULL, NULL) == 1);
    field = field_owned;
    order = EC_GROUP_get0_order(group);
    ASSERT(order && pthread_key_create(&scratch_key, scratch_free) == 0);
}

static struct scratch *scratch_get(void)
{
    if (scratch_mine)
        return scratch_mine;
    ASSERT(pthread_once(&shared_once, shared_create) == 0);
    struct scratch *c = mem_alloc(sizeof *c);
    *c = (struct scratch){BN_CTX_new(),
                          EC_POINT_new(group),
                          EC_POINT_new(group),
                          BN_new(),
                          BN_new(),
                          BN_new(),
                          BN_new(),
                          BN_new(),
                          BN_new()};
    ASSERT(c->ctx && c->key && c->sum && c->r && c->s && c->x && c->y && c->u1 && c->u2);
    ASSERT(pthread_setspecific(scratch_key, c) == 0);
    return scratch_mine = c;
}

static void number_read(BIGNUM *out, const uint8_t be[32])
{
    ASSERT(BN_bin2bn(be, 32, out) == out);
}

static bool is_scalar(const BIGNUM *n)
{
    return !BN_is_zero(n) && BN_cmp(n, order) < 0;
}

/* False when (x, y) is not on the curve; the library's note about it is taken back. */
static bool key_set(struct scratch *c)
{
    ERR_set_mark();
    bool ok = EC_POINT_set_affine_coordinates(group, c->key, c->x, c->y, c->ctx) == 1;
    ERR_pop_to_mark();
    return ok;
}

bool p256_verify(const uint8_t digest[32], const uint8_t r[32], const uint8_t s[32],
                 const uint8_t x[32], const uint8_t y[32])
{
    struct scratch *c = scratch_get();
    number_read(c->r, r);
    number_read(c->s, s);
    number_read(c->x, x);
    number_read(c->y, y);
    if (!is_scalar(c->r) || !is_scalar(c->s))
        return false;
    if (BN_cmp(c->x, field) >= 0 || BN_cmp(c->y, field) >= 0 || !key_set(c))
        return false;
    /* u1 = digest / s, u2 = r / s; the sum u1 G + u2 Q must have r as its x modulo n */
    number_read(c->u1, digest);
    ASSERT(BN_mod_inverse(c->s, c->s, order, c->ctx) == c->s);
    ASSERT(BN_mod_mul(c->u1, c->u1, c->s, order, c->ctx) == 1);
    ASSERT(BN_mod_mul(c->u2, c->r, c->s, order, c->ctx) == 1);
    ASSERT(EC_POINT_mul(group, c->sum, c->u1, c->key, c->u2, c->ctx) == 1);
    if (EC_POINT_is_at_infinity(group, c->sum))
        return false;
    ASSERT(EC_POINT_get_affine_coordinates(group, c->sum, c->x, NULL, c->ctx) == 1);
    ASSERT(BN_nnmod(c->x, c->x, order, c->ctx) == 1);
    return BN_cmp(c->x, c->r) == 0;
}
