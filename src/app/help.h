/* help: texts made from the command tables. */
#ifndef PARVIS_APP_HELP_H
#define PARVIS_APP_HELP_H

#include "app/cli.h"

void help_completion(struct buf *out); /* a bash script */
void help_man(struct buf *out);        /* roff, section 1 */

#endif
