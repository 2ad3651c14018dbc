#include "gateway/ethereum/forks.h"

#include <stddef.h>
#include <string.h>

/* The first name of a fork is the one fork_name gives. */
static const struct {
    const char *name;
    enum fork fork;
} NAMES[] = {
    {"Frontier", FORK_FRONTIER},
    {"Homestead", FORK_HOMESTEAD},
    {"EIP150", FORK_EIP150},
    {"TangerineWhistle", FORK_EIP150},
    {"EIP158", FORK_EIP158},
    {"SpuriousDragon", FORK_EIP158},
    {"Byzantium", FORK_BYZANTIUM},
    {"Constantinople", FORK_CONSTANTINOPLE},
    {"ConstantinopleFix", FORK_PETERSBURG},
    {"Petersburg", FORK_PETERSBURG},
    {"Istanbul", FORK_ISTANBUL},
    {"MuirGlacier", FORK_ISTANBUL},
    {"Berlin", FORK_BERLIN},
    {"London", FORK_LONDON},
    {"ArrowGlacier", FORK_LONDON},
    {"GrayGlacier", FORK_LONDON},
    {"Paris", FORK_PARIS},
    {"Merge", FORK_PARIS},
    {"Shanghai", FORK_SHANGHAI},
    {"Cancun", FORK_CANCUN},
    {"Prague", FORK_PRAGUE},
    {"Osaka", FORK_OSAKA},
};

bool fork_named(const char *name, enum fork *out)
{
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        if (strcmp(NAMES[i].name, name) == 0) {
            *out = NAMES[i].fork;
            return true;
        }
    return false;
}

const char *fork_name(enum fork fork)
{
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        if (NAMES[i].fork == fork)
            return NAMES[i].name;
    return "?";
}
