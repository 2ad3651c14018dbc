#include "chain/replay.h"

#include <unistd.h>

#include "base/lang.h"
#include "chain/chain_internal.h"
#include "chain/overlap.h"

#define WORTH_PROCESSORS 2

enum replay_mode replay_mode;

struct replay {
    struct chain *chain;
    struct replay_caller caller;
    struct overlap *overlap; /* NULL: blocks take turns */
    bool under_way;          /* a block was handed over, of which `last` is known */
    struct replay_end last;  /* its error is what `executed` said */
};

/* --- comparing -------------------------------------------------------------------------------- */

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

enum err replay_compare(const struct header *stated, const struct hash *stated_hash,
                        const struct block *made, struct diag *d)
{
    const char *field = different_field(stated, &made->header);
    if (field)
        return diag_set(
            d, E_BLOCK,
            T("%s is not what execution gives", "%s : autre chose que ce que donne l'exécution"),
            field);
    if (!hash_eq(stated_hash, &made->hash))
        return diag_set(d, E_BLOCK, "%s", T("the header differs", "l'en-tête diffère"));
    return E_OK;
}

/* --- a block's proposal ----------------------------------------------------------------------- */

/* propose makes the proposal that the stated block answers; txs is to be freed. */
static enum err propose(struct proposal *out, const struct block *stated, struct diag *d)
{
    if (stated->ommer_count)
        return diag_set(
            d, E_BLOCK,
            T("a block of this chain has no ommers", "un bloc de cette chaîne n'a pas d'oncles"));
    struct tx **order = mem_alloc((stated->tx_count + 1) * sizeof(struct tx *));
    for (size_t i = 0; i < stated->tx_count; i++)
        order[i] = &stated->txs[i];
    *out = (struct proposal){.number = stated->header.number,
                             .timestamp_s = stated->header.timestamp_s,
                             .proposer = stated->header.beneficiary,
                             .txs = order,
                             .tx_count = stated->tx_count,
                             .reports = stated->withdrawals,
                             .report_count = stated->withdrawal_count};
    return E_OK;
}

static enum err ask_caller(struct replay *r, const struct block *made, struct diag *d)
{
    return r->caller.executed ? r->caller.executed(r->caller.ctx, made, d) : E_OK;
}

static void note_made(struct replay_end *end, const struct block *made)
{
    end->gas_used = made->header.gas_used;
    end->tx_count = made->tx_count;
}

/* --- block after block ------------------------------------------------------------------------ */

enum err replay_check_seal(struct chain *c, const struct recover_seal *seal_opt, struct diag *d)
{
    if (consensus_founded(c))
        return seal_opt
                   ? diag_set(d, E_BLOCK, "%s",
                              T("it bears one node's seal, which a block of the network does not",
                                "il porte le sceau d'un seul nœud, ce qu'un bloc du réseau n'a "
                                "pas"))
                   : E_OK;
    if (seal_opt && seal_opt->has_signer && address_eq(&seal_opt->signer, &c->genesis.proposer))
        return E_OK;
    return diag_set(d, E_BLOCK, "%s",
                    T("the seal is not the proposer's", "le sceau n'est pas celui du proposant"));
}

/* On E_OK the block is in hand. */
static enum err make_own(struct chain *c, const struct block *stated,
                         const struct recover_seal *seal_opt, const struct block **out,
                         struct diag *d)
{
    struct proposal p;
    TRY(replay_check_seal(c, seal_opt, d));
    TRY(propose(&p, stated, d));
    enum err e = chain_process(c, &p, d);
    if (e == E_OK)
        e = chain_finalize(c, &p, false, out, d);
    mem_free(p.txs);
    return e;
}

static enum err compare_any(const struct chain *c, const struct block *stated,
                            const struct block *made, struct diag *d)
{
    if (!c->genesis.is_ethereum) /* of the others execution has compared the header */
        return replay_compare(&stated->header, &stated->hash, made, d);
    return hash_eq(&stated->hash, &made->hash)
               ? E_OK
               : diag_set(d, E_BLOCK, "%s", T("the header differs", "l'en-tête diffère"));
}

enum err replay_block(struct chain *c, const struct block *stated,
                      const struct recover_seal *seal_opt, const struct block **out, struct diag *d)
{
    TRY(make_own(c, stated, seal_opt, out, d));
    enum err e = replay_compare(&stated->header, &stated->hash, *out, d);
    if (e != E_OK)
        chain_abandon(c);
    return e;
}

static enum err push_in_turn(struct replay *r, const struct block *stated,
                             const struct recover_seal *seal_opt)
{
    struct chain *c = r->chain;
    struct replay_end end = {.number = c->head.number + 1};
    const struct block *made = NULL;
    enum err e = c->genesis.is_ethereum ? chain_append(c, stated, &made, &end.why)
                                        : make_own(c, stated, seal_opt, &made, &end.why);
    if (e == E_OK) {
        note_made(&end, made);
        e = compare_any(c, stated, made, &end.why);
        if (e == E_OK) {
            end.fault = REPLAY_CALLER;
            e = ask_caller(r, made, &end.why);
        }
        if (e != E_OK)
            chain_abandon(c);
    }
    if (e == E_OK) {
        end.fault = REPLAY_STORE;
        e = chain_commit(c, &stated->seal);
    }
    end.error = e;
    return r->caller.settled(r->caller.ctx, &end);
}

/* --- overlapped ------------------------------------------------------------------------------- */

/* settle ends the block that is under way. Its own fault comes before what the caller found. */
static enum err settle(struct replay *r)
{
    struct diag why = {""};
    bool commit_failed;
    if (!r->under_way)
        return E_OK;
    r->under_way = false;
    enum err e = overlap_wait(r->overlap, &commit_failed, &why);
    if (e != E_OK) {
        r->last.error = e;
        r->last.fault = commit_failed ? REPLAY_STORE : REPLAY_BLOCK;
        r->last.why = why;
    }
    return r->caller.settled(r->caller.ctx, &r->last);
}

static enum err push_overlapped(struct replay *r, const struct block *stated,
                                const struct recover_seal *seal_opt)
{
    struct replay_end end = {.number = overlap_next(r->overlap)};
    struct proposal p;
    const struct block *made = NULL;
    enum err e = propose(&p, stated, &end.why);
    if (e == E_OK) {
        e = overlap_execute(r->overlap, &p, seal_opt, &made, &end.why);
        mem_free(p.txs);
    }
    if (e == E_OK) {
        note_made(&end, made);
        end.fault = REPLAY_CALLER;
        end.error = ask_caller(r, made, &end.why);
    }
    enum err before = settle(r);
    if (before != E_OK) {
        overlap_drop(r->overlap);
        return before;
    }
    if (e != E_OK) {
        end.error = e;
        return r->caller.settled(r->caller.ctx, &end);
    }
    overlap_hand_over(r->overlap, stated, end.error == E_OK);
    r->last = end;
    r->under_way = true;
    return E_OK;
}

/* --- the whole -------------------------------------------------------------------------------- */

static bool worth_it(void)
{
    return replay_mode == REPLAY_OVERLAPPED ||
           (replay_mode == REPLAY_AUTO && sysconf(_SC_NPROCESSORS_ONLN) >= WORTH_PROCESSORS);
}

struct replay *replay_new(struct chain *c, const struct replay_caller *caller)
{
    struct replay *r = mem_zalloc(1, sizeof *r);
    ASSERT(c->audit);
    r->chain = c;
    r->caller = *caller;
    if (!c->genesis.is_ethereum && worth_it() &&
        overlap_open(&r->overlap, c, replay_mode == REPLAY_OVERLAPPED) != E_OK)
        r->overlap = NULL; /* what is wrong with the store will be found out in turn */
    return r;
}

void replay_free(struct replay *r)
{
    if (!r)
        return;
    overlap_close(r->overlap);
    mem_free(r);
}

enum err replay_push(struct replay *r, const struct block *stated,
                     const struct recover_seal *seal_opt)
{
    return r->overlap ? push_overlapped(r, stated, seal_opt) : push_in_turn(r, stated, seal_opt);
}

enum err replay_finish(struct replay *r)
{
    return settle(r);
}
