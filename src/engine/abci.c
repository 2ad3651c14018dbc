#include "engine/abci.h"

#include "base/lang.h"
#include "base/limits.h"
#include "engine/abci_internal.h"

/* A message is one field: its number says the kind, its bytes are the kind's own message. */

const char *abci_kind_name(enum abci_kind kind)
{
    bool known = (unsigned)kind < ABCI_KIND_COUNT && ABCI_LAYOUTS[kind].name;
    return known ? ABCI_LAYOUTS[kind].name : "unknown";
}

static const struct pb_layout *layout_of(bool request, uint32_t kind)
{
    if (kind >= ABCI_KIND_COUNT)
        return NULL;
    return request ? ABCI_LAYOUTS[kind].request : ABCI_LAYOUTS[kind].response;
}

/* A response has the number after its request's. */
static uint32_t number_of(bool request, enum abci_kind kind)
{
    return (uint32_t)kind + (request ? 0 : 1);
}

static enum err read_envelope(bool request, struct bytes message, struct pb_field *out,
                              struct diag *d)
{
    const char *what =
        request ? T("ABCI request", "requête ABCI") : T("ABCI response", "réponse ABCI");
    if (message.len > LIMIT_ABCI_MESSAGE_BYTES)
        return diag_set(d, E_TOO_LARGE,
                        T("%s of %zu bytes: more than %u", //
                          "%s de %zu octets : plus de %u"),
                        what, message.len, LIMIT_ABCI_MESSAGE_BYTES);
    struct pb r = pb_reader(message);
    struct pb_field f;
    if (pb_next(&r, &f) != E_OK || !pb_at_end(&r))
        return diag_set(d, E_PROTOBUF, T("%s: not one message", "%s : pas un message seul"), what);
    uint32_t kind = request ? f.number : f.number - 1;
    if (!layout_of(request, kind))
        return diag_set(d, E_UNSUPPORTED,
                        T("%s: kind %u is not known", //
                          "%s : la sorte %u n'est pas connue"),
                        what, f.number);
    if (f.wire != PB_BYTES)
        return diag_set(d, E_PROTOBUF, "%s %s: %s", what, abci_kind_name((enum abci_kind)kind),
                        err_text(E_PROTOBUF));
    *out = f;
    return E_OK;
}

enum err abci_request_decode(struct arena *a, struct abci_request *out, struct bytes message,
                             struct diag *d)
{
    struct pb_field f;
    struct abci_request request;
    memset(&request, 0, sizeof request);
    TRY(read_envelope(true, message, &f, d));
    request.kind = (enum abci_kind)f.number;
    TRY(pb_decode(a, &request.echo, layout_of(true, request.kind), f.bytes, d));
    *out = request;
    return E_OK;
}

enum err abci_response_decode(struct arena *a, struct abci_response *out, struct bytes message,
                              struct diag *d)
{
    struct pb_field f;
    struct abci_response response;
    memset(&response, 0, sizeof response);
    TRY(read_envelope(false, message, &f, d));
    response.kind = (enum abci_kind)(f.number - 1);
    TRY(pb_decode(a, &response.exception, layout_of(false, response.kind), f.bytes, d));
    *out = response;
    return E_OK;
}

static void encode(struct buf *out, bool request, bool framed, enum abci_kind kind,
                   const void *value)
{
    const struct pb_layout *layout = layout_of(request, kind);
    ASSERT(layout);
    uint32_t number = number_of(request, kind);
    size_t size = pb_size(layout, value), whole = pb_bytes_size(number, size);
    ASSERT(whole <= LIMIT_ABCI_MESSAGE_BYTES);
    buf_reserve(out, whole + PB_VARINT_BYTES);
    if (framed)
        pb_put_varint(out, whole);
    pb_put_bytes_header(out, number, size);
    pb_encode(out, layout, value);
}

void abci_request_encode(struct buf *out, const struct abci_request *request)
{
    encode(out, true, false, request->kind, &request->echo);
}

void abci_response_encode(struct buf *out, const struct abci_response *response)
{
    encode(out, false, false, response->kind, &response->exception);
}

void abci_request_frame(struct buf *out, const struct abci_request *request)
{
    encode(out, true, true, request->kind, &request->echo);
}

void abci_response_frame(struct buf *out, const struct abci_response *response)
{
    encode(out, false, true, response->kind, &response->exception);
}
