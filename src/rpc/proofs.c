/* parvis_get*Proof: that a transaction and its receipt stand in a block, as eth_getProof does for
 * accounts. A proof is the path in the trie whose root the header has; its key is the RLP of the
 * index. */
#include "chain/blocks.h"
#include "rpc/methods.h"

static bool put_tx_proof(struct rpc_call *c, const struct block *b, size_t index)
{
    const struct tx *t = &b->txs[index];
    json_put_key(c->out, "transaction");
    json_put_data(c->out, t->raw.data, t->raw.len);
    buf_clear(&c->scratch);
    blocks_prove_tx(b->txs, b->tx_count, index, &c->scratch);
    return put_proof(c, "transactionProof");
}

static bool put_receipt_proof(struct rpc_call *c, const struct block *b, size_t index)
{
    buf_clear(&c->scratch);
    receipt_encode(&c->scratch, &b->receipts[index]);
    json_put_key(c->out, "receipt");
    json_put_data(c->out, c->scratch.data, c->scratch.len);
    buf_clear(&c->scratch);
    blocks_prove_receipt(b->receipts, b->tx_count, index, &c->scratch);
    return put_proof(c, "receiptProof");
}

static bool prove(struct rpc_call *c, bool receipt)
{
    struct hash hash;
    struct block b;
    size_t index;
    bool found;
    if (!find_tx(c, &hash, receipt, &b, &index, &found))
        return false;
    if (!found) {
        json_put_null(c->out);
        return true;
    }
    json_open(c->out, '{');
    json_put_key(c->out, "blockNumber");
    json_put_quantity(c->out, b.header.number);
    json_put_key(c->out, "blockHash");
    put_hash(c->out, &b.hash);
    json_put_key(c->out, "transactionHash");
    put_hash(c->out, &hash);
    json_put_key(c->out, "transactionIndex");
    json_put_quantity(c->out, index);
    if (!put_tx_proof(c, &b, index) || (receipt && !put_receipt_proof(c, &b, index)))
        return false;
    json_close(c->out, '}');
    return true;
}

bool parvis_get_receipt_proof(struct rpc_call *c)
{
    return prove(c, true);
}

bool parvis_get_tx_proof(struct rpc_call *c)
{
    return prove(c, false);
}
