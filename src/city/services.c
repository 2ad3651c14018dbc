#include "city/service.h"

#include "city/money/money.h"

const struct service *const SERVICES[] = {
    &MONEY_SERVICE,
    NULL,
};
