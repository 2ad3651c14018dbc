/* What the three files of the ABI share: abi_type.c parses, abi.c codes, abi_text.c converts. */
#ifndef PARVIS_CODEC_ABI_INTERNAL_H
#define PARVIS_CODEC_ABI_INTERNAL_H

#include "codec/abi.h"

#define ABI_WORD 32
#define ABI_TYPE_DEPTH 32         /* arrays and tuples inside each other */
#define ABI_TUPLE_MEMBERS 1024    /* of one tuple */
#define ABI_HEAD_BYTES (1u << 26) /* of one type: T[1000][1000][1000] is refused as a type */

/* abi_head_bytes is what a value takes where it stands: all of it when static, its offset's word
 * when dynamic. At least ABI_WORD, except for a tuple without members. */
size_t abi_head_bytes(const struct abi_type *type);

/* abi_members_head_bytes is the head of the members of a tuple or fixed array, or of `count`
 * elements of an array: where the tails begin. */
size_t abi_members_head_bytes(const struct abi_type *type, size_t count);

/* abi_member is the type of the i-th member of a tuple or element of an array. */
static inline const struct abi_type *abi_member(const struct abi_type *type, size_t i)
{
    return type->kind == ABI_TUPLE ? &type->item[i] : type->item;
}

/* abi_word_holds says whether w is a canonical word of an elementary static type: padding bits
 * zero, or copies of the sign. */
bool abi_word_holds(const struct abi_type *type, struct u256 w);

#endif
