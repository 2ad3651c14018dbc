/* vote_refusal: the voting service's refusals in words. */
#ifndef PARVIS_APP_VOTE_REFUSAL_H
#define PARVIS_APP_VOTE_REFUSAL_H

#include "base/err.h"

/* vote_refusal puts a sentence - what is wrong and what to do - before a message that names one of
 * the service's errors, and returns e (E_NOT_FOUND where something does not exist). */
enum err vote_refusal(enum err e, struct diag *d);

#endif
