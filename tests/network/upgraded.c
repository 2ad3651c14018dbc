/* upgraded: parvis of a later version, as far as its name goes: what the members of a network agree
 * to run from a block on. */
#include "engine/comet.h"

__attribute__((constructor)) static void rename_program(void)
{
    static const char *const NAMES[] = {"parvis-0.1.0", "parvis-9.9.9", NULL};
    comet_programs = NAMES;
}
