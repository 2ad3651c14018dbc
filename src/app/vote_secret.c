/* vote_secret: see vote_secret.h; and `parvis vote seed`. */
#include "app/vote_secret.h"

#include <stdio.h>
#include <unistd.h>

#include "app/vote_commands.h"
#include "crypto/edwards/edwards_secret.h"

#define SECRET_FILE_BYTES 4096u

void vote_wipe(void *secret, size_t len)
{
    ed_secret_wipe(secret, len);
}

static enum err read_input(struct buf *out, size_t max_bytes, struct diag *d)
{
    uint8_t chunk[4096];
    size_t n;
    while ((n = fread(chunk, 1, sizeof chunk, stdin)) > 0) {
        buf_put(out, chunk, n);
        ed_secret_wipe(chunk, n);
        if (out->len > max_bytes)
            return diag_set(
                d, E_TOO_LARGE,
                T("standard input: larger than %zu bytes", "entrée standard : plus de %zu octets"),
                max_bytes);
    }
    return E_OK;
}

enum err vote_input_read(struct buf *out, const char *path, size_t max_bytes, struct diag *d)
{
    return strcmp(path, "-") == 0 ? read_input(out, max_bytes, d)
                                  : file_read(out, path, max_bytes, d);
}

/* The text of a secrets file: its first line, or the one string of a JSON text. */
static void only_text(struct buf *text)
{
    struct json *j = NULL;
    const char *inside = NULL;
    size_t len = 0;
    if (text->len && (text->data[0] == '{' || text->data[0] == '"') &&
        json_parse(&j, buf_view(text), NULL) == E_OK)
        inside = json_text(json_is_object(j) && json_count(j) == 1 ? json_first(j) : j);
    if (inside) {
        len = strlen(inside);
        memcpy(text->data, inside, len); /* it is a part of the text */
    } else {
        while (len < text->len && text->data[len] != '\n' && text->data[len] != '\r')
            len++;
    }
    json_free(j);
    ed_secret_wipe(text->data + len, text->len - len);
    text->len = len;
}

static enum err read_secret(char *out, size_t chars, bool (*holds)(const char *text),
                            const char *path, const char *wrong, struct diag *d)
{
    struct buf text = {0};
    buf_reserve(&text, SECRET_FILE_BYTES + 4096);
    enum err e = vote_input_read(&text, path, SECRET_FILE_BYTES, d);
    if (e == E_OK) {
        only_text(&text);
        if (text.len == chars && holds(buf_cstr(&text)))
            memcpy(out, text.data, chars + 1);
        else
            e = diag_set(d, E_KEY, "%s: %s", path, wrong);
    }
    ed_secret_wipe(text.data, text.cap);
    buf_free(&text);
    return e;
}

enum err vote_credential_read(char out[BEL_CREDENTIAL_CHARS + 1], const char *path, struct diag *d)
{
    return read_secret(out, BEL_CREDENTIAL_CHARS, bel_credential_is_well_formed, path,
                       T("no voting code, which is written XXXXX-XXXXXX-XXXXX-XXXXXX",
                         "pas un code de vote, qui s'écrit XXXXX-XXXXXX-XXXXX-XXXXXX"),
                       d);
}

static bool is_seed(const char *text)
{
    return bel_is_base58(text, strlen(text));
}

enum err vote_seed_read(char out[BEL_SEED_CHARS + 1], const char *path, struct diag *d)
{
    return read_secret(out, BEL_SEED_CHARS, is_seed, path,
                       T("no trustee's seed, which is 22 letters and digits; `parvis vote seed` "
                         "makes one",
                         "pas une graine de dépositaire, qui est de 22 lettres et chiffres ; "
                         "`parvis vote seed` en fait une"),
                       d);
}

/* --- vote seed ---------------------------------------------------------------------------------
 */

const struct cli_option VOTE_SEED_OPTIONS[] = {
    {"out", "FILE", "new file, mode 0600", "nouveau fichier, mode 0600"},
    {0},
};

int vote_seed_run(struct cli *cli)
{
    struct diag d = {0};
    char seed[BEL_SEED_CHARS + 2];
    const char *out = cli_get(cli, "out");
    if (!out) {
        diag_set(&d, E_USAGE, T("--out FILE is needed", "--out FICHIER est nécessaire"));
        return cli_fail(cli, E_USAGE, &d);
    }
    bel_seed_new(seed);
    seed[BEL_SEED_CHARS] = '\n';
    seed[BEL_SEED_CHARS + 1] = 0;
    enum err e = file_write(out, bytes_of(seed, BEL_SEED_CHARS + 1), 0600, false, &d);
    ed_secret_wipe(seed, sizeof seed);
    if (e != E_OK)
        return cli_fail(cli, e, &d);
    if (!cli->quiet && !cli->json) {
        struct buf b = {0};
        buf_putf(&b,
                 T("%s: keep it secret and keep a copy: without it this trustee decrypts "
                   "nothing.\n",
                   "%s : gardez-la secrète et gardez-en une copie : sans elle ce dépositaire ne "
                   "déchiffre rien.\n"),
                 out);
        cli_print(&b);
        buf_free(&b);
    }
    return EXIT_OK;
}
