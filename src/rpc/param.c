#include "rpc/rpc_internal.h"

#include <stdlib.h>

const struct json *param(const struct rpc_call *c, size_t i)
{
    const struct json *j = c->params ? json_at(c->params, i) : NULL;
    return j && json_is_null(j) ? NULL : j;
}

bool read_address(struct rpc_call *c, const struct json *j, const char *what, struct address *out)
{
    const char *text = j ? json_text(j) : NULL;
    if (!text || text[0] != '0' || (text[1] != 'x' && text[1] != 'X') ||
        address_from_hex(out, text) != E_OK)
        return rpc_fail(c, RPC_PARAMS, "%s must be an address of 20 bytes (0x and 40 digits)",
                        what);
    return true;
}

bool read_hash(struct rpc_call *c, const struct json *j, const char *what, struct hash *out)
{
    const char *text = j ? json_text(j) : NULL;
    if (!text || text[0] != '0' || (text[1] != 'x' && text[1] != 'X') ||
        hash_from_hex(out, text) != E_OK)
        return rpc_fail(c, RPC_PARAMS, "%s must be 32 bytes (0x and 64 digits)", what);
    return true;
}

bool read_u64(struct rpc_call *c, const struct json *j, const char *what, uint64_t *out)
{
    if (!j || json_u64(out, j) != E_OK)
        return rpc_fail(c, RPC_PARAMS, "%s must be a quantity of at most 64 bits", what);
    return true;
}

bool read_u256(struct rpc_call *c, const struct json *j, const char *what, struct u256 *out)
{
    if (!j || json_u256(out, j) != E_OK)
        return rpc_fail(c, RPC_PARAMS, "%s must be a quantity of at most 256 bits", what);
    return true;
}

bool read_data(struct rpc_call *c, const struct json *j, const char *what, struct bytes *out)
{
    const char *text = j ? json_text(j) : NULL;
    size_t len = text ? strlen(text) : 0;
    if (!text || len < 2 || len % 2 || text[0] != '0' || (text[1] != 'x' && text[1] != 'X'))
        return rpc_fail(c, RPC_PARAMS,
                        "%s must be hexadecimal data (0x and an even number of "
                        "digits)",
                        what);
    uint8_t *data = arena_alloc(&c->arena, len / 2);
    if (hex_decode(data, len / 2 - 1, text, len) != E_OK)
        return rpc_fail(c, RPC_PARAMS, "%s has a character that is not a hexadecimal digit", what);
    *out = bytes_of(data, len / 2 - 1);
    return true;
}

bool read_slot(struct rpc_call *c, const struct json *j, struct hash *out)
{
    const char *text = j ? json_text(j) : NULL;
    size_t len = text ? strlen(text) : 0;
    char digits[65];
    if (!text || len < 3 || text[0] != '0' || (text[1] != 'x' && text[1] != 'X'))
        return rpc_fail(c, RPC_PARAMS, "a storage slot must be 0x and 1 to 64 digits");
    if (len > 66)
        return rpc_fail(c, RPC_PARAMS, "storage key too long (want at most 32 bytes): \"%.200s\"",
                        text);
    memset(digits, '0', sizeof digits);
    memcpy(digits + 64 - (len - 2), text + 2, len - 2);
    if (hex_decode(out->b, 32, digits, 64) != E_OK)
        return rpc_fail(c, RPC_PARAMS, "invalid hex in storage key: \"%s\"", text);
    return true;
}

bool param_address(struct rpc_call *c, size_t i, struct address *out)
{
    return read_address(c, param(c, i), "the account", out);
}

bool param_hash(struct rpc_call *c, size_t i, struct hash *out)
{
    return read_hash(c, param(c, i), "the hash", out);
}

bool param_u64(struct rpc_call *c, size_t i, uint64_t *out)
{
    return read_u64(c, param(c, i), "the number", out);
}

bool param_bool(struct rpc_call *c, size_t i, bool *out)
{
    const struct json *j = param(c, i);
    *out = j && json_is_bool(j) && json_true(j);
    if (j && !json_is_bool(j))
        return rpc_fail(c, RPC_PARAMS, "parameter %zu must be true or false", i + 1);
    return true;
}

static bool block_by_hash(struct rpc_call *c, const struct json *j, uint64_t *number_out)
{
    struct hash hash;
    struct chain_view *v;
    if (!read_hash(c, j, "blockHash", &hash) || !(v = call_view(c)))
        return false;
    enum err e = chain_number_of(v, &hash, number_out);
    if (e == E_NOT_FOUND)
        return rpc_fail(c, RPC_NOT_FOUND, "header for hash not found");
    return e == E_OK || rpc_fail_err(c, e);
}

bool read_block(struct rpc_call *c, const struct json *j, uint64_t *number_out, bool *pending_out)
{
    struct chain_view *v = call_view(c);
    if (!v)
        return false;
    if (pending_out)
        *pending_out = false;
    *number_out = chain_view_head(v);
    if (!j)
        return true;
    if (json_is_object(j)) {
        const struct json *hash = json_get(j, "blockHash"), *number = json_get(j, "blockNumber"),
                          *canonical = json_get(j, "requireCanonical");
        if (!hash == !number)
            return rpc_fail(c, RPC_PARAMS, "give either blockHash or blockNumber");
        /* every block that is known here is canonical */
        if (canonical && !json_is_bool(canonical))
            return rpc_fail(c, RPC_PARAMS, "requireCanonical must be true or false");
        if (hash)
            return block_by_hash(c, hash, number_out);
        j = number;
    }
    const char *text = json_text(j);
    if (text && strlen(text) == 66)
        return block_by_hash(c, j, number_out);
    if (text && strcmp(text, "earliest") == 0) {
        *number_out = 0;
        return true;
    }
    if (text && strcmp(text, "pending") == 0 && pending_out)
        *pending_out = true;
    if (text && (strcmp(text, "latest") == 0 || strcmp(text, "pending") == 0 ||
                 strcmp(text, "safe") == 0 || strcmp(text, "finalized") == 0))
        return true;
    uint64_t number;
    if (text && text[0] >= '0' && text[0] <= '9' && (text[0] != '0' || text[1] != 'x'))
        return rpc_fail(c, RPC_PARAMS, "invalid argument: hex string without 0x prefix");
    if (json_u64(&number, j) != E_OK)
        return rpc_fail(c, RPC_PARAMS,
                        "a block must be a number, a tag (latest, pending, safe, "
                        "finalized, earliest) or an object of EIP-1898");
    if (number > *number_out)
        return rpc_fail(c, RPC_NOT_FOUND, "block not found: %llu is above the head %llu",
                        (unsigned long long)number, (unsigned long long)*number_out);
    *number_out = number;
    return true;
}

bool param_block(struct rpc_call *c, size_t i, uint64_t *number_out, bool *pending_out)
{
    return read_block(c, param(c, i), number_out, pending_out);
}
