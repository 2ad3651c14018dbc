/* mutant: parvis with one wrong number: an approval of coins costs 1 gas more than it should. The
 * fault harness gives it to one member of a network, which must find out at the first approval and
 * stop; no other transaction executes differently. */
#include "base/mem.h"
#include "city/service.h"

#define METHODS_MAX 128

__attribute__((constructor)) static void mutate(void)
{
    static struct service_method methods[METHODS_MAX];
    static struct service money;
    static const struct service *list[32];
    bool found = false;
    for (size_t i = 0; SERVICES[i]; i++) {
        ASSERT(i + 1 < sizeof list / sizeof list[0]);
        list[i] = SERVICES[i];
        if (strcmp(SERVICES[i]->name, "money") != 0)
            continue;
        money = *SERVICES[i];
        for (size_t k = 0; money.methods[k].line; k++) {
            ASSERT(k + 1 < METHODS_MAX);
            methods[k] = money.methods[k];
            if (strncmp(methods[k].line, "function approve(", 17) == 0) {
                methods[k].gas++;
                found = true;
            }
        }
        money.methods = methods;
        list[i] = &money;
    }
    ASSERT(found);
    services_init_with(list);
}
