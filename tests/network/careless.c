/* careless: parvis that takes any ballot: it does not run what calls `cast` before it queues it, so
 * that it tells its peers ballots that do not hold and proposes blocks with them. A test of voting
 * gives it to one member; what the ballots do in a block is as everywhere. */
#include "base/mem.h"
#include "city/service.h"

#define METHODS_MAX 128

__attribute__((constructor)) static void take_any_ballot(void)
{
    static struct service_method methods[METHODS_MAX];
    static struct service voting;
    static const struct service *list[32];
    bool found = false;
    for (size_t i = 0; SERVICES[i]; i++) {
        ASSERT(i + 1 < sizeof list / sizeof list[0]);
        list[i] = SERVICES[i];
        if (strcmp(SERVICES[i]->name, "voting") != 0)
            continue;
        voting = *SERVICES[i];
        for (size_t k = 0; voting.methods[k].line; k++) {
            ASSERT(k + 1 < METHODS_MAX);
            methods[k] = voting.methods[k];
            found = found || methods[k].ahead;
            methods[k].ahead = NULL;
        }
        voting.methods = methods;
        list[i] = &voting;
    }
    ASSERT(found);
    services_init_with(list);
}
