/* Every method: name, handler, most parameters. Sorted by name (dispatch searches by halves;
 * test_rpc checks the order). */
#ifndef PARVIS_RPC_METHODS_H
#define PARVIS_RPC_METHODS_H

#include "rpc/rpc_internal.h"

#define RPC_METHOD_TABLE(X)                                                 \
    X("debug_getRawBlock", debug_raw_block, 1)                              \
    X("debug_getRawHeader", debug_raw_header, 1)                            \
    X("debug_getRawReceipts", debug_raw_receipts, 1)                        \
    X("debug_getRawTransaction", eth_get_raw_tx, 1)                         \
    X("debug_traceBlockByHash", debug_trace_block_by_hash, 2)               \
    X("debug_traceBlockByNumber", debug_trace_block_by_number, 2)           \
    X("debug_traceCall", debug_trace_call, 3)                               \
    X("debug_traceTransaction", debug_trace_transaction, 2)                 \
    X("eth_accounts", eth_accounts, 0)                                      \
    X("eth_baseFee", eth_base_fee, 0)                                       \
    X("eth_blobBaseFee", eth_blob_base_fee, 0)                              \
    X("eth_blockNumber", eth_block_number, 0)                               \
    X("eth_call", eth_call, 4)                                              \
    X("eth_capabilities", eth_capabilities, 0)                              \
    X("eth_chainId", eth_chain_id, 0)                                       \
    X("eth_coinbase", eth_coinbase, 0)                                      \
    X("eth_config", eth_config, 0)                                          \
    X("eth_createAccessList", eth_create_access_list, 4)                    \
    X("eth_estimateGas", eth_estimate_gas, 4)                               \
    X("eth_feeHistory", eth_fee_history, 3)                                 \
    X("eth_gasPrice", eth_gas_price, 0)                                     \
    X("eth_getBalance", eth_get_balance, 2)                                 \
    X("eth_getBlockByHash", eth_get_block_by_hash, 2)                       \
    X("eth_getBlockByNumber", eth_get_block_by_number, 2)                   \
    X("eth_getBlockReceipts", eth_get_block_receipts, 1)                    \
    X("eth_getBlockTransactionCountByHash", eth_tx_count_by_hash, 1)        \
    X("eth_getBlockTransactionCountByNumber", eth_tx_count_by_number, 1)    \
    X("eth_getCode", eth_get_code, 2)                                       \
    X("eth_getFilterChanges", eth_get_filter_changes, 1)                    \
    X("eth_getFilterLogs", eth_get_filter_logs, 1)                          \
    X("eth_getLogs", eth_get_logs, 1)                                       \
    X("eth_getProof", eth_get_proof, 3)                                     \
    X("eth_getRawTransactionByHash", eth_get_raw_tx, 1)                     \
    X("eth_getStorageAt", eth_get_storage_at, 3)                            \
    X("eth_getStorageValues", eth_get_storage_values, 2)                    \
    X("eth_getTransactionByBlockHashAndIndex", eth_tx_by_block_hash, 2)     \
    X("eth_getTransactionByBlockNumberAndIndex", eth_tx_by_block_number, 2) \
    X("eth_getTransactionByHash", eth_get_tx, 1)                            \
    X("eth_getTransactionCount", eth_get_nonce, 2)                          \
    X("eth_getTransactionReceipt", eth_get_receipt, 1)                      \
    X("eth_getUncleByBlockHashAndIndex", eth_uncle_by_hash, 2)              \
    X("eth_getUncleByBlockNumberAndIndex", eth_uncle_by_number, 2)          \
    X("eth_getUncleCountByBlockHash", eth_uncle_count_by_hash, 1)           \
    X("eth_getUncleCountByBlockNumber", eth_uncle_count_by_number, 1)       \
    X("eth_maxPriorityFeePerGas", eth_max_priority_fee, 0)                  \
    X("eth_newBlockFilter", eth_new_block_filter, 0)                        \
    X("eth_newFilter", eth_new_filter, 1)                                   \
    X("eth_newPendingTransactionFilter", eth_new_pending_filter, 1)         \
    X("eth_sendRawTransaction", eth_send_raw, 1)                            \
    X("eth_simulateV1", eth_simulate_v1, 2)                                 \
    X("eth_subscribe", subs_add, 2)                                         \
    X("eth_syncing", eth_syncing, 0)                                        \
    X("eth_uninstallFilter", eth_uninstall_filter, 1)                       \
    X("eth_unsubscribe", subs_remove, 1)                                    \
    X("net_listening", net_listening, 0)                                    \
    X("net_peerCount", net_peer_count, 0)                                   \
    X("net_version", net_version, 0)                                        \
    X("parvis_getBlockRecord", parvis_get_block_record, 1)                  \
    X("parvis_getLightBlock", parvis_get_light_block, 1)                    \
    X("parvis_getReceiptProof", parvis_get_receipt_proof, 1)                \
    X("parvis_getStorage", parvis_get_storage, 3)                           \
    X("parvis_getTransactionProof", parvis_get_tx_proof, 1)                 \
    X("parvis_services", parvis_services, 0)                                \
    X("parvis_status", parvis_status, 0)                                    \
    X("txpool_content", txpool_content, 0)                                  \
    X("txpool_contentFrom", txpool_content_from, 1)                         \
    X("txpool_inspect", txpool_inspect, 0)                                  \
    X("txpool_status", txpool_status, 0)                                    \
    X("web3_clientVersion", web3_client_version, 0)                         \
    X("web3_sha3", web3_sha3, 1)

#define METHOD_DECLARE(name, run, params) bool run(struct rpc_call *c);
RPC_METHOD_TABLE(METHOD_DECLARE)
#undef METHOD_DECLARE

#endif
