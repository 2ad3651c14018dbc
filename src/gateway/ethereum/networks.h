/* networks: the fork schedules that Ethereum's block tests and transition tools name.
 *
 *   "Prague"                          one fork from block 0 on
 *   "BPO2"                            Osaka with the numbers of blobs of EIP-7892's steps
 *   "BerlinToLondonAt5"               from block 5 on
 *   "CancunToPragueAtTime15k"         from the time 15,000 on
 *   "ArrowGlacierToParisAtDiffC0000"  after the block with which the total difficulty is 0xC0000 */
#ifndef PARVIS_GATEWAY_ETHEREUM_NETWORKS_H
#define PARVIS_GATEWAY_ETHEREUM_NETWORKS_H

#include "chain/schedule.h"
#include "codec/json.h"

/* network_schedule: E_OK | E_NOT_FOUND for a name that is none, or a fork we do not have ("DAO").
 */
enum err network_schedule(struct schedule *out, const char *name, uint64_t chain_id);

/* network_blobs overrides the blob numbers by a test's "blobSchedule"; NULL is fine:
 *   {"Cancun": {"target": "0x03", "max": "0x06", "baseFeeUpdateFraction": "0x32f0ed"}, ...}
 * E_OK | E_JSON, d names the member. */
enum err network_blobs(struct schedule *s, const struct json *blob_schedule, struct diag *d);

#endif
