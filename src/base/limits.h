/* limits: every bound of the program, each named once. */
#ifndef PARVIS_BASE_LIMITS_H
#define PARVIS_BASE_LIMITS_H

#define LIMIT_TX_BYTES (1u << 20)   /* one encoded transaction */
#define LIMIT_TX_GAS 16777216u      /* EIP-7825 */
#define LIMIT_CALL_DEPTH 1024u      /* EVM call frames */
#define LIMIT_EVM_STACK_WORDS 1024u /* operands of one frame */
#define LIMIT_EVM_MEMORY_BYTES \
    (UINT64_C(4) << 30)                        /* memories of one call tree (reserved, not used) */
#define LIMIT_EVM_STACK_BYTES (64u << 20)      /* C stack of a thread that executes */
#define LIMIT_EVM_CODE_CACHE_BYTES (64u << 20) /* prepared code of one thread that executes */
#define LIMIT_CODE_BYTES 24576u                /* EIP-170 */
#define LIMIT_INITCODE_BYTES 49152u            /* EIP-3860 */
#define LIMIT_STATE_VALUE_BYTES (1u << 20)     /* one storage value of a service */
#define LIMIT_STATE_HISTORY 128u               /* blocks whose state can be read and proved */
#define LIMIT_POOL_TXS 200000u                 /* waiting transactions */
#define LIMIT_POOL_PER_SENDER 16384u           /* waiting transactions of one sender */
#define LIMIT_POOL_BYTES (512u << 20)          /* their encoded size */
#define LIMIT_RPC_BODY_BYTES (8u << 20)        /* one HTTP body or WebSocket message */
#define LIMIT_RPC_BATCH 1000u                  /* requests in one JSON-RPC batch */
#define LIMIT_RPC_RESPONSE_BYTES (64u << 20)
#define LIMIT_RPC_CONNECTIONS 4096u
#define LIMIT_RPC_HELD_BYTES (256u << 20) /* requests and unread answers of all connections */
#define LIMIT_RPC_FRAGMENTS 1000u         /* frames of one WebSocket message */
#define LIMIT_RPC_CALL_GAS 100000000u     /* eth_call and eth_estimateGas */
#define LIMIT_RPC_LOG_RESULTS 20000u      /* logs in one eth_getLogs answer */
#define LIMIT_RPC_FILTERS 1024u
#define LIMIT_RPC_SUBSCRIPTIONS 1024u
#define LIMIT_RPC_CRITERIA_BYTES (64u << 20) /* log criteria kept, all together */
#define LIMIT_JSON_DEPTH 64u
#define LIMIT_RLP_DEPTH 64u
#define LIMIT_BLOCK_TXS 65536u
#define LIMIT_CSV_LINE_BYTES (1u << 20)
#define LIMIT_GENESIS_BYTES (64u << 20)
#define LIMIT_IMPORT_FILE_BYTES (1u << 30)
#define LIMIT_ABCI_MESSAGE_BYTES (64u << 20) /* one message of the ordering engine, or to it */
#define LIMIT_ABCI_BUFFER_BYTES (64u << 10)  /* answers that wait for the engine's Flush */
#define LIMIT_ABCI_CONNECTIONS 8u            /* the engine opens 4; twice that while one restarts */
#define LIMIT_ABCI_TXS 65536u                /* transactions (bundles) in one message */
#define LIMIT_ABCI_VALIDATORS 10000u         /* votes or validators; CometBFT's own bound */
#define LIMIT_ABCI_MISBEHAVIOURS 16384u      /* in one block */
#define LIMIT_ABCI_SNAPSHOTS 64u             /* in one list */
#define LIMIT_ABCI_CHUNKS 65536u             /* of one snapshot */
#define LIMIT_ABCI_SENDERS 1024u             /* refused in one answer */
#define LIMIT_ABCI_KEY_TYPES 16u             /* of validators */
#define LIMIT_LIGHT_VALIDATORS 1024u         /* of a set that a light client follows */
#define LIMIT_LIGHT_PATH 1024u               /* headers between a trusted one and the one proven */
#define LIMIT_SNAPSHOT_CHUNK_BYTES (8u << 20) /* a chunk as it is sent */
#define LIMIT_SNAPSHOT_MANIFEST_BYTES (512u << 10)
#define LIMIT_SNAPSHOT_RECORD_BYTES (64u << 20) /* one record inside */
#define LIMIT_OPERATION_POINTS 4096u            /* consumers + producers of one operation */

#endif
