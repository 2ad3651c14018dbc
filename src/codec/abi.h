/* abi: Solidity's contract ABI (docs.soliditylang.org, "Contract ABI Specification", strict mode).
 *
 * A type is parsed once from its text ("uint256", "bytes32[]", "(address,uint64)[4]") into a tree;
 * values are read from, and written to, byte strings by that tree. Every offset and length is
 * bounded by the input; padding bits must be canonical (as Solidity's abicoder v2 requires). */
#ifndef PARVIS_CODEC_ABI_H
#define PARVIS_CODEC_ABI_H

#include "base/mem.h"
#include "base/u256.h"

enum abi_kind {
    ABI_UINT, /* bits 8..256 */
    ABI_INT,  /* bits 8..256, two's complement */
    ABI_ADDRESS,
    ABI_BOOL,
    ABI_FIXED_BYTES, /* bytes1..bytes32: size */
    ABI_BYTES,
    ABI_STRING,      /* UTF-8 */
    ABI_ARRAY,       /* T[] */
    ABI_FIXED_ARRAY, /* T[n] */
    ABI_TUPLE,
};

struct abi_type {
    enum abi_kind kind;
    unsigned bits;               /* ABI_UINT, ABI_INT */
    size_t size;                 /* ABI_FIXED_BYTES: bytes; ABI_FIXED_ARRAY, ABI_TUPLE: elements */
    const struct abi_type *item; /* arrays: 1 element type; tuples: `size` member types */
    const char *name;            /* parameter or member name, or "" */
    bool indexed;                /* event parameters */
    bool dynamic;
};

struct abi_value {
    struct u256 word;       /* uint, int, bool; address in the low 20 bytes; bytesN left-aligned */
    struct bytes bytes;     /* bytes, string: borrowed from the input */
    struct abi_value *item; /* arrays and tuples: count elements, in the arena */
    size_t count;
};

/* A parsed function, event or error line in Solidity's words:
 *   "function transfer(address to, uint256 value) returns (bool ok)"   [view|pure|payable]
 *   "event Transfer(address indexed from, address indexed to, uint256 value)"
 *   "error InsufficientBalance(address account, uint256 balance, uint256 needed)" */
struct abi_entry {
    enum { ABI_FUNCTION, ABI_EVENT, ABI_ERROR } what;
    const char *name;
    const char *signature;   /* canonical: transfer(address,uint256) */
    struct abi_type inputs;  /* a tuple */
    struct abi_type outputs; /* a tuple; functions only */
    enum { ABI_NONPAYABLE, ABI_PAYABLE, ABI_VIEW, ABI_PURE } mutability;
    struct hash topic;   /* keccak256(signature) */
    uint8_t selector[4]; /* its first four bytes */
};

/* abi_parse_entry / abi_parse_type: text -> tree in the arena, names included. Accepted besides the
 * bare words: data locations, external/public, "address payable", "tuple(...)", a final ";".
 * Refused: T[0], a tuple without members as an element (they have no size), a name used twice in
 * one list, more than three indexed parameters. E_OK | E_ABI. */
enum err abi_parse_entry(struct abi_entry *out, struct arena *a, const char *line);
enum err abi_parse_type(struct abi_type *out, struct arena *a, const char *text);

/* abi_type_text is the canonical spelling, as signatures use it: "(address,uint256[])". */
const char *abi_type_text(struct arena *a, const struct abi_type *type);

/* abi_decode reads a value of the given type (a tuple for arguments; any other type as if in a
 * tuple of one) from data, which must be exactly what abi_encode would write: tails in order
 * without gap or overlap, zero padding, nothing left over. A string's UTF-8 is not checked
 * (Solidity does not either). E_OK | E_ABI. Values live in the arena and borrow from data; the
 * arena grows by a small multiple of data.len, whatever the input says. */
enum err abi_decode(struct abi_value *out, struct arena *a, const struct abi_type *type,
                    struct bytes data);

/* abi_encode appends the encoding of a value. The value must have the type's shape and its integers
 * must fit (ASSERT). */
void abi_encode(struct buf *out, const struct abi_type *type, const struct abi_value *value);

/* abi_value_from_text reads a value from JSON-like text as the command line gives it: 12, -3, 0x..,
 * "text", [1,2], true; a tuple as a list or as an object by names; integers of any width need no
 * quotes, nor does a string that is the whole text. E_OK | E_ABI with diag. abi_value_to_json
 * appends JSON: integers of types wider than 53 bits as decimal strings, a tuple whose members all
 * have names as an object. */
enum err abi_value_from_text(struct abi_value *out, struct arena *a, const struct abi_type *type,
                             const char *text, struct diag *d);
void abi_value_to_json(struct buf *out, const struct abi_type *type, const struct abi_value *v);

/* Short constructors for values. */
static inline struct abi_value abi_u64(uint64_t v)
{
    return (struct abi_value){.word = {{v, 0, 0, 0}}};
}
static inline struct abi_value abi_u256(struct u256 v)
{
    return (struct abi_value){.word = v};
}
static inline struct abi_value abi_bool(bool v)
{
    return abi_u64(v);
}
struct abi_value abi_address(const struct address *a);
struct abi_value abi_bytes32(const uint8_t b[32]);
static inline struct abi_value abi_bytes(struct bytes b)
{
    return (struct abi_value){.bytes = b};
}

/* And accessors. */
struct address abi_get_address(const struct abi_value *v);
void abi_get_bytes32(uint8_t out[32], const struct abi_value *v);
static inline uint64_t abi_get_u64(const struct abi_value *v)
{
    return v->word.w[0];
}

#endif
