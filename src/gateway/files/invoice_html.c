/* invoice_html: see invoice_html.h. */
#include "gateway/files/invoice_html.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "gateway/files/civil.h"

static const char STYLE[] =
    "@page{size:A4;margin:18mm 16mm}"
    "*{box-sizing:border-box}"
    "body{margin:0;background:#eef0f2;color:#1a1d21;"
    "font:10.5pt/1.45 'Liberation Sans','DejaVu Sans',Arial,sans-serif}"
    ".page{background:#fff;width:210mm;min-height:290mm;margin:8mm auto;padding:18mm 16mm;"
    "display:flex;flex-direction:column;box-shadow:0 1px 6px rgba(0,0,0,.18)}"
    "header{display:flex;justify-content:space-between;gap:12mm;border-bottom:2px solid #1f6f54;"
    "padding-bottom:6mm}"
    "h1{font-size:20pt;margin:0;color:#1f6f54;font-weight:600}"
    "h2{font-size:8.5pt;margin:0 0 1mm;color:#5c656e;text-transform:uppercase;"
    "letter-spacing:.06em;font-weight:600}"
    ".facts{text-align:right}.facts td{padding:0 0 0 5mm;white-space:nowrap}.facts "
    "td:first-child{color:#5c656e}"
    ".parties{display:grid;grid-template-columns:1fr 1fr;gap:12mm;margin:8mm 0}"
    ".parties p{margin:0;white-space:pre-line}"
    "table{border-collapse:collapse}"
    ".lines{width:100%;margin-top:2mm}"
    ".lines th{font-size:8.5pt;text-align:right;color:#5c656e;border-bottom:1px solid #1f6f54;"
    "padding:1.5mm 1.5mm;font-weight:600;vertical-align:bottom}"
    ".lines td{text-align:right;padding:1.8mm 1.5mm;border-bottom:1px solid #dfe3e6;"
    "font-variant-numeric:tabular-nums;white-space:nowrap}"
    ".lines th:first-child,.lines td:first-child{text-align:left;padding-left:0;white-space:normal}"
    ".lines th:last-child,.lines td:last-child{padding-right:0}"
    ".lines small{display:block;color:#5c656e}"
    ".totals{margin:6mm 0 0 auto;min-width:80mm}"
    ".totals td{padding:1.2mm 0 1.2mm 8mm;text-align:right;font-variant-numeric:tabular-nums}"
    ".totals td:first-child{text-align:left;padding-left:0;color:#5c656e}"
    ".totals .sum td{border-top:1px solid #1f6f54;font-weight:700;font-size:12.5pt;color:#1a1d21}"
    ".paid{color:#1f6f54}"
    "footer{margin-top:auto;padding-top:8mm;font-size:8.5pt;color:#5c656e}"
    "footer p{margin:0 0 1.5mm}"
    "@media print{body{background:#fff}.page{width:auto;min-height:258mm;margin:0;padding:0;"
    "box-shadow:none;break-after:page}.page:last-child{break-after:auto}}"
    "@media (max-width:800px){.page{width:auto;margin:0;padding:6mm}}";

static void put_escaped(struct buf *out, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '<':
            buf_puts(out, "&lt;");
            break;
        case '>':
            buf_puts(out, "&gt;");
            break;
        case '&':
            buf_puts(out, "&amp;");
            break;
        case '"':
            buf_puts(out, "&quot;");
            break;
        case '\'':
            buf_puts(out, "&#39;");
            break;
        default:
            buf_put_u8(out, (uint8_t)*text);
        }
    }
}

/* 1234567 cents as "12 345,67" or "12,345.67"; decimals digits after the mark. */
static void put_decimal(struct buf *out, int64_t value, unsigned decimals)
{
    char digits[24];
    uint64_t v = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    int len = snprintf(digits, sizeof digits, "%0*" PRIu64, (int)decimals + 1, v);
    int whole = len - (int)decimals;
    if (value < 0)
        buf_puts(out, "\xe2\x88\x92"); /* the minus sign */
    for (int i = 0; i < len; i++) {
        if (i == whole)
            buf_puts(out, T(".", ","));
        else if (i && i < whole && (whole - i) % 3 == 0)
            buf_puts(out, T(",", "\xe2\x80\xaf")); /* narrow no-break space */
        buf_put_u8(out, (uint8_t)digits[i]);
    }
}

static void put_euros(struct buf *out, int64_t cents)
{
    if (lang_current == LANG_EN)
        buf_puts(out, "€");
    put_decimal(out, cents, 2);
    if (lang_current == LANG_FR)
        buf_puts(out, "\xc2\xa0€");
}

static void put_date(struct buf *out, int64_t unix_s)
{
    struct date_time c = civil_from_unix(unix_s + paris_offset_s(unix_s));
    if (lang_current == LANG_FR)
        buf_putf(out, "%02u/%02u/%04u", c.day, c.month, c.year);
    else
        buf_putf(out, "%04u-%02u-%02u", c.year, c.month, c.day);
}

static void put_month(struct buf *out, uint32_t month)
{
    static const char *const EN[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};
    static const char *const FR[] = {"janvier",   "février", "mars",     "avril",
                                     "mai",       "juin",    "juillet",  "août",
                                     "septembre", "octobre", "novembre", "décembre"};
    buf_putf(out, "%s %u", T(EN[month % 12], FR[month % 12]), month / 12);
}

static void put_party(struct buf *out, const char *title, const struct district_party *p,
                      const char *otherwise)
{
    buf_putf(out, "<div><h2>%s</h2><p><strong>", title);
    put_escaped(out, p->name[0] ? p->name : otherwise);
    buf_puts(out, "</strong>");
    if (p->address[0]) {
        buf_put_u8(out, '\n');
        put_escaped(out, p->address);
    }
    if (p->siret[0]) {
        buf_puts(out, "\nSIRET ");
        put_escaped(out, p->siret);
    }
    if (p->vat_number[0]) {
        buf_putf(out, "\n%s ", T("VAT number", "N° de TVA"));
        put_escaped(out, p->vat_number);
    }
    buf_puts(out, "</p>");
}

void html_begin(struct buf *out, const char *title)
{
    buf_putf(out,
             "<!DOCTYPE html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\">"
             "<meta name=\"viewport\" content=\"width=device-width\"><title>",
             T("en", "fr"));
    put_escaped(out, title);
    buf_putf(out, "</title><style>%s</style></head><body>\n", STYLE);
}

void html_end(struct buf *out)
{
    buf_puts(out, "</body></html>\n");
}

static void put_head(struct buf *out, const struct html_invoice *i)
{
    buf_putf(out, "<header><div><h1>%s</h1>%s<br>", T("Invoice", "Facture"),
             T("Local electricity shared in collective self-consumption",
               "Électricité locale partagée en autoconsommation collective"));
    put_escaped(out, i->operation);
    buf_putf(out, "</div><table class=\"facts\"><tr><td>%s</td><td><strong>",
             T("Number", "Numéro"));
    put_escaped(out, i->number);
    buf_putf(out, "</strong></td></tr><tr><td>%s</td><td>", T("Date of issue", "Date d'émission"));
    put_date(out, i->issued_s);
    buf_putf(out, "</td></tr><tr><td>%s</td><td>", T("Delivered in", "Fourniture de"));
    put_month(out, i->month);
    buf_putf(out, "</td></tr><tr><td>%s</td><td>", T("Due", "Échéance"));
    put_date(out, i->due_s);
    buf_puts(out, "</td></tr></table></header>\n<section class=\"parties\">");
    put_party(out, T("Issued by, on behalf of the producers", "Émise par, au nom des producteurs"),
              &i->organiser,
              T("organiser not named: fill `organiser` in operation.json",
                "organisateur non nommé : remplir `organiser` dans operation.json"));
    buf_puts(out, "</div>");
    put_party(out, T("Customer", "Client"), &i->consumer, i->consumer_id);
    buf_putf(out, "<p>%s ", T("Delivery point", "Point de livraison"));
    put_escaped(out, i->consumer_prm[0] ? i->consumer_prm : i->consumer_id);
    buf_puts(out, "</p></div></section>\n");
}

static void put_line(struct buf *out, const struct html_invoice *i, const struct html_line *l)
{
    buf_puts(out, "<tr><td>");
    put_escaped(out, l->producer.name[0] ? l->producer.name : l->producer_id);
    if (l->of_month != i->month) {
        buf_putf(out, "<small>%s ", T("correction of", "rectification de"));
        put_month(out, l->of_month);
        buf_puts(out, "</small>");
    } else if (l->producer.siret[0]) {
        buf_puts(out, "<small>SIRET ");
        put_escaped(out, l->producer.siret);
        buf_puts(out, "</small>");
    }
    buf_puts(out, "</td><td>");
    put_decimal(out, l->energy_wh, 3); /* kWh */
    buf_puts(out, "</td><td>");
    put_decimal(out, (int64_t)l->price_microeur_kwh, 6);
    buf_puts(out, "</td><td>");
    put_euros(out, l->ht_cents);
    buf_puts(out, "</td><td>");
    put_decimal(out, l->vat_ppm / 1000, 1);
    buf_puts(out, "\xc2\xa0%</td><td>");
    put_euros(out, l->vat_cents);
    buf_puts(out, "</td><td>");
    put_euros(out, l->ht_cents + l->vat_cents);
    buf_puts(out, "</td></tr>\n");
}

static void put_total(struct buf *out, const char *class, const char *name, int64_t cents)
{
    buf_putf(out, "<tr class=\"%s\"><td>%s</td><td>", class, name);
    put_euros(out, cents);
    buf_puts(out, "</td></tr>\n");
}

/* VAT per rate: a rate once, in the order of its first line. */
static void put_vat_totals(struct buf *out, const struct html_invoice *i)
{
    for (size_t k = 0; k < i->lines; k++) {
        int64_t vat = 0;
        bool first = true;
        for (size_t n = 0; n < i->lines; n++) {
            if (i->line[n].vat_ppm != i->line[k].vat_ppm)
                continue;
            first &= n >= k;
            vat += i->line[n].vat_cents;
        }
        if (!first)
            continue;
        buf_putf(out, "<tr><td>%s ", T("VAT", "TVA"));
        put_decimal(out, i->line[k].vat_ppm / 1000, 1);
        buf_puts(out, "\xc2\xa0%</td><td>");
        put_euros(out, vat);
        buf_puts(out, "</td></tr>\n");
    }
}

static void put_totals(struct buf *out, const struct html_invoice *i)
{
    int64_t ht = 0, vat = 0;
    for (size_t k = 0; k < i->lines; k++) {
        ht += i->line[k].ht_cents;
        vat += i->line[k].vat_cents;
    }
    buf_puts(out, "<table class=\"totals\">");
    put_total(out, "", T("Total before tax", "Total HT"), ht);
    put_vat_totals(out, i);
    put_total(out, "sum", T("Total with tax", "Total TTC"), ht + vat);
    put_total(out, "paid", T("Paid in the city currency", "Payé en monnaie de la ville"),
              (int64_t)i->paid_cents);
    put_total(out, "", T("Remaining due", "Reste à payer"), ht + vat - (int64_t)i->paid_cents);
    buf_puts(out, "</table>\n");
}

static void put_foot(struct buf *out, const struct html_invoice *i)
{
    bool without_vat = false;
    for (size_t k = 0; k < i->lines; k++)
        without_vat |= i->line[k].vat_ppm == 0;
    buf_puts(out, "<footer>");
    if (without_vat)
        buf_putf(out, "<p>%s</p>",
                 T("Lines without VAT: VAT not applicable, article 293 B of the CGI.",
                   "Lignes sans TVA : TVA non applicable, article 293 B du CGI."));
    buf_putf(
        out, "<p>%s</p><p>%s</p>",
        T("Invoice issued by the organiser in the name and on behalf of the producers (mandate, "
          "article 289 I-2 of the CGI). Your supplier bills the rest of your consumption and "
          "the grid tariff.",
          "Facture établie par l'organisateur au nom et pour le compte des producteurs (mandat, "
          "article 289 I-2 du CGI). Votre fournisseur facture le complément de votre "
          "consommation et l'acheminement."),
        T("No discount for early payment. Late payment, professionals only: three times the "
          "legal interest rate and a fixed 40 euro recovery charge (articles L441-10 and "
          "D441-5 of the commercial code).",
          "Pas d'escompte pour paiement anticipé. Retard de paiement, professionnels "
          "uniquement : trois fois le taux d'intérêt légal et indemnité forfaitaire de "
          "recouvrement de 40 euros (articles L441-10 et D441-5 du code de commerce)."));
    if (i->ledger_reference[0]) {
        buf_putf(out, "<p>%s ", T("On the ledger:", "Au registre :"));
        put_escaped(out, i->ledger_reference);
        buf_puts(out, "</p>");
    }
    buf_puts(out, "</footer>");
}

void html_invoice(struct buf *out, const struct html_invoice *i)
{
    buf_puts(out, "<article class=\"page\">\n");
    put_head(out, i);
    buf_putf(out,
             "<table class=\"lines\"><thead><tr><th>%s</th><th>%s</th><th>%s</th><th>%s</th>"
             "<th>%s</th><th>%s</th><th>%s</th></tr></thead><tbody>\n",
             T("Producer", "Producteur"), T("Energy<br>kWh", "Énergie<br>kWh"),
             T("Price<br>EUR/kWh", "Prix<br>EUR/kWh HT"), T("Before tax", "Montant HT"),
             T("VAT rate", "Taux TVA"), T("VAT", "TVA"), T("With tax", "Montant TTC"));
    for (size_t k = 0; k < i->lines; k++)
        put_line(out, i, &i->line[k]);
    buf_puts(out, "</tbody></table>\n");
    put_totals(out, i);
    put_foot(out, i);
    buf_puts(out, "</article>\n");
}
