/* vote_hints: `parvis vote hints`: the file of hints beside an archive (belenios/hints.h). */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "app/json_members.h"
#include "app/mapped.h"
#include "app/vote_commands.h"
#include "belenios/hints.h"

const struct cli_option VOTE_HINTS_OPTIONS[] = {
    {"out", "FILE", "the file to write (default: FILE.bel.hints)",
     "fichier à écrire (défaut : FICHIER.bel.hints)"},
    {"force", NULL, "replaces the file if it is there", "remplace le fichier s'il existe"},
    {"threads", "N", "threads that compute (default: one per processor)",
     "fils qui calculent (défaut : un par processeur)"},
    {0},
};

/* The file on its way; it has its name only once it is whole. */
struct output {
    char path[4096], temporary[4104];
    int fd;
    uint64_t bytes;
};

static enum err failed(const struct output *o, struct diag *d)
{
    int code = errno;
    return diag_os(d, code == ENOSPC || code == EDQUOT ? E_DISK_FULL : E_IO, o->path, code);
}

static enum err output_open(struct output *o, const struct cli *cli, struct diag *d)
{
    const char *out = cli_get(cli, "out");
    int len = out ? snprintf(o->path, sizeof o->path, "%s", out)
                  : snprintf(o->path, sizeof o->path, "%s.hints", cli->args[0]);
    if (len < 0 || (size_t)len >= sizeof o->path)
        return diag_os(d, E_IO, out ? out : cli->args[0], ENAMETOOLONG);
    if (!cli_has(cli, "force") && access(o->path, F_OK) == 0)
        return diag_set(
            d, E_EXISTS,
            T("%s: already exists; --force replaces it", "%s : existe déjà ; --force le remplace"),
            o->path);
    snprintf(o->temporary, sizeof o->temporary, "%s.tmp", o->path);
    unlink(o->temporary);
    o->fd = open_new(o->temporary, 0644);
    return o->fd < 0 ? failed(o, d) : E_OK;
}

static enum err output_put(void *ctx, struct bytes piece, struct diag *d)
{
    struct output *o = ctx;
    for (size_t done = 0; done < piece.len;) {
        ssize_t n = write(o->fd, piece.data + done, piece.len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return failed(o, d);
        done += (size_t)n;
    }
    o->bytes += piece.len;
    return E_OK;
}

static enum err output_finish(struct output *o, struct diag *d)
{
    if (fsync(o->fd) != 0 || rename(o->temporary, o->path) != 0)
        return failed(o, d);
    close(o->fd);
    o->fd = -1;
    return E_OK;
}

static void output_end(struct output *o)
{
    if (o->fd < 0)
        return;
    close(o->fd);
    unlink(o->temporary);
}

static void print_end(const struct cli *cli, const struct output *o, uint64_t ballots)
{
    struct buf b = {0};
    if (cli->json) {
        json_open(&b, '{');
        json_put_text_member(&b, "file", o->path);
        json_put_u64_member(&b, "ballots", ballots);
        json_put_u64_member(&b, "bytes", o->bytes);
        json_close(&b, '}');
    } else {
        buf_putf(&b,
                 T("%s: hints of %llu ballots, %llu bytes\nUse it with `parvis vote verify %s "
                   "--hints %s`.\n",
                   "%s : indices de %llu bulletins, %llu octets\nÀ utiliser avec `parvis vote "
                   "verify %s --hints %s`.\n"),
                 o->path, (unsigned long long)ballots, (unsigned long long)o->bytes, cli->args[0],
                 o->path);
    }
    if (!cli->quiet || cli->json)
        cli_print(&b);
    buf_free(&b);
}

static enum err make(struct output *o, struct mapped *archive, struct cli *cli, uint64_t *ballots,
                     struct diag *d)
{
    uint64_t threads = 0;
    TRY(cli_get_u64(cli, "threads", 1, 256, &threads));
    TRY(file_map(archive, cli->args[0], d));
    TRY(output_open(o, cli, d));
    struct bel_verify_options options = {
        .threads = (unsigned)threads, .tick = cli_progress, .tick_ctx = cli};
    enum err e = bel_hints_file_make(archive->content, &options, output_put, o, ballots, d);
    cli_progress_end();
    if (e != E_OK && e != E_IO && e != E_DISK_FULL)
        return diag_wrap(d, e, "%s: ", cli->args[0]);
    return e == E_OK ? output_finish(o, d) : e;
}

int vote_hints_run(struct cli *cli)
{
    struct diag d = {0};
    struct output o = {.fd = -1};
    struct mapped archive = {0};
    uint64_t ballots = 0;
    enum err e = make(&o, &archive, cli, &ballots, &d);
    if (e == E_OK)
        print_end(cli, &o, ballots);
    output_end(&o);
    file_unmap(&archive);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}
