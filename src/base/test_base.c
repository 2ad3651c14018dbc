/* Everything of the room but u256: buffers, hex, errors, memory, log, language, clock. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/mem.h"

TEST(buf_grows_and_keeps)
{
    struct buf b = {0};
    struct buf expected = {0};
    buf_put(&b, NULL, 0);
    CHECK_INT(b.len, 0);
    for (unsigned i = 0; i < 5000; i++) {
        buf_put_u8(&b, (uint8_t)i);
        buf_puts(&b, "ab");
        memcpy(buf_grow(&b, 3), "xyz", 3);
    }
    REQUIRE(b.len == 30000 && b.cap >= b.len);
    for (unsigned i = 0; i < 5000; i++) {
        REQUIRE(b.data[6 * i] == (uint8_t)i);
        REQUIRE(memcmp(b.data + 6 * i + 1, "abxyz", 5) == 0);
    }
    CHECK(!bytes_eq(buf_view(&b), buf_view(&expected)));
    size_t cap = b.cap;
    buf_clear(&b);
    CHECK(b.len == 0 && b.cap == cap);
    CHECK_STR(buf_cstr(&b), "");
    buf_free(&b);
    CHECK(b.data == NULL && b.cap == 0);
    CHECK_STR(buf_cstr(&expected), "");
    buf_free(&expected);
}

TEST(buf_putf_short_and_long)
{
    struct buf b = {0};
    buf_putf(&b, "%d-%s", 42, "x");
    CHECK_STR((const char *)b.data, "42-x"); /* the NUL is there, not counted */
    CHECK_INT(b.len, 4);
    buf_putf(&b, "%0500d", 7);
    CHECK_INT(b.len, 504);
    CHECK(b.data[503] == '7' && b.data[504] == 0 && b.data[4] == '0');
    buf_free(&b);
}

TEST(hex_forms)
{
    uint8_t out[3] = {1, 2, 3};
    char text[7];
    struct buf b = {0};
    CHECK_ERR(hex_decode(out, 3, "0xaBcD09", 8), E_OK);
    CHECK_HEX(out, 3, "abcd09");
    CHECK_ERR(hex_decode(out, 3, "ffEE00", 6), E_OK);
    hex_encode(text, out, 3);
    CHECK_STR(text, "ffee00");
    static const char *const bad[] = {"",         "0x",       "ffee",
                                      "ffee000",  "ffee0000", "ffee0g",
                                      "0Xffee00", "ffee 0",   "\xff\xff\xff\xff\xff\xff"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_ERR(hex_decode(out, 3, bad[i], strlen(bad[i])), E_HEX);
    CHECK_HEX(out, 3, "ffee00");
    CHECK_ERR(hex_decode(out, 0, "0x", 2), E_OK);
    CHECK_ERR(hex_decode_buf(&b, "0x", 2), E_OK);
    CHECK_ERR(hex_decode_buf(&b, "0x0102", 6), E_OK);
    CHECK_ERR(hex_decode_buf(&b, "ff", 2), E_OK);
    CHECK_ERR(hex_decode_buf(&b, "f", 1), E_HEX);
    CHECK_ERR(hex_decode_buf(&b, "0xfg", 4), E_HEX);
    CHECK_HEX(b.data, b.len, "0102ff");
    buf_put_hex(&b, b.data, 0);
    CHECK_HEX(b.data, b.len, "0102ff3078");
    buf_free(&b);
    buf_put_hex(&b, out, 3);
    CHECK_STR(buf_cstr(&b), "0xffee00");
    buf_free(&b);
}

TEST(hex_every_byte)
{
    for (int c = 0; c < 256; c++) {
        char text[2] = {(char)c, '7'};
        uint8_t out;
        bool digit = c && strchr("0123456789abcdefABCDEF", c);
        REQUIRE((hex_decode(&out, 1, text, 2) == E_OK) == digit);
        if (digit)
            REQUIRE(out == (strtol((char[]){(char)c, 0}, NULL, 16) << 4 | 7));
    }
}

TEST(names_from_hex)
{
    struct address a = {{1}};
    struct hash h = {{1}};
    CHECK_ERR(address_from_hex(&a, "0x00000000000000000000000000000000000000aA"), E_OK);
    CHECK(a.b[19] == 0xaa && !address_is_zero(&a));
    CHECK_ERR(address_from_hex(&a, "0x00aa"), E_HEX);
    CHECK_ERR(hash_from_hex(&h, "00000000000000000000000000000000000000aa"), E_HEX);
    CHECK_ERR(hash_from_hex(&h, "0000000000000000000000000000000000000000000000000000000000000000"),
              E_OK);
    CHECK(hash_is_zero(&h) && hash_eq(&h, &(struct hash){{0}}));
    CHECK(!address_eq(&a, &(struct address){{0}}));
}

TEST(big_endian)
{
    uint8_t p[8];
    be64_put(p, 0x0102030405060708);
    CHECK_HEX(p, 8, "0102030405060708");
    CHECK(be64_get(p) == 0x0102030405060708 && be32_get(p) == 0x01020304);
    be32_put(p, 0xa0b0c0d0);
    CHECK_HEX(p, 4, "a0b0c0d0");
}

TEST(errors_have_names_and_sentences)
{
    for (int e = 0; e < ERR_COUNT; e++) {
        REQUIRE(strncmp(err_name((enum err)e), "E_", 2) == 0);
        lang_current = LANG_EN;
        const char *en = err_text((enum err)e);
        lang_current = LANG_FR;
        const char *fr = err_text((enum err)e);
        lang_current = LANG_EN;
        REQUIRE(*en && *fr && strcmp(en, fr) != 0);
    }
}

TEST(diag_messages)
{
    struct diag d = {"old"};
    CHECK_ERR(diag_set(&d, E_CSV, "line %d: %s", 3, d.text), E_CSV);
    CHECK_STR(d.text, "line 3: old");
    CHECK_ERR(diag_wrap(&d, E_IO, "%s: ", "file.csv"), E_IO);
    CHECK_STR(d.text, "file.csv: line 3: old");
    CHECK_ERR(diag_set(NULL, E_RLP, "x"), E_RLP);
    CHECK_ERR(diag_wrap(NULL, E_ABI, "x"), E_ABI);
    /* a message that is too long is cut between characters: "é" is two bytes */
    char text[1200] = "x";
    for (size_t i = 1; i + 2 < sizeof text; i += 2)
        memcpy(text + i, "é", 3);
    diag_set(&d, E_IO, "%s", text);
    CHECK_INT(strlen(d.text), 1023);
    diag_set(&d, E_IO, "x%s", text);
    CHECK_INT(strlen(d.text), 1022);
    CHECK(memcmp(d.text + 1020, "é", 2) == 0);
}

TEST(memory_is_given_and_zeroed)
{
    unsigned char *z = mem_zalloc(100, 3);
    for (int i = 0; i < 300; i++)
        REQUIRE(z[i] == 0);
    memset(z, 7, 300);
    z = mem_resize(z, 1000, 1);
    CHECK(z[299] == 7);
    char *copy = mem_strdup("text");
    void *dup = mem_dup(copy, 5), *none = mem_dup(NULL, 0), *empty = mem_alloc(0);
    CHECK_STR(copy, dup);
    CHECK(none && empty);
    mem_free(z);
    mem_free(copy);
    mem_free(dup);
    mem_free(none);
    mem_free(empty);
    mem_free(NULL);
}

/* Runs f in a child without standard error; returns its wait status. */
static int run_in_child(void (*f)(void))
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, STDERR_FILENO);
        f();
        _exit(0);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    return status;
}

static int refusals;
static bool refuse(size_t size)
{
    (void)size;
    refusals++;
    return false;
}

static void fail_alloc(void)
{
    mem_hook = refuse;
    mem_alloc(8);
}
static void fail_zalloc(void)
{
    mem_hook = refuse;
    mem_zalloc(2, 8);
}
static void fail_resize(void)
{
    mem_hook = refuse;
    mem_resize(NULL, 2, 8);
}
static void fail_product(void)
{
    mem_zalloc(SIZE_MAX / 2, 3);
}
static void fail_buf(void)
{
    struct buf b = {0};
    buf_reserve(&b, SIZE_MAX);
}
static void fail_reserve(void)
{
    mem_reserve(SIZE_MAX / 2);
}

static void fail_arena(void)
{
    struct arena a = {0};
    arena_alloc(&a, SIZE_MAX);
}
static void break_invariant(void)
{
    ASSERT(1 + 1 == 3);
}

TEST(memory_failure_stops_the_process)
{
    void (*const cases[])(void) = {fail_alloc, fail_zalloc, fail_resize, fail_product,
                                   fail_buf,   fail_arena,  fail_reserve};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int status = run_in_child(cases[i]);
        CHECK(WIFEXITED(status));
        CHECK_INT(WEXITSTATUS(status), EXIT_MEMORY);
    }
    int status = run_in_child(break_invariant);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

TEST(reserved_memory_is_zero_and_forgets)
{
    size_t size = (size_t)8 << 30; /* more than is touched */
    uint8_t *p = mem_reserve(size);
    CHECK(p[0] == 0 && p[size - 1] == 0);
    p[5] = 1, p[size - 1] = 2;
    mem_forget(p, size);
    CHECK(p[5] == 0 && p[size - 1] == 0);
    p[5] = 3;
    CHECK_INT(p[5], 3);
    mem_release(p, size);
    mem_release(NULL, size);
}

TEST(arena_goes_back_to_a_mark)
{
    struct arena a = {0};
    struct arena_mark empty = arena_mark(&a);
    char *kept = arena_strdup(&a, "kept");
    struct arena_mark mark = arena_mark(&a);
    size_t used = a.used_bytes;
    for (int i = 0; i < 100; i++) {
        memset(arena_alloc(&a, 50000), 1, 50000);
        arena_back(&a, mark);
        CHECK_INT(a.used_bytes, used);
    }
    CHECK_STR(kept, "kept");
    char *next = arena_strdup(&a, "next");
    arena_back(&a, mark);
    CHECK(arena_strdup(&a, "more") == next);
    arena_back(&a, empty);
    CHECK_INT(a.used_bytes, 0);
    CHECK(arena_alloc(&a, 10) != NULL);
    arena_free(&a);
}

TEST(arena_hands_out_and_resets)
{
    struct arena a = {0};
    for (int round = 0; round < 3; round++) {
        uint8_t *p[200];
        size_t total = 0;
        for (size_t i = 0; i < 200; i++) {
            size_t size = i * i;
            p[i] = arena_alloc(&a, size);
            REQUIRE((uintptr_t)p[i] % 16 == 0);
            memset(p[i], (int)i, size);
            total += size;
        }
        for (size_t i = 0; i < 200; i++)
            for (size_t k = 0; k < i * i; k++)
                REQUIRE(p[i][k] == (uint8_t)i);
        CHECK(a.used_bytes >= total && a.used_bytes < total + 200 * 16);
        arena_reset(&a);
        CHECK_INT(a.used_bytes, 0);
    }
    void *big = arena_alloc(&a, 5 << 20);
    memset(big, 1, 5 << 20);
    arena_reset(&a);
    CHECK(arena_alloc(&a, 5 << 20) == big); /* the largest chunk is kept */
    uint8_t *z = arena_zalloc(&a, 10, 10);
    for (int i = 0; i < 100; i++)
        REQUIRE(z[i] == 0);
    CHECK_STR(arena_strdup(&a, "abc"), "abc");
    CHECK_STR(arena_printf(&a, "%s-%d", "n", 5), "n-5");
    CHECK(memcmp(arena_dup(&a, "abc", 3), "abc", 3) == 0);
    CHECK(arena_dup(&a, NULL, 0) != NULL);
    arena_free(&a);
    CHECK(a.chunk == NULL);
    arena_reset(&a);
    arena_free(&a);
}

static size_t capture_log(char *out, size_t cap, void (*f)(void))
{
    char path[400];
    snprintf(path, sizeof path, "%s/log", test_tmpdir());
    int file = open(path, O_RDWR | O_CREAT, 0600), saved = dup(STDERR_FILENO);
    dup2(file, STDERR_FILENO);
    f();
    dup2(saved, STDERR_FILENO);
    ssize_t n = pread(file, out, cap - 1, 0);
    close(file);
    close(saved);
    out[n < 0 ? 0 : n] = 0;
    return n < 0 ? 0 : (size_t)n;
}

static void log_some(void)
{
    log_set_level(LOG_WARN);
    log_info("base", "not shown");
    log_warn("base", "a%d\nb", 1);
    log_set_level(LOG_DEBUG);
    log_debug("net", "shown");
    log_set_level(LOG_INFO);
}

static void log_long(void)
{
    char text[4000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    log_error("base", "%s", text);
}

TEST(log_lines)
{
    char text[5000];
    clock_set_fixed(86400 * 365);
    capture_log(text, sizeof text, log_some);
    CHECK_STR(text, "1971-01-01T00:00:00Z warn  base: a1 b\n"
                    "1971-01-01T00:00:00Z debug net: shown\n");
    size_t len = capture_log(text, sizeof text, log_long);
    clock_set_fixed(0);
    CHECK_INT(len, 2047);
    CHECK(strchr(text, '\n') == text + len - 1);
}

TEST(language_choice)
{
    enum lang l = LANG_EN;
    CHECK(lang_parse(&l, "fr") && l == LANG_FR);
    CHECK(lang_parse(&l, "en_GB.UTF-8") && l == LANG_EN);
    CHECK(lang_parse(&l, "fr-CA") && l == LANG_FR);
    CHECK(!lang_parse(&l, "frisian") && !lang_parse(&l, "C") && !lang_parse(&l, "") &&
          !lang_parse(&l, "de") && l == LANG_FR);
    setenv("LC_ALL", "fr_FR.UTF-8", 1);
    setenv("PARVIS_LANG", "en", 1);
    lang_from_environment();
    CHECK(lang_current == LANG_EN);
    unsetenv("PARVIS_LANG");
    lang_from_environment();
    CHECK(lang_current == LANG_FR);
    CHECK_STR(T("yes", "oui"), "oui");
    setenv("LC_ALL", "C", 1); /* it decides, though LANG would say otherwise */
    setenv("LANG", "fr_FR", 1);
    lang_from_environment();
    CHECK(lang_current == LANG_EN);
}

/* Every reason has words of its own in both languages; the others are the C library's. */
TEST(os_reasons)
{
    static const int codes[] = {ENOENT, EACCES, EPERM,  ENOSPC,  EDQUOT,     EROFS,        EIO,
                                EFBIG,  EBUSY,  ENFILE, ENOTDIR, ENOTEMPTY,  ENAMETOOLONG, ELOOP,
                                EEXIST, EISDIR, EMFILE, ENOMEM,  EADDRINUSE, EADDRNOTAVAIL};
    struct diag d;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        const char *en = os_reason(codes[i]);
        lang_current = LANG_FR;
        CHECK(strcmp(os_reason(codes[i]), en) != 0);
        CHECK(strcmp(os_reason(codes[i]), strerror(codes[i])) != 0);
        lang_current = LANG_EN;
    }
    CHECK_STR(os_reason(EPIPE), strerror(EPIPE));
    CHECK_INT(diag_os(&d, E_NOT_FOUND, "a.csv", ENOENT), E_NOT_FOUND);
    CHECK_STR(d.text, "a.csv: No such file or folder");
    lang_current = LANG_FR;
    CHECK_INT(diag_os(&d, E_IO, "a.csv", EISDIR), E_IO);
    CHECK_STR(d.text, "a.csv : c'est un dossier");
    lang_current = LANG_EN;
    CHECK_INT(diag_os(NULL, E_IO, "a.csv", EISDIR), E_IO);
}

/* Words of strangers, shown to a person, must not steer the terminal. */
TEST(text_is_disarmed)
{
    static const struct {
        const char *in, *line, *lines;
    } cases[] = {
        {"caf\xc3\xa9 \xe2\x82\xac", "caf\xc3\xa9 \xe2\x82\xac", "caf\xc3\xa9 \xe2\x82\xac"},
        {"\x1b[2K\rholds", "?[2K?holds", "?[2K?holds"},
        {"a\tb\r\nc\x7f", "a?b??c?", "a\tb\r\nc?"},
        {"\xc2\x9b"
         "2J\xc2\xa0",
         "??2J\xc2\xa0", "??2J\xc2\xa0"},
        {"cut \xc2", "cut \xc2", "cut \xc2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[32], lines[32];
        size_t len = strlen(cases[i].in);
        memcpy(line, cases[i].in, len + 1);
        memcpy(lines, cases[i].in, len + 1);
        text_disarm(line, len, false);
        text_disarm(lines, len, true);
        CHECK_STR(line, cases[i].line);
        CHECK_STR(lines, cases[i].lines);
    }
    struct diag d;
    diag_set(&d, E_INVALID, "name \x1b[1m%s", "a\nb");
    CHECK_STR(d.text, "name ?[1ma?b");
    diag_wrap(&d, E_INVALID, "\x07: ");
    CHECK_STR(d.text, "?: name ?[1ma?b");
}

TEST(clocks_and_randomness)
{
    uint64_t before = clock_mono_us();
    CHECK(clock_unix_s() > 1700000000);
    clock_set_fixed(1234);
    CHECK_INT(clock_unix_s(), 1234);
    clock_set_fixed(0);
    CHECK(clock_unix_s() > 1700000000);
    CHECK(clock_mono_us() >= before);
    uint8_t a[1000] = {0}, b[1000] = {0};
    random_bytes(a, sizeof a);
    random_bytes(b, sizeof b);
    random_bytes(b, 0);
    CHECK(memcmp(a, b, sizeof a) != 0);
    bool seen[256] = {false};
    size_t kinds = 0;
    for (size_t i = 0; i < sizeof a; i++)
        kinds += !seen[a[i]], seen[a[i]] = true;
    CHECK(kinds > 200); /* 1000 draws leave about 5 of 256 values out */
}
