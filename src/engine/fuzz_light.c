/* Fuzz target: a trust and a proof document, one a line. Whatever verifies must verify again from
 * the trust as it is written back, and what it moved the trust to must be readable. */
#include "engine/proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void again(struct arena *a, const struct light_trust *trust, const struct json *document,
                  struct light_time now)
{
    struct buf text = {0};
    struct json *j = NULL;
    struct light_trust back;
    struct proof_facts f;
    light_put_trust(&text, trust);
    ASSERT(json_parse(&j, buf_view(&text), NULL) == E_OK);
    ASSERT(light_read_trust(&back, a, j, NULL) == E_OK);
    ASSERT(!document || proof_verify(&f, a, &back, document, now, NULL) == E_OK);
    json_free(j);
    buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *line = size ? memchr(data, '\n', size) : NULL;
    struct json *trust_json = NULL, *document = NULL;
    struct arena a = {0};
    struct light_trust trust;
    struct proof_facts f;
    struct diag d = {0};
    size_t first = line ? (size_t)(line - data) : size;
    struct bytes rest = bytes_of(data + first, size - first);
    if (json_parse(&trust_json, bytes_of(data, first), &d) == E_OK &&
        json_parse(&document, rest, &d) == E_OK) {
        struct light_block b;
        if (light_read_trust(&trust, &a, trust_json, &d) == E_OK) {
            struct light_trust start = trust;
            struct light_time now = {trust.time.s + 3600, 0};
            if (proof_verify(&f, &a, &trust, document, now, &d) == E_OK) {
                again(&a, &start, document, now);
                again(&a, &trust, NULL, now);
            }
        }
        if (light_read_block(&b, &a, json_get(document, "block"), &d) == E_OK) {
            light_drop_bad_votes(&b);
            light_check(&b, &d);
        }
    }
    json_free(trust_json);
    json_free(document);
    arena_free(&a);
    return 0;
}
