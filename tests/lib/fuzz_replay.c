/* Replays a fuzz target's corpus without a fuzzer: fuzz_x_replay DIR. Prints TAP. A missing or
 * empty corpus is a failure: a replay that replays nothing proves nothing. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return 0;
    size_t cap = 1 << 20, len = 0;
    uint8_t *data = malloc(cap);
    while (data && (len += fread(data + len, 1, cap - len, f)) == cap) {
        uint8_t *more = realloc(data, cap *= 2);
        if (!more)
            abort();
        data = more;
    }
    fclose(f);
    /* an exact-size copy, so that a sanitizer sees reads past the end */
    uint8_t *exact = malloc(len ? len : 1);
    if (!exact || !data)
        abort();
    for (size_t i = 0; i < len; i++)
        exact[i] = data[i];
    free(data);
    LLVMFuzzerTestOneInput(exact, len);
    free(exact);
    return 1;
}

int main(int argc, char **argv)
{
    int count = 0;
    for (int i = 1; i < argc; i++) {
        DIR *dir = opendir(argv[i]);
        if (!dir) {
            count += replay_file(argv[i]);
            continue;
        }
        for (struct dirent *e; (e = readdir(dir)) != NULL;) {
            char path[4096];
            if (e->d_name[0] == '.')
                continue;
            snprintf(path, sizeof path, "%s/%s", argv[i], e->d_name);
            count += replay_file(path);
        }
        closedir(dir);
    }
    printf("1..1\n%s 1 corpus\n# cases: %d\n", count ? "ok" : "not ok", count);
    return count ? 0 : 1;
}
