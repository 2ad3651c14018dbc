/* vote_sheets: `parvis vote sheets`: a printable page for every voter, with the credential, the
 * page's address and its QR code. The credential stands behind "#", which a browser never sends. */
#include <stdio.h>

#include "app/json_members.h"
#include "app/vote_commands.h"
#include "app/vote_ledger.h"
#include "app/vote_qr.h"
#include "app/vote_time.h"
#include "app/vote_voters.h"
#include "crypto/edwards/edwards_secret.h"
#include "crypto/sha256.h"

#define SHEETS_PER_FILE 500u
#define SHEET_BYTES 12288u
#define NAME_CHARS 64u /* of a login in a file's name */

const struct cli_option VOTE_SHEETS_OPTIONS[] = {
    {"credentials", "FILE", "credentials.json of `vote roll` (default voters-ID/credentials.json)",
     "credentials.json de `vote roll` (défaut voters-ID/credentials.json)"},
    {"url", "URL", "address of the node that voters reach (default: that of --rpc)",
     "adresse du nœud que les électeurs joignent (défaut : celle de --rpc)"},
    {"only", "LOGIN", "one voter's sheet, in sheet-LOGIN.html",
     "la feuille d'un seul électeur, dans sheet-LOGIN.html"},
    {"out", "DIR", "folder for sheets-1.html..., which are secret (default voters-ID)",
     "dossier de sheets-1.html..., qui sont secrets (défaut voters-ID)"},
    {0},
};

static const char STYLE[] =
    "@page{size:A4;margin:18mm 16mm}*{box-sizing:border-box}"
    "body{margin:0;background:#eef0f2;color:#1a1d21;"
    "font:12pt/1.5 'Liberation Sans','DejaVu Sans',Arial,sans-serif}"
    "section{background:#fff;width:210mm;min-height:290mm;margin:8mm auto;padding:18mm 16mm;"
    "break-after:page}"
    "section:last-child{break-after:auto}"
    "h1{font-size:20pt;margin:0 0 4mm;color:#1f4f6f}h2{font-size:13pt;margin:9mm 0 2mm}"
    ".to{white-space:pre-line;margin:0 0 8mm;min-height:25mm}"
    ".code{font:700 20pt/1.4 'Liberation Mono','DejaVu Sans Mono',monospace;border:2px solid "
    "#1f4f6f;border-radius:2mm;padding:4mm 6mm;display:inline-block;margin:0}"
    ".link{font:10pt/1.4 'Liberation Mono','DejaVu Sans Mono',monospace;overflow-wrap:anywhere}"
    ".qr{width:45mm;height:45mm;display:block}"
    ".two{display:grid;grid-template-columns:1fr 45mm;gap:8mm}"
    "footer{margin-top:10mm;font-size:10pt;color:#444b52}"
    "@media print{body{background:#fff}section{width:auto;min-height:0;margin:0;padding:0}}";

struct sheets {
    struct cli *cli;
    struct vote_consultation consultation;
    struct vote_voters voters;
    const char *url;
    struct buf out;
    size_t count, files;
};

static void put_escaped(struct buf *out, const char *text)
{
    static const char *const ENTITIES[] = {"<&lt;", ">&gt;", "&&amp;", "\"&quot;", "'&#39;"};
    for (; *text; text++) {
        size_t i = 0;
        while (i < 5 && ENTITIES[i][0] != *text)
            i++;
        if (i < 5)
            buf_puts(out, ENTITIES[i] + 1);
        else
            buf_put_u8(out, (uint8_t)*text);
    }
}

static void put_head(struct sheets *s)
{
    buf_putf(&s->out,
             "<!DOCTYPE html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\">"
             "<meta name=\"robots\" content=\"noindex\"><title>",
             T("en", "fr"));
    put_escaped(&s->out, s->consultation.name);
    buf_putf(&s->out, "</title><style>%s</style></head><body>\n", STYLE);
}

static void put_steps(struct sheets *s)
{
    buf_puts(&s->out, T("<h2>How to vote</h2><ol>"
                        "<li>Open the address, or photograph the square.</li>"
                        "<li>Choose. Your device encrypts your choice; nobody else sees it.</li>"
                        "<li>Keep the tracker that is shown at the end: with it you can see that "
                        "your ballot is in the urn.</li>"
                        "<li>You may vote again until the end: only your last ballot counts.</li>"
                        "</ol>",
                        "<h2>Comment voter</h2><ol>"
                        "<li>Ouvrez l'adresse, ou photographiez le carré.</li>"
                        "<li>Choisissez. Votre appareil chiffre votre choix ; personne d'autre ne "
                        "le voit.</li>"
                        "<li>Gardez le numéro de suivi affiché à la fin : avec lui vous vérifiez "
                        "que votre bulletin est dans l'urne.</li>"
                        "<li>Vous pouvez voter de nouveau jusqu'à la fin : seul votre dernier "
                        "bulletin compte.</li></ol>"));
}

static enum err put_sheet(struct sheets *s, const struct vote_voter *v)
{
    char link[1200];
    struct buf *b = &s->out;
    snprintf(link, sizeof link, "%s/vote/#%llu.%s", s->url, (unsigned long long)s->consultation.id,
             v->credential);
    buf_puts(b, "<section><h1>");
    put_escaped(b, s->consultation.name);
    buf_puts(b, "</h1><p class=\"to\">");
    put_escaped(b, v->name && v->name[0] ? v->name : v->login);
    if (v->address && v->address[0]) {
        buf_puts(b, "\n");
        put_escaped(b, v->address);
    }
    buf_putf(b, "</p><p>%s ", T("You can vote from", "Vous pouvez voter du"));
    vote_put_time(b, s->consultation.opens_s);
    buf_puts(b, T(" to ", " au "));
    vote_put_time(b, s->consultation.closes_s);
    buf_putf(b,
             ".</p><h2>%s</h2><p class=\"code\">%s</p><div class=\"two\"><div><h2>%s</h2><p "
             "class=\"link\">",
             T("Your secret voting code", "Votre code de vote secret"), v->credential,
             T("The address", "L'adresse"));
    put_escaped(b, link);
    buf_puts(b, "</p></div>");
    enum err e = vote_qr_put(b, link, T("the address as a QR code", "l'adresse en code QR"));
    buf_puts(b, "</div>");
    put_steps(s);
    buf_putf(
        b, "<footer>%s</footer></section>\n",
        T("Whoever has this code can vote in your place. Show it to nobody; destroy this sheet "
          "when the voting is over. If you lose it, tell the town hall.",
          "Qui détient ce code peut voter à votre place. Ne le montrez à personne ; détruisez "
          "cette feuille après le vote. En cas de perte, prévenez la mairie."));
    ed_secret_wipe(link, sizeof link);
    return e;
}

static bool is_wanted(const struct sheets *s, const struct vote_voter *v)
{
    const char *only = cli_get(s->cli, "only");
    return !only || strcmp(only, v->login) == 0;
}

/* The login in a file's name; of one that is not safe there, or long, what is, and a part of its
 * hash, so that no two voters share a file. */
static void put_login(char out[NAME_CHARS + 20], const char *login)
{
    size_t len = 0;
    bool whole = true;
    for (const char *at = login; *at; at++) {
        bool safe =
            strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_@+", *at);
        whole = whole && safe && len < NAME_CHARS;
        if (len < NAME_CHARS)
            out[len++] = safe ? *at : '_';
    }
    out[len] = 0;
    if (whole)
        return;
    struct hash h;
    sha256_once(&h, login, strlen(login));
    out[len++] = '-';
    hex_encode(out + len, h.b, 8);
}

static enum err write_file(struct sheets *s, struct diag *d)
{
    char path[4300], standard[40], login[NAME_CHARS + 20];
    const char *dir = cli_get(s->cli, "out"), *only = cli_get(s->cli, "only");
    snprintf(standard, sizeof standard, "voters-%llu", (unsigned long long)s->consultation.id);
    if (!dir)
        dir = standard;
    s->files++;
    if (only) {
        put_login(login, only);
        snprintf(path, sizeof path, "%s/sheet-%s.html", dir, login);
    } else {
        snprintf(path, sizeof path, "%s/sheets-%zu.html", dir, s->files);
    }
    buf_puts(&s->out, "</body></html>\n");
    enum err e = file_write(path, buf_view(&s->out), 0600, true, d);
    ed_secret_wipe(s->out.data, s->out.len);
    buf_clear(&s->out);
    return e;
}

static enum err put_sheets(struct sheets *s, struct diag *d)
{
    size_t in_file = 0;
    buf_reserve(&s->out, SHEETS_PER_FILE * SHEET_BYTES); /* no copies of secrets left behind */
    for (size_t i = 0; i < s->voters.count; i++) {
        if (!is_wanted(s, &s->voters.at[i]))
            continue;
        if (in_file == 0)
            put_head(s);
        if (put_sheet(s, &s->voters.at[i]) != E_OK)
            return diag_set(
                d, E_TOO_LARGE,
                T("--url %s: too long for a QR code", "--url %s : trop longue pour un code QR"),
                s->url);
        s->count++;
        if (++in_file == SHEETS_PER_FILE) {
            TRY(write_file(s, d));
            in_file = 0;
        }
        cli_progress(s->cli, T("sheets", "feuilles"), i + 1, s->voters.count);
    }
    cli_progress_end();
    if (s->count == 0)
        return diag_set(d, E_NOT_FOUND,
                        T("--only %s: no such voter", "--only %s : pas d'électeur de ce nom"),
                        cli_get(s->cli, "only"));
    return in_file ? write_file(s, d) : E_OK;
}

static enum err read_inputs(struct sheets *s, struct diag *d)
{
    char path[64];
    uint64_t id;
    struct vote_ledger l;
    const char *file = cli_get(s->cli, "credentials");
    TRY(vote_id(&id, s->cli->args[0], d));
    snprintf(path, sizeof path, "voters-%llu/credentials.json", (unsigned long long)id);
    TRY(vote_credentials_read(&s->voters, file ? file : path, d));
    s->url = cli_get(s->cli, "url") ? cli_get(s->cli, "url") : cli_rpc(s->cli);
    if (strlen(s->url) > 1000 ||
        (strncmp(s->url, "https://", 8) != 0 && strncmp(s->url, "http://", 7) != 0))
        return diag_set(d, E_USAGE,
                        T("--url %s: an address such as https://vote.example.org",
                          "--url %s : une adresse telle que https://vote.example.org"),
                        s->url);
    TRY(vote_ledger_open(&l, s->cli, d));
    enum err e = vote_consultation_get(&l, id, &s->consultation, d);
    if (e == E_OK)
        s->consultation.name = arena_strdup(&s->voters.arena, s->consultation.name);
    vote_ledger_close(&l);
    return e;
}

static void print_end(const struct sheets *s)
{
    struct buf b = {0};
    if (s->cli->json) {
        json_open(&b, '{');
        json_put_u64_member(&b, "sheets", s->count);
        json_put_u64_member(&b, "files", s->files);
        json_close(&b, '}');
    } else if (!s->cli->quiet) {
        buf_putf(&b,
                 T("%zu sheets in %zu files: print them, hand the sheets out, then destroy the "
                   "files.\n",
                   "%zu feuilles en %zu fichiers : imprimez-les, remettez les feuilles, puis "
                   "détruisez les fichiers.\n"),
                 s->count, s->files);
    }
    if (b.len)
        cli_print(&b);
    buf_free(&b);
}

int vote_sheets_run(struct cli *cli)
{
    struct diag d = {0};
    struct sheets s = {.cli = cli};
    struct problems p = {0};
    enum err e = vote_voters_read(&s.voters, cli->args[1], &p, &d);
    if (p.count > 1 && !cli->json)
        fprintf(stderr, "%s", buf_cstr(&p.text));
    problems_free(&p);
    if (e == E_OK)
        e = read_inputs(&s, &d);
    if (e == E_OK)
        e = put_sheets(&s, &d);
    if (e == E_OK)
        print_end(&s);
    if (s.out.data)
        ed_secret_wipe(s.out.data, s.out.cap);
    buf_free(&s.out);
    vote_voters_free(&s.voters);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}
