/* trie_build: a stored trie made from its leaves in the order of their keys. What is complete goes
 * to the sink at once, so memory holds one path whatever the trie's size. The records are those of
 * trie_commit at the same height of a trie with the same leaves; a node comes after those below it.
 */
#ifndef PARVIS_STATE_TRIE_BUILD_H
#define PARVIS_STATE_TRIE_BUILD_H

#include "state/trie.h"

struct trie_build;

/* The sink is asked put_node only. */
struct trie_build *trie_build_new(uint64_t height, const struct trie_sink *sink);
void trie_build_free(struct trie_build *b); /* NULL is fine */

/* trie_build_add: key is 32 bytes and greater than the one before, value is not empty.
 * E_OK | E_INVALID (the order) | the sink's errors, after which b is good for trie_build_free. */
enum err trie_build_add(struct trie_build *b, struct bytes key, struct bytes value);

/* trie_build_end: no leaf follows. The root: KECCAK_EMPTY_TRIE without leaves. Once. */
enum err trie_build_end(struct trie_build *b, struct hash *root_out);

#endif
