/* credential: a voter's secret and its public key, and the roll of an election.
 *
 * A secret credential is 22 base58 characters written XXXXX-XXXXXX-XXXXX-XXXXXX; its exponent x is
 * derived from it and the election's uuid (belenios/version.h), its public key is g^x. The roll
 * (public_credentials.json) is an array of "hex" or "hex,weight" without repetition; nothing in it
 * tells who is who. */
#ifndef PARVIS_BELENIOS_CREDENTIAL_H
#define PARVIS_BELENIOS_CREDENTIAL_H

#include "belenios/election.h"

#define BEL_CREDENTIAL_CHARS 25
#define BEL_WEIGHT_MAX ((UINT64_C(1) << 52) - 1)
#define BEL_ROLL_MAX 2000000u

void bel_credential_new(char out[BEL_CREDENTIAL_CHARS + 1]); /* from the system's randomness */
bool bel_credential_is_well_formed(const char *text);
void bel_credential_secret(struct ed_scalar *x, const struct bel_version *v, const char *uuid,
                           const char *credential);
void bel_credential_public(uint8_t key32[EDWARDS_BYTES], const struct ed_scalar *x);

struct bel_voter {
    uint8_t key32[EDWARDS_BYTES];
    uint64_t weight; /* 1 where none is written */
};
struct bel_roll {
    struct bel_voter *voters; /* in the order of the document */
    uint32_t *by_key;         /* their places sorted by key, for bel_roll_find; whoever makes a
                               * roll by hand gives room for count of them to bel_roll_sort */
    size_t count;
    uint64_t total_weight;
    bool has_weights; /* any was written */
};

/* bel_roll_read reads public_credentials.json: every key canonical, of prime order and not the
 * identity (on several threads where there are many), none twice. Logins ("hex,weight,login") are
 * refused, and a total weight above BEL_WEIGHT_MAX. Memory is the arena's.
 * bel_roll_write writes it, voters in the order given (Belenios: sorted by hexadecimal text, so
 * that the order tells nothing); weights are written when has_weights (weight 0 and above 2^30-1
 * too). bel_roll_sort sorts so. bel_roll_find: a voter's place, or SIZE_MAX.
 * E_OK | E_JSON | E_INVALID | E_EXISTS | E_RANGE | E_TOO_LARGE. */
enum err bel_roll_read(struct bel_roll *out, struct arena *a, struct bytes json, struct diag *d);
void bel_roll_write(struct buf *out, const struct bel_roll *r);
void bel_roll_sort(struct bel_roll *r);
size_t bel_roll_find(const struct bel_roll *r, const uint8_t key32[EDWARDS_BYTES]);

#endif
