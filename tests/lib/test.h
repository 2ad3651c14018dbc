/* test: a small test harness. A test program is any number of TEST blocks linked with test_main.c.
 *
 *   TEST(rlp_empty_string) { CHECK(rlp_string_size(...) == 1); }
 *
 * Prints TAP. Arguments: --list, --only NAME (prefix), --seed N. A CHECK that fails reports file,
 * line and values, marks the test failed and goes on; REQUIRE leaves the test. SKIP(reason) leaves
 * it as skipped. test_count(n) reports n passed cases of a data-driven test (official vectors) so
 * that they appear in the summary; print one line "# cases: N" each. */
#ifndef PARVIS_TESTS_LIB_TEST_H
#define PARVIS_TESTS_LIB_TEST_H

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

struct test_case {
    const char *name;
    void (*run)(void);
    struct test_case *next;
};

void test_register(struct test_case *t);
void test_fail(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void test_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool test_skipped(void);
void test_count(size_t cases_passed);
uint64_t test_seed(void);      /* printed; --seed repeats a run */
uint64_t test_random(void);    /* xorshift from the seed */
const char *test_tmpdir(void); /* a fresh directory, removed at exit */
/* test_data(relative) is the path of a file of the optional shared data ($PARVIS_DATA, else
 * ../shared/data beside the checkout), or NULL when it is not there: then SKIP. */
const char *test_data(const char *relative);

#define TEST(name)                                                 \
    static void test_##name(void);                                 \
    __attribute__((constructor)) static void register_##name(void) \
    {                                                              \
        static struct test_case t = {#name, test_##name, NULL};    \
        test_register(&t);                                         \
    }                                                              \
    static void test_##name(void)

#define CHECK(condition)                                     \
    do {                                                     \
        if (!(condition))                                    \
            test_fail(__FILE__, __LINE__, "%s", #condition); \
    } while (0)

#define REQUIRE(condition)                                   \
    do {                                                     \
        if (!(condition)) {                                  \
            test_fail(__FILE__, __LINE__, "%s", #condition); \
            return;                                          \
        }                                                    \
    } while (0)

#define SKIP(...)               \
    do {                        \
        test_skip(__VA_ARGS__); \
        return;                 \
    } while (0)

#define CHECK_INT(actual, expected)                                                   \
    do {                                                                              \
        intmax_t a_ = (intmax_t)(actual), e_ = (intmax_t)(expected);                  \
        if (a_ != e_)                                                                 \
            test_fail(__FILE__, __LINE__, "%s = %jd, expected %jd", #actual, a_, e_); \
    } while (0)

#define CHECK_ERR(actual, expected)                                                      \
    do {                                                                                 \
        enum err a_ = (actual), e_ = (expected);                                         \
        if (a_ != e_)                                                                    \
            test_fail(__FILE__, __LINE__, "%s = %s, expected %s", #actual, err_name(a_), \
                      err_name(e_));                                                     \
    } while (0)

#define CHECK_STR(actual, expected)                                                         \
    do {                                                                                    \
        const char *a_ = (actual), *e_ = (expected);                                        \
        if (strcmp(a_, e_) != 0)                                                            \
            test_fail(__FILE__, __LINE__, "%s = \"%s\", expected \"%s\"", #actual, a_, e_); \
    } while (0)

/* CHECK_HEX(bytes, len, "c5d2...") */
#define CHECK_HEX(data, len, expected) \
    test_check_hex(__FILE__, __LINE__, #data, data, len, expected)
void test_check_hex(const char *file, int line, const char *what, const void *data, size_t len,
                    const char *expected_hex);

#endif
