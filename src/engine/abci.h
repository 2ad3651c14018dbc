/* abci: the messages between CometBFT and the application (ABCI 2.0 as CometBFT v0.40.0 speaks it),
 * in both directions, and nothing of what they mean to the chain.
 *
 * Reading   strict and bounded: a message is at most LIMIT_ABCI_MESSAGE_BYTES, every list has a
 *           limit (LIMIT_ABCI_*), a field occurs once, addresses have 20 bytes, hashes and keys
 *           32, times are checked. Unknown fields are skipped. Byte strings borrow from the
 *           message, lists lie in the arena. Text is bytes: it need not be UTF-8.
 * Writing   byte for byte what the engine's own encoder makes of the same values.
 * Left out  events and Merkle proofs of responses: nothing here makes them; they are skipped. */
#ifndef PARVIS_ENGINE_ABCI_H
#define PARVIS_ENGINE_ABCI_H

#include "base/bytes.h"
#include "base/mem.h"

/* The value is the request's number on the wire; its response has the next one. */
enum abci_kind {
    ABCI_EXCEPTION = 0, /* a response only */
    ABCI_ECHO = 1,
    ABCI_FLUSH = 2,
    ABCI_INFO = 3,
    ABCI_INIT_CHAIN = 5,
    ABCI_QUERY = 6,
    ABCI_CHECK_TX = 8,
    ABCI_COMMIT = 11,
    ABCI_LIST_SNAPSHOTS = 12,
    ABCI_OFFER_SNAPSHOT = 13,
    ABCI_LOAD_SNAPSHOT_CHUNK = 14,
    ABCI_APPLY_SNAPSHOT_CHUNK = 15,
    ABCI_PREPARE_PROPOSAL = 16,
    ABCI_PROCESS_PROPOSAL = 17,
    ABCI_EXTEND_VOTE = 18,
    ABCI_VERIFY_VOTE_EXTENSION = 19,
    ABCI_FINALIZE_BLOCK = 20,
    ABCI_INSERT_TX = 21,
    ABCI_REAP_TXS = 22,
    ABCI_KIND_COUNT
};

/* ---- what both directions share ---- */

/* A time since 1970 (years 1 to 9999, nanos 0 to 999 999 999), or a duration (nanos of the sign of
 * the seconds). */
struct abci_time {
    int64_t seconds;
    int32_t nanos;
};

struct abci_validator {
    uint8_t address20[20]; /* the first bytes of SHA-256(public key) */
    int64_t power;
};

struct abci_validator_update {
    uint8_t key32[32]; /* ed25519; a validator with another kind of key is refused */
    int64_t power;
};

enum abci_vote_flag {
    ABCI_VOTE_UNKNOWN = 0,
    ABCI_VOTE_ABSENT = 1,
    ABCI_VOTE_COMMIT = 2,
    ABCI_VOTE_NIL = 3
};

struct abci_vote {
    struct abci_validator validator;
    enum abci_vote_flag flag;
    struct bytes extension, extension_signature; /* in prepare_proposal only */
};

struct abci_commit {
    int32_t round;
    const struct abci_vote *votes;
    size_t vote_count;
};

enum abci_misbehaviour_kind {
    ABCI_MISBEHAVIOUR_UNKNOWN = 0,
    ABCI_DUPLICATE_VOTE = 1,
    ABCI_LIGHT_CLIENT_ATTACK = 2
};

struct abci_misbehaviour {
    enum abci_misbehaviour_kind kind;
    struct abci_validator validator;
    int64_t height;
    struct abci_time time;
    int64_t total_power;
};

/* Consensus parameters, by section; in a response a section that is not there stays as it was. */
struct abci_params {
    bool has_block, has_evidence, has_validator, has_version, has_abci, has_authority;
    struct abci_block_params {
        int64_t max_bytes, max_gas;
    } block;
    struct abci_evidence_params {
        int64_t max_age_num_blocks;
        struct abci_time max_age_duration;
        int64_t max_bytes;
    } evidence;
    struct abci_validator_params {
        const struct bytes *pub_key_types; /* "ed25519" */
        size_t pub_key_type_count;
    } validator;
    struct abci_version_params {
        uint64_t app;
    } version;
    struct abci_abci_params {
        int64_t vote_extensions_enable_height; /* 0: never */
    } abci;
    struct abci_authority_params {
        struct bytes authority;
    } authority;
};

struct abci_snapshot {
    uint64_t height;
    uint32_t format, chunks;
    struct bytes hash, metadata;
};

/* ---- requests ---- */

struct abci_echo { /* request and response */
    struct bytes message;
};

struct abci_info_request {
    struct bytes version;
    uint64_t block_version, p2p_version;
    struct bytes abci_version;
};

struct abci_init_chain_request {
    struct abci_time time;
    struct bytes chain_id;
    bool has_params;
    struct abci_params params;
    const struct abci_validator_update *validators;
    size_t validator_count;
    struct bytes app_state;
    int64_t initial_height;
};

struct abci_query_request {
    struct bytes data, path;
    int64_t height;
    bool prove;
};

enum abci_check_type { ABCI_CHECK_NEW = 0, ABCI_CHECK_AGAIN = 1 };

struct abci_check_tx_request {
    struct bytes tx;
    enum abci_check_type type;
};

struct abci_insert_tx_request {
    struct bytes tx;
};

struct abci_reap_txs_request {
    uint64_t max_bytes, max_gas; /* 0: no limit */
};

struct abci_offer_snapshot_request {
    bool has_snapshot;
    struct abci_snapshot snapshot;
    struct bytes app_hash; /* verified by the engine's light client */
};

struct abci_load_chunk_request {
    uint64_t height;
    uint32_t format, chunk;
};

struct abci_apply_chunk_request {
    uint32_t index;
    struct bytes chunk, sender;
};

/* A block on its way: prepare_proposal, process_proposal, extend_vote and finalize_block. */
struct abci_block {
    const struct bytes *txs;
    size_t tx_count;
    struct abci_commit last_commit;
    const struct abci_misbehaviour *misbehaviours;
    size_t misbehaviour_count;
    int64_t height;
    struct abci_time time;
    uint8_t next_validators_hash32[32];
    uint8_t proposer20[20];
    uint8_t hash32[32];   /* of the engine's header; zero in prepare_proposal */
    int64_t max_tx_bytes; /* prepare_proposal only: bound of what the response may hold */
};

struct abci_verify_extension_request {
    uint8_t hash32[32];
    uint8_t validator20[20];
    int64_t height;
    struct bytes extension;
};

struct abci_request {
    enum abci_kind kind; /* flush, commit and list_snapshots carry nothing */
    union {
        struct abci_echo echo;
        struct abci_info_request info;
        struct abci_init_chain_request init_chain;
        struct abci_query_request query;
        struct abci_check_tx_request check_tx;
        struct abci_offer_snapshot_request offer_snapshot;
        struct abci_load_chunk_request load_chunk;
        struct abci_apply_chunk_request apply_chunk;
        struct abci_block block; /* prepare, process, extend_vote, finalize */
        struct abci_verify_extension_request verify_extension;
        struct abci_insert_tx_request insert_tx;
        struct abci_reap_txs_request reap_txs;
    };
};

/* ---- responses ---- */

struct abci_exception { /* the engine stops when it reads one */
    struct bytes error;
};

struct abci_info_response {
    struct bytes data, version;
    uint64_t app_version;
    int64_t last_block_height;
    struct bytes last_block_app_hash;
};

struct abci_init_chain_response {
    bool has_params;
    struct abci_params params;
    const struct abci_validator_update *validators;
    size_t validator_count;
    struct bytes app_hash;
};

struct abci_query_response {
    uint32_t code;
    struct bytes log, info;
    int64_t index;
    struct bytes key, value;
    int64_t height;
    struct bytes codespace;
};

/* Of check_tx, and of one transaction in finalize_block. */
struct abci_tx_result {
    uint32_t code; /* 0: accepted */
    struct bytes data, log, info;
    int64_t gas_wanted, gas_used;
    struct bytes codespace;
};

struct abci_commit_response {
    int64_t retain_height; /* the engine may drop its blocks below; 0: keep all */
};

struct abci_list_snapshots_response {
    const struct abci_snapshot *snapshots;
    size_t snapshot_count;
};

enum abci_offer_result {
    ABCI_OFFER_UNKNOWN = 0,
    ABCI_OFFER_ACCEPT = 1,
    ABCI_OFFER_ABORT = 2,
    ABCI_OFFER_REJECT = 3,
    ABCI_OFFER_REJECT_FORMAT = 4,
    ABCI_OFFER_REJECT_SENDER = 5
};

struct abci_offer_snapshot_response {
    enum abci_offer_result result;
};

struct abci_load_chunk_response {
    struct bytes chunk;
};

enum abci_apply_result {
    ABCI_APPLY_UNKNOWN = 0,
    ABCI_APPLY_ACCEPT = 1,
    ABCI_APPLY_ABORT = 2,
    ABCI_APPLY_RETRY = 3,
    ABCI_APPLY_RETRY_SNAPSHOT = 4,
    ABCI_APPLY_REJECT_SNAPSHOT = 5
};

struct abci_apply_chunk_response {
    enum abci_apply_result result;
    const uint32_t *refetch_chunks;
    size_t refetch_count;
    const struct bytes *reject_senders;
    size_t reject_count;
};

struct abci_txs_response { /* prepare_proposal and reap_txs */
    const struct bytes *txs;
    size_t tx_count;
};

enum abci_verdict { /* process_proposal and verify_vote_extension; UNKNOWN stops the engine */
                    ABCI_UNKNOWN = 0,
                    ABCI_ACCEPT = 1,
                    ABCI_REJECT = 2
};

struct abci_verdict_response {
    enum abci_verdict status;
};

struct abci_extend_vote_response {
    struct bytes extension;
};

struct abci_finalize_block_response {
    const struct abci_tx_result *tx_results; /* as many as the block has transactions */
    size_t tx_result_count;
    const struct abci_validator_update *validator_updates;
    size_t validator_update_count;
    bool has_params;
    struct abci_params params;
    struct bytes app_hash;
};

struct abci_insert_tx_response {
    uint32_t code; /* 0: taken; >= 32000: try again later */
};

struct abci_response {
    enum abci_kind kind; /* flush carries nothing */
    union {
        struct abci_exception exception;
        struct abci_echo echo;
        struct abci_info_response info;
        struct abci_init_chain_response init_chain;
        struct abci_query_response query;
        struct abci_tx_result check_tx;
        struct abci_commit_response commit;
        struct abci_list_snapshots_response list_snapshots;
        struct abci_offer_snapshot_response offer_snapshot;
        struct abci_load_chunk_response load_chunk;
        struct abci_apply_chunk_response apply_chunk;
        struct abci_txs_response prepare_proposal;
        struct abci_verdict_response process_proposal;
        struct abci_extend_vote_response extend_vote;
        struct abci_verdict_response verify_extension;
        struct abci_finalize_block_response finalize_block;
        struct abci_insert_tx_response insert_tx;
        struct abci_txs_response reap_txs;
    };
};

/* abci_kind_name: "finalize_block", as in the engine's protocol; "unknown" for no kind. */
const char *abci_kind_name(enum abci_kind kind);

/* abci_request_decode and abci_response_decode read one whole message (without the length in
 * front). *out borrows from message and a; it is written only on success. E_OK | E_PROTOBUF
 * (malformed, a field twice, no or two kinds in one message) | E_RANGE (a value or length out of
 * range) | E_TOO_LARGE (the message or one of its lists) | E_UNSUPPORTED (a kind that is not
 * listed). d names message and field. */
enum err abci_request_decode(struct arena *a, struct abci_request *out, struct bytes message,
                             struct diag *d);
enum err abci_response_decode(struct arena *a, struct abci_response *out, struct bytes message,
                              struct diag *d);

/* abci_request_encode and abci_response_encode append one message, without a length in front; the
 * _frame functions put the length in front, as on the socket. Values, lists and the whole message
 * must be in range, as the decoders check it: anything else is a bug here. */
void abci_request_encode(struct buf *out, const struct abci_request *request);
void abci_response_encode(struct buf *out, const struct abci_response *response);
void abci_request_frame(struct buf *out, const struct abci_request *request);
void abci_response_frame(struct buf *out, const struct abci_response *response);

#endif
