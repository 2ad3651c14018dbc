/* organiser: the organiser's own sealed file, the only place where pseudonyms meet people.
 *
 * The ledger knows a point as keccak256(salt || meter number or identifier). This file keeps, per
 * point, the identifier, meter number, holder, secret salt and signing key, and the organiser's own
 * key. It never leaves the organiser's machine. Destroying an entry's salt makes its pseudonym
 * meaningless: that is how a person is erased (design rule: no personal data on the ledger).
 * File      "parvis-organiser-1\n", 16-byte salt, then one sealed record (crypto/seal.h), bound to
 *           that header; key from a 32-byte key or a passphrase. Replaced atomically. */
#ifndef PARVIS_GATEWAY_FILES_ORGANISER_H
#define PARVIS_GATEWAY_FILES_ORGANISER_H

#include "gateway/files/district.h"

struct organiser_secret {
    const uint8_t *key32; /* one of the two */
    const char *passphrase;
};

struct organiser_entry {
    char id[CURVE_ID_MAX]; /* "" once erased, like all that names the person */
    char prm[16];
    struct district_party holder;
    bool is_producer;
    bool erased;
    uint8_t salt[32];
    uint8_t key32[32];     /* signs for the holder, while the organiser acts for them */
    struct hash pseudonym; /* stays: the ledger has it */
};

struct organiser {
    struct district_party party;
    uint8_t key32[32];
    char operation_name[64];
    bool has_operation; /* the operation below is on the ledger */
    uint64_t chain_id;
    uint64_t operation;
    struct organiser_entry *entry; /* consumers, then producers, as registered */
    size_t count;
};

/* organiser_from_district draws fresh salts and keys for the points of an operation. */
void organiser_from_district(struct organiser *o, const struct district *op);

/* organiser_load opens a file. E_OK | E_NOT_FOUND | E_IO | E_KEY (wrong secret or damaged: the two
 * cannot be told apart) | E_VERSION (not such a file). organiser_save replaces it, mode 0600. */
enum err organiser_load(struct organiser *o, const char *path, struct organiser_secret secret,
                        struct diag *d);
enum err organiser_save(const struct organiser *o, const char *path, struct organiser_secret secret,
                        struct diag *d);

/* organiser_erase destroys what names a person at a point; E_OK | E_NOT_FOUND. Save afterwards. */
enum err organiser_erase(struct organiser *o, const char *id);

/* The entry of a pseudonym or identifier, or NULL. */
struct organiser_entry *organiser_by_pseudonym(struct organiser *o, const struct hash *pseudonym);
struct organiser_entry *organiser_by_id(struct organiser *o, const char *id);
void organiser_free(struct organiser *o); /* wipes keys */

#endif
