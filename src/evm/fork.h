/* fork: Ethereum's rule sets. The chain runs FORK_OSAKA from genesis; the others exist for the
 * official fixtures. */
#ifndef PARVIS_EVM_FORK_H
#define PARVIS_EVM_FORK_H

enum fork {
    FORK_FRONTIER,
    FORK_HOMESTEAD,
    FORK_EIP150,
    FORK_EIP158,
    FORK_BYZANTIUM,
    FORK_CONSTANTINOPLE, /* with EIP-1283, which Petersburg took back */
    FORK_PETERSBURG,
    FORK_ISTANBUL,
    FORK_BERLIN,
    FORK_LONDON,
    FORK_PARIS,
    FORK_SHANGHAI,
    FORK_CANCUN,
    FORK_PRAGUE,
    FORK_OSAKA,
    FORK_COUNT
};

#endif
