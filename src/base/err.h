/* err: the one list of error codes of the program.
 *
 * Three kinds, three treatments (ARCHITECTURE.md, "Errors"):
 *   a bug            -> ASSERT and stop, in release builds too;
 *   bad input        -> one of the codes below, with a struct diag where a person will read it;
 *   the environment  -> E_IO, E_DISK_FULL ...: the code travels up, the node stops rather than
 *                       commit a doubtful root.
 * Refusals of a contract (revert, out of gas) are results in a receipt, not errors. */
#ifndef PARVIS_BASE_ERR_H
#define PARVIS_BASE_ERR_H

/* X(name, English text, French text) */
#define ERR_TABLE(X)                                                                              \
    X(E_OK, "no error", "aucune erreur")                                                          \
    X(E_USAGE, "wrong command line", "ligne de commande incorrecte")                              \
    X(E_INVALID, "invalid value", "valeur invalide")                                              \
    X(E_RANGE, "value out of range", "valeur hors limites")                                       \
    X(E_NOT_FOUND, "not found", "introuvable")                                                    \
    X(E_EXISTS, "already exists", "existe déjà")                                                  \
    X(E_TOO_LARGE, "too large", "trop grand")                                                     \
    X(E_TIMEOUT, "timed out", "délai dépassé")                                                    \
    X(E_UNSUPPORTED, "not supported", "non pris en charge")                                       \
    X(E_HEX, "not hexadecimal of the expected length",                                            \
      "pas de l'hexadécimal de la longueur attendue")                                             \
    X(E_RLP, "malformed RLP", "RLP mal formé")                                                    \
    X(E_ABI, "malformed ABI data", "données ABI mal formées")                                     \
    X(E_JSON, "malformed JSON", "JSON mal formé")                                                 \
    X(E_PROTOBUF, "malformed protobuf message", "message protobuf mal formé")                     \
    X(E_CSV, "malformed CSV", "CSV mal formé")                                                    \
    X(E_GENESIS, "invalid genesis", "genèse invalide")                                            \
    X(E_IO, "input/output error", "erreur d'entrée-sortie")                                       \
    X(E_DISK_FULL, "the disk is full", "le disque est plein")                                     \
    X(E_MAP_FULL, "the store reached its map size", "la base a atteint sa taille maximale")       \
    X(E_LOCKED, "the data directory is used by another process",                                  \
      "le dossier de données est utilisé par un autre processus")                                 \
    X(E_KEY, "wrong key or passphrase", "clé ou phrase secrète incorrecte")                       \
    X(E_CORRUPT, "a stored record does not hold", "un enregistrement stocké est altéré")          \
    X(E_VERSION, "made by another version", "créé par une autre version")                         \
    X(E_SIGNATURE, "invalid signature", "signature invalide")                                     \
    X(E_PROOF, "the proof does not hold", "la preuve ne tient pas")                               \
    X(E_TX_TYPE, "transaction type not supported", "type de transaction non pris en charge")      \
    X(E_TX_CHAIN_ID, "transaction signed for another chain",                                      \
      "transaction signée pour une autre chaîne")                                                 \
    X(E_TX_NONCE_LOW, "nonce too low", "nonce trop bas")                                          \
    X(E_TX_NONCE_HIGH, "nonce too high", "nonce trop élevé")                                      \
    X(E_TX_NONCE_MAX, "nonce has reached its maximum", "le nonce a atteint son maximum")          \
    X(E_TX_FUNDS, "insufficient funds for gas * price + value",                                   \
      "fonds insuffisants pour gas * prix + valeur")                                              \
    X(E_TX_INTRINSIC_GAS, "gas limit below the intrinsic gas",                                    \
      "limite de gas inférieure au gas intrinsèque")                                              \
    X(E_TX_GAS_LIMIT, "gas limit above the transaction or block limit",                           \
      "limite de gas supérieure à celle de la transaction ou du bloc")                            \
    X(E_TX_FEE, "fee cap below the base fee or below the priority fee",                           \
      "plafond de frais inférieur aux frais de base ou à la priorité")                            \
    X(E_TX_INITCODE, "init code too large", "code d'initialisation trop grand")                   \
    X(E_TX_CREATE, "this type of transaction cannot create a contract",                           \
      "ce type de transaction ne peut pas créer de contrat")                                      \
    X(E_TX_AUTHS, "a set-code transaction without an authorization",                              \
      "transaction de délégation sans autorisation")                                              \
    X(E_TX_BLOBS, "number or version of the blobs not allowed",                                   \
      "nombre ou version des blobs non permis")                                                   \
    X(E_TX_BLOB_FEE, "blob fee cap below the blob base fee",                                      \
      "plafond de frais de blob inférieur aux frais de base")                                     \
    X(E_TX_SENDER_CODE, "the sender is a contract", "l'émetteur est un contrat")                  \
    X(E_TX_QUOTA, "the sender's gas quota for this period is used up",                            \
      "le quota de gas de l'émetteur pour cette période est épuisé")                              \
    X(E_TX_NOT_MEMBER, "the sender is not an admitted member",                                    \
      "l'émetteur n'est pas un membre admis")                                                     \
    X(E_TX_KNOWN, "already known", "déjà connue")                                                 \
    X(E_TX_UNDERPRICED, "replacement transaction underpriced",                                    \
      "transaction de remplacement au prix trop bas")                                             \
    X(E_TX_TOO_LARGE, "transaction too large", "transaction trop grande")                         \
    X(E_POOL_FULL, "the transaction pool is full, send again later",                              \
      "la file des transactions est pleine, renvoyez plus tard")                                  \
    X(E_BLOCK, "the block does not hold", "le bloc n'est pas valide")                             \
    X(E_PRUNED, "state of that block is no longer kept", "l'état de ce bloc n'est plus conservé") \
    X(E_REVERT, "execution reverted", "exécution annulée")                                        \
    X(E_OUT_OF_GAS, "out of gas", "gas épuisé")                                                   \
    X(E_LIMIT, "a limit of this node was reached", "une limite de ce nœud est atteinte")          \
    X(E_CONNECT, "no connection to the node", "pas de connexion au nœud")                         \
    X(E_STOPPED, "stopped", "arrêté")

enum err {
#define ERR_ENUM(name, en, fr) name,
    ERR_TABLE(ERR_ENUM)
#undef ERR_ENUM
        ERR_COUNT
};

/* err_name returns the identifier ("E_RLP"), err_text the sentence in the user's language. Both
 * live for ever. */
const char *err_name(enum err e);
const char *err_text(enum err e);

/* A place for the precise message that goes with a code: what was wrong, where, what to do. */
struct diag {
    char text[1024];
};

/* diag_set formats the message and returns e, so that callers write
 *     return diag_set(d, E_CSV, "%s:%zu: field 3: ...", file, line);
 * d may be NULL; control characters become '?'. diag_wrap prepends text to the message already in
 * d. */
enum err diag_set(struct diag *d, enum err e, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
enum err diag_wrap(struct diag *d, enum err e, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* os_reason tells an errno in the user's language (the C library's words for the rare ones).
 * diag_os sets the message "what: reason"; what is mostly a path. Returns e. */
const char *os_reason(int code);
enum err diag_os(struct diag *d, enum err e, const char *what, int code);

/* TRY returns the error of an expression to the caller. */
#define TRY(expression)                   \
    do {                                  \
        enum err try_err_ = (expression); \
        if (try_err_ != E_OK)             \
            return try_err_;              \
    } while (0)

/* ASSERT stops the process on a broken invariant, in every build flavour. Never for bad input. */
#define ASSERT(condition)                                  \
    do {                                                   \
        if (__builtin_expect(!(condition), 0))             \
            assert_failed(#condition, __FILE__, __LINE__); \
    } while (0)
_Noreturn void assert_failed(const char *condition, const char *file, int line);

#endif
