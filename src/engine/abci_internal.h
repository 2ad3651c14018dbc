/* What the files of the ABCI messages share: abci_layout.c describes them, abci.c reads and writes
 * what stands around them. */
#ifndef PARVIS_ENGINE_ABCI_INTERNAL_H
#define PARVIS_ENGINE_ABCI_INTERNAL_H

#include "codec/protobuf_layout.h"
#include "engine/abci.h"

struct abci_layouts {
    const char *name;
    const struct pb_layout *request, *response; /* of the members of the two unions */
};

/* One entry for each kind; NULL layouts where there is no such message. */
extern const struct abci_layouts ABCI_LAYOUTS[ABCI_KIND_COUNT];

#endif
