/* invoice_html: printable invoices, one A4 page per consumer and month, in French or English.
 *
 * The organiser invoices on behalf of the producers, under mandate (CGI art. 289 I-2), for the
 * energy allocated; supplier and grid tariff are billed elsewhere. Fields a French invoice carries
 * (CGI ann. II art. 242 nonies A, C. com. L441-9): number, dates, both parties with their
 * registration numbers, quantity, unit price, VAT rate and amount per line, totals per rate, terms
 * of payment. All text from outside is escaped. */
#ifndef PARVIS_GATEWAY_FILES_INVOICE_HTML_H
#define PARVIS_GATEWAY_FILES_INVOICE_HTML_H

#include "gateway/files/organiser.h"

struct html_line {
    struct district_party producer; /* name "": the text of producer_id */
    char producer_id[72];
    uint32_t of_month; /* calendar.h month number; another month than the invoice's: correction */
    int64_t energy_wh;
    uint64_t price_microeur_kwh;
    uint32_t vat_ppm;
    int64_t ht_cents, vat_cents;
};

struct html_invoice {
    char number[96];
    uint32_t month;   /* calendar.h month number */
    int64_t issued_s; /* UTC */
    int64_t due_s;
    char operation[64];
    struct district_party organiser;
    struct district_party consumer;
    char consumer_id[72];
    char consumer_prm[16];
    const struct html_line *line;
    size_t lines;
    uint64_t paid_cents;
    char ledger_reference[96]; /* how to check it: chain, operation, point */
};

void html_begin(struct buf *out, const char *title);
void html_invoice(struct buf *out, const struct html_invoice *i);
void html_end(struct buf *out);

#endif
