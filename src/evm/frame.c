#include "evm/frame.h"

#include "base/limits.h"
#include "crypto/keccak.h"
#include "evm/evm.h"
#include "evm/tracer.h"
#include "evm/vm.h"

#define GAS_CODE_DEPOSIT_BYTE 200 /* Yellow Paper, G_codedeposit */

/* --- addresses of new contracts --------------------------------------------------------------- */

static struct address low_20(const struct hash *h)
{
    struct address a;
    memcpy(a.b, h->b + 12, sizeof a.b);
    return a;
}

struct address frame_create_address(const struct address *creator, uint64_t nonce)
{
    uint8_t rlp[1 + 21 + 9], be[8]; /* written by hand: the list is always a short one */
    size_t len = 1;
    unsigned skip = 0;
    rlp[len++] = 0x80 + sizeof creator->b;
    memcpy(rlp + len, creator->b, sizeof creator->b);
    len += sizeof creator->b;
    be64_put(be, nonce);
    while (skip < 8 && be[skip] == 0)
        skip++;
    if (skip != 7 || be[7] >= 0x80)
        rlp[len++] = (uint8_t)(0x80 + 8 - skip);
    memcpy(rlp + len, be + skip, 8 - skip);
    len += 8 - skip;
    rlp[0] = (uint8_t)(0xc0 + len - 1);
    struct hash h;
    keccak256(&h, rlp, len);
    return low_20(&h);
}

struct address frame_create2_address(const struct address *creator, const struct hash *salt,
                                     struct bytes init_code)
{
    static const uint8_t prefix = 0xff;
    struct hash code_hash = keccak256_of(init_code), h;
    struct keccak k;
    keccak_init(&k);
    keccak_update(&k, &prefix, 1);
    keccak_update(&k, creator->b, sizeof creator->b);
    keccak_update(&k, salt->b, sizeof salt->b);
    keccak_update(&k, code_hash.b, sizeof code_hash.b);
    keccak_final(&k, &h);
    return low_20(&h);
}

/* --- statuses --------------------------------------------------------------------------------- */

const char *frame_status_text(enum frame_status s)
{
    static const char *const texts[FRAME_STATUS_COUNT] = {
        [FRAME_SUCCESS] = "success",
        [FRAME_REVERT] = "execution reverted",
        [FRAME_OUT_OF_GAS] = "out of gas",
        [FRAME_INVALID] = "invalid input",
        [FRAME_DEPTH] = "max call depth exceeded",
        [FRAME_BALANCE] = "insufficient balance for transfer",
        [FRAME_NONCE] = "nonce uint64 overflow",
        [FRAME_STACK_UNDERFLOW] = "stack underflow",
        [FRAME_STACK_OVERFLOW] = "stack limit reached 1024",
        [FRAME_BAD_JUMP] = "invalid jump destination",
        [FRAME_INVALID_OPCODE] = "invalid opcode",
        [FRAME_WRITE_PROTECTION] = "write protection",
        [FRAME_RETURN_DATA_BOUNDS] = "return data out of bounds",
        [FRAME_COLLISION] = "contract address collision",
        [FRAME_CODE_SIZE] = "max code size exceeded",
        [FRAME_INITCODE_SIZE] = "max initcode size exceeded",
        [FRAME_CODE_PREFIX] = "invalid code: must not begin with 0xef",
        [FRAME_CODE_GAS] = "contract creation code storage out of gas",
    };
    ASSERT(s < FRAME_STATUS_COUNT);
    return texts[s];
}

/* --- one frame -------------------------------------------------------------------------------- */

static void fail(struct frame_result *out, enum frame_status status)
{
    *out = (struct frame_result){.status = status};
}

/* What is not bytecode leaves nothing in the arena below depth 0: a transaction may call a
 * precompile or a service so often that arguments and outputs together would take gigabytes.
 * Bytecode keeps its own outputs elsewhere. */
static bool run_one(frame_runner runner, struct world *w, const struct frame *f,
                    struct frame_result *out)
{
    if (runner == evm_run || f->depth == 0 || !w->evm)
        return runner(w, f, out);
    struct arena_mark before = arena_mark(w->arena);
    if (!runner(w, f, out))
        return false;
    out->output = vm_keep_output(w->evm, out->output);
    arena_back(w->arena, before);
    return true;
}

/* run asks the runners in order. False when nobody answers. */
static bool run(struct world *w, const struct frame *f, struct frame_result *out)
{
    for (size_t i = 0; i < sizeof w->runners / sizeof w->runners[0] && w->runners[i]; i++) {
        if (!run_one(w->runners[i], w, f, out))
            continue;
        ASSERT(out->gas_left >= 0 && out->gas_left <= f->gas);
        if (frame_is_halt(out->status))
            fail(out, out->status);
        return true;
    }
    return false;
}

static void call(struct world *w, const struct frame *f, struct frame_result *out)
{
    struct state *s = w->state;
    state_checkpoint_t before = state_checkpoint(s);
    if (f->kind == FRAME_CALL) {
        bool paid = state_transfer(s, &f->caller, &f->recipient, f->value);
        ASSERT(paid); /* frame_call looked */
    }
    *out = (struct frame_result){.status = FRAME_SUCCESS, .gas_left = f->gas};
    if (!run(w, f, out)) {
        struct hash code_hash = state_code_hash(s, &f->code_address);
        if (!hash_eq(&code_hash, &KECCAK_EMPTY))
            fail(out, FRAME_INVALID);
    }
    if (out->status != FRAME_SUCCESS)
        state_revert(s, before);
}

/* deposit stores the code a creation returned: EIP-170 size, EIP-3541 first byte, gas per byte.
 * Frontier kept the (empty) contract when the deposit could not be paid; EIP-2 ended that. */
static void deposit(struct world *w, const struct address *created, struct frame_result *out)
{
    enum fork fork = w->block->fork;
    struct bytes code = out->output;
    bool too_large = fork >= FORK_EIP158 && code.len > LIMIT_CODE_BYTES;
    bool reserved = fork >= FORK_LONDON && code.len > 0 && code.data[0] == 0xef;
    if (too_large || reserved) {
        fail(out, too_large ? FRAME_CODE_SIZE : FRAME_CODE_PREFIX);
        return;
    }
    if (code.len > (uint64_t)out->gas_left / GAS_CODE_DEPOSIT_BYTE) {
        if (fork >= FORK_HOMESTEAD)
            fail(out, FRAME_CODE_GAS);
        else
            out->output = (struct bytes){0};
        return;
    }
    out->gas_left -= (int64_t)code.len * GAS_CODE_DEPOSIT_BYTE;
    state_set_code(w->state, created, code);
}

static bool is_occupied(struct state *s, const struct address *a)
{
    struct hash code_hash = state_code_hash(s, a);
    return state_nonce(s, a) != 0 || !hash_eq(&code_hash, &KECCAK_EMPTY) || state_has_storage(s, a);
}

/* enter tells a tracer; the new contract's address is only worked out for a creation. */
static void enter(struct world *w, const struct frame *f, const struct address *recipient)
{
    if (w->tracer && w->tracer->enter)
        w->tracer->enter(w->tracer->ctx, w, f, recipient);
}

static void start_creation(struct world *w, const struct frame *init, struct frame_result *out)
{
    struct state *s = w->state;
    state_checkpoint_t before = state_checkpoint(s);
    state_mark_created(s, &init->recipient);
    if (w->block->fork >= FORK_EIP158)
        state_set_nonce(s, &init->recipient, 1);
    bool paid = state_transfer(s, &init->caller, &init->recipient, init->value);
    ASSERT(paid);
    *out = (struct frame_result){.status = FRAME_SUCCESS, .gas_left = init->gas};
    if (!run(w, init, out))
        fail(out, FRAME_INVALID);
    if (out->status == FRAME_SUCCESS)
        deposit(w, &init->recipient, out);
    if (out->status == FRAME_SUCCESS)
        out->created = init->recipient;
    else
        state_revert(s, before);
}

/* refused: the creation that cannot begin; the caller's nonce then stays. */
static void create(struct world *w, const struct frame *f, enum frame_status refused,
                   struct frame_result *out)
{
    struct state *s = w->state;
    uint64_t nonce = state_nonce(s, &f->caller);
    struct frame init = *f;
    if (nonce == UINT64_MAX && refused == FRAME_SUCCESS)
        refused = FRAME_NONCE;
    if (refused != FRAME_SUCCESS && !w->tracer) {
        *out = (struct frame_result){.status = refused, .gas_left = f->gas};
        return;
    }
    init.recipient = f->kind == FRAME_CREATE2
                         ? frame_create2_address(&f->caller, &f->salt, f->input)
                         : frame_create_address(&f->caller, nonce);
    init.code_address = init.recipient;
    enter(w, f, &init.recipient);
    if (refused != FRAME_SUCCESS) {
        *out = (struct frame_result){.status = refused, .gas_left = f->gas};
        return;
    }
    state_set_nonce(s, &f->caller, nonce + 1);
    if (w->block->fork >= FORK_BERLIN) /* EIP-2929: warm even if the creation fails */
        state_warm_address(s, &init.recipient);
    if (is_occupied(s, &init.recipient))
        fail(out, FRAME_COLLISION);
    else
        start_creation(w, &init, out);
}

/* Why a frame cannot begin; FRAME_SUCCESS: it can. */
static enum frame_status refusal(struct world *w, const struct frame *f, bool pays)
{
    if (f->depth > LIMIT_CALL_DEPTH)
        return FRAME_DEPTH;
    if (pays && u256_cmp(state_balance(w->state, &f->caller), f->value) < 0)
        return FRAME_BALANCE;
    return FRAME_SUCCESS;
}

void frame_call(struct world *w, const struct frame *f, struct frame_result *out)
{
    bool creates = f->kind == FRAME_CREATE || f->kind == FRAME_CREATE2;
    bool pays = f->kind != FRAME_DELEGATECALL && !u256_is_zero(f->value);
    enum frame_status refused = refusal(w, f, pays);
    ASSERT(f->gas >= 0);
    if (!creates)
        enter(w, f, &f->recipient);
    if (f->is_static && (creates || (pays && f->kind == FRAME_CALL)))
        fail(out, FRAME_WRITE_PROTECTION);
    else if (creates)
        create(w, f, refused, out);
    else if (refused != FRAME_SUCCESS)
        *out = (struct frame_result){.status = refused, .gas_left = f->gas};
    else
        call(w, f, out);
    if (w->tracer && w->tracer->leave)
        w->tracer->leave(w->tracer->ctx, w, f, out);
}
