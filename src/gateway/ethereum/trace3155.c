#include "gateway/ethereum/trace3155.h"

#include "codec/json.h"
#include "evm/opcode.h"

/* flush writes the line in hand. A step is held back until the next event: an instruction that
 * faults is told once, with its error. */
static void flush(struct trace3155 *t)
{
    fwrite(t->line.data, 1, t->line.len, t->file);
    buf_clear(&t->line);
}

static void put_step(struct trace3155 *t, const struct trace_step *step, const char *error_opt)
{
    struct buf *b = &t->line;
    buf_putf(b, "{\"pc\":%u,\"op\":%u,\"gas\":\"0x%llx\",\"gasCost\":\"0x%llx\"", step->pc,
             step->opcode, (unsigned long long)step->gas, (unsigned long long)step->gas_cost);
    if (t->memory && step->memory.len) {
        buf_puts(b, ",\"memory\":\"");
        buf_put_hex(b, step->memory.data, step->memory.len);
        buf_puts(b, "\"");
    }
    buf_putf(b, ",\"memSize\":%zu,\"stack\":[", step->memory.len);
    for (size_t i = 0; i < step->stack_count; i++) {
        if (i)
            buf_put_u8(b, ',');
        struct buf word = {0};
        json_put_quantity_u256(&word, step->stack[i]);
        buf_put(b, word.data, word.len);
        buf_free(&word);
    }
    buf_putf(b, "],\"depth\":%u,\"refund\":%lld,\"opName\":\"%s\"", step->frame->depth + 1,
             (long long)step->refund, opcode_name(step->opcode));
    if (error_opt) {
        json_put_key(b, "error");
        json_put_string(b, error_opt);
    }
    buf_puts(b, "}\n");
}

static void on_step(void *ctx, struct world *w, const struct trace_step *step)
{
    struct trace3155 *t = ctx;
    (void)w;
    flush(t);
    put_step(t, step, NULL);
    t->held_pc = step->pc;
    t->held_depth = step->frame->depth;
}

static void on_fault(void *ctx, struct world *w, const struct trace_step *step)
{
    struct trace3155 *t = ctx;
    (void)w;
    if (t->line.len && t->held_pc == step->pc && t->held_depth == step->frame->depth)
        buf_clear(&t->line);
    flush(t);
    put_step(t, step, frame_status_text(step->error));
    flush(t);
}

void trace3155_open(struct trace3155 *t, FILE *file, bool memory)
{
    *t = (struct trace3155){.file = file, .memory = memory};
    t->tracer = (struct tracer){.step = on_step, .fault = on_fault, .ctx = t};
}

void trace3155_close(struct trace3155 *t)
{
    flush(t);
    buf_free(&t->line);
}

void trace3155_end(struct trace3155 *t, struct bytes output, uint64_t gas_used, const char *error)
{
    struct buf *b = &t->line;
    char digits[3];
    flush(t);
    buf_puts(b, "{\"output\":\"");
    for (size_t i = 0; i < output.len; i++) {
        hex_encode(digits, output.data + i, 1);
        buf_puts(b, digits);
    }
    buf_putf(b, "\",\"gasUsed\":\"0x%llx\"", (unsigned long long)gas_used);
    if (error) {
        json_put_key(b, "error");
        json_put_string(b, error);
    }
    buf_puts(b, "}\n");
    flush(t);
}
