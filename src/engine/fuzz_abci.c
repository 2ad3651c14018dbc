/* Any bytes as a request and as a response: what is accepted can be written, and the bytes that are
 * written read as the same values. Memory is bounded by the message: an element of a list takes at
 * least two bytes of it. */
#include "codec/test_protobuf.h"
#include "engine/abci_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BYTES_PER_BYTE 64 /* of arena, at most, per byte of message */

static void check_request(struct bytes message, struct arena *a, struct buf *out)
{
    struct abci_request first, second;
    struct diag d = {""};
    enum err e = abci_request_decode(a, &first, message, &d);
    ASSERT((e == E_OK) == (d.text[0] == 0));
    ASSERT(a->used_bytes <= BYTES_PER_BYTE * message.len);
    if (e != E_OK)
        return;
    abci_request_encode(out, &first);
    ASSERT(abci_request_decode(a, &second, buf_view(out), NULL) == E_OK);
    ASSERT(first.kind == second.kind);
    ASSERT(pb_same(ABCI_LAYOUTS[first.kind].request, &first.echo, &second.echo));
}

static void check_response(struct bytes message, struct arena *a, struct buf *out)
{
    struct abci_response first, second;
    struct diag d = {""};
    enum err e = abci_response_decode(a, &first, message, &d);
    ASSERT((e == E_OK) == (d.text[0] == 0));
    ASSERT(a->used_bytes <= BYTES_PER_BYTE * message.len);
    if (e != E_OK)
        return;
    abci_response_encode(out, &first);
    ASSERT(abci_response_decode(a, &second, buf_view(out), NULL) == E_OK);
    ASSERT(first.kind == second.kind);
    ASSERT(pb_same(ABCI_LAYOUTS[first.kind].response, &first.exception, &second.exception));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct buf out = {0};
    check_request(bytes_of(data, size), &a, &out);
    arena_reset(&a);
    buf_clear(&out);
    check_response(bytes_of(data, size), &a, &out);
    arena_free(&a);
    buf_free(&out);
    return 0;
}
