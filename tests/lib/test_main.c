#include "test.h"

#include <ftw.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct test_case *first_case;
static struct test_case **last_link = &first_case;
static bool failed_now;
static char skip_reason[256];
static bool skipped_now;
static uint64_t seed = 1;
static uint64_t random_state;
static char tmpdir[256];

void test_register(struct test_case *t)
{
    *last_link = t;
    last_link = &t->next;
}

void test_fail(const char *file, int line, const char *format, ...)
{
    char text[2048];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    printf("# %s:%d: %s\n", file, line, text);
    failed_now = true;
}

void test_skip(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vsnprintf(skip_reason, sizeof skip_reason, format, ap);
    va_end(ap);
    skipped_now = true;
}

bool test_skipped(void)
{
    return skipped_now;
}

void test_count(size_t cases_passed)
{
    printf("# cases: %zu\n", cases_passed);
}

uint64_t test_seed(void)
{
    return seed;
}

uint64_t test_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state * 0x2545f4914f6cdd1dULL;
}

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static void remove_tmpdir(void)
{
    if (tmpdir[0])
        nftw(tmpdir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

const char *test_tmpdir(void)
{
    static unsigned count;
    static char path[300];
    if (!tmpdir[0]) {
        const char *base = getenv("TMPDIR");
        snprintf(tmpdir, sizeof tmpdir, "%s/parvis-test-XXXXXX", base ? base : "/tmp");
        if (!mkdtemp(tmpdir)) {
            perror(tmpdir);
            exit(99);
        }
        atexit(remove_tmpdir);
    }
    snprintf(path, sizeof path, "%s/%u", tmpdir, count++);
    if (mkdir(path, 0700) != 0) {
        perror(path);
        exit(99);
    }
    return path;
}

const char *test_data(const char *relative)
{
    static char path[4096];
    const char *data = getenv("PARVIS_DATA");
    const char *root = getenv("PARVIS_ROOT");
    if (data)
        snprintf(path, sizeof path, "%s/%s", data, relative);
    else
        snprintf(path, sizeof path, "%s/../shared/data/%s", root ? root : ".", relative);
    return access(path, R_OK) == 0 ? path : NULL;
}

void test_check_hex(const char *file, int line, const char *what, const void *data, size_t len,
                    const char *expected_hex)
{
    static char actual[1 << 16];
    if (strncmp(expected_hex, "0x", 2) == 0)
        expected_hex += 2;
    for (size_t i = 0; i < len && 2 * i + 2 < sizeof actual; i++)
        snprintf(actual + 2 * i, 3, "%02x", ((const uint8_t *)data)[i]);
    actual[len * 2 < sizeof actual ? len * 2 : sizeof actual - 1] = 0;
    if (strcmp(actual, expected_hex) != 0)
        test_fail(file, line, "%s = %s, expected %s", what, actual, expected_hex);
}

int main(int argc, char **argv)
{
    const char *only = "";
    bool list = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--list") == 0)
            list = true;
        else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc)
            only = argv[++i];
        else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            seed = strtoull(argv[++i], NULL, 0);
    }
    if (getenv("PARVIS_TEST_SEED"))
        seed = strtoull(getenv("PARVIS_TEST_SEED"), NULL, 0);
    int count = 0, failures = 0, number = 0;
    for (struct test_case *t = first_case; t; t = t->next)
        count += strncmp(t->name, only, strlen(only)) == 0;
    if (list) {
        for (struct test_case *t = first_case; t; t = t->next)
            printf("%s\n", t->name);
        return 0;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("# seed %" PRIu64 "\n1..%d\n", seed, count);
    for (struct test_case *t = first_case; t; t = t->next) {
        if (strncmp(t->name, only, strlen(only)) != 0)
            continue;
        failed_now = skipped_now = false;
        random_state = seed * 0x9e3779b97f4a7c15ULL + 1;
        t->run();
        number++;
        failures += failed_now;
        if (skipped_now && !failed_now)
            printf("ok %d %s # SKIP %s\n", number, t->name, skip_reason);
        else
            printf("%s %d %s\n", failed_now ? "not ok" : "ok", number, t->name);
    }
    return failures ? 1 : 0;
}
