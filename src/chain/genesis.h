/* genesis: the file a chain begins with (JSON), and the block 0 it makes.
 *
 *   { "parvis": 1, "chainId": 20260, "timestamp": 1356998400, "gasLimit": 500000000,
 *     "extraData": "0x...", "engine": {"name": "solo", "proposer": "0x..."},
 *     "roles": {"issuer": "0x...", "registrar": "0x..."},
 *     "alloc": {"0x...": {"balance": "1000000000000000000", "code": "0x", "nonce": 0,
 *                         "storage": {"0x..": "0x.."}}},
 *     "services": {"money": {...}, "energy": {...}} }
 *
 * member           must be                                           when absent
 * parvis           1, the version of this file                       refused
 * chainId          1 .. TX_CHAIN_ID_MAX                              refused
 * timestamp        seconds since 1970, before the year 10000         0
 * gasLimit         of a block: 21000 .. 2^53-1                       GENESIS_GAS_LIMIT
 * extraData        at most 32 bytes of hexadecimal                   none
 * engine.name      "solo": who orders the first blocks               "solo"
 * engine.proposer  the address that seals blocks, not zero           refused
 * roles            role name -> address; the names are money's       none
 * alloc            address -> account:                               none
 *   .balance       in the smallest unit; their sum fits 256 bits     0
 *   .nonce         below 2^64-1 (EIP-2681)                           0
 *   .code          at most LIMIT_CODE_BYTES, not beginning with ef   none
 *   .storage       slot -> word, only with a nonce, balance or code  none
 * services         service name -> its settings (admission and       each service's defaults
 *                  quota are under services.money)
 * forks            "cancun", "prague", "osaka" -> the time from      {"osaka": 0}
 *                  which Ethereum's rules of that name hold;
 *                  ascending, the first not after timestamp
 *
 * Integers may be JSON numbers or strings, decimal or 0x-hexadecimal. Unknown members are refused
 * by name, so that a typing error is not silently ignored. An account or slot given twice in two
 * spellings is refused too (two equal member names are no valid JSON for codec/json). */
#ifndef PARVIS_CHAIN_GENESIS_H
#define PARVIS_CHAIN_GENESIS_H

#include "chain/block.h"
#include "chain/schedule.h"
#include "codec/json.h"

#define GENESIS_GAS_LIMIT 500000000u

struct genesis {
    struct buf text; /* the file's bytes, kept in the store */
    struct json *json;
    uint64_t chain_id;
    uint64_t timestamp_s;
    uint64_t gas_limit;
    struct address proposer;
    uint8_t extra_data[32];
    size_t extra_data_len;
    struct schedule schedule;
    /* An imported Ethereum chain: the file is one as geth reads it ("config", "alloc" and the
     * fields of block 0). It has no proposer and no services. */
    bool is_ethereum;
    struct header header; /* of block 0, without the state root; extra_data is above */
};

/* genesis_parse checks every field of the table above; what is inside a service's settings, and
 * which roles exist, is checked by genesis_apply. text is copied. genesis_parse_ethereum reads the
 * genesis of an Ethereum chain; genesis_parse_stored whichever of the two it is.
 * E_OK | E_JSON | E_GENESIS; d names the field ("alloc.0x...balance: ..."). On error *out is {0}.
 * genesis_free releases. */
enum err genesis_parse(struct genesis *out, struct bytes text, struct diag *d);
enum err genesis_parse_ethereum(struct genesis *out, struct bytes text, struct diag *d);
enum err genesis_parse_stored(struct genesis *out, struct bytes text, struct diag *d);
void genesis_free(struct genesis *g);

/* genesis_header makes the header of block 0; extra_data borrows from g. */
struct header genesis_header(const struct genesis *g, const struct hash *state_root);

/* genesis_apply writes allocations, roles and the services' initial storage into s, which must be
 * empty. On error s is to be thrown away.
 * E_OK | E_GENESIS, d names the field | the code of state_error. */
enum err genesis_apply(const struct genesis *g, struct state *s, struct diag *d);

#endif
