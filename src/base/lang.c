#include "base/lang.h"

#include <stdlib.h>
#include <string.h>

enum lang lang_current = LANG_EN;

bool lang_parse(enum lang *out, const char *text)
{
    if (strlen(text) < 2 || !strchr("_-.@", text[2])) /* strchr also finds the final NUL */
        return false;
    if (strncmp(text, "en", 2) == 0)
        *out = LANG_EN;
    else if (strncmp(text, "fr", 2) == 0)
        *out = LANG_FR;
    else
        return false;
    return true;
}

void lang_from_environment(void)
{
    static const char *const names[] = {"PARVIS_LANG", "LC_ALL", "LC_MESSAGES", "LANG"};
    lang_current = LANG_EN;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (!value || !*value)
            continue;
        /* POSIX: the first variable that is set decides; "C" or another language means English */
        lang_parse(&lang_current, value);
        return;
    }
}
