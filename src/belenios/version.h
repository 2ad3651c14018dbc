/* version: the rules of one Belenios crypto version, in one table.
 *
 * Everything by which a version differs - what is hashed before which points, how a proof's
 * challenge is made, what a document's members are - is asked from here, so that another version is
 * another row. Version 1 is the one of belenios-tool 2.1 to 3.3 (group Ed25519; Belenios
 * specification, doc/specification.tex at 3.3.0). */
#ifndef PARVIS_BELENIOS_VERSION_H
#define PARVIS_BELENIOS_VERSION_H

#include "crypto/edwards/edwards.h"

/* What a challenge is for; the prefix of its hash follows from it (specification, "Hash"). */
enum bel_purpose {
    BEL_PROOF_OF_KNOWLEDGE, /* "pok|Ed25519|" X "|" */
    BEL_MESSAGE,            /* "sigmsg|" M "|" */
    BEL_CERTIFICATES,       /* "sigmsg|certs_sig|" M "|": a member of a Pedersen group signs the
                             * others; found by execution, the text says less */
    BEL_SIGNATURE,          /* "sig|" h "|": a ballot */
    BEL_RANGE,              /* "prove|" T "|" alpha "," beta "|" */
    BEL_BLANK_0,            /* "bproof0|" S "|" */
    BEL_BLANK_1,            /* "bproof1|" S "|" */
    BEL_LIST,               /* "lproof|" S "|" */
    BEL_NONZERO,            /* "nonzero|" S "|" */
    BEL_DECRYPTION,         /* "decrypt|" phi "|" X "|" */
    BEL_PURPOSE_COUNT
};

struct bel_version {
    unsigned number;   /* "version" of election.json */
    const char *group; /* "Ed25519" */
    /* The challenge of a proof: a hash of purpose, `context` (the text between the purpose's word
     * and the points, without its closing "|") and count encoded points, as a number below q. */
    struct ed_scalar (*challenge)(enum bel_purpose purpose, struct bytes context,
                                  const uint8_t (*points32)[EDWARDS_BYTES], size_t count);
    /* A secret credential's exponent. */
    struct ed_scalar (*credential)(const char *uuid, const char *credential);
};

/* The rules of a version, or NULL where this program has none. */
const struct bel_version *bel_version(uint64_t number);

#endif
