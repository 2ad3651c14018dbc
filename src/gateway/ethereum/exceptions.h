/* exceptions: the words with which Ethereum's fixtures say why a transaction must be refused. */
#ifndef PARVIS_GATEWAY_ETHEREUM_EXCEPTIONS_H
#define PARVIS_GATEWAY_ETHEREUM_EXCEPTIONS_H

#include <stdbool.h>

#include "base/err.h"

/* exception_allows: whether refusing with e is what `expected` asks for. expected is one or several
 * names joined by '|' ("TransactionException.NONCE_IS_MAX", "TR_NoFunds"); a name that is not in
 * our table allows every refusal. E_OK is never allowed. */
bool exception_allows(const char *expected, enum err e);

#endif
