/* Fuzz target: proofs come from strangers. The root is that of the proof's first item, so that the
 * input gets past the first hash; a proof that verifies must verify the same way again. */
#include "codec/rlp.h"
#include "crypto/keccak.h"
#include "state/account.h"
#include "state/trie.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t key_len = size ? data[0] & 31 : 0;
    if (size < 1u + key_len)
        return 0;
    struct bytes key = bytes_of(data + 1, key_len), value, again, first;
    struct bytes proof = bytes_of(data + 1 + key_len, size - 1 - key_len);
    struct rlp outer = rlp_reader(proof), list;
    struct account account;
    if (rlp_next_list(&outer, &list) != E_OK || rlp_next_string(&list, &first) != E_OK)
        return 0;
    struct hash root = keccak256_of(first);
    if (trie_verify(&root, key, proof, &value) != E_OK)
        return 0;
    ASSERT(trie_verify(&root, key, proof, &again) == E_OK && bytes_eq(value, again));
    ASSERT(value.len == 0 || (value.data >= proof.data && value.data + value.len <= data + size));
    struct buf back = {0};
    if (account_decode(&account, value) == E_OK) { /* one form only */
        account_encode(&back, &account);
        ASSERT(bytes_eq(buf_view(&back), value));
    }
    buf_free(&back);
    return 0;
}
