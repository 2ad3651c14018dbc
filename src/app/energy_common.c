/* energy_common: see energy_common.h. */
#include "app/energy_common.h"

#include <stdio.h>

int energy_problems(const struct cli *cli, enum err e, struct problems *p, const struct diag *d)
{
    if (p->count > 1 && !cli->json) {
        fwrite(p->text.data, 1, p->text.len, stderr);
        if (p->count > PROBLEMS_SHOWN_MAX)
            fprintf(stderr, T("... and %zu more\n", "... et %zu autres\n"),
                    p->count - PROBLEMS_SHOWN_MAX);
    }
    struct diag own = {0};
    if (p->count && !(d && d->text[0])) {
        problems_end(p, &own);
        d = &own;
    }
    problems_free(p);
    return cli_fail(cli, e, d);
}

enum err energy_load_dataset(struct cli *cli, struct dataset *out, struct problems *p,
                             struct diag *d)
{
    const char *dir = cli_get(cli, "data");
    const char *operation = cli_get(cli, "operation");
    const char *consumption = cli_get(cli, "consumption");
    const char *production = cli_get(cli, "production");
    if (dir && !operation && !consumption && !production)
        return dataset_read_dir(out, dir, p, d);
    if (dir || !operation || !consumption || !production)
        return diag_set(d, E_USAGE,
                        T("give --data DIR, or --operation, --consumption and --production",
                          "donnez --data DOSSIER, ou --operation, --consumption et --production"));
    return dataset_read(out, operation, consumption, production, p, d);
}

static char *next_text(void)
{
    static char ring[16][48];
    static unsigned at;
    return ring[at++ % 16];
}

const char *text_cents(uint64_t cents)
{
    char *out = next_text();
    snprintf(out, 48, "%llu%c%02llu", (unsigned long long)(cents / 100), T('.', ','),
             (unsigned long long)(cents % 100));
    return out;
}

const char *text_percent_bp(uint64_t bp)
{
    char *out = next_text();
    snprintf(out, 48, "%llu%c%02llu %%", (unsigned long long)(bp / 100), T('.', ','),
             (unsigned long long)(bp % 100));
    return out;
}

const char *text_grouped(uint64_t v)
{
    char digits[24];
    char *out = next_text(), *p = out;
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)v);
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            *p++ = ' ';
        *p++ = digits[i];
    }
    *p = 0;
    return out;
}

uint64_t ratio_bp(uint64_t part, uint64_t whole)
{
    if (part > UINT64_MAX / 10000) /* beyond any operation; keep the ratio, lose digits */
        return whole / 10000 ? part / (whole / 10000) : 0;
    return whole ? part * 10000 / whole : 0;
}
