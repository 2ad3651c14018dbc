/* snapshot_files: snapshots as directories of sealed files; listing, loading, pruning. */
#include "chain/snapshot_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chain/store_dir.h"
#include "crypto/sha256.h"

#define FILE_BYTES_MAX (LIMIT_SNAPSHOT_CHUNK_BYTES + SEAL_OVERHEAD)
#define MANIFEST_BOUND "snapshot: manifest"
#define PLACE_BYTES 20u
#define PART ".part"

/* Like the scratch store of an audit: what is written beside is no easier to read than the store.
 */
void snapshot_seal(const struct store *s, struct seal *out)
{
    uint8_t key[SEAL_KEY_BYTES];
    store_hide(s, key, bytes_str("snapshot: file key 1"));
    store_hide(s, key + SEAL_NAME_BYTES, bytes_str("snapshot: file key 2"));
    seal_init(out, key);
    explicit_bzero(key, sizeof key);
}

void snapshot_path(char out[SNAPSHOT_PATH_BYTES], const char *dir, uint64_t number, bool part)
{
    snprintf(out, SNAPSHOT_PATH_BYTES, "%.4096s/%" PRIu64 "%s", dir, number, part ? PART : "");
}

/* file_path: a file of a snapshot's directory. */
static void file_path(char out[SNAPSHOT_PATH_BYTES], const char *of, const char *name)
{
    snprintf(out, SNAPSHOT_PATH_BYTES, "%.4150s/%s", of, name);
}

void snapshot_chunk_path(char out[SNAPSHOT_PATH_BYTES], const char *of, uint32_t index)
{
    char name[32];
    snprintf(name, sizeof name, "%06" PRIu32 ".chunk", index);
    file_path(out, of, name);
}

/* --- files ------------------------------------------------------------------------------------ */

static bool write_all(int fd, struct bytes content)
{
    while (content.len) {
        ssize_t n = write(fd, content.data, content.len);
        if (n < 0 && errno != EINTR)
            return false;
        content.data += n > 0 ? n : 0;
        content.len -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

enum err snapshot_write_file(const char *path, struct seal *seal, struct bytes content,
                             struct bytes bound, struct diag *d)
{
    struct buf sealed = {0};
    errno = 0;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return dir_error(d, path);
    seal_encrypt(seal, &sealed, content, bound);
    enum err e = write_all(fd, buf_view(&sealed)) && fsync(fd) == 0 ? E_OK : dir_error(d, path);
    close(fd);
    buf_free(&sealed);
    return e;
}

static enum err read_all(int fd, struct buf *out)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return E_IO;
    if (st.st_size > FILE_BYTES_MAX)
        return E_CORRUPT;
    uint8_t *p = buf_grow(out, (size_t)st.st_size);
    for (size_t at = 0; at < (size_t)st.st_size;) {
        ssize_t n = read(fd, p + at, (size_t)st.st_size - at);
        if (n == 0)
            return E_CORRUPT;
        if (n < 0 && errno != EINTR)
            return E_IO;
        at += n > 0 ? (size_t)n : 0;
    }
    return E_OK;
}

enum err snapshot_read_file(const char *path, const struct seal *seal, struct bytes bound,
                            struct buf *out)
{
    struct buf sealed = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? E_NOT_FOUND : E_IO;
    enum err e = read_all(fd, &sealed);
    close(fd);
    if (e == E_OK)
        e = seal_decrypt(seal, out, buf_view(&sealed), bound);
    buf_free(&sealed);
    return e;
}

enum err snapshot_write_manifest(const char *part, struct seal *seal, struct bytes text,
                                 struct diag *d)
{
    char path[SNAPSHOT_PATH_BYTES];
    file_path(path, part, "manifest");
    return snapshot_write_file(path, seal, text, bytes_str(MANIFEST_BOUND), d);
}

enum err snapshot_load_manifest(const char *dir, uint64_t number, const struct seal *seal,
                                struct buf *text_out, struct manifest *out)
{
    char of[SNAPSHOT_PATH_BYTES], path[SNAPSHOT_PATH_BYTES];
    size_t at = text_out->len;
    snapshot_path(of, dir, number, false);
    file_path(path, of, "manifest");
    TRY(snapshot_read_file(path, seal, bytes_str(MANIFEST_BOUND), text_out));
    TRY(manifest_decode(out, bytes_of(text_out->data + at, text_out->len - at)));
    return out->number == number ? E_OK : E_CORRUPT;
}

enum err snapshot_write_place(const char *part, struct seal *seal, struct bytes manifest,
                              const struct blocks_place *place, struct diag *d)
{
    char path[SNAPSHOT_PATH_BYTES];
    uint8_t text[PLACE_BYTES];
    struct hash hash;
    be32_put(text, place->full);
    be64_put(text + 4, place->block);
    be64_put(text + 12, place->skip);
    sha256_once(&hash, manifest.data, manifest.len);
    file_path(path, part, "blocks");
    return snapshot_write_file(path, seal, bytes_of(text, sizeof text),
                               bytes_of(hash.b, sizeof hash.b), d);
}

enum err snapshot_read_place(const char *of, const struct seal *seal, struct bytes manifest,
                             struct blocks_place *out)
{
    char path[SNAPSHOT_PATH_BYTES];
    struct buf text = {0};
    struct hash hash;
    sha256_once(&hash, manifest.data, manifest.len);
    file_path(path, of, "blocks");
    enum err e = snapshot_read_file(path, seal, bytes_of(hash.b, sizeof hash.b), &text);
    if (e == E_OK && text.len != PLACE_BYTES)
        e = E_CORRUPT;
    if (e == E_OK)
        *out = (struct blocks_place){be32_get(text.data), be64_get(text.data + 4),
                                     be64_get(text.data + 12)};
    buf_free(&text);
    return e;
}

/* --- directories ------------------------------------------------------------------------------ */

/* number_of_name reads "NUMBER", or "NUMBER.part" when `part`. */
static bool number_of_name(const char *name, bool part, uint64_t *out)
{
    char again[64], *end;
    if (name[0] < '0' || name[0] > '9')
        return false;
    errno = 0;
    *out = strtoull(name, &end, 10);
    snprintf(again, sizeof again, "%" PRIu64 "%s", *out, part ? PART : "");
    return errno == 0 && strcmp(again, name) == 0;
}

static int compare_numbers(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

enum err snapshot_numbers(const char *dir, bool parts, uint64_t **out, size_t *count_out)
{
    struct buf found = {0};
    uint64_t number;
    *out = NULL;
    *count_out = 0;
    DIR *at = opendir(dir);
    if (!at)
        return errno == ENOENT ? E_OK : E_IO;
    for (struct dirent *entry; (entry = readdir(at)) != NULL;)
        if (number_of_name(entry->d_name, parts, &number))
            buf_put(&found, &number, sizeof number);
    closedir(at);
    *count_out = found.len / sizeof number;
    if (*count_out)
        *out = mem_dup(found.data, found.len);
    buf_free(&found);
    if (*count_out)
        qsort(*out, *count_out, sizeof **out, compare_numbers);
    return E_OK;
}

void snapshot_remove_part(const char *part)
{
    char path[SNAPSHOT_PATH_BYTES];
    DIR *at = opendir(part);
    if (!at)
        return;
    for (struct dirent *entry; (entry = readdir(at)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            strlen(entry->d_name) < 40) { /* none of ours is longer */
            file_path(path, part, entry->d_name);
            unlink(path);
        }
    closedir(at);
    rmdir(part);
}

/* Renamed first: half removed it must not look complete. */
static void remove_whole(const char *dir, uint64_t number)
{
    char whole[SNAPSHOT_PATH_BYTES], part[SNAPSHOT_PATH_BYTES];
    snapshot_path(whole, dir, number, false);
    snapshot_path(part, dir, number, true);
    snapshot_remove_part(part);
    if (rename(whole, part) == 0)
        snapshot_remove_part(part);
}

/* --- for others ------------------------------------------------------------------------------- */

enum err snapshot_list(const struct store *store, const char *dir, struct arena *a,
                       struct snapshot_info **out, size_t *count_out)
{
    uint64_t *numbers;
    size_t found, count = 0;
    struct seal seal;
    struct buf text = {0};
    struct manifest m;
    TRY(snapshot_numbers(dir, false, &numbers, &found));
    struct snapshot_info *list = arena_alloc(a, (found + 1) * sizeof *list);
    snapshot_seal(store, &seal);
    for (size_t i = found; i-- > 0;) {
        buf_clear(&text);
        if (snapshot_load_manifest(dir, numbers[i], &seal, &text, &m) != E_OK)
            continue;
        struct snapshot_info *info = &list[count++];
        info->number = numbers[i];
        info->chunks = m.chunk_count;
        info->manifest = bytes_of(arena_dup(a, text.data, text.len), text.len);
        sha256_once(&info->hash, text.data, text.len);
    }
    seal_wipe(&seal);
    buf_free(&text);
    mem_free(numbers);
    *out = list;
    *count_out = count;
    return E_OK;
}

enum err snapshot_load_chunk(const struct store *store, const char *dir, uint64_t number,
                             uint32_t index, struct buf *out)
{
    char of[SNAPSHOT_PATH_BYTES], path[SNAPSHOT_PATH_BYTES];
    struct buf text = {0};
    struct manifest m;
    struct seal seal;
    snapshot_seal(store, &seal);
    enum err e = snapshot_load_manifest(dir, number, &seal, &text, &m);
    if (e == E_OK && index >= m.chunk_count)
        e = E_NOT_FOUND;
    if (e == E_OK) {
        struct hash hash = manifest_chunk_hash(&m, index);
        snapshot_path(of, dir, number, false);
        snapshot_chunk_path(path, of, index);
        e = snapshot_read_file(path, &seal, bytes_of(hash.b, sizeof hash.b), out);
    }
    seal_wipe(&seal);
    buf_free(&text);
    return e;
}

enum err snapshot_prune(const char *dir, size_t keep, struct diag *d)
{
    uint64_t *numbers;
    size_t count;
    errno = 0;
    if (snapshot_numbers(dir, true, &numbers, &count) != E_OK)
        return dir_error(d, dir);
    char part[SNAPSHOT_PATH_BYTES];
    for (size_t i = 0; i < count; i++) {
        snapshot_path(part, dir, numbers[i], true);
        snapshot_remove_part(part);
    }
    mem_free(numbers);
    if (snapshot_numbers(dir, false, &numbers, &count) != E_OK)
        return dir_error(d, dir);
    for (size_t i = 0; i + keep < count; i++)
        remove_whole(dir, numbers[i]);
    mem_free(numbers);
    return E_OK;
}
