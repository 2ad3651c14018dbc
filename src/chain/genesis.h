/* genesis: the file a chain begins with (JSON), and the block 0 it makes.
 *
 *   { "parvis": 1, "chainId": 20260, "timestamp": 1356998400, "gasLimit": 500000000,
 *     "extraData": "0x...", "engine": {"name": "solo", "proposer": "0x..."},
 *     "roles": {"issuer": "0x...", "registrar": "0x..."},
 *     "alloc": {"0x...": {"balance": "1000000000000000000", "code": "0x", "nonce": 0,
 *                         "storage": {"0x..": "0x.."}}},
 *     "services": {"money": {...}, "energy": {...}} }
 * Unknown members are refused by name, so that a typing error is not silently ignored. */
#ifndef PARVIS_CHAIN_GENESIS_H
#define PARVIS_CHAIN_GENESIS_H

#include "chain/block.h"
#include "codec/json.h"

struct genesis {
    struct buf text;            /* the file's bytes, kept in the store */
    struct json *json;
    uint64_t chain_id;
    uint64_t timestamp_s;
    uint64_t gas_limit;
    struct address proposer;
    uint8_t extra_data[32];
    size_t extra_data_len;
};

/* genesis_parse checks every field. E_OK | E_JSON | E_GENESIS; d names the field.
 * genesis_free releases. */
enum err genesis_parse(struct genesis *out, struct bytes text, struct diag *d);
void genesis_free(struct genesis *g);

/* genesis_apply writes allocations, roles and the services' initial storage into s.
 * E_OK | E_GENESIS. */
enum err genesis_apply(const struct genesis *g, struct state *s, struct diag *d);

#endif
