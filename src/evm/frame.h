/* frame: one call, as everyone who executes code sees it.
 *
 * A transaction, a native city service and EVM bytecode all call each other through frame_call. It
 * takes a checkpoint, moves the value, finds out what lives at the address (a service, a
 * precompile, code, nothing), runs it, and reverts the checkpoint unless it succeeded. Who answers
 * for an address is decided by the struct world's call table, filled by chain/execute.c: evm and
 * city know only this header.
 *
 * Ownership  input is borrowed for the call; output belongs to the world's arena, which lives until
 *            the end of the transaction. The output of a frame below depth 0 is only good until the
 *            next frame_call, and what its runner took from the arena is given back. */
#ifndef PARVIS_EVM_FRAME_H
#define PARVIS_EVM_FRAME_H

#include "base/mem.h"
#include "evm/fork.h"
#include "state/state.h"

/* The block and transaction around a call. Constant during a transaction. */
struct block_env {
    uint64_t chain_id;
    uint64_t number;
    uint64_t timestamp_s;
    uint64_t gas_limit;
    struct address beneficiary;
    struct hash prev_randao;
    struct u256 base_fee;
    struct u256 blob_base_fee; /* EIP-7516; 0 on a chain of ours, which carries no blobs */
    unsigned blobs_max;        /* of a block (EIP-7840); 0 on a chain of ours: no type 3 */
    struct u256 difficulty;    /* before FORK_PARIS; afterwards prev_randao answers */
    enum fork fork;
    /* hash of one of the last 256 blocks; zero hash otherwise */
    struct hash (*block_hash)(void *ctx, uint64_t number);
    void *block_hash_ctx;
};

enum frame_kind {
    FRAME_CALL,
    FRAME_DELEGATECALL,
    FRAME_CALLCODE,
    FRAME_CREATE,
    FRAME_CREATE2,
};

enum frame_status {
    FRAME_SUCCESS,
    FRAME_REVERT,     /* output is the revert data; unused gas is returned */
    FRAME_OUT_OF_GAS, /* an exceptional halt (frame_is_halt): all gas is gone, no output */
    FRAME_INVALID,    /* halt for another reason: bad input to a precompile, nobody runs the code */
    FRAME_DEPTH,      /* call depth limit: nothing ran, gas is returned */
    FRAME_BALANCE,    /* value above the caller's balance: nothing ran, gas is returned */
    FRAME_NONCE,      /* EIP-2681: the creator's nonce is at its end; as FRAME_BALANCE */
    /* exceptional halts, told apart for people and tools */
    FRAME_STACK_UNDERFLOW,
    FRAME_STACK_OVERFLOW,
    FRAME_BAD_JUMP,
    FRAME_INVALID_OPCODE,
    FRAME_WRITE_PROTECTION,   /* a change in a static frame */
    FRAME_RETURN_DATA_BOUNDS, /* EIP-211 */
    FRAME_COLLISION,          /* EIP-684, EIP-7610: the new contract's address is taken */
    FRAME_CODE_SIZE,          /* EIP-170 */
    FRAME_INITCODE_SIZE,      /* EIP-3860 */
    FRAME_CODE_PREFIX,        /* EIP-3541: new code begins with 0xef */
    FRAME_CODE_GAS,           /* EIP-2: the deposit of the code cannot be paid */
    FRAME_STATUS_COUNT
};

/* Whether the status is an exceptional halt: no gas left, no output. */
static inline bool frame_is_halt(enum frame_status s)
{
    return s != FRAME_SUCCESS && s != FRAME_REVERT && s != FRAME_DEPTH && s != FRAME_BALANCE &&
           s != FRAME_NONCE;
}

/* What Ethereum's tools read in such a case: "out of gas", "stack underflow", ... */
const char *frame_status_text(enum frame_status s);

struct frame {
    enum frame_kind kind;
    bool is_static; /* no state change allowed (STATICCALL, eth_call of a view) */
    unsigned depth; /* 0 for the transaction's own call */
    struct address caller;
    struct address recipient;    /* whose storage and balance; ignored for FRAME_CREATE* */
    struct address code_address; /* whose code; equals recipient but for DELEGATECALL, CALLCODE */
    struct u256 value;           /* DELEGATECALL: the value the code sees; nothing moves */
    int64_t gas;
    struct bytes input; /* call data, or init code for FRAME_CREATE* */
    struct hash salt;   /* FRAME_CREATE2 */
};

struct frame_result {
    enum frame_status status;
    int64_t gas_left;
    struct bytes output;    /* FRAME_CREATE*: the deployed code, or the revert data */
    struct address created; /* FRAME_CREATE*: the new contract on success */
};

struct world;
struct evm;
struct tracer;

/* What runs at an address. Returns true if it answers for f->code_address and filled *out.
 *
 * A runner of bytecode reads state_code(code_address). For FRAME_CREATE* it gets a frame whose
 * recipient and code_address are the new contract's and whose input is the init code; call data is
 * empty. Its output is the code to deploy: frame_call checks its size, charges the deposit and
 * stores it. Services and precompiles return false for FRAME_CREATE*. */
typedef bool (*frame_runner)(struct world *w, const struct frame *f, struct frame_result *out);

struct world {
    struct state *state;
    const struct block_env *block;
    struct address origin;
    struct u256 gas_price;
    struct evm *evm;                /* stacks, memories, code cache of this thread (evm/evm.h) */
    const struct tracer *tracer;    /* NULL: nobody watches (evm/tracer.h) */
    const struct hash *blob_hashes; /* of the transaction (EIP-4844) */
    size_t blob_hash_count;
    struct arena *arena;     /* outputs and scratch; reset per transaction */
    struct diag *why;        /* for who waits for the answer: a refusal in words; NULL in blocks */
    frame_runner runners[4]; /* asked in order: services, precompiles, bytecode; NULL ends */
    void *runner_ctx[4];
};

/* frame_call runs one frame to its end. Gas for the call itself was charged by the caller.
 *
 * Nobody answers for an address without code: the value arrives, all gas is left. Where there is
 * code (or a creation) and no runner takes it, the frame is FRAME_INVALID: a build without the
 * bytecode runner refuses contracts in a defined way. w->tracer sees every frame come and go. A
 * native transfer emits no event. FRAME_CREATE* raise the caller's nonce, at every depth, and that
 * stays when the creation fails (EIP-161); an occupied address is FRAME_COLLISION. */
void frame_call(struct world *w, const struct frame *f, struct frame_result *out);

/* keccak256(rlp([creator, nonce]))[12:]: where FRAME_CREATE deploys. */
struct address frame_create_address(const struct address *creator, uint64_t nonce);

/* keccak256(0xff, creator, salt, keccak256(init_code))[12:]: where FRAME_CREATE2 deploys
 * (EIP-1014). */
struct address frame_create2_address(const struct address *creator, const struct hash *salt,
                                     struct bytes init_code);

#endif
