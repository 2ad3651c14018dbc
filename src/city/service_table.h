/* service_table: a service's lines, parsed. Shared by the files of the services frame only. */
#ifndef PARVIS_CITY_SERVICE_TABLE_H
#define PARVIS_CITY_SERVICE_TABLE_H

#include "city/service.h"

#define SERVICE_MAX 32
#define SERVICE_LINES_MAX 256

/* What the frame adds to every service. */
extern const struct service_method SERVICE_STANDARD_METHODS[];
extern const struct service_line SERVICE_STANDARD_ERRORS[];

struct service_selector {
    uint8_t selector[4];
    uint16_t method;
};

struct service_table {
    const struct service *service;
    size_t method_count, event_count, error_count;
    const struct service_method **method_lines; /* own, then standard */
    const struct service_line **error_lines;
    struct abi_entry *methods;
    struct abi_entry *events;
    struct abi_entry *errors;
    struct abi_type *event_data;        /* per event: the tuple of its unindexed parameters */
    struct service_selector *selectors; /* ascending */
};

/* The table of a service of the current list (ASSERT). */
const struct service_table *service_table(const struct service *s);

/* Every table of the current list, in list order; NULL past the end. */
const struct service_table *service_table_at(size_t index);

#endif
