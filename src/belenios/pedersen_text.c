/* pedersen_text: what members of a threshold group sign, and how it stands in trustees.json. */
#include "belenios/pedersen.h"

void bel_certificate_text(struct buf *out, const struct bel_context *c,
                          const struct bel_certificate *m)
{
    json_open(out, '{');
    json_put_key(out, "context");
    json_open(out, '{');
    json_put_key(out, "group");
    json_put_string(out, bel_version(1)->group);
    json_put_key(out, "size");
    json_put_u64(out, c->size);
    json_put_key(out, "threshold");
    json_put_u64(out, c->threshold);
    json_put_key(out, "index");
    json_put_u64(out, c->index);
    json_close(out, '}');
    json_put_key(out, "verification");
    bel_message_point_write(out, m->verification32);
    json_put_key(out, "encryption");
    bel_message_point_write(out, m->encryption32);
    json_close(out, '}');
}

static void put_coefficients(struct buf *out, const struct bel_context *c,
                             const struct bel_coefficients *m)
{
    json_put_key(out, "coefexps");
    json_open(out, '[');
    for (size_t d = 0; d < c->threshold; d++)
        bel_message_point_write(out, m->points32[d]);
    json_close(out, ']');
}

void bel_coefficients_text(struct buf *out, const struct bel_context *c,
                           const struct bel_coefficients *m)
{
    json_open(out, '{');
    put_coefficients(out, c, m);
    json_close(out, '}');
}

void bel_signed_write(struct buf *json, struct bytes text, const uint8_t proof[BEL_PROOF_BYTES])
{
    json_open(json, '{');
    json_put_key(json, "message");
    json_put_text(json, (const char *)text.data, text.len);
    json_put_key(json, "signature");
    bel_message_proof_write(json, proof);
    json_close(json, '}');
}

static void put_certificates(struct buf *json, const struct bel_context *group,
                             const struct bel_certificate *certificates)
{
    struct buf text = {0};
    struct bel_context c = *group;
    json_put_key(json, "certs");
    json_open(json, '[');
    for (c.index = 1; c.index <= c.size; c.index++) {
        buf_clear(&text);
        bel_certificate_text(&text, &c, &certificates[c.index - 1]);
        bel_signed_write(json, buf_view(&text), certificates[c.index - 1].signature);
    }
    json_close(json, ']');
    buf_free(&text);
}

void bel_certificates_text(struct buf *out, const struct bel_context *sender,
                           const struct bel_certificate *certificates,
                           const struct bel_coefficients *own)
{
    json_open(out, '{');
    put_certificates(out, sender, certificates);
    put_coefficients(out, sender, own);
    json_close(out, '}');
}

void bel_key_write(struct buf *json, const struct bel_key_message *m, const uint8_t *signature)
{
    json_open(json, '{');
    json_put_key(json, "pok");
    bel_message_proof_write(json, m->pok);
    json_put_key(json, "public_key");
    bel_message_point_write(json, m->key32);
    if (signature) {
        json_put_key(json, "signature");
        bel_message_proof_write(json, signature);
    }
    json_close(json, '}');
}

static void put_group(struct buf *json, const struct bel_entry *e)
{
    struct bel_context c = {.threshold = e->threshold, .size = e->size};
    struct buf text = {0};
    json_open(json, '{');
    json_put_key(json, "threshold");
    json_put_u64(json, e->threshold);
    put_certificates(json, &c, e->certificates);
    json_put_key(json, "coefexps");
    json_open(json, '[');
    for (size_t i = 0; i < e->size; i++) {
        buf_clear(&text);
        bel_coefficients_text(&text, &c, &e->coefficients[i]);
        bel_signed_write(json, buf_view(&text), e->coefficients[i].signature);
    }
    json_close(json, ']');
    json_put_key(json, "signatures");
    json_open(json, '[');
    for (size_t i = 0; i < e->size; i++)
        bel_message_proof_write(json, e->verifications[i].certs_signature);
    json_close(json, ']');
    json_put_key(json, "verification_keys");
    json_open(json, '[');
    for (size_t i = 0; i < e->size; i++)
        bel_key_write(json, &e->verifications[i].key, e->verifications[i].key_signature);
    json_close(json, ']');
    json_close(json, '}');
    buf_free(&text);
}

void bel_trustees_write(struct buf *json, const struct bel_entry *entries, size_t count)
{
    json_open(json, '[');
    for (size_t i = 0; i < count; i++) {
        json_open(json, '[');
        json_put_string(json, entries[i].threshold ? "Pedersen" : "Single");
        if (entries[i].threshold)
            put_group(json, &entries[i]);
        else
            bel_key_write(json, &entries[i].single, NULL);
        json_close(json, ']');
    }
    json_close(json, ']');
}
