/* output: writing a result to where the user said. */
#ifndef PARVIS_GATEWAY_FILES_OUTPUT_H
#define PARVIS_GATEWAY_FILES_OUTPUT_H

#include "base/bytes.h"

/* output_write writes text to a file, compressed when its name ends in ".gz" (without a time stamp,
 * so the same text gives the same bytes), or to standard output for "-". A file that could not be
 * written whole is removed. E_OK | E_IO | E_DISK_FULL. */
enum err output_write(const char *path, struct bytes text, struct diag *d);

#endif
