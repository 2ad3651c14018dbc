#include "city/energy/energy.h"
#include "city/members/members.h"
#include "city/money/money.h"

const struct service *const SERVICES[] = {
    &MONEY_SERVICE,
    &ENERGY_SERVICE,
    &MEMBERS_SERVICE,
    NULL,
};
