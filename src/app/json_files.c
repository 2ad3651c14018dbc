#include "app/json_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/mem.h"

static void add_path(struct json_files *f, const char *path)
{
    if (f->count == f->cap) {
        f->cap = f->cap ? 2 * f->cap : 64;
        f->paths = mem_resize(f->paths, f->cap, sizeof *f->paths);
    }
    f->paths[f->count++] = mem_strdup(path);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_json(const char *name)
{
    size_t len = strlen(name);
    return len > 5 && strcmp(name + len - 5, ".json") == 0;
}

static enum err add_folder(struct json_files *f, const char *path, struct diag *d)
{
    DIR *dir = opendir(path);
    enum err e = E_OK;
    if (!dir)
        return diag_os(d, E_IO, path, errno);
    for (const struct dirent *entry; e == E_OK && (entry = readdir(dir));) {
        struct buf child = {0};
        struct stat st;
        if (entry->d_name[0] == '.')
            continue;
        buf_putf(&child, "%s/%s", path, entry->d_name);
        if (stat(buf_cstr(&child), &st) != 0)
            e = diag_os(d, E_IO, buf_cstr(&child), errno);
        else if (S_ISDIR(st.st_mode))
            e = add_folder(f, buf_cstr(&child), d);
        else if (is_json(entry->d_name))
            add_path(f, buf_cstr(&child));
        buf_free(&child);
    }
    closedir(dir);
    return e;
}

enum err json_files_add(struct json_files *f, const char *path, struct diag *d)
{
    struct stat st;
    size_t from = f->count;
    if (stat(path, &st) != 0)
        return diag_os(d, errno == ENOENT ? E_NOT_FOUND : E_IO, path, errno);
    if (!S_ISDIR(st.st_mode)) {
        add_path(f, path);
        return E_OK;
    }
    TRY(add_folder(f, path, d));
    qsort(f->paths + from, f->count - from, sizeof *f->paths, compare);
    return E_OK;
}

void json_files_free(struct json_files *f)
{
    for (size_t i = 0; i < f->count; i++)
        mem_free(f->paths[i]);
    mem_free(f->paths);
    *f = (struct json_files){0};
}
