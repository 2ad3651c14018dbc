/* The organiser's sealed file, and the invoices that need it. */
#include "test.h"

#include <sys/stat.h>

#include "gateway/files/invoice_html.h"
#include "gateway/files/sample.h"

static const uint8_t KEY[32] = {1, 2, 3};

static bool file_contains(const char *path, const char *text)
{
    struct buf b = {0};
    uint8_t chunk[4096];
    size_t n;
    FILE *f = fopen(path, "rb");
    while (f && (n = fread(chunk, 1, sizeof chunk, f)) > 0)
        buf_put(&b, chunk, n);
    if (f)
        fclose(f);
    bool found = b.len && memmem(b.data, b.len, text, strlen(text)) != NULL;
    buf_free(&b);
    return found;
}

TEST(sealed_file_round_trip_and_erasure)
{
    struct dataset data;
    struct organiser o, back;
    struct diag d = {0};
    struct organiser_secret key = {.key32 = KEY};
    char path[512];
    snprintf(path, sizeof path, "%s/organiser.sealed", test_tmpdir());
    sample_generate(&data, 1);
    organiser_from_district(&o, &data.op);
    CHECK_INT(o.count, 44);
    o.has_operation = true;
    o.operation = 7;
    o.chain_id = 20260;
    REQUIRE(organiser_save(&o, path, key, &d) == E_OK);
    struct stat st;
    CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
    CHECK(!file_contains(path, "Foyer") && !file_contains(path, o.entry[5].id));
    REQUIRE(organiser_load(&back, path, key, &d) == E_OK);
    CHECK_INT(back.operation, 7);
    CHECK(back.count == o.count && memcmp(back.entry, o.entry, o.count * sizeof *o.entry) == 0);
    CHECK(organiser_by_pseudonym(&back, &o.entry[3].pseudonym) == &back.entry[3]);

    const char *victim = "C19-FOYER";
    REQUIRE(organiser_by_id(&back, victim) != NULL);
    struct hash pseudonym = organiser_by_id(&back, victim)->pseudonym;
    CHECK_ERR(organiser_erase(&back, victim), E_OK);
    CHECK_ERR(organiser_erase(&back, victim), E_NOT_FOUND);
    REQUIRE(organiser_save(&back, path, key, &d) == E_OK);
    organiser_free(&back);
    REQUIRE(organiser_load(&back, path, key, &d) == E_OK);
    struct organiser_entry *e = organiser_by_pseudonym(&back, &pseudonym);
    static const uint8_t zero[32];
    REQUIRE(e && e->erased);
    CHECK(!e->id[0] && !e->prm[0] && !e->holder.name[0]);
    CHECK(memcmp(e->salt, zero, 32) == 0 && memcmp(e->key32, zero, 32) == 0);
    organiser_free(&back);
    organiser_free(&o);
    dataset_free(&data);
}

TEST(sealed_file_refusals)
{
    struct dataset data;
    struct organiser o, back;
    struct diag d = {0};
    char path[512];
    uint8_t other[32] = {9};
    struct organiser_secret key = {.key32 = KEY}, wrong = {.key32 = other};
    struct organiser_secret phrase = {.passphrase = "clef des champs"}, empty = {.passphrase = ""};
    snprintf(path, sizeof path, "%s/organiser.sealed", test_tmpdir());
    CHECK_ERR(organiser_load(&back, path, key, &d), E_NOT_FOUND);
    sample_generate(&data, 1);
    organiser_from_district(&o, &data.op);
    CHECK_ERR(organiser_save(&o, path, empty, &d), E_KEY);
    CHECK_ERR(organiser_save(&o, "/nonexistent/x", key, &d), E_IO);
    REQUIRE(organiser_save(&o, path, phrase, &d) == E_OK);
    CHECK_ERR(organiser_load(&back, path, phrase, &d), E_OK);
    organiser_free(&back);
    CHECK_ERR(organiser_load(&back, path, key, &d), E_KEY);
    REQUIRE(organiser_save(&o, path, key, &d) == E_OK);
    CHECK_ERR(organiser_load(&back, path, wrong, &d), E_KEY);
    CHECK(strstr(d.text, "organiser.sealed") != NULL);
    /* a flipped bit anywhere after the name of the format */
    FILE *f = fopen(path, "r+b");
    REQUIRE(f != NULL);
    fseek(f, 25, SEEK_SET);
    int c = fgetc(f);
    fseek(f, 25, SEEK_SET);
    fputc(c ^ 1, f);
    fclose(f);
    CHECK_ERR(organiser_load(&back, path, key, &d), E_KEY);
    f = fopen(path, "wb");
    REQUIRE(f != NULL);
    fputs("{}", f);
    fclose(f);
    CHECK_ERR(organiser_load(&back, path, key, &d), E_VERSION);
    organiser_free(&o);
    dataset_free(&data);
}

static void make_page(struct buf *out)
{
    static const struct html_line LINES[] = {
        {.producer = {.name = "Toit <A> & fils", .siret = "12345678901234"},
         .of_month = 2025 * 12 + 5,
         .energy_wh = 1234567,
         .price_microeur_kwh = 110000,
         .vat_ppm = 200000,
         .ht_cents = 13580,
         .vat_cents = 2716},
        {.producer_id = "P02",
         .of_month = 2025 * 12 + 4,
         .energy_wh = -1000,
         .price_microeur_kwh = 100000,
         .vat_ppm = 55000,
         .ht_cents = -10,
         .vat_cents = -1},
    };
    struct html_invoice i = {.number = "1-202506-0018",
                             .month = 2025 * 12 + 5,
                             .issued_s = 1751320800,
                             .due_s = 1753912800,
                             .operation = "OP",
                             .organiser = {.name = "Asso", .vat_number = "FR00123"},
                             .consumer = {.name = "\"Jo\"", .address = "1 rue\nLyon"},
                             .consumer_id = "C1",
                             .line = LINES,
                             .lines = 2,
                             .paid_cents = 16000,
                             .ledger_reference = "ref"};
    html_begin(out, "t");
    html_invoice(out, &i);
    html_end(out);
}

TEST(invoice_page_has_every_field)
{
    static const char *const FRENCH[] = {"<html lang=\"fr\">",
                                         "1-202506-0018",
                                         "01/07/2025",
                                         "juin 2025",
                                         "31/07/2025",
                                         "Toit &lt;A&gt; &amp; fils",
                                         "SIRET 12345678901234",
                                         "1\xe2\x80\xaf"
                                         "234,567",
                                         "0,110000",
                                         "135,80\xc2\xa0€",
                                         "20,0\xc2\xa0%",
                                         "5,5\xc2\xa0%",
                                         "rectification de mai 2025",
                                         "\xe2\x88\x92"
                                         "1,000",
                                         "Total HT",
                                         "135,70\xc2\xa0€",
                                         "162,85\xc2\xa0€",
                                         "160,00\xc2\xa0€",
                                         "2,85\xc2\xa0€",
                                         "&quot;Jo&quot;",
                                         "FR00123",
                                         "Point de livraison C1",
                                         "mandat",
                                         "40 euros"};
    static const char *const ENGLISH[] = {
        "<html lang=\"en\">",     "2025-07-01",       "June 2025",    "1,234.567", "€135.80",
        "correction of May 2025", "Total before tax", "Remaining due"};
    struct buf b = {0};
    enum lang before = lang_current;
    lang_current = LANG_FR;
    make_page(&b);
    for (size_t i = 0; i < sizeof FRENCH / sizeof FRENCH[0]; i++)
        if (!strstr(buf_cstr(&b), FRENCH[i]))
            test_fail(__FILE__, __LINE__, "not on the page: %s", FRENCH[i]);
    CHECK(strstr(buf_cstr(&b), "<A>") == NULL);
    buf_clear(&b);
    lang_current = LANG_EN;
    make_page(&b);
    for (size_t i = 0; i < sizeof ENGLISH / sizeof ENGLISH[0]; i++)
        if (!strstr(buf_cstr(&b), ENGLISH[i]))
            test_fail(__FILE__, __LINE__, "not on the page: %s", ENGLISH[i]);
    lang_current = before;
    buf_free(&b);
}
