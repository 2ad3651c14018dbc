#include "belenios/credential.h"

#include "base/clock.h"
#include "crypto/edwards/edwards_secret.h"

/* XXXXX-XXXXXX-XXXXX-XXXXXX: where the dashes stand. */
static bool is_dash_place(size_t i)
{
    return i == 5 || i == 12 || i == 18;
}

void bel_credential_new(char out[BEL_CREDENTIAL_CHARS + 1])
{
    static const char alphabet[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    for (size_t i = 0; i < BEL_CREDENTIAL_CHARS; i++) {
        uint8_t drawn;
        if (is_dash_place(i)) {
            out[i] = '-';
            continue;
        }
        do { /* 232 is 4 times 58: each character is as likely */
            random_bytes(&drawn, 1);
        } while (drawn >= 232);
        out[i] = alphabet[drawn % 58];
    }
    out[BEL_CREDENTIAL_CHARS] = '\0';
}

bool bel_credential_is_well_formed(const char *text)
{
    if (strlen(text) != BEL_CREDENTIAL_CHARS)
        return false;
    for (size_t i = 0; i < BEL_CREDENTIAL_CHARS; i++) {
        if (is_dash_place(i) ? text[i] != '-' : !bel_is_base58(text + i, 1))
            return false;
    }
    return true;
}

void bel_credential_secret(struct ed_scalar *x, const struct bel_version *v, const char *uuid,
                           const char *credential)
{
    *x = v->credential(uuid, credential);
}

void bel_credential_public(uint8_t key32[EDWARDS_BYTES], const struct ed_scalar *x)
{
    ed_secret_base_mul(key32, x);
}
