/* signer: signs transactions for the fault harness, as fast as the node can check them.
 *
 *   signer CHAIN-ID
 *
 * Reads lines, answers each by a line, in order:
 *   address KEY                          -> 0x and 40 digits
 *   sign KEY NONCE GAS VALUE TO DATA     -> HASH RAW, both with 0x; TO is - for a creation, DATA -
 * for none. VALUE in the smallest unit, below 2^64. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "chain/tx.h"
#include "crypto/ecdsa.h"

static _Noreturn void refuse(const char *line)
{
    fprintf(stderr, "signer: %s\n", line);
    exit(2);
}

static void read_key(uint8_t key32[32], const char *text, const char *line)
{
    if (!text || hex_decode(key32, 32, text, strlen(text)) != E_OK)
        refuse(line);
}

static uint64_t read_number(const char *text, const char *line)
{
    char *end = NULL;
    uint64_t value = text ? strtoull(text, &end, 10) : 0;
    if (!text || end == text || *end)
        refuse(line);
    return value;
}

static void answer_address(struct buf *out, const uint8_t key32[32])
{
    struct address a;
    if (ecdsa_address(&a, key32) != E_OK)
        refuse("a key that is none");
    buf_put_hex(out, a.b, sizeof a.b);
}

static void answer_signed(struct buf *out, const uint8_t key32[32], uint64_t chain_id, char **rest,
                          const char *line)
{
    struct arena arena = {0};
    struct buf data = {0};
    struct tx t = {.type = TX_DYNAMIC_FEE, .has_chain_id = true, .chain_id = chain_id};
    t.nonce = read_number(strtok_r(NULL, " ", rest), line);
    t.gas_limit = read_number(strtok_r(NULL, " ", rest), line);
    t.value = u256_from_u64(read_number(strtok_r(NULL, " ", rest), line));
    const char *to = strtok_r(NULL, " ", rest), *hex = strtok_r(NULL, " ", rest);
    if (!to || !hex)
        refuse(line);
    t.is_create = strcmp(to, "-") == 0;
    if (!t.is_create && address_from_hex(&t.to, to) != E_OK)
        refuse(line);
    if (strcmp(hex, "-") != 0) {
        size_t digits = strlen(hex) - (strncmp(hex, "0x", 2) == 0 ? 2 : 0);
        if (hex_decode(buf_grow(&data, digits / 2), digits / 2, hex, strlen(hex)) != E_OK)
            refuse(line);
    }
    t.data = buf_view(&data);
    if (tx_sign(&t, &arena, key32) != E_OK)
        refuse(line);
    buf_put_hex(out, t.hash.b, sizeof t.hash.b);
    buf_puts(out, " ");
    buf_put_hex(out, t.raw.data, t.raw.len);
    buf_free(&data);
    arena_free(&arena);
}

int main(int argc, char **argv)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;
    struct buf out = {0};
    if (argc != 2) {
        fprintf(stderr, "usage: signer CHAIN-ID\n");
        return 2;
    }
    uint64_t chain_id = read_number(argv[1], argv[1]);
    while ((len = getline(&line, &cap, stdin)) > 0) {
        char *rest = NULL;
        uint8_t key32[32];
        if (line[len - 1] == '\n')
            line[len - 1] = 0;
        const char *what = strtok_r(line, " ", &rest);
        read_key(key32, strtok_r(NULL, " ", &rest), "a key is 64 digits");
        buf_clear(&out);
        if (what && strcmp(what, "address") == 0)
            answer_address(&out, key32);
        else if (what && strcmp(what, "sign") == 0)
            answer_signed(&out, key32, chain_id, &rest, "sign KEY NONCE GAS VALUE TO DATA");
        else
            refuse("address or sign");
        printf("%s\n", buf_cstr(&out));
        fflush(stdout);
    }
    free(line);
    buf_free(&out);
    return 0;
}
