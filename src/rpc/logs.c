/* eth_getLogs: criteria, and the search: header bloom first, receipts only where it may match. */
#include <stdlib.h>

#include "base/mem.h"
#include "rpc/methods.h"

static struct bloom_bits bits_of(struct bytes item)
{
    struct bloom_bits out = {{0}, {0}};
    uint8_t bloom[BLOOM_BYTES] = {0};
    unsigned n = 0;
    bloom_add(bloom, item);
    for (unsigned i = 0; i < BLOOM_BYTES; i++) {
        if (bloom[i]) {
            out.at[n] = (uint8_t)i;
            out.mask[n++] = bloom[i];
        }
    }
    return out; /* fewer than three: a mask of 0 is always met */
}

static bool bits_in(const struct bloom_bits *b, const uint8_t bloom[BLOOM_BYTES])
{
    for (unsigned i = 0; i < 3; i++)
        if ((bloom[b->at[i]] & b->mask[i]) != b->mask[i])
            return false;
    return true;
}

static int address_order(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct address));
}

static int hash_order(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct hash));
}

/* prepare sorts what was read and finds its places in a bloom. */
static void prepare(struct arena *a, struct log_criteria *f, struct address *addresses,
                    struct hash *const topics[4])
{
    struct bloom_bits *bits = arena_zalloc(a, f->address_count + 1, sizeof *bits);
    f->address_bits = bits;
    if (f->address_count)
        qsort(addresses, f->address_count, sizeof *addresses, address_order);
    for (size_t i = 0; i < f->address_count; i++)
        bits[i] = bits_of(bytes_of(addresses[i].b, sizeof addresses[i].b));
    for (unsigned p = 0; p < f->place_count; p++) {
        size_t n = f->places[p].count;
        f->places[p].bits = bits = arena_zalloc(a, n + 1, sizeof *bits);
        if (n)
            qsort(topics[p], n, sizeof *topics[p], hash_order);
        for (size_t i = 0; i < n; i++)
            bits[i] = bits_of(bytes_of(topics[p][i].b, sizeof topics[p][i].b));
    }
}

static bool read_addresses(struct rpc_call *c, const struct json *j, struct log_criteria *out,
                           struct address **list_out)
{
    size_t n = json_is_array(j) ? json_count(j) : 1;
    if (n > RPC_ITEMS_MAX)
        return rpc_fail(c, RPC_PARAMS, "exceed max addresses: %u", RPC_ITEMS_MAX);
    struct address *list = arena_zalloc(&c->arena, n ? n : 1, sizeof *list);
    out->addresses = *list_out = list;
    out->address_count = n;
    if (!json_is_array(j))
        return read_address(c, j, "address", list);
    for (const struct json *a = json_first(j); a; a = json_next(a))
        if (!read_address(c, a, "address", list++))
            return false;
    return true;
}

static bool read_place(struct rpc_call *c, const struct json *j, struct log_criteria *out,
                       struct hash *lists_out[4])
{
    unsigned place = out->place_count++;
    if (json_is_null(j))
        return true;
    size_t n = json_is_array(j) ? json_count(j) : 1, k = 0;
    if (n > RPC_ITEMS_MAX)
        return rpc_fail(c, RPC_PARAMS, "exceed max topics: %u", RPC_ITEMS_MAX);
    struct hash *list = arena_zalloc(&c->arena, n ? n : 1, sizeof *list);
    out->places[place].topics = lists_out[place] = list;
    out->places[place].count = n;
    if (!json_is_array(j))
        return read_hash(c, j, "a topic", list);
    for (const struct json *t = json_first(j); t; t = json_next(t)) {
        if (json_is_null(t)) { /* [null, x] is anything, as geth has it */
            out->places[place].count = 0;
            return true;
        }
        if (!read_hash(c, t, "a topic", &list[k++]))
            return false;
    }
    return true;
}

bool criteria_range(struct rpc_call *c, const struct json *j, struct log_criteria *out)
{
    const struct json *from = json_get(j, "fromBlock"), *to = json_get(j, "toBlock"),
                      *hash = json_get(j, "blockHash");
    from = from && json_is_null(from) ? NULL : from;
    to = to && json_is_null(to) ? NULL : to;
    hash = hash && json_is_null(hash) ? NULL : hash;
    struct chain_view *v = call_view(c);
    if (!v)
        return false;
    uint64_t head = chain_view_head(v), number;
    if (hash) {
        struct hash h;
        if (from || to)
            return rpc_fail(c, RPC_PARAMS, "cannot specify both blockHash and fromBlock/toBlock");
        if (!read_hash(c, hash, "blockHash", &h))
            return false;
        enum err e = chain_number_of(v, &h, &out->from);
        out->to = out->from;
        out->by_hash = true;
        return e == E_OK || (e == E_NOT_FOUND ? rpc_fail(c, RPC_NOT_FOUND, "unknown block")
                                              : rpc_fail_err(c, e));
    }
    out->from = out->to = head;
    /* a range may reach beyond the head: it is cut, or empty */
    if (from && json_u64(&number, from) == E_OK)
        out->from = number;
    else if (!read_block(c, from, &out->from, NULL))
        return false;
    if (to && json_u64(&number, to) == E_OK)
        out->to = number;
    else if (!read_block(c, to, &out->to, NULL))
        return false;
    if (out->from > out->to && from && to)
        return rpc_fail(c, RPC_PARAMS, "invalid block range params");
    out->beyond_head = out->to > head || out->from > head;
    if (out->to > head)
        out->to = head;
    return true;
}

bool criteria_read(struct rpc_call *c, const struct json *j, struct log_criteria *out)
{
    *out = (struct log_criteria){0};
    if (!j || !json_is_object(j))
        return rpc_fail(c, RPC_PARAMS, "the log criteria must be an object");
    const struct json *address = json_get(j, "address"), *topics = json_get(j, "topics");
    struct address *addresses = NULL;
    struct hash *lists[4] = {NULL};
    if (address && !json_is_null(address) && !read_addresses(c, address, out, &addresses))
        return false;
    if (topics && !json_is_null(topics)) {
        if (!json_is_array(topics) || json_count(topics) > 4)
            return rpc_fail(c, RPC_PARAMS, "topics must be an array of at most 4");
        for (const struct json *t = json_first(topics); t; t = json_next(t))
            if (!read_place(c, t, out, lists))
                return false;
    }
    prepare(&c->arena, out, addresses, lists);
    return criteria_range(c, j, out);
}

/* copy duplicates into an arena, or with NULL on the heap. */
static void *copy(struct arena *a, const void *data, size_t size)
{
    return a ? arena_dup(a, data, size) : mem_dup(data, size);
}

struct log_criteria criteria_copy(struct arena *a, const struct log_criteria *f)
{
    struct log_criteria out = *f;
    out.addresses = copy(a, f->addresses, f->address_count * sizeof *f->addresses);
    out.address_bits = copy(a, f->address_bits, f->address_count * sizeof *f->address_bits);
    for (unsigned p = 0; p < f->place_count; p++) {
        size_t n = f->places[p].count;
        out.places[p].topics = copy(a, f->places[p].topics, n * sizeof *f->places[p].topics);
        out.places[p].bits = copy(a, f->places[p].bits, n * sizeof *f->places[p].bits);
    }
    return out;
}

static size_t criteria_size(const struct log_criteria *f)
{
    size_t n = f->address_count * (sizeof *f->addresses + sizeof *f->address_bits);
    for (unsigned p = 0; p < f->place_count; p++)
        n += f->places[p].count * (sizeof *f->places[p].topics + sizeof *f->places[p].bits);
    return n;
}

bool criteria_keep(struct rpc_call *c, const struct log_criteria *f, struct log_criteria *out)
{
    size_t n = criteria_size(f);
    if (atomic_fetch_add(&c->r->criteria_bytes, n) + n > LIMIT_RPC_CRITERIA_BYTES) {
        atomic_fetch_sub(&c->r->criteria_bytes, n);
        return rpc_fail(c, RPC_LIMIT, "too many log criteria: at most %u MiB of them are kept",
                        LIMIT_RPC_CRITERIA_BYTES >> 20);
    }
    *out = criteria_copy(NULL, f);
    return true;
}

void criteria_drop(struct rpc *r, struct log_criteria *f)
{
    atomic_fetch_sub(&r->criteria_bytes, criteria_size(f));
    mem_free((void *)f->addresses);
    mem_free((void *)f->address_bits);
    for (unsigned p = 0; p < f->place_count; p++) {
        mem_free((void *)f->places[p].topics);
        mem_free((void *)f->places[p].bits);
    }
    *f = (struct log_criteria){0};
}

bool criteria_may_match(const struct log_criteria *f, const uint8_t bloom[BLOOM_BYTES])
{
    bool any = f->address_count == 0;
    for (size_t i = 0; i < f->address_count && !any; i++)
        any = bits_in(&f->address_bits[i], bloom);
    for (unsigned p = 0; p < f->place_count && any; p++) {
        any = f->places[p].count == 0;
        for (size_t i = 0; i < f->places[p].count && !any; i++)
            any = bits_in(&f->places[p].bits[i], bloom);
    }
    return any;
}

bool criteria_match(const struct log_criteria *f, const struct log_entry *l)
{
    if (l->topic_count < f->place_count ||
        (f->address_count && !bsearch(&l->address, f->addresses, f->address_count,
                                      sizeof *f->addresses, address_order)))
        return false;
    for (unsigned p = 0; p < f->place_count; p++)
        if (f->places[p].count && !bsearch(&l->topics[p], f->places[p].topics, f->places[p].count,
                                           sizeof *f->places[p].topics, hash_order))
            return false;
    return true;
}

/* search_block appends one block's matching logs; false on error. */
static bool search_block(struct rpc_call *c, const struct log_criteria *f, uint64_t number,
                         size_t *found)
{
    struct header h;
    struct hash hash;
    struct block b;
    enum err e = chain_load_header(c->view, number, &c->arena, &h, &hash);
    if (e == E_OK && !criteria_may_match(f, h.bloom))
        return true;
    if (e == E_OK)
        e = chain_load_block(c->view, number, &c->arena, true, &b);
    if (e != E_OK)
        return rpc_fail_err(c, e);
    size_t log_index = 0;
    for (size_t t = 0; t < b.tx_count; t++) {
        const struct receipt *r = &b.receipts[t];
        for (size_t i = 0; i < r->log_count; i++, log_index++) {
            if (!criteria_match(f, &r->logs[i]))
                continue;
            if (++*found > LIMIT_RPC_LOG_RESULTS)
                return rpc_fail(c, RPC_LIMIT,
                                "query returned more than %u results: ask for fewer blocks",
                                LIMIT_RPC_LOG_RESULTS);
            put_log(c->out, &b, t, log_index, &r->logs[i]);
        }
    }
    return true;
}

bool logs_search(struct rpc_call *c, const struct log_criteria *f)
{
    size_t found = 0;
    json_open(c->out, '[');
    for (uint64_t n = f->from; n <= f->to; n++) {
        if (!call_in_time(c) || !search_block(c, f, n, &found))
            return false;
        if (c->out->len > LIMIT_RPC_RESPONSE_BYTES)
            return true; /* the dispatcher refuses it */
        if (n == UINT64_MAX)
            break;
    }
    json_close(c->out, ']');
    return true;
}

bool eth_get_logs(struct rpc_call *c)
{
    struct log_criteria f;
    if (!criteria_read(c, param(c, 0), &f))
        return false;
    if (f.beyond_head)
        return rpc_fail(c, RPC_PARAMS, "block range extends beyond current head block");
    return logs_search(c, &f);
}
