/* page: the files of web/, embedded at build time by tools/embed.py. */
#ifndef PARVIS_RPC_PAGE_H
#define PARVIS_RPC_PAGE_H

#include <stddef.h>

struct web_file {
    const char *path; /* "/", "/style.css" */
    const char *type;
    const unsigned char *data;
    size_t len;
};

extern const struct web_file WEB_FILES[]; /* terminated by {0} */

#endif
