/* Private to src/rpc: the server, one call, and what the methods share. */
#ifndef PARVIS_RPC_RPC_INTERNAL_H
#define PARVIS_RPC_RPC_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/limits.h"
#include "chain/pool.h"
#include "chain/rules.h"
#include "codec/json.h"
#include "rpc/rpc.h"

#define RPC_CALL_US 10000000u    /* one request (or batch) may take 10 s */
#define RPC_FILTER_US 300000000u /* an unpolled filter lives 5 minutes */
#define RPC_ITEMS_MAX 1024u      /* addresses, or topics of one place, in log criteria */
#define RPC_SUBSCRIPTIONS_EACH 64u
#define RPC_FEE_HISTORY_MAX 1024u
#define RPC_PROOF_KEYS_MAX 1024u
#define RPC_PENDING_RING 16384u /* hashes of accepted transactions kept for filters */
#define RPC_ID_BYTES 16

enum rpc_code {
    RPC_PARSE = -32700,
    RPC_INVALID_REQUEST = -32600,
    RPC_NO_METHOD = -32601,
    RPC_PARAMS = -32602,
    RPC_INTERNAL = -32603,
    RPC_SERVER = -32000,
    RPC_NOT_FOUND = -32001,
    RPC_UNSUPPORTED = -32004,
    RPC_LIMIT = -32005,
    RPC_REVERT = 3,
};

struct rpc_method;

/* One body being answered. The view is opened when first needed and shared by a batch, so that a
 * batch sees one state. */
struct rpc_call {
    struct rpc *r;
    struct chain *chain;
    struct http_ws *ws; /* NULL over HTTP */
    struct chain_view *view;
    struct arena arena; /* reset after each request of a batch */
    struct buf scratch;
    struct buf *out; /* a method appends its result here */
    const struct json *params;
    uint64_t deadline_us;
    /* of the method that returned false */
    int error_code;
    char error_text[768];
    struct bytes error_data; /* revert data; data NULL: none */
};

/* A method appends its result to c->out and returns true, or returns false after rpc_fail*. */
typedef bool (*rpc_handler)(struct rpc_call *c);

struct rpc_method {
    const char *name;
    rpc_handler run;
    unsigned params_max;
};

/* dispatch.c: methods sorted by name. */
extern const struct rpc_method RPC_METHODS[];
extern const size_t RPC_METHOD_COUNT;

struct rpc_filter;
struct rpc_subs;
struct rpc_feed;

struct rpc {
    struct engine *engine;
    struct chain *chain;
    struct http_server *http;
    unsigned threads;
    struct rpc_call *calls; /* one per loop */
    struct rpc_feed *feed;
    uint64_t started_us;
    _Atomic uint64_t *method_calls, *method_errors; /* RPC_METHOD_COUNT + 1: unknown */

    pthread_mutex_t filter_lock;
    struct rpc_filter *filters; /* LIMIT_RPC_FILTERS places */

    struct rpc_subs *subs;
    _Atomic size_t criteria_bytes; /* kept by filters and subscriptions */
};

void call_init(struct rpc_call *c, struct rpc *r);
void call_fini(struct rpc_call *c);
struct chain_view *call_view(struct rpc_call *c); /* NULL: failed, the error is set */
bool call_in_time(struct rpc_call *c);            /* false: the error is set */

/* The handlers that server.c gives to net (http.h). */
void request_route(void *ctx, unsigned thread, const struct http_request *in,
                   struct http_response *out);
bool ws_admit(void *ctx, struct http_ws *ws, const char *path);
void ws_answer(void *ctx, unsigned thread, struct http_ws *ws, struct bytes text,
               struct buf *reply);

/* --- error.c ---------------------------------------------------------------------------------- */

bool rpc_fail(struct rpc_call *c, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool rpc_fail_err(struct rpc_call *c, enum err e); /* of chain, pool and state */
bool rpc_fail_revert(struct rpc_call *c, struct bytes data);
/* A frame that did not succeed, as the error tools expect; true for one that did. */
bool rpc_fail_frame(struct rpc_call *c, const struct frame_result *r);
/* rpc_fail_err with what chain said about it, where it said something. */
bool rpc_fail_diag(struct rpc_call *c, enum err e, const struct diag *d);
/* "execution reverted", with the reason if the data tells one. */
void put_revert_text(struct buf *out, struct bytes data);
void rpc_put_error(struct buf *out, int code, const char *text, struct bytes data);

/* --- param.c: each returns false after rpc_fail(RPC_PARAMS) ------------------------------------
 */

const struct json *param(const struct rpc_call *c, size_t i); /* NULL: absent or null */
bool param_address(struct rpc_call *c, size_t i, struct address *out);
bool param_hash(struct rpc_call *c, size_t i, struct hash *out);
bool param_u64(struct rpc_call *c, size_t i, uint64_t *out);
bool param_bool(struct rpc_call *c, size_t i, bool *out); /* absent: false */
/* A block: tag, number, or EIP-1898 object; absent means latest. *pending_out may be NULL. */
bool param_block(struct rpc_call *c, size_t i, uint64_t *number_out, bool *pending_out);
bool read_block(struct rpc_call *c, const struct json *j, uint64_t *number_out, bool *pending_out);
bool read_address(struct rpc_call *c, const struct json *j, const char *what, struct address *out);
bool read_hash(struct rpc_call *c, const struct json *j, const char *what, struct hash *out);
bool read_u64(struct rpc_call *c, const struct json *j, const char *what, uint64_t *out);
bool read_u256(struct rpc_call *c, const struct json *j, const char *what, struct u256 *out);
bool read_data(struct rpc_call *c, const struct json *j, const char *what, struct bytes *out);
/* load_block loads the block that parameter 0 names, by hash or by number or tag. When there is
 * none, null is appended, *found_out is false and b is not set; that is no error (eth_block.c). */
bool load_block(struct rpc_call *c, bool by_hash, bool receipts, struct block *b, bool *found_out);
/* find_tx loads the block that the transaction named by parameter 0 stands in. *found_out false:
 * not in a block, which is no error (eth_block.c). */
bool find_tx(struct rpc_call *c, struct hash *hash, bool receipts, struct block *b,
             size_t *index_out, bool *found_out);
/* A storage slot: up to 32 bytes of hexadecimal, also as a QUANTITY ("0x0"). */
bool read_slot(struct rpc_call *c, const struct json *j, struct hash *out);

/* --- call_object.c: messages and what is to be different around them ---------------------------
 */

bool read_call(struct rpc_call *c, const struct json *j, struct call_request *out);
bool read_state_override(struct rpc_call *c, const struct json *j, struct state_override *out);
/* of_block: one to be simulated, which may have withdrawals and a beacon root of its own */
bool read_block_override(struct rpc_call *c, const struct json *j, bool of_block,
                         struct block_override *out);

/* --- json_chain.c ----------------------------------------------------------------------------- */

void put_hash(struct buf *out, const struct hash *h);
void put_address(struct buf *out, const struct address *a);
void put_header_fields(struct buf *out, const struct header *h, const struct hash *hash);
void put_block(struct buf *out, const struct block *b, bool full);
void put_block_fields(struct buf *out, const struct block *b, bool full); /* without braces */
void put_ommer(struct buf *out, const struct header *h);
/* block NULL: a waiting transaction */
void put_tx(struct buf *out, const struct tx *t, const struct block *block, size_t index);
/* put_proof appends a member: an RLP list of nodes (in c->scratch) as an array of their encodings
 * (eth_state.c). */
bool put_proof(struct rpc_call *c, const char *name);
/* log_base: the number of logs in the block before those of transaction index. */
size_t log_base(const struct block *b, size_t index);
void put_receipt(struct buf *out, const struct block *b, size_t index, size_t first_log_index,
                 struct u256 blob_base_fee);
void put_access_list(struct buf *out, const struct tx_access *list, size_t count);
void put_log(struct buf *out, const struct block *b, size_t tx_index, size_t log_index,
             const struct log_entry *l);

/* --- logs.c ----------------------------------------------------------------------------------- */

struct bloom_bits {
    uint8_t at[3], mask[3]; /* bytes of the bloom, and what must be set in them */
};

/* Addresses, and the topics of a place, are sorted; their places in a bloom are found once. */
struct log_criteria {
    bool by_hash;
    bool beyond_head;  /* the range asked for reached beyond the head and was cut */
    uint64_t from, to; /* inclusive */
    const struct address *addresses;
    const struct bloom_bits *address_bits;
    size_t address_count;
    struct {
        const struct hash *topics;
        const struct bloom_bits *bits;
        size_t count; /* 0: anything */
    } places[4];
    unsigned place_count;
};

/* criteria_read parses eth_getLogs' object into the call's arena; without a range it is the head.
 */
bool criteria_read(struct rpc_call *c, const struct json *j, struct log_criteria *out);
bool criteria_may_match(const struct log_criteria *f, const uint8_t bloom[BLOOM_BYTES]);
bool criteria_match(const struct log_criteria *f, const struct log_entry *l);
/* criteria_range resolves the range alone, against the head of the call's view. */
bool criteria_range(struct rpc_call *c, const struct json *j, struct log_criteria *out);
/* A copy that outlives the call; criteria_drop releases it. False: too much is kept already. */
bool criteria_keep(struct rpc_call *c, const struct log_criteria *f, struct log_criteria *out);
void criteria_drop(struct rpc *r, struct log_criteria *f);
/* A copy in an arena. */
struct log_criteria criteria_copy(struct arena *a, const struct log_criteria *f);
/* logs_search appends the array of matching logs of f->from..f->to. */
bool logs_search(struct rpc_call *c, const struct log_criteria *f);

/* --- feed.c ----------------------------------------------------------------------------------- */

struct feed_figures {
    uint64_t last_commit_us; /* monotonic; 0 before the first */
    uint64_t blocks, txs, gas;
    uint64_t last_gas, last_txs;
    uint64_t interval_count, interval_sum_us;
    uint64_t interval_bucket[10];
};
extern const double FEED_BUCKETS_S[10];

void feed_open(struct rpc *r);
void feed_close(struct rpc *r);
void feed_figures(struct rpc *r, struct feed_figures *out);
void feed_watch_pending(struct rpc *r, int change); /* someone wants (+1), or no longer, hashes */
/* feed_pending appends hashes accepted since *next (a sequence number) to out, and moves it. */
uint64_t feed_pending_end(struct rpc *r);
void feed_pending(struct rpc *r, uint64_t *next, struct buf *out);

/* --- subscribe.c, filter.c -------------------------------------------------------------------- */

void subs_open(struct rpc *r);
void subs_start(struct rpc *r); /* the thread; without it (rpc_open) nobody can subscribe */
void subs_close(struct rpc *r);
void subs_wake(struct rpc *r); /* any thread; never waits for a block to be read */
void subs_drop(struct rpc *r, struct http_ws *ws);
unsigned subs_count(struct rpc *r);
void filters_open(struct rpc *r);
void filters_close(struct rpc *r);
unsigned filters_count(struct rpc *r);
void put_id(struct buf *out, const uint8_t id[RPC_ID_BYTES]);
bool read_id(struct rpc_call *c, const struct json *j, uint8_t id[RPC_ID_BYTES]);

/* --- metrics.c, page.c ------------------------------------------------------------------------ */

void metrics_put(struct rpc *r, struct buf *out);
bool health_put(struct rpc *r, struct buf *out); /* false: not healthy */
/* page_serve answers a path of the page; false: none of its files. */
bool page_serve(const struct http_request *in, struct http_response *out);

#endif
