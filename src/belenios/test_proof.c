/* Challenges, credentials and proofs against known answers (vectors.json of the shared data). */
#include "belenios/proof.h"
#include "belenios/test_voting.h"

/* The vectors, or NULL; freed with json_free. */
static struct json *vectors(void)
{
    struct json *j = NULL;
    struct diag d = {""};
    const char *path = test_data("voting/vectors.json");
    if (path && json_parse_file(&j, path, &d) != E_OK)
        test_fail(__FILE__, __LINE__, "%s", d.text);
    return j;
}

static const char *text_of(const struct json *j, const char *name)
{
    const char *text = json_text(json_get(j, name));
    return text ? text : "";
}

static struct ed_scalar scalar_of(const struct json *j, const char *name)
{
    struct ed_scalar s = ED_ZERO;
    CHECK(ed_scalar_from_decimal(&s, text_of(j, name), strlen(text_of(j, name))));
    return s;
}

static void point_of(uint8_t le32[32], const char *text)
{
    CHECK(bel_point_bytes(le32, text, strlen(text)));
}

/* A proof's two numbers against {"challenge","response"}. */
static void check_proof(const uint8_t *proof, const struct json *expected)
{
    struct ed_scalar c = scalar_of(expected, "challenge"), r = scalar_of(expected, "response");
    uint8_t bytes[BEL_PROOF_BYTES];
    ed_scalar_to_be32(bytes, &c);
    ed_scalar_to_be32(bytes + 32, &r);
    CHECK(memcmp(bytes, proof, sizeof bytes) == 0);
}

TEST(proof_challenges)
{
    struct json *j = vectors();
    if (!j)
        SKIP("shared data not found (PARVIS_DATA)");
    const struct json *hashes = json_get(j, "hash");
    for (size_t i = 0; i < 2; i++) {
        const struct json *v = json_at(hashes, i);
        const char *prefix = text_of(v, "prefix");
        size_t word = i == 0 ? strlen("pok|Ed25519|") : strlen("decrypt|");
        struct bytes context = bytes_of(prefix + word, strlen(prefix) - word - 1);
        const struct json *texts = json_get(v, "points");
        uint8_t points[2][32];
        for (size_t k = 0; k < json_count(texts); k++)
            point_of(points[k], json_text(json_at(texts, k)));
        struct ed_scalar c =
            bel_version(1)->challenge(i == 0 ? BEL_PROOF_OF_KNOWLEDGE : BEL_DECRYPTION, context,
                                      (const uint8_t(*)[32])points, json_count(texts));
        struct ed_scalar expected = scalar_of(v, "challenge");
        CHECK(ed_scalar_eq(&c, &expected));
    }
    json_free(j);
}

TEST(proof_credentials)
{
    struct json *j = vectors();
    if (!j)
        SKIP("shared data not found (PARVIS_DATA)");
    const struct json *all = json_get(j, "credentials_made_by_belenios_tool");
    CHECK(json_count(all) > 0);
    for (const struct json *v = json_first(all); v; v = json_next(v)) {
        struct ed_scalar x, expected = scalar_of(v, "secret");
        uint8_t key[32], expected_key[32];
        CHECK(bel_credential_is_well_formed(text_of(v, "credential")));
        bel_credential_secret(&x, bel_version(1), text_of(v, "uuid"), text_of(v, "credential"));
        CHECK(ed_scalar_eq(&x, &expected));
        bel_credential_public(key, &x);
        point_of(expected_key, text_of(v, "public"));
        CHECK(memcmp(key, expected_key, 32) == 0);
    }
    test_count(json_count(all));
    json_free(j);
}

TEST(proof_fingerprint_and_ballot)
{
    struct json *j = vectors();
    if (!j)
        SKIP("shared data not found (PARVIS_DATA)");
    struct arena a = {0};
    struct bel_election e;
    struct buf packed = {0};
    struct diag d = {""};
    struct hash h;
    char text[BEL_HASH_CHARS + 1];
    const struct json *v = json_get(j, "election_fingerprint"), *b = json_get(j, "ballot");
    CHECK_ERR(bel_election_read(&e, &a, bytes_str(text_of(v, "election_json")), &d), E_OK);
    CHECK_STR(e.fingerprint, text_of(v, "phi"));
    CHECK_HEX(e.hash.b, 32, text_of(v, "sha256_hex"));
    bel_election_prepare(&e);
    CHECK_ERR(bel_ballot_read(&packed, &e, bytes_str(text_of(b, "json")), &d), E_OK);
    CHECK_ERR(bel_ballot_verify(&e, buf_view(&packed), &d), E_OK);
    CHECK_ERR(bel_ballot_hash(&h, &e, buf_view(&packed)), E_OK);
    bel_hash_text(text, &h);
    CHECK_STR(text, text_of(b, "tracker_b64"));
    CHECK_ERR(bel_ballot_signed_text(text, &e, buf_view(&packed)), E_OK);
    CHECK_STR(text, text_of(b, "signature_hash"));
    bel_election_free(&e);
    buf_free(&packed);
    arena_free(&a);
    json_free(j);
}

TEST(proof_of_zero_or_one)
{
    struct json *j = vectors();
    if (!j)
        SKIP("shared data not found (PARVIS_DATA)");
    const struct json *v = json_get(j, "iprove_m1");
    uint8_t y[32], alpha[32], beta[32], expected[32], proof[2 * BEL_PROOF_BYTES];
    struct ed_scalar r = scalar_of(v, "r");
    struct buf context = {0};
    point_of(y, text_of(v, "y"));
    bel_encrypt(alpha, beta, y, &r, 1);
    point_of(expected, text_of(v, "alpha"));
    CHECK(memcmp(alpha, expected, 32) == 0);
    point_of(expected, text_of(v, "beta"));
    CHECK(memcmp(beta, expected, 32) == 0);
    buf_putf(&context, "%s|%s,%s", text_of(v, "S"), text_of(v, "alpha"), text_of(v, "beta"));
    struct bel_claim claims[2] = {{r, 1, 0}, {r, 1, 1}};
    struct bel_draw draws[2] = {
        {ED_ONE, scalar_of(v, "fake_challenge_0"), scalar_of(v, "fake_response_0")},
        {scalar_of(v, "w"), ED_ONE, ED_ONE},
    };
    bel_claims_prove(proof, bel_version(1), BEL_RANGE, buf_view(&context), claims, 2, y, draws);
    check_proof(proof, json_at(json_get(v, "proof"), 0));
    check_proof(proof + BEL_PROOF_BYTES, json_at(json_get(v, "proof"), 1));
    buf_free(&context);
    json_free(j);
}

TEST(proof_signature)
{
    struct json *j = vectors();
    if (!j)
        SKIP("shared data not found (PARVIS_DATA)");
    const struct json *v = json_get(j, "schnorr_signature");
    struct ed_scalar sk = scalar_of(v, "sk"), w = scalar_of(v, "w");
    struct bytes message = bytes_str(text_of(v, "hash"));
    uint8_t proof[BEL_PROOF_BYTES], key32[32];
    struct ed_point key;
    bel_schnorr_prove(proof, bel_version(1), BEL_SIGNATURE, message, &sk, &w);
    check_proof(proof, json_get(v, "proof"));
    bel_credential_public(key32, &sk);
    REQUIRE(ed_decode(&key, key32));
    CHECK(bel_schnorr_check(proof, bel_version(1), BEL_SIGNATURE, message, &key));
    CHECK(!bel_schnorr_check(proof, bel_version(1), BEL_MESSAGE, message, &key));
    proof[63] ^= 1;
    CHECK(!bel_schnorr_check(proof, bel_version(1), BEL_SIGNATURE, message, &key));
    memset(proof, 0xff, 32); /* not below the order */
    CHECK(!bel_schnorr_check(proof, bel_version(1), BEL_SIGNATURE, message, &key));
    json_free(j);
}

TEST(proof_versions)
{
    CHECK(bel_version(0) == NULL && bel_version(2) == NULL);
    REQUIRE(bel_version(1));
    CHECK_STR(bel_version(1)->group, "Ed25519");
}
