/* Metering data in JSON, and an operation's description, on hostile bytes. */
#include "codec/json.h"
#include "gateway/files/district.h"
#include "gateway/files/meters.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_meters(struct bytes text)
{
    struct curve_set s = {0};
    struct problems p = {0};
    if (enedis_json_read(&s, "fuzz", text, CURVE_CONSUMPTION, &p) == E_OK &&
        curve_set_finish(&s, CURVE_LABEL_START, &p) == E_OK)
        for (size_t i = 0; i < s.count; i++)
            curve_resample(&s.curve[i], 3600, true, &p);
    curve_set_free(&s);
    problems_free(&p);
}

/* A description that is accepted is written and read back to the same text. */
static void read_district(struct bytes text)
{
    struct json *j = NULL;
    struct district o = {0}, again = {0};
    struct problems p = {0};
    struct buf one = {0}, two = {0};
    if (json_parse(&j, text, NULL) != E_OK)
        return;
    district_read_json(&o, "fuzz", j, &p);
    json_free(j);
    if (p.count == 0) {
        district_put_json(&one, &o);
        enum err e = json_parse(&j, buf_view(&one), NULL);
        ASSERT(e == E_OK);
        district_read_json(&again, "again", j, &p);
        district_put_json(&two, &again);
        ASSERT(p.count == 0 && bytes_eq(buf_view(&one), buf_view(&two)));
        json_free(j);
    }
    district_free(&o);
    district_free(&again);
    buf_free(&one);
    buf_free(&two);
    problems_free(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes text = bytes_of(data, size);
    read_meters(text);
    read_district(text);
    return 0;
}
