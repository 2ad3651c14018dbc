/* The official TransactionTests: every file, every fork named in its "result". */
#include "test.h"

#include <ftw.h>
#include <stdlib.h>

#include "chain/tx.h"
#include "codec/json.h"

static const struct {
    const char *name;
    enum fork fork;
} FORKS[] = {
    {"Frontier", FORK_FRONTIER},
    {"Homestead", FORK_HOMESTEAD},
    {"EIP150", FORK_EIP150},
    {"EIP158", FORK_EIP158},
    {"Byzantium", FORK_BYZANTIUM},
    {"Constantinople", FORK_CONSTANTINOPLE},
    {"ConstantinopleFix", FORK_CONSTANTINOPLE},
    {"Istanbul", FORK_ISTANBUL},
    {"Berlin", FORK_BERLIN},
    {"London", FORK_LONDON},
    {"Paris", FORK_PARIS},
    {"Shanghai", FORK_SHANGHAI},
    {"Cancun", FORK_CANCUN},
    {"Prague", FORK_PRAGUE},
    {"Osaka", FORK_OSAKA},
};

static size_t cases, accepted, files;

/* The fixtures are Ethereum's main network's, chain 1. */
static enum err read_tx(struct tx *t, struct arena *a, struct bytes raw, enum fork fork)
{
    TRY(tx_decode(t, a, raw));
    TRY(tx_check(t, fork, 1, fork >= FORK_PRAGUE ? 9 : 6));
    return tx_recover(t);
}

static void check_accepted(const char *label, const struct tx *t, enum fork fork,
                           const struct json *result)
{
    struct hash hash = {{0}};
    struct address sender = {{0}};
    uint64_t gas = 0, floor = 0, stated = 0;
    if (hash_from_hex(&hash, json_text(json_get(result, "hash"))) != E_OK ||
        address_from_hex(&sender, json_text(json_get(result, "sender"))) != E_OK ||
        json_u64(&stated, json_get(result, "intrinsicGas")) != E_OK)
        test_fail(__FILE__, __LINE__, "%s: the fixture was not understood", label);
    if (!hash_eq(&hash, &t->hash) || !address_eq(&sender, &t->sender))
        test_fail(__FILE__, __LINE__, "%s: hash or sender differ", label);
    if (tx_intrinsic_gas(t, fork, &gas, &floor) != E_OK || gas != stated)
        test_fail(__FILE__, __LINE__, "%s: intrinsic gas %llu, stated %llu", label,
                  (unsigned long long)gas, (unsigned long long)stated);
    accepted++;
}

static void run_case(const char *name, struct bytes raw, const struct json *result)
{
    struct arena arena = {0};
    struct tx t;
    char label[256];
    size_t f = 0;
    while (f < sizeof FORKS / sizeof FORKS[0] && strcmp(FORKS[f].name, json_key(result)) != 0)
        f++;
    snprintf(label, sizeof label, "%s %s", name, json_key(result));
    if (f == sizeof FORKS / sizeof FORKS[0]) {
        test_fail(__FILE__, __LINE__, "%s: unknown fork", label);
        return;
    }
    const char *exception = json_text(json_get(result, "exception"));
    enum err e = read_tx(&t, &arena, raw, FORKS[f].fork);
    if (exception && e == E_OK)
        test_fail(__FILE__, __LINE__, "%s: accepted, expected %s", label, exception);
    else if (!exception && e != E_OK)
        test_fail(__FILE__, __LINE__, "%s: refused with %s", label, err_name(e));
    else if (!exception)
        check_accepted(label, &t, FORKS[f].fork, result);
    cases++;
    arena_free(&arena);
}

static int run_file(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)ftw;
    struct json *j;
    struct diag d;
    if (flag != FTW_F)
        return 0;
    if (json_parse_file(&j, path, &d) != E_OK) {
        test_fail(__FILE__, __LINE__, "%s: %s", path, d.text);
        return 0;
    }
    for (const struct json *test = json_first(j); test; test = json_next(test)) {
        struct buf raw = {0};
        const char *hex = json_text(json_get(test, "txbytes"));
        if (!hex || hex_decode_buf(&raw, hex, strlen(hex)) != E_OK)
            test_fail(__FILE__, __LINE__, "%s: no txbytes", path);
        /* an exact-size copy, so that a sanitizer sees reads past the end */
        uint8_t *exact = mem_dup(raw.data, raw.len);
        const struct json *r = json_first(json_get(test, "result"));
        for (; r; r = json_next(r))
            run_case(json_key(test), bytes_of(exact, raw.len), r);
        mem_free(exact);
        buf_free(&raw);
    }
    json_free(j);
    files++;
    return 0;
}

TEST(official_transaction_tests)
{
    const char *archive = test_data("evm/fixtures.tar.zst");
    if (!archive)
        SKIP("no official fixtures (evm/fixtures.tar.zst)");
    char command[9000];
    const char *dir = test_tmpdir();
    snprintf(command, sizeof command,
             "tar --zstd -xf '%s' -C '%s' --wildcards '*/TransactionTests/*'", archive, dir);
    REQUIRE(system(command) == 0);
    nftw(dir, run_file, 16, FTW_PHYS);
    printf("# %zu files, %zu accepted\n", files, accepted);
    CHECK(files >= 100 && cases >= 1000);
    CHECK(accepted > 100 && accepted < cases);
    test_count(cases);
}
