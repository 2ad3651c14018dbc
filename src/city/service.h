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
 *           storage and logs are charged by the calls below at the GAS_* rates; a handler that loops over
 *           data charges with service_charge before the loop. */
#ifndef PARVIS_CITY_SERVICE_H
#define PARVIS_CITY_SERVICE_H

#include "codec/abi.h"
#include "evm/frame.h"

struct service_call;

/* A handler returns E_OK, or the code given by service_revert / service_charge (E_REVERT,
 * E_OUT_OF_GAS). Arguments: service_arg; result: service_return. */
typedef enum err (*service_handler)(struct service_call *c);

struct service_method {
    const char *line;       /* "function transfer(address to, uint256 value) returns (bool)" */
    const char *purpose;    /* one sentence for the reference page */
    uint64_t gas;
    uint64_t gas_per_word;  /* per 32-byte word of input */
    service_handler run;
};

struct service_line {
    const char *line;       /* "event ..." or "error ..." */
    const char *purpose;
};

struct service {
    const char *name;       /* "money" */
    const char *title;      /* "ParvisMoney": the Solidity interface is I<title> */
    const char *purpose;
    struct address address;
    const struct service_method *methods; /* terminated by {0} */
    const struct service_line *events;    /* terminated by {0} */
    const struct service_line *errors;    /* terminated by {0} */
    /* at genesis: writes the service's initial storage from its part of the genesis file (may be
     * NULL). struct json is codec/json.h's. */
    enum err (*genesis)(struct service_call *c, const void *json_config_opt, struct diag *d);
    /* before the first transaction of a block whose timestamp entered a new state (may be NULL) */
};

/* Every service of this build, terminated by NULL. */
extern const struct service *const SERVICES[];

/* services_init parses the tables (once, at start; ASSERTs that they are well formed).
 * service_at returns the service at an address, or NULL. service_named likewise by name. */
void services_init(void);
const struct service *service_at(const struct address *a);
const struct service *service_named(const char *name);
const struct abi_entry *service_method_entry(const struct service *s, size_t method);
const struct abi_entry *service_event_entry(const struct service *s, size_t event);
const struct abi_entry *service_error_entry(const struct service *s, size_t error);

/* service_run is the frame_runner for services. */
bool service_run(struct world *w, const struct frame *f, struct frame_result *out);

/* --- what a handler may use ------------------------------------------------------------------ */

struct service_call {
    struct world *world;
    const struct frame *frame;
    const struct service *service;
    const struct abi_entry *method;
    struct abi_value args;      /* a tuple: args.item[i] */
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

/* service_return encodes the method's outputs (as many values as outputs). Returns E_OK. */
enum err service_return(struct service_call *c, const struct abi_value *values);

/* service_revert sets revert data to a custom error of this service's table ("InsufficientBalance")
 * with its arguments, ASSERTs that it is declared, and returns E_REVERT. */
enum err service_revert(struct service_call *c, const char *error, const struct abi_value *args);

/* service_emit adds a log of an event of this service's table. E_OK | E_OUT_OF_GAS. Refused
 * (E_REVERT with the standard error StaticCall()) in a static frame, like every change. */
enum err service_emit(struct service_call *c, const char *event, const struct abi_value *args);

/* Storage of the service's own account. A slot is keccak256 of a table tag and up to a few keys,
 * as Solidity mappings are: service_slot(tag, key1, key2...). Reading appends to out. Writing an
 * empty value deletes. E_OK | E_OUT_OF_GAS | E_REVERT. */
struct hash service_slot(const char *tag, const struct bytes *keys, size_t key_count);
enum err service_load(struct service_call *c, const struct hash *slot, struct buf *out);
enum err service_store(struct service_call *c, const struct hash *slot, struct bytes value);
enum err service_load_u256(struct service_call *c, const struct hash *slot, struct u256 *out);
enum err service_store_u256(struct service_call *c, const struct hash *slot, struct u256 value);

/* A handler of one service calling another service's C functions (only money may be called by
 * others) does so with a service_call whose service and address are that service's. */
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

#define GAS_SERVICE_LOAD 200u       /* per storage read */
#define GAS_SERVICE_LOAD_WORD 3u    /* per 32 bytes read */
#define GAS_SERVICE_STORE 5000u     /* per storage write */
#define GAS_SERVICE_STORE_WORD 100u /* per 32 bytes written */
#define GAS_SERVICE_LOG 375u        /* per log and per topic */
#define GAS_SERVICE_LOG_BYTE 8u

#endif
