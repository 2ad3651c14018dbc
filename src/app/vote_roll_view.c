/* vote_roll_view: see vote_roll_view.h. */
#include "app/vote_roll_view.h"

#define KEYS_PER_VIEW 8192u

enum err vote_roll_get(struct vote_ledger *l, const struct vote_consultation *c,
                       struct bel_roll *out, struct diag *d)
{
    *out = (struct bel_roll){.voters = arena_zalloc(&l->arena, c->voters + 1, sizeof *out->voters)};
    while (out->count < c->voters) {
        struct abi_value args[3] = {abi_u64(c->id), abi_u64(out->count), abi_u64(KEYS_PER_VIEW)}, v;
        TRY(vote_view(l, "votersOf", args, 3, &v, d));
        struct bytes keys = v.item[0].bytes;
        size_t count = keys.len / EDWARDS_BYTES, weights = v.item[1].count;
        if (count == 0 || out->count + count > c->voters || (weights && weights != count))
            return diag_set(
                d, E_INVALID,
                T("the node's roll has not the %llu voters of consultation %llu",
                  "la liste du nœud n'a pas les %llu électeurs de la consultation %llu"),
                (unsigned long long)c->voters, (unsigned long long)c->id);
        for (size_t i = 0; i < count; i++) {
            struct bel_voter *voter = &out->voters[out->count++];
            memcpy(voter->key32, keys.data + i * EDWARDS_BYTES, EDWARDS_BYTES);
            voter->weight = weights ? abi_get_u64(&v.item[1].item[i]) : 1;
            out->total_weight += voter->weight;
        }
        out->has_weights = weights > 0;
    }
    return E_OK;
}
