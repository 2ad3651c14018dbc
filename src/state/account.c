#include "state/account.h"

#include "codec/rlp.h"
#include "crypto/keccak.h"

struct account account_empty(void)
{
    return (struct account){.storage_root = KECCAK_EMPTY_TRIE, .code_hash = KECCAK_EMPTY};
}

bool account_is_empty(const struct account *a)
{
    return a->nonce == 0 && u256_is_zero(a->balance) && hash_eq(&a->code_hash, &KECCAK_EMPTY);
}

void account_encode(struct buf *out, const struct account *a)
{
    size_t mark = rlp_list_open(out);
    rlp_put_u64(out, a->nonce);
    rlp_put_u256(out, a->balance);
    rlp_put_string(out, a->storage_root.b, sizeof a->storage_root.b);
    rlp_put_string(out, a->code_hash.b, sizeof a->code_hash.b);
    rlp_list_close(out, mark);
}

enum err account_decode(struct account *out, struct bytes rlp)
{
    struct rlp outer = rlp_reader(rlp), fields;
    struct account a;
    if (rlp_next_list(&outer, &fields) != E_OK || !rlp_at_end(&outer) ||
        rlp_next_u64(&fields, &a.nonce) != E_OK || rlp_next_u256(&fields, &a.balance) != E_OK ||
        rlp_next_fixed(&fields, a.storage_root.b, sizeof a.storage_root.b) != E_OK ||
        rlp_next_fixed(&fields, a.code_hash.b, sizeof a.code_hash.b) != E_OK ||
        !rlp_at_end(&fields))
        return E_RLP;
    *out = a;
    return E_OK;
}
