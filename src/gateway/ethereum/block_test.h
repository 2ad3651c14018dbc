/* block_test: Ethereum's official block tests (BlockchainTests, EEST blockchain_tests).
 *
 * A test is a network (a fork schedule), accounts before, block 0, and blocks as RLP. A block that
 * carries "expectException" must be refused; every other must hold, by every rule of header, body
 * and execution, with the hash that the test states. Blocks may lie on several branches. At the end
 * the last block of the best branch and the accounts must be those of the test.
 *
 * Everything happens in memory. A test is used by one thread. */
#ifndef PARVIS_GATEWAY_ETHEREUM_BLOCK_TEST_H
#define PARVIS_GATEWAY_ETHEREUM_BLOCK_TEST_H

#include "codec/json.h"
#include "evm/evm.h"

enum block_verdict { BLOCK_TEST_PASSED, BLOCK_TEST_FAILED, BLOCK_TEST_SKIPPED };

struct block_outcome {
    enum block_verdict verdict;
    const char *network; /* as the file has it; lives as long as the JSON; "" when there is none */
    size_t blocks, refused;
    uint64_t gas_used; /* of the blocks that hold */
    char reason[1024]; /* of a failure or a skip */
};

/* block_test_run runs one member of a file with this thread's evm. */
void block_test_run(const struct json *test, struct evm *evm, struct block_outcome *out);

#endif
