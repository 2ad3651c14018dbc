/* test_kit: a small election made in place, and ballots of it, for tests and fuzz targets. */
#ifndef PARVIS_BELENIOS_TEST_KIT_H
#define PARVIS_BELENIOS_TEST_KIT_H

#include "base/mem.h"
#include "belenios/ballot_check.h"
#include "belenios/proof.h"
#include "crypto/edwards/edwards_secret.h"

#define KIT_UUID "KitKitKitKitK1"
#define KIT_CREDENTIAL "S48jL-BLeV98-ybyBJ-Z7ztc8"

struct kit {
    struct arena arena;
    struct bel_election election; /* prepared */
    struct ed_scalar x;           /* of the credential */
    uint8_t choice[BEL_CIPHERTEXTS_MAX];
    struct bel_opening opening;
    struct buf packed, json; /* a ballot of the choice */
};

#define KIT_YES_NO "{\"answers\":[\"yes\"],\"min\":0,\"max\":1,\"question\":\"Q\"}"
#define KIT_ONE_OF_3 "{\"answers\":[\"a\",\"b\",\"c\"],\"min\":1,\"max\":1,\"question\":\"Q\"}"
#define KIT_BLANK \
    "{\"answers\":[\"a\",\"b\"],\"blank\":true,\"min\":1,\"max\":2,\"question\":\"Q\"}"
#define KIT_LISTS                                                                       \
    "{\"type\":\"Lists\",\"value\":{\"answers\":[[\"L1\",\"a\",\"b\"],[\"L2\",\"c\"]]," \
    "\"question\":\"Q\"},\"extra\":{\"n\":[1,null]}}"

/* The election of these questions, its key made from 12345. */
static inline void kit_open(struct kit *k, const char *questions)
{
    struct buf b = {0};
    struct bel_election template;
    struct ed_scalar secret = ed_scalar_of(12345);
    struct diag d = {""};
    *k = (struct kit){0};
    buf_putf(&b, "{\"description\":\"d\",\"name\":\"n\",\"questions\":[%s]}", questions);
    if (bel_template_read(&template, &k->arena, buf_view(&b), &d) != E_OK)
        assert_failed(d.text, __FILE__, __LINE__);
    template.uuid = KIT_UUID;
    ed_secret_base_mul(template.public_key32, &secret);
    buf_clear(&b);
    bel_election_write(&b, &template);
    if (bel_election_read(&k->election, &k->arena, buf_view(&b), &d) != E_OK)
        assert_failed(d.text, __FILE__, __LINE__);
    bel_election_prepare(&k->election);
    bel_credential_secret(&k->x, k->election.version, KIT_UUID, KIT_CREDENTIAL);
    buf_free(&b);
}

/* A ballot of a choice in JSON: packed, document and opening. */
static inline void kit_vote(struct kit *k, const char *choice)
{
    struct diag d = {""};
    const struct bel_election *e = &k->election;
    buf_clear(&k->packed);
    buf_clear(&k->json);
    if (bel_choice_read(k->choice, e, bytes_str(choice), &d) != E_OK ||
        bel_ballot_make(&k->packed, e, &k->x, k->choice, &k->arena, &k->opening, &d) != E_OK ||
        bel_ballot_write(&k->json, e, buf_view(&k->packed)) != E_OK)
        assert_failed(d.text, __FILE__, __LINE__);
}

/* Signs a packed ballot that was changed, as its voter could. */
static inline void kit_sign(const struct kit *k, uint8_t *ballot)
{
    const struct bel_election *e = &k->election;
    struct bytes packed = bytes_of(ballot, e->ballot_bytes);
    char text[BEL_HASH_CHARS + 1];
    struct ed_scalar w = ed_scalar_of(777);
    if (bel_ballot_signed_text(text, e, packed) == E_OK)
        bel_schnorr_prove(ballot + e->ballot_bytes - BEL_PROOF_BYTES, e->version, BEL_SIGNATURE,
                          bytes_str(text), &k->x, &w);
}

static inline void kit_close(struct kit *k)
{
    buf_free(&k->packed);
    buf_free(&k->json);
    bel_election_free(&k->election);
    arena_free(&k->arena);
}

#endif
