/* lang: text for people, in French and English. T("English", "français") picks by the language
 * set at start (--lang, else PARVIS_LANG, LC_ALL, LC_MESSAGES, LANG). Never on the consensus path.
 */
#ifndef PARVIS_BASE_LANG_H
#define PARVIS_BASE_LANG_H

#include <stdbool.h>

enum lang { LANG_EN, LANG_FR };

extern enum lang lang_current;

/* lang_parse accepts "en", "fr" and locale names beginning with them; false for anything else. */
bool lang_parse(enum lang *out, const char *text);
void lang_from_environment(void);

#define T(en, fr) (lang_current == LANG_FR ? (fr) : (en))

#endif
