/* The messages of ABCI 2.0: field numbers and types of proto/tendermint/{abci,types,crypto} in
 * CometBFT v0.40.0. */
#include "base/limits.h"
#include "engine/abci_internal.h"

#define EACH_BYTES(n, type, member, total, most) \
    PB_FIELD_EACH(n, PB_KIND_EACH_BYTES, type, member, total, struct bytes, most, NULL)
#define EACH(n, type, member, total, c_type, most, layout) \
    PB_FIELD_EACH(n, PB_KIND_EACH, type, member, total, c_type, most, layout)

/* ---- times ---- */

#define NANOS 1000000000
#define YEAR_1 INT64_C(-62135596800)       /* 0001-01-01: the zero of the engine's clock */
#define YEAR_10000 INT64_C(253402300800)   /* what protobuf's Timestamp may not reach */
#define DURATION_MAX INT64_C(315576000000) /* protobuf's Duration: 10 000 years */

static enum err check_time(const void *value)
{
    const struct abci_time *t = value;
    bool holds =
        t->seconds >= YEAR_1 && t->seconds < YEAR_10000 && t->nanos >= 0 && t->nanos < NANOS;
    return holds ? E_OK : E_RANGE;
}

static enum err check_duration(const void *value)
{
    const struct abci_time *t = value;
    bool signs = t->seconds == 0 || t->nanos == 0 || (t->seconds < 0) == (t->nanos < 0);
    bool holds = t->seconds >= -DURATION_MAX && t->seconds <= DURATION_MAX && t->nanos > -NANOS &&
                 t->nanos < NANOS && signs;
    return holds ? E_OK : E_RANGE;
}

PB_LAYOUT(TIME, "Timestamp", struct abci_time, check_time,
          PB_FIELD_I64(1, struct abci_time, seconds), PB_FIELD_I32(2, struct abci_time, nanos));
PB_LAYOUT(DURATION, "Duration", struct abci_time, check_duration,
          PB_FIELD_I64(1, struct abci_time, seconds), PB_FIELD_I32(2, struct abci_time, nanos));

/* ---- validators, votes, misbehaviour ---- */

PB_LAYOUT(VALIDATOR, "Validator", struct abci_validator, NULL,
          PB_FIELD_ARRAY(1, struct abci_validator, address20, 20),
          PB_FIELD_I64(3, struct abci_validator, power));

/* the key is a message of its own on the wire, of one member: ed25519 */
PB_LAYOUT(PUBLIC_KEY, "PublicKey", struct abci_validator_update, NULL,
          PB_FIELD_ARRAY(1, struct abci_validator_update, key32, 32));
PB_LAYOUT(VALIDATOR_UPDATE, "ValidatorUpdate", struct abci_validator_update, NULL,
          {.number = 1, .kind = PB_KIND_MESSAGE, .offset = 0, .message = &PUBLIC_KEY},
          PB_FIELD_I64(2, struct abci_validator_update, power));

PB_LAYOUT(VOTE, "VoteInfo", struct abci_vote, NULL,
          PB_FIELD_MESSAGE(1, struct abci_vote, validator, &VALIDATOR),
          PB_FIELD_ENUM(3, struct abci_vote, flag, enum abci_vote_flag, ABCI_VOTE_NIL));
PB_LAYOUT(EXTENDED_VOTE, "ExtendedVoteInfo", struct abci_vote, NULL,
          PB_FIELD_MESSAGE(1, struct abci_vote, validator, &VALIDATOR),
          PB_FIELD_BYTES(3, struct abci_vote, extension),
          PB_FIELD_BYTES(4, struct abci_vote, extension_signature),
          PB_FIELD_ENUM(5, struct abci_vote, flag, enum abci_vote_flag, ABCI_VOTE_NIL));

PB_LAYOUT(COMMIT_INFO, "CommitInfo", struct abci_commit, NULL,
          PB_FIELD_I32(1, struct abci_commit, round),
          EACH(2, struct abci_commit, votes, vote_count, struct abci_vote, LIMIT_ABCI_VALIDATORS,
               &VOTE));
PB_LAYOUT(EXTENDED_COMMIT, "ExtendedCommitInfo", struct abci_commit, NULL,
          PB_FIELD_I32(1, struct abci_commit, round),
          EACH(2, struct abci_commit, votes, vote_count, struct abci_vote, LIMIT_ABCI_VALIDATORS,
               &EXTENDED_VOTE));

PB_LAYOUT(MISBEHAVIOUR, "Misbehavior", struct abci_misbehaviour, NULL,
          PB_FIELD_ENUM(1, struct abci_misbehaviour, kind, enum abci_misbehaviour_kind,
                        ABCI_LIGHT_CLIENT_ATTACK),
          PB_FIELD_MESSAGE(2, struct abci_misbehaviour, validator, &VALIDATOR),
          PB_FIELD_I64(3, struct abci_misbehaviour, height),
          PB_FIELD_MESSAGE(4, struct abci_misbehaviour, time, &TIME),
          PB_FIELD_I64(5, struct abci_misbehaviour, total_power));

/* ---- consensus parameters ---- */

PB_LAYOUT(BLOCK_PARAMS, "BlockParams", struct abci_block_params, NULL,
          PB_FIELD_I64(1, struct abci_block_params, max_bytes),
          PB_FIELD_I64(2, struct abci_block_params, max_gas));
PB_LAYOUT(EVIDENCE_PARAMS, "EvidenceParams", struct abci_evidence_params, NULL,
          PB_FIELD_I64(1, struct abci_evidence_params, max_age_num_blocks),
          PB_FIELD_MESSAGE(2, struct abci_evidence_params, max_age_duration, &DURATION),
          PB_FIELD_I64(3, struct abci_evidence_params, max_bytes));
PB_LAYOUT(VALIDATOR_PARAMS, "ValidatorParams", struct abci_validator_params, NULL,
          EACH_BYTES(1, struct abci_validator_params, pub_key_types, pub_key_type_count,
                     LIMIT_ABCI_KEY_TYPES));
PB_LAYOUT(VERSION_PARAMS, "VersionParams", struct abci_version_params, NULL,
          PB_FIELD_U64(1, struct abci_version_params, app));
PB_LAYOUT(ABCI_PARAMS, "ABCIParams", struct abci_abci_params, NULL,
          PB_FIELD_I64(1, struct abci_abci_params, vote_extensions_enable_height));
PB_LAYOUT(AUTHORITY_PARAMS, "AuthorityParams", struct abci_authority_params, NULL,
          PB_FIELD_BYTES(1, struct abci_authority_params, authority));

PB_LAYOUT(PARAMS, "ConsensusParams", struct abci_params, NULL,
          PB_FIELD_OPTIONAL(1, struct abci_params, block, has_block, &BLOCK_PARAMS),
          PB_FIELD_OPTIONAL(2, struct abci_params, evidence, has_evidence, &EVIDENCE_PARAMS),
          PB_FIELD_OPTIONAL(3, struct abci_params, validator, has_validator, &VALIDATOR_PARAMS),
          PB_FIELD_OPTIONAL(4, struct abci_params, version, has_version, &VERSION_PARAMS),
          PB_FIELD_OPTIONAL(5, struct abci_params, abci, has_abci, &ABCI_PARAMS),
          PB_FIELD_OPTIONAL(6, struct abci_params, authority, has_authority, &AUTHORITY_PARAMS));

/* ---- snapshots ---- */

PB_LAYOUT(SNAPSHOT, "Snapshot", struct abci_snapshot, NULL,
          PB_FIELD_U64(1, struct abci_snapshot, height),
          PB_FIELD_U32(2, struct abci_snapshot, format),
          PB_FIELD_U32(3, struct abci_snapshot, chunks),
          PB_FIELD_BYTES(4, struct abci_snapshot, hash),
          PB_FIELD_BYTES(5, struct abci_snapshot, metadata));

/* ---- requests ---- */

static const struct pb_layout NOTHING = {"nothing", 0, NULL, 0, NULL};

PB_LAYOUT(ECHO, "Echo", struct abci_echo, NULL, PB_FIELD_BYTES(1, struct abci_echo, message));
PB_LAYOUT(INFO_REQUEST, "RequestInfo", struct abci_info_request, NULL,
          PB_FIELD_BYTES(1, struct abci_info_request, version),
          PB_FIELD_U64(2, struct abci_info_request, block_version),
          PB_FIELD_U64(3, struct abci_info_request, p2p_version),
          PB_FIELD_BYTES(4, struct abci_info_request, abci_version));
PB_LAYOUT(INIT_CHAIN_REQUEST, "RequestInitChain", struct abci_init_chain_request, NULL,
          PB_FIELD_MESSAGE(1, struct abci_init_chain_request, time, &TIME),
          PB_FIELD_BYTES(2, struct abci_init_chain_request, chain_id),
          PB_FIELD_OPTIONAL(3, struct abci_init_chain_request, params, has_params, &PARAMS),
          EACH(4, struct abci_init_chain_request, validators, validator_count,
               struct abci_validator_update, LIMIT_ABCI_VALIDATORS, &VALIDATOR_UPDATE),
          PB_FIELD_BYTES(5, struct abci_init_chain_request, app_state),
          PB_FIELD_I64(6, struct abci_init_chain_request, initial_height));
PB_LAYOUT(QUERY_REQUEST, "RequestQuery", struct abci_query_request, NULL,
          PB_FIELD_BYTES(1, struct abci_query_request, data),
          PB_FIELD_BYTES(2, struct abci_query_request, path),
          PB_FIELD_I64(3, struct abci_query_request, height),
          PB_FIELD_BOOL(4, struct abci_query_request, prove));
PB_LAYOUT(CHECK_TX_REQUEST, "RequestCheckTx", struct abci_check_tx_request, NULL,
          PB_FIELD_BYTES(1, struct abci_check_tx_request, tx),
          PB_FIELD_ENUM(2, struct abci_check_tx_request, type, enum abci_check_type,
                        ABCI_CHECK_AGAIN));
PB_LAYOUT(OFFER_REQUEST, "RequestOfferSnapshot", struct abci_offer_snapshot_request, NULL,
          PB_FIELD_OPTIONAL(1, struct abci_offer_snapshot_request, snapshot, has_snapshot,
                            &SNAPSHOT),
          PB_FIELD_BYTES(2, struct abci_offer_snapshot_request, app_hash));
PB_LAYOUT(LOAD_REQUEST, "RequestLoadSnapshotChunk", struct abci_load_chunk_request, NULL,
          PB_FIELD_U64(1, struct abci_load_chunk_request, height),
          PB_FIELD_U32(2, struct abci_load_chunk_request, format),
          PB_FIELD_U32(3, struct abci_load_chunk_request, chunk));
PB_LAYOUT(APPLY_REQUEST, "RequestApplySnapshotChunk", struct abci_apply_chunk_request, NULL,
          PB_FIELD_U32(1, struct abci_apply_chunk_request, index),
          PB_FIELD_BYTES(2, struct abci_apply_chunk_request, chunk),
          PB_FIELD_BYTES(3, struct abci_apply_chunk_request, sender));

#define BLOCK_TXS(n) EACH_BYTES(n, struct abci_block, txs, tx_count, LIMIT_ABCI_BLOCK_TXS)
#define BLOCK_MISBEHAVIOURS(n)                                                              \
    EACH(n, struct abci_block, misbehaviours, misbehaviour_count, struct abci_misbehaviour, \
         LIMIT_ABCI_MISBEHAVIOURS, &MISBEHAVIOUR)
#define BLOCK_NEXT_VALIDATORS_AND_PROPOSER                            \
    PB_FIELD_ARRAY(7, struct abci_block, next_validators_hash32, 32), \
        PB_FIELD_ARRAY(8, struct abci_block, proposer20, 20)

PB_LAYOUT(PREPARE_REQUEST, "RequestPrepareProposal", struct abci_block, NULL,
          PB_FIELD_I64(1, struct abci_block, max_tx_bytes), BLOCK_TXS(2),
          PB_FIELD_MESSAGE(3, struct abci_block, last_commit, &EXTENDED_COMMIT),
          BLOCK_MISBEHAVIOURS(4), PB_FIELD_I64(5, struct abci_block, height),
          PB_FIELD_MESSAGE(6, struct abci_block, time, &TIME), BLOCK_NEXT_VALIDATORS_AND_PROPOSER);
/* process and finalize have the same fields */
PB_LAYOUT(BLOCK_REQUEST, "RequestProcessProposal/FinalizeBlock", struct abci_block, NULL,
          BLOCK_TXS(1), PB_FIELD_MESSAGE(2, struct abci_block, last_commit, &COMMIT_INFO),
          BLOCK_MISBEHAVIOURS(3), PB_FIELD_ARRAY(4, struct abci_block, hash32, 32),
          PB_FIELD_I64(5, struct abci_block, height),
          PB_FIELD_MESSAGE(6, struct abci_block, time, &TIME), BLOCK_NEXT_VALIDATORS_AND_PROPOSER);
PB_LAYOUT(EXTEND_REQUEST, "RequestExtendVote", struct abci_block, NULL,
          PB_FIELD_ARRAY(1, struct abci_block, hash32, 32),
          PB_FIELD_I64(2, struct abci_block, height),
          PB_FIELD_MESSAGE(3, struct abci_block, time, &TIME), BLOCK_TXS(4),
          PB_FIELD_MESSAGE(5, struct abci_block, last_commit, &COMMIT_INFO), BLOCK_MISBEHAVIOURS(6),
          BLOCK_NEXT_VALIDATORS_AND_PROPOSER);
PB_LAYOUT(VERIFY_REQUEST, "RequestVerifyVoteExtension", struct abci_verify_extension_request, NULL,
          PB_FIELD_ARRAY(1, struct abci_verify_extension_request, hash32, 32),
          PB_FIELD_ARRAY(2, struct abci_verify_extension_request, validator20, 20),
          PB_FIELD_I64(3, struct abci_verify_extension_request, height),
          PB_FIELD_BYTES(4, struct abci_verify_extension_request, extension));
PB_LAYOUT(INSERT_REQUEST, "RequestInsertTx", struct abci_insert_tx_request, NULL,
          PB_FIELD_BYTES(1, struct abci_insert_tx_request, tx));
PB_LAYOUT(REAP_REQUEST, "RequestReapTxs", struct abci_reap_txs_request, NULL,
          PB_FIELD_U64(1, struct abci_reap_txs_request, max_bytes),
          PB_FIELD_U64(2, struct abci_reap_txs_request, max_gas));

/* ---- responses ---- */

PB_LAYOUT(EXCEPTION, "ResponseException", struct abci_exception, NULL,
          PB_FIELD_BYTES(1, struct abci_exception, error));
PB_LAYOUT(INFO_RESPONSE, "ResponseInfo", struct abci_info_response, NULL,
          PB_FIELD_BYTES(1, struct abci_info_response, data),
          PB_FIELD_BYTES(2, struct abci_info_response, version),
          PB_FIELD_U64(3, struct abci_info_response, app_version),
          PB_FIELD_I64(4, struct abci_info_response, last_block_height),
          PB_FIELD_BYTES(5, struct abci_info_response, last_block_app_hash));
PB_LAYOUT(INIT_CHAIN_RESPONSE, "ResponseInitChain", struct abci_init_chain_response, NULL,
          PB_FIELD_OPTIONAL(1, struct abci_init_chain_response, params, has_params, &PARAMS),
          EACH(2, struct abci_init_chain_response, validators, validator_count,
               struct abci_validator_update, LIMIT_ABCI_VALIDATORS, &VALIDATOR_UPDATE),
          PB_FIELD_BYTES(3, struct abci_init_chain_response, app_hash));
PB_LAYOUT(QUERY_RESPONSE, "ResponseQuery", struct abci_query_response, NULL,
          PB_FIELD_U32(1, struct abci_query_response, code),
          PB_FIELD_BYTES(3, struct abci_query_response, log),
          PB_FIELD_BYTES(4, struct abci_query_response, info),
          PB_FIELD_I64(5, struct abci_query_response, index),
          PB_FIELD_BYTES(6, struct abci_query_response, key),
          PB_FIELD_BYTES(7, struct abci_query_response, value),
          PB_FIELD_I64(9, struct abci_query_response, height),
          PB_FIELD_BYTES(10, struct abci_query_response, codespace));
PB_LAYOUT(TX_RESULT, "ExecTxResult", struct abci_tx_result, NULL,
          PB_FIELD_U32(1, struct abci_tx_result, code),
          PB_FIELD_BYTES(2, struct abci_tx_result, data),
          PB_FIELD_BYTES(3, struct abci_tx_result, log),
          PB_FIELD_BYTES(4, struct abci_tx_result, info),
          PB_FIELD_I64(5, struct abci_tx_result, gas_wanted),
          PB_FIELD_I64(6, struct abci_tx_result, gas_used),
          PB_FIELD_BYTES(8, struct abci_tx_result, codespace));
PB_LAYOUT(COMMIT_RESPONSE, "ResponseCommit", struct abci_commit_response, NULL,
          PB_FIELD_I64(3, struct abci_commit_response, retain_height));
PB_LAYOUT(LIST_RESPONSE, "ResponseListSnapshots", struct abci_list_snapshots_response, NULL,
          EACH(1, struct abci_list_snapshots_response, snapshots, snapshot_count,
               struct abci_snapshot, LIMIT_ABCI_SNAPSHOTS, &SNAPSHOT));
PB_LAYOUT(OFFER_RESPONSE, "ResponseOfferSnapshot", struct abci_offer_snapshot_response, NULL,
          PB_FIELD_ENUM(1, struct abci_offer_snapshot_response, result, enum abci_offer_result,
                        ABCI_OFFER_REJECT_SENDER));
PB_LAYOUT(LOAD_RESPONSE, "ResponseLoadSnapshotChunk", struct abci_load_chunk_response, NULL,
          PB_FIELD_BYTES(1, struct abci_load_chunk_response, chunk));
PB_LAYOUT(APPLY_RESPONSE, "ResponseApplySnapshotChunk", struct abci_apply_chunk_response, NULL,
          PB_FIELD_ENUM(1, struct abci_apply_chunk_response, result, enum abci_apply_result,
                        ABCI_APPLY_REJECT_SNAPSHOT),
          PB_FIELD_EACH(2, PB_KIND_EACH_U32, struct abci_apply_chunk_response, refetch_chunks,
                        refetch_count, uint32_t, LIMIT_ABCI_CHUNKS, NULL),
          EACH_BYTES(3, struct abci_apply_chunk_response, reject_senders, reject_count,
                     LIMIT_ABCI_SENDERS));
PB_LAYOUT(TXS_RESPONSE, "ResponsePrepareProposal/ReapTxs", struct abci_txs_response, NULL,
          EACH_BYTES(1, struct abci_txs_response, txs, tx_count, LIMIT_ABCI_TXS));
PB_LAYOUT(VERDICT_RESPONSE, "ResponseProcessProposal/VerifyVoteExtension",
          struct abci_verdict_response, NULL,
          PB_FIELD_ENUM(1, struct abci_verdict_response, status, enum abci_verdict, ABCI_REJECT));
PB_LAYOUT(EXTEND_RESPONSE, "ResponseExtendVote", struct abci_extend_vote_response, NULL,
          PB_FIELD_BYTES(1, struct abci_extend_vote_response, extension));
PB_LAYOUT(FINALIZE_RESPONSE, "ResponseFinalizeBlock", struct abci_finalize_block_response, NULL,
          EACH(2, struct abci_finalize_block_response, tx_results, tx_result_count,
               struct abci_tx_result, LIMIT_ABCI_TXS, &TX_RESULT),
          EACH(3, struct abci_finalize_block_response, validator_updates, validator_update_count,
               struct abci_validator_update, LIMIT_ABCI_VALIDATORS, &VALIDATOR_UPDATE),
          PB_FIELD_OPTIONAL(4, struct abci_finalize_block_response, params, has_params, &PARAMS),
          PB_FIELD_BYTES(5, struct abci_finalize_block_response, app_hash));
PB_LAYOUT(INSERT_RESPONSE, "ResponseInsertTx", struct abci_insert_tx_response, NULL,
          PB_FIELD_U32(1, struct abci_insert_tx_response, code));

const struct abci_layouts ABCI_LAYOUTS[ABCI_KIND_COUNT] = {
    [ABCI_EXCEPTION] = {"exception", NULL, &EXCEPTION},
    [ABCI_ECHO] = {"echo", &ECHO, &ECHO},
    [ABCI_FLUSH] = {"flush", &NOTHING, &NOTHING},
    [ABCI_INFO] = {"info", &INFO_REQUEST, &INFO_RESPONSE},
    [ABCI_INIT_CHAIN] = {"init_chain", &INIT_CHAIN_REQUEST, &INIT_CHAIN_RESPONSE},
    [ABCI_QUERY] = {"query", &QUERY_REQUEST, &QUERY_RESPONSE},
    [ABCI_CHECK_TX] = {"check_tx", &CHECK_TX_REQUEST, &TX_RESULT},
    [ABCI_COMMIT] = {"commit", &NOTHING, &COMMIT_RESPONSE},
    [ABCI_LIST_SNAPSHOTS] = {"list_snapshots", &NOTHING, &LIST_RESPONSE},
    [ABCI_OFFER_SNAPSHOT] = {"offer_snapshot", &OFFER_REQUEST, &OFFER_RESPONSE},
    [ABCI_LOAD_SNAPSHOT_CHUNK] = {"load_snapshot_chunk", &LOAD_REQUEST, &LOAD_RESPONSE},
    [ABCI_APPLY_SNAPSHOT_CHUNK] = {"apply_snapshot_chunk", &APPLY_REQUEST, &APPLY_RESPONSE},
    [ABCI_PREPARE_PROPOSAL] = {"prepare_proposal", &PREPARE_REQUEST, &TXS_RESPONSE},
    [ABCI_PROCESS_PROPOSAL] = {"process_proposal", &BLOCK_REQUEST, &VERDICT_RESPONSE},
    [ABCI_EXTEND_VOTE] = {"extend_vote", &EXTEND_REQUEST, &EXTEND_RESPONSE},
    [ABCI_VERIFY_VOTE_EXTENSION] = {"verify_vote_extension", &VERIFY_REQUEST, &VERDICT_RESPONSE},
    [ABCI_FINALIZE_BLOCK] = {"finalize_block", &BLOCK_REQUEST, &FINALIZE_RESPONSE},
    [ABCI_INSERT_TX] = {"insert_tx", &INSERT_REQUEST, &INSERT_RESPONSE},
    [ABCI_REAP_TXS] = {"reap_txs", &REAP_REQUEST, &TXS_RESPONSE},
};
