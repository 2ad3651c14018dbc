#include "city/energy/energy.h"
#include "city/members/members.h"
#include "city/money/money.h"
#include "city/voting/voting.h"

const struct service *const SERVICES[] = {
    &MONEY_SERVICE, &ENERGY_SERVICE, &MEMBERS_SERVICE, &VOTING_SERVICE, NULL,
};
