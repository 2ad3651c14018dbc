/* tables: what every record of the store holds. Integers are big-endian. Every value is sealed
 * (crypto/seal.h) with `table number (1 byte) || key` as bound data, so a record can neither be
 * changed, nor moved to another key or table, without being noticed.
 *
 * LMDB key  [height, 8 bytes, if the table uses it][hidden name, 16 bytes, if it uses one]
 *           A hidden name is seal_name(name): equal names give equal hidden names, in every table.
 *
 * META      named
 *   - version     u32, the format of the records: CHAIN_RECORDS_VERSION
 *   - genesis     the genesis file's text
 *   - head        u64 height, block hash (32)
 *   - importing   present while an import is unfinished
 *   - consensus   of a network: u64 last height of the engine, u64 head block after it
 *
 * HEADER    height of the block
 *   - seal: r (32), s (32), y_parity (1)
 *   - u32 transactions in the block, u64 transactions since genesis with these
 *   - u64 size of the block's RLP
 *   - header RLP
 *
 * BODY      height of the block
 *   - u32 count
 *   - per transaction: sender (20), u32 length, encoding
 *   - in a block of an imported Ethereum chain that has any: RLP of its ommers and withdrawals
 *
 * RECEIPTS  height of the block. Blooms and cumulative gas follow from the rest and are not kept.
 *   - u32 count
 *   - per receipt: u8 type, u8 flags (1 success, 2 created, 4 root), u64 gas used,
 *     [state root (32)], [created address (20)], u32 logs
 *   - per log: address (20), u8 topics, topics (32 each), u32 length, data
 *
 * BLOCK_HASH named by block hash: u64 height
 *
 * TX_HASH   named by transaction hash: u64 height, u32 index in the block
 *
 * CODE      named by code hash: the contract's code
 *
 * NODE, FLAT, HISTORY, STALE: the state, see state/statedb.h
 *
 * CONSENSUS height of a block of a network: u64 the engine's height at which it was decided
 *
 * INDEX     derived read indexes, rebuilt from events
 *
 * A block's records (HEADER, BODY, RECEIPTS, BLOCK_HASH, TX_HASH, META head and the state's) are
 * written in one store transaction, so they are all there or none is. */
#ifndef PARVIS_STORE_TABLES_H
#define PARVIS_STORE_TABLES_H

#define CHAIN_RECORDS_VERSION 2u

#define META_VERSION "version"
#define META_GENESIS "genesis"
#define META_HEAD "head"
#define META_IMPORTING "importing"
#define META_CONSENSUS "consensus"

#endif
