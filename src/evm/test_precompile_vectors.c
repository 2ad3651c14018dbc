/* Precompiles against the published vectors: go-ethereum's, those of EIP-2537 and EIP-7951,
 * c-kzg-4844's, and Wycheproof's signatures. They are not part of the project: skipped where the
 * archive of the official fixtures is not there. */
#include "test.h"

#include <dirent.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "codec/json.h"
#include "crypto/keccak.h"
#include "crypto/sha256.h"
#include "evm/test_precompile.h"

#define NO_ARCHIVE "the archive of the official fixtures is not there"

/* The vectors, unpacked once; NULL without the archive. */
static const char *vectors_dir(void)
{
    static const char *dir;
    const char *archive = test_data("evm/fixtures.tar.zst");
    if (dir || !archive)
        return dir;
    const char *tmp = test_tmpdir();
    const char *const argv[] = {"tar",
                                "--zstd",
                                "-xf",
                                archive,
                                "-C",
                                tmp,
                                "--wildcards",
                                "*eip-2537/*",
                                "*eip-7951/*",
                                "*geth/precompiles/*",
                                "*verify_kzg_proof/*.yaml",
                                "*wycheproof/*",
                                NULL};
    pid_t pid;
    int status = -1;
    if (posix_spawnp(&pid, "tar", NULL, NULL, (char *const *)(uintptr_t)argv, environ) != 0 ||
        waitpid(pid, &status, 0) != pid || status != 0)
        test_fail(__FILE__, __LINE__, "tar could not unpack %s", archive);
    else
        dir = tmp;
    return dir;
}

static struct json *vectors_read(const char *name)
{
    char path[600];
    struct json *j = NULL;
    struct diag d = {""};
    snprintf(path, sizeof path, "%s/%s", vectors_dir(), name);
    if (json_parse_file(&j, path, &d) != E_OK)
        test_fail(__FILE__, __LINE__, "%s: %s", path, d.text);
    return j;
}

static struct buf bytes_of_hex(const struct json *text)
{
    struct buf b = {0};
    const char *hex = json_text(text);
    if (!hex || hex_decode_buf(&b, hex, strlen(hex)) != E_OK)
        test_fail(__FILE__, __LINE__, "not hexadecimal: %s", hex ? hex : "(absent)");
    return b;
}

/* --- go-ethereum's form: Input, Expected, Gas or ExpectedError -------------------------------- */

struct set {
    const char *file;
    unsigned address;
    enum fork fork;
    uint64_t gas; /* 0: as the vectors say */
};

/* Exactly the stated price, one less, some more. */
static bool run_value(struct precompile_call *c, const struct set *set, const struct json *vector)
{
    uint64_t gas = 0;
    struct buf input = bytes_of_hex(json_get(vector, "Input"));
    struct buf expected = bytes_of_hex(json_get(vector, "Expected"));
    bool ok = json_u64(&gas, json_get(vector, "Gas")) == E_OK;
    if (set->gas)
        gas = set->gas;
    if (ok && gas > 0)
        ok = precompile_call(c, set->fork, set->address, buf_view(&input), (int64_t)gas - 1) &&
             c->result.status == FRAME_OUT_OF_GAS && c->result.gas_left == 0;
    ok = ok && precompile_call(c, set->fork, set->address, buf_view(&input), (int64_t)gas + 7) &&
         c->result.status == FRAME_SUCCESS && c->result.gas_left == 7 &&
         bytes_eq(c->result.output, buf_view(&expected));
    buf_free(&input);
    buf_free(&expected);
    return ok;
}

static bool run_failure(struct precompile_call *c, const struct set *set, const struct json *vector)
{
    struct buf input = bytes_of_hex(json_get(vector, "Input"));
    bool ok = precompile_call(c, set->fork, set->address, buf_view(&input), ANY_GAS) &&
              c->result.status == FRAME_INVALID && c->result.gas_left == 0 &&
              c->result.output.len == 0;
    buf_free(&input);
    return ok;
}

static void run_set(const struct set *set)
{
    struct precompile_call c = {0};
    struct json *vectors = vectors_read(set->file);
    size_t passed = 0;
    for (const struct json *v = json_first(vectors); v; v = json_next(v)) {
        bool ok = json_get(v, "ExpectedError") ? run_failure(&c, set, v) : run_value(&c, set, v);
        if (ok)
            passed++;
        else
            test_fail(__FILE__, __LINE__, "%s: %s", set->file, json_text(json_get(v, "Name")));
    }
    CHECK(passed > 0);
    test_count(passed);
    arena_free(&c.arena);
    json_free(vectors);
}

#define RUN_SETS(sets)                                              \
    do {                                                            \
        if (!vectors_dir())                                         \
            SKIP(NO_ARCHIVE);                                       \
        for (size_t i = 0; i < sizeof(sets) / sizeof(sets)[0]; i++) \
            run_set(&(sets)[i]);                                    \
    } while (0)

TEST(vectors_basic)
{
    static const struct set sets[] = {
        {"geth/precompiles/ecRecover.json", 0x01, FORK_HOMESTEAD, 0},
        {"geth/precompiles/blake2F.json", 0x09, FORK_ISTANBUL, 0},
        {"geth/precompiles/fail-blake2f.json", 0x09, FORK_ISTANBUL, 0},
        {"geth/precompiles/p256Verify.json", 0x100, FORK_OSAKA, 0},
        /* these still carry the price of an earlier draft */
        {"eips/eip-7951/test-vectors.json", 0x100, FORK_OSAKA, 6900},
    };
    RUN_SETS(sets);
}

TEST(vectors_modexp)
{
    static const struct set sets[] = {
        {"geth/precompiles/modexp.json", 0x05, FORK_BYZANTIUM, 0},
        {"geth/precompiles/modexp_eip2565.json", 0x05, FORK_BERLIN, 0},
        {"geth/precompiles/modexp_eip7883.json", 0x05, FORK_OSAKA, 0},
    };
    RUN_SETS(sets);
}

TEST(vectors_bn254)
{
    static const struct set sets[] = {
        {"geth/precompiles/bn256Add.json", 0x06, FORK_ISTANBUL, 0},
        {"geth/precompiles/bn256ScalarMul.json", 0x07, FORK_ISTANBUL, 0},
        {"geth/precompiles/bn256Pairing.json", 0x08, FORK_ISTANBUL, 0},
    };
    RUN_SETS(sets);
}

TEST(vectors_bls12_381)
{
    static const struct set sets[] = {
        {"geth/precompiles/blsG1Add.json", 0x0b, FORK_PRAGUE, 0},
        {"geth/precompiles/fail-blsG1Add.json", 0x0b, FORK_PRAGUE, 0},
        {"geth/precompiles/blsG1Mul.json", 0x0c, FORK_PRAGUE, 0},
        {"geth/precompiles/fail-blsG1Mul.json", 0x0c, FORK_PRAGUE, 0},
        {"geth/precompiles/blsG1MultiExp.json", 0x0c, FORK_PRAGUE, 0},
        {"geth/precompiles/fail-blsG1MultiExp.json", 0x0c, FORK_PRAGUE, 0},
        {"geth/precompiles/blsG2Add.json", 0x0d, FORK_PRAGUE, 0},
        {"geth/precompiles/fail-blsG2Add.json", 0x0d, FORK_PRAGUE, 0},
        {"geth/precompiles/blsG2Mul.json", 0x0e, FORK_PRAGUE, 0},
        {"geth/precompiles/fail-blsG2Mul.json", 0x0e, FORK_PRAGUE, 0},
        {"geth/precompiles/blsG2MultiExp.json", 0x0e, FORK_PRAGUE, 0},
        {"geth/precompiles/fail-blsG2MultiExp.json", 0x0e, FORK_PRAGUE, 0},
        {"geth/precompiles/blsPairing.json", 0x0f, FORK_PRAGUE, 0},
        {"geth/precompiles/fail-blsPairing.json", 0x0f, FORK_PRAGUE, 0},
        {"geth/precompiles/blsMapG1.json", 0x10, FORK_PRAGUE, 0},
        {"geth/precompiles/fail-blsMapG1.json", 0x10, FORK_PRAGUE, 0},
        {"geth/precompiles/blsMapG2.json", 0x11, FORK_PRAGUE, 0},
        {"geth/precompiles/fail-blsMapG2.json", 0x11, FORK_PRAGUE, 0},
    };
    RUN_SETS(sets);
}

TEST(vectors_eip2537)
{
    static const struct set sets[] = {
        {"eips/eip-2537/add_G1_bls.json", 0x0b, FORK_PRAGUE, 0},
        {"eips/eip-2537/fail-add_G1_bls.json", 0x0b, FORK_PRAGUE, 0},
        {"eips/eip-2537/mul_G1_bls.json", 0x0c, FORK_PRAGUE, 0},
        {"eips/eip-2537/fail-mul_G1_bls.json", 0x0c, FORK_PRAGUE, 0},
        {"eips/eip-2537/msm_G1_bls.json", 0x0c, FORK_PRAGUE, 0},
        {"eips/eip-2537/fail-msm_G1_bls.json", 0x0c, FORK_PRAGUE, 0},
        {"eips/eip-2537/add_G2_bls.json", 0x0d, FORK_PRAGUE, 0},
        {"eips/eip-2537/fail-add_G2_bls.json", 0x0d, FORK_PRAGUE, 0},
        {"eips/eip-2537/mul_G2_bls.json", 0x0e, FORK_PRAGUE, 0},
        {"eips/eip-2537/fail-mul_G2_bls.json", 0x0e, FORK_PRAGUE, 0},
        {"eips/eip-2537/fail-msm_G2_bls.json", 0x0e, FORK_PRAGUE, 0},
        {"eips/eip-2537/pairing_check_bls.json", 0x0f, FORK_PRAGUE, 0},
        {"eips/eip-2537/fail-pairing_check_bls.json", 0x0f, FORK_PRAGUE, 0},
        {"eips/eip-2537/map_fp_to_G1_bls.json", 0x10, FORK_PRAGUE, 0},
        {"eips/eip-2537/fail-map_fp_to_G1_bls.json", 0x10, FORK_PRAGUE, 0},
        {"eips/eip-2537/map_fp2_to_G2_bls.json", 0x11, FORK_PRAGUE, 0},
        {"eips/eip-2537/fail-map_fp2_to_G2_bls.json", 0x11, FORK_PRAGUE, 0},
    };
    RUN_SETS(sets);
}

/* --- c-kzg-4844: verify_kzg_proof ------------------------------------------------------------- */

/* Reads one of the few lines of a case: key: '0x...' */
static void field_read(struct buf *out, const char *text, const char *key)
{
    const char *at = strstr(text, key);
    const char *hex = at ? strchr(at, '\'') : NULL;
    const char *end = hex ? strchr(hex + 1, '\'') : NULL;
    if (!end || hex_decode_buf(out, hex + 1, (size_t)(end - hex - 1)) != E_OK)
        test_fail(__FILE__, __LINE__, "no field %s in: %s", key, text);
}

/* The input is versioned hash, z, y, commitment, proof. A field of a wrong length gives an input of
 * a wrong length. */
static bool run_kzg(struct precompile_call *c, const char *text)
{
    struct buf commitment = {0}, input = {0};
    struct hash h;
    field_read(&commitment, text, "commitment:");
    sha256_once(&h, commitment.data, commitment.len);
    h.b[0] = 1;
    buf_put(&input, h.b, sizeof h.b);
    field_read(&input, text, " z:");
    field_read(&input, text, " y:");
    buf_put(&input, commitment.data, commitment.len);
    field_read(&input, text, "proof:");
    bool holds = strstr(text, "output: true") != NULL;
    bool ok = precompile_call(c, FORK_CANCUN, 0x0a, buf_view(&input), 50000);
    ok = ok && c->result.status == (holds ? FRAME_SUCCESS : FRAME_INVALID);
    ok = ok && c->result.output.len == (holds ? 64 : 0);
    buf_free(&commitment);
    buf_free(&input);
    return ok;
}

static bool file_read(struct buf *out, const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t chunk[4096];
    if (!f)
        return false;
    for (size_t n; (n = fread(chunk, 1, sizeof chunk, f)) > 0;)
        buf_put(out, chunk, n);
    fclose(f);
    return true;
}

TEST(vectors_kzg)
{
    char path[900];
    struct precompile_call c = {0};
    size_t passed = 0;
    if (!vectors_dir())
        SKIP(NO_ARCHIVE);
    snprintf(path, sizeof path, "%s/c-kzg-4844/verify_kzg_proof/kzg-mainnet", vectors_dir());
    DIR *dir = opendir(path);
    REQUIRE(dir);
    size_t stem = strlen(path);
    for (struct dirent *e; (e = readdir(dir));) {
        struct buf text = {0};
        snprintf(path + stem, sizeof path - stem, "/%s/data.yaml", e->d_name);
        if (e->d_name[0] == '.' || !file_read(&text, path))
            continue;
        if (run_kzg(&c, buf_cstr(&text)))
            passed++;
        else
            test_fail(__FILE__, __LINE__, "%s", e->d_name);
        buf_free(&text);
    }
    closedir(dir);
    CHECK(passed > 0);
    test_count(passed);
    arena_free(&c.arena);
}

/* --- Wycheproof's ECDSA signatures (r, s of 32 bytes each) ------------------------------------ */

/* What Wycheproof's case gives both precompiles. False when the signature is not 64 bytes: such a
 * one cannot be asked for. */
struct signature_case {
    struct hash digest;
    uint8_t sig[64];
    uint8_t key[64];
    bool is_valid;
};

static bool case_read(struct signature_case *out, const struct json *group, const struct json *test)
{
    struct buf message = bytes_of_hex(json_get(test, "msg"));
    struct buf sig = bytes_of_hex(json_get(test, "sig"));
    struct buf key = bytes_of_hex(json_get(json_get(group, "publicKey"), "uncompressed"));
    const char *result = json_text(json_get(test, "result"));
    bool ok = sig.len == 64 && key.len == 65 && result;
    if (ok) {
        sha256_once(&out->digest, message.data, message.len);
        memcpy(out->sig, sig.data, 64);
        memcpy(out->key, key.data + 1, 64);
        out->is_valid = strcmp(result, "valid") == 0;
    }
    buf_free(&message);
    buf_free(&sig);
    buf_free(&key);
    return ok;
}

static bool run_p256(struct precompile_call *c, const struct signature_case *s)
{
    uint8_t input[160];
    memcpy(input, s->digest.b, 32);
    memcpy(input + 32, s->sig, 64);
    memcpy(input + 96, s->key, 64);
    return precompile_call(c, FORK_OSAKA, 0x100, bytes_of(input, sizeof input), 6900) &&
           c->result.status == FRAME_SUCCESS && c->result.output.len == (s->is_valid ? 32 : 0);
}

/* Whether r may be x - n for the x of the point: that needs the recovery ids 2 and 3, which the
 * precompile does not have. p - n has 129 bits. */
static bool may_be_reduced(const struct signature_case *s)
{
    static const uint8_t zeros[15];
    return memcmp(s->sig, zeros, sizeof zeros) == 0;
}

/* A valid signature recovers its key with v 27 or 28, an invalid one with neither. */
static bool run_ecrecover(struct precompile_call *c, const struct signature_case *s)
{
    uint8_t input[128] = {0};
    struct hash key_hash = keccak256_of(bytes_of(s->key, 64));
    bool found = false;
    memcpy(input, s->digest.b, 32);
    memcpy(input + 64, s->sig, 64);
    for (uint8_t v = 27; v <= 28; v++) {
        input[63] = v;
        if (!precompile_call(c, FORK_OSAKA, 0x01, bytes_of(input, sizeof input), 3000) ||
            c->result.status != FRAME_SUCCESS)
            return false;
        struct bytes out = c->result.output;
        found = found || (out.len == 32 && memcmp(out.data + 12, key_hash.b + 12, 20) == 0);
    }
    return found == s->is_valid || (!found && may_be_reduced(s));
}

static void run_wycheproof(const char *file,
                           bool (*run)(struct precompile_call *, const struct signature_case *))
{
    struct precompile_call c = {0};
    struct json *all = vectors_read(file);
    size_t passed = 0;
    const struct json *group = json_first(json_get(all, "testGroups"));
    for (; group; group = json_next(group)) {
        const struct json *t = json_first(json_get(group, "tests"));
        for (; t; t = json_next(t)) {
            struct signature_case s;
            if (!case_read(&s, group, t))
                continue;
            if (run(&c, &s))
                passed++;
            else
                test_fail(__FILE__, __LINE__, "%s: %s", file, json_text(json_get(t, "comment")));
        }
    }
    CHECK(passed > 200);
    test_count(passed);
    arena_free(&c.arena);
    json_free(all);
}

TEST(vectors_wycheproof)
{
    if (!vectors_dir())
        SKIP(NO_ARCHIVE);
    run_wycheproof("wycheproof/ecdsa_secp256r1_sha256_p1363_test.json", run_p256);
    run_wycheproof("wycheproof/ecdsa_secp256k1_sha256_p1363_test.json", run_ecrecover);
}
