/* service: native contracts of the city, at fixed addresses, with a Solidity ABI.
 *
 * One struct service per service declares everything: address, methods, events, errors and gas, in
 * Solidity's own words. Dispatch, argument decoding, `parvis abi`, the generated Solidity interface
 * and the reference page all come from that table.
 *
 * Rules     services never call back into EVM code; they keep their state in their own account's
 *           storage; they are deterministic (no clock, no float, no hash order); a handler either
 *           returns E_OK or reverts as a whole (frame_call undoes its checkpoint).
 * Gas       table gas (gas + gas_per_word * words of input) is charged before the handler runs;
 *           storage and logs are charged by the calls below at the GAS_* rates; a handler that
 *           loops over data charges with service_charge before the loop. */
#ifndef PARVIS_CITY_SERVICE_H
#define PARVIS_CITY_SERVICE_H

#include "codec/abi.h"
#include "codec/json.h"
#include "evm/frame.h"

struct service_call;

/* Services live at 0x00000000000000000000000000000000c17000NN, clear of the precompiles (0x01-0x11,
 * 0x100): SERVICE_ADDRESS(0x01) is money. At genesis each gets nonce 1 and the one-byte code 0xfe
 * (INVALID), so that tools that ask "is there a contract?" (eth_getCode, EXTCODESIZE) see one; the
 * byte never runs, service_run answers first. */
/* clang-format off */
#define SERVICE_ADDRESS(n) {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xc1, 0x70, 0x00, (n)}}
/* clang-format on */
#define SERVICE_CODE 0xfe

/* A handler returns E_OK, or the code given by service_revert / service_charge (E_REVERT,
 * E_OUT_OF_GAS). Arguments: service_arg; result: service_return. */
typedef enum err (*service_handler)(struct service_call *c);

struct service_method {
    const char *line;    /* "function transfer(address to, uint256 value) returns (bool)" */
    const char *purpose; /* one sentence for the reference page */
    uint64_t gas;
    uint64_t gas_per_word; /* per 32-byte word of input: GAS_SERVICE_LIST_WORD or more if it takes
                            * a list, whose elements are decoded one by one (ASSERTed) */
    service_handler run;
    /* A method whose work is costly and mostly depends on its arguments alone may have it done
     * before its turn: `ahead` does it, on any thread, without state, decides nothing, and keeps
     * what it finds for `run`. Transactions that call such a method are also run on the state of
     * the head before the pool takes them. NULL: none. */
    void (*ahead)(const struct abi_value *args);
};

struct service_line {
    const char *line; /* "event ..." or "error ..." */
    const char *purpose;
};

struct service {
    const char *name;  /* "money" */
    const char *title; /* "ParvisMoney": the Solidity interface is I<title> */
    const char *purpose;
    struct address address;
    const struct service_method *methods; /* terminated by {0} */
    const struct service_line *events;    /* terminated by {0} */
    const struct service_line *errors;    /* terminated by {0} */
    const char *notes; /* Markdown for the reference page, after the purpose; may be NULL */
    /* at genesis: writes the service's initial storage (may be NULL). root is the whole genesis
     * file, so that a service may read "roles" and "alloc"; its own part is service_config(c,
     * root). A hook checks its members with service_config_check. E_OK | E_GENESIS, d names the
     * member. */
    enum err (*genesis)(struct service_call *c, const struct json *root, struct diag *d);
};

/* Standard errors, part of every service's ABI; the frame raises them, and a handler may too:
 *   UnknownMethod(bytes4 selector)   no such method (call data under 4 bytes: 0x00000000)
 *   BadCalldata()                    the arguments are not strictly ABI-encoded
 *   NotPayable()                     coins sent to a method that takes none
 *   StaticCall()                     a change asked for inside a static call
 *   DelegateCall()                   DELEGATECALL and CALLCODE: a service acts only as itself, else
 * a contract could speak with its caller's voice NotAuthorised(address account, bytes32 role)  the
 * caller lacks the role (or is not the party) ValueTooLarge(uint256 length, uint256 limit)  a
 * storage value above LIMIT_STATE_VALUE_BYTES Standard method, also in every ABI (rule P10, one
 * known controller per service): controller() view returns (string name, string contact), from the
 * genesis member services.NAME.controller = {"name": "...", "contact": "..."}. */

/* Every service of this build, terminated by NULL. */
extern const struct service *const SERVICES[];

/* services_init parses the tables (at start, before threads; later calls do nothing; ASSERTs that
 * they are well formed). services_init_with replaces the list by another, NULL-terminated (tests).
 * service_at returns the service at an address, or NULL. service_named likewise by name.
 * Entries are numbered: the service's own lines in table order, then the standard ones. */
void services_init(void);
void services_init_with(const struct service *const *list);
size_t service_method_count(const struct service *s);
size_t service_event_count(const struct service *s);
size_t service_error_count(const struct service *s);
const struct service *service_at(const struct address *a);
const struct service *service_named(const char *name);
const struct abi_entry *service_method_entry(const struct service *s, size_t method);
const struct abi_entry *service_event_entry(const struct service *s, size_t event);
const struct abi_entry *service_error_entry(const struct service *s, size_t error);

/* service_run is the frame_runner for services. The caller (frame_call) reverts what a failed call
 * changed. Refusals are checked in this order: delegate call, method known, coins, static, gas of
 * the table, arguments; then the handler. */
bool service_run(struct world *w, const struct frame *f, struct frame_result *out);

/* service_does_ahead: does a transaction with this call data to this address call a method that has
 * work to be done ahead? service_ahead does it; anything else is left alone. Any thread. */
bool service_does_ahead(const struct address *to, struct bytes input);
void service_ahead(const struct address *to, struct bytes input);

/* services_genesis writes every service's account and initial storage into w->state (w->block and
 * w->arena must be set), after the allocations. Members of root.services that name no service and
 * allocations at a service's address are refused. E_OK | E_GENESIS. */
enum err services_genesis(struct world *w, const struct json *root, struct diag *d);

/* For genesis hooks: the service's own object root.services.NAME, or NULL when absent;
 * service_config_check refuses members outside `names` (NULL-terminated; "controller" is always
 * allowed). config may be NULL. E_OK | E_GENESIS. */
const struct json *service_config(const struct service_call *c, const struct json *root);
enum err service_config_check(const struct service_call *c, const struct json *config,
                              const char *const *names, struct diag *d);

/* --- what a handler may use ------------------------------------------------------------------ */

struct service_call {
    struct world *world;
    const struct frame *frame;
    const struct service *service;
    const struct abi_entry *method;
    struct abi_value args; /* a tuple: args.item[i] */
    int64_t gas_left;
    struct buf output;
    struct arena *arena;
};

static inline const struct abi_value *service_arg(const struct service_call *c, size_t i)
{
    return &c->args.item[i];
}
static inline uint64_t service_now_s(const struct service_call *c)
{
    return c->world->block->timestamp_s;
}

/* service_charge takes gas. E_OK | E_OUT_OF_GAS. */
enum err service_charge(struct service_call *c, uint64_t gas);

/* service_return encodes the method's outputs (as many values as outputs; NULL if none) and charges
 * for their words. E_OK | E_OUT_OF_GAS. */
enum err service_return(struct service_call *c, const struct abi_value *values);

/* service_revert sets revert data to a custom error of this service's table or a standard one
 * ("InsufficientBalance") with its arguments (NULL if none), ASSERTs that it is declared, and
 * returns E_REVERT. service_not_authorised is NotAuthorised(caller, role) with role as text. */
enum err service_revert(struct service_call *c, const char *error, const struct abi_value *args);
enum err service_not_authorised(struct service_call *c, const char *role);

/* service_tell says in words, in the user's language, what a refusal's data cannot: it reaches who
 * waits for the answer (world->why), and is no part of what nodes agree on. */
void service_tell(struct service_call *c, const char *text);

/* A short ASCII name as bytes32, as Solidity writes bytes32("issuer"). At most 32 characters. */
struct abi_value service_name32(const char *name);

/* service_emit adds a log of an event of this service's table; args holds all parameters in the
 * declared order. E_OK | E_OUT_OF_GAS. Refused
 * (E_REVERT with the standard error StaticCall()) in a static frame, like every change. */
enum err service_emit(struct service_call *c, const char *event, const struct abi_value *args);

/* Storage of the service's own account. A slot is keccak256 of a table tag and up to a few keys,
 * as Solidity mappings are: keccak256(tag, 0x00, then each key behind its 4-byte length). Reading
 * appends to out. Writing an empty value deletes; 256-bit integers are stored without leading
 * zeros. E_OK | E_OUT_OF_GAS | E_REVERT (static frame, value too large). */
struct hash service_slot(const char *tag, const struct bytes *keys, size_t key_count);
enum err service_load(struct service_call *c, const struct hash *slot, struct buf *out);
enum err service_store(struct service_call *c, const struct hash *slot, struct bytes value);
enum err service_load_u256(struct service_call *c, const struct hash *slot, struct u256 *out);
enum err service_store_u256(struct service_call *c, const struct hash *slot, struct u256 value);

/* A handler of one service calling another service's C functions (only money may be called by
 * others) does so with a service_call whose service is that one; storage, events and errors are
 * then its. city/money/money.h does this inside its functions. service_back returns gas and revert
 * data. After an error the handler must return it: changes already made are undone only by the
 * frame. */
struct service_call service_as(struct service_call *c, const struct service *other);
void service_back(struct service_call *c, const struct service_call *other); /* takes gas back */

/* --- text ------------------------------------------------------------------------------------- */

/* JSON ABI as solc prints it; the Solidity interface; the reference page in Markdown. */
void service_abi_json(struct buf *out, const struct service *s);
void service_solidity(struct buf *out, const struct service *s);
void service_markdown(struct buf *out, const struct service *s);

/* service_explain_revert turns revert data into text ("InsufficientBalance(account=0x.., ...)") for
 * people; false when no service declares the selector. */
bool service_explain_revert(struct buf *out, struct bytes revert_data);

/* The method's, event's or error's signature, types only joined with parameter names, as a person
 * reads it: "transfer(address to, uint256 value)". */
void service_put_signature(struct buf *out, const struct abi_entry *e);

#define GAS_SERVICE_LOAD 200u       /* per storage read */
#define GAS_SERVICE_LOAD_WORD 3u    /* per 32 bytes read */
#define GAS_SERVICE_STORE 5000u     /* per storage write */
#define GAS_SERVICE_STORE_WORD 100u /* per 32 bytes written */
#define GAS_SERVICE_LIST_WORD 3u    /* per 32 bytes of input of a method that takes a list */
#define GAS_SERVICE_RETURN_WORD 3u  /* per 32 bytes of outputs */
#define GAS_SERVICE_LOG 375u        /* per log and per topic */
#define GAS_SERVICE_LOG_BYTE 8u

#endif
