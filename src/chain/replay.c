#include "chain/replay.h"

#include "base/lang.h"
#include "chain/chain_internal.h"

/* different_field names the first header field in which two headers differ, or NULL. */
static const char *different_field(const struct header *a, const struct header *b)
{
    if (!hash_eq(&a->parent_hash, &b->parent_hash))
        return T("parent hash", "l'empreinte du parent");
    if (!hash_eq(&a->transactions_root, &b->transactions_root))
        return T("transactions root", "la racine des transactions");
    if (a->gas_used != b->gas_used)
        return T("gas used", "le gas consommé");
    if (!hash_eq(&a->receipts_root, &b->receipts_root))
        return T("receipts root", "la racine des reçus");
    if (memcmp(a->bloom, b->bloom, BLOOM_BYTES) != 0)
        return T("logs bloom", "le filtre des événements");
    if (!hash_eq(&a->state_root, &b->state_root))
        return T("state root", "la racine de l'état");
    if (!address_eq(&a->beneficiary, &b->beneficiary))
        return T("beneficiary", "le bénéficiaire");
    if (a->gas_limit != b->gas_limit)
        return T("gas limit", "la limite de gas");
    if (!hash_eq(&a->prev_randao, &b->prev_randao))
        return T("prev randao", "le champ prev randao");
    if (!bytes_eq(a->extra_data, b->extra_data))
        return T("extra data", "les données libres");
    if (!hash_eq(&a->withdrawals_root, &b->withdrawals_root))
        return T("withdrawals root", "la racine des retraits");
    return header_check_own(a) == E_OK ? NULL
                                       : T("a field that is constant in blocks of this chain",
                                           "un champ constant dans les blocs de cette chaîne");
}

const char *replay_check_seal(const struct chain *c, const struct recover_seal *seal_opt)
{
    if (c->members.founded || c->genesis.is_ethereum)
        return seal_opt ? T("it bears one node's seal, which a block of the network does not",
                            "il porte le sceau d'un seul nœud, ce qu'un bloc du réseau n'a pas")
                        : NULL;
    if (seal_opt && seal_opt->has_signer && address_eq(&seal_opt->signer, &c->genesis.proposer))
        return NULL;
    return T("the seal is not the proposer's", "le sceau n'est pas celui du proposant");
}

enum err replay_block(struct chain *c, const struct block *stated, const struct block **out,
                      struct diag *d)
{
    const struct header *h = &stated->header;
    if (chain_genesis(c)->is_ethereum)
        return chain_append(c, stated, out, d);
    if (stated->ommer_count)
        return diag_set(
            d, E_BLOCK,
            T("a block of this chain has no ommers", "un bloc de cette chaîne n'a pas d'oncles"));
    struct tx **order = mem_alloc((stated->tx_count + 1) * sizeof(struct tx *));
    for (size_t i = 0; i < stated->tx_count; i++)
        order[i] = &stated->txs[i];
    struct proposal p = {.number = h->number,
                         .timestamp_s = h->timestamp_s,
                         .proposer = h->beneficiary,
                         .txs = order,
                         .tx_count = stated->tx_count,
                         .reports = stated->withdrawals,
                         .report_count = stated->withdrawal_count};
    const struct block *b = NULL;
    enum err e = chain_process(c, &p, d);
    if (e == E_OK)
        e = chain_finalize(c, &p, false, &b, d);
    mem_free(order);
    if (e != E_OK)
        return e;
    const char *field = different_field(h, &b->header);
    if (field) {
        chain_abandon(c);
        return diag_set(
            d, E_BLOCK,
            T("%s is not what execution gives", "%s : autre chose que ce que donne l'exécution"),
            field);
    }
    *out = b;
    return E_OK;
}
