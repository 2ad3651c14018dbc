/* cli: the machinery behind command.h, for main.c and the generators of help text. */
#ifndef PARVIS_APP_CLI_H
#define PARVIS_APP_CLI_H

#include <fcntl.h>

#include "app/command.h"

extern const struct cli_option COMMON_OPTIONS[];
extern const struct command *const COMMAND_TABLES[]; /* terminated by NULL */

/* command_find picks the command with the longest name that argv begins with. */
const struct command *command_find(int argc, char **argv, int *words_out);

/* cli_parse reads what follows the command's name. E_OK | E_USAGE (already explained on stderr). */
enum err cli_parse(struct cli *cli, const struct command *command, int argc, char **argv);

/* Help texts (help.c). */
void help_overview(struct buf *out);
void help_command(struct buf *out, const struct command *c);
/* The commands whose first word is this one, and how many they are. */
size_t help_group(struct buf *out, const char *word);

/* file_read appends a whole file, refused above max_bytes. file_write replaces atomically (write,
 * fsync, rename). E_OK | E_NOT_FOUND | E_IO | E_TOO_LARGE | E_EXISTS | E_DISK_FULL. */
enum err file_read(struct buf *out, const char *path, size_t max_bytes, struct diag *d);
enum err file_write(const char *path, struct bytes content, unsigned mode, bool replace,
                    struct diag *d);

static inline int open_new(const char *path, unsigned mode)
{
    return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
}

#endif
