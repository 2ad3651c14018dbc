/* Allowances by signature: EIP-2612 over EIP-712, with the domain's fields of EIP-5267. */
#include "city/money/desk.h"
#include "city/record.h"

#include "crypto/ecdsa.h"
#include "crypto/keccak.h"

#define DOMAIN_VERSION "1"
#define DOMAIN_FIELDS 0x0f /* name, version, chainId, verifyingContract */

static const char DOMAIN_TYPE[] =
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
static const char PERMIT_TYPE[] = "Permit(address owner,address spender,uint256 value,uint256 "
                                  "nonce,uint256 deadline)";

/* keccak256 over 32-byte words, as abi.encode lays them out. */
static struct hash hash_words(const struct u256 *words, size_t count)
{
    struct keccak k;
    struct hash out;
    keccak_init(&k);
    for (size_t i = 0; i < count; i++) {
        uint8_t be[32];
        u256_to_be(be, words[i]);
        keccak_update(&k, be, sizeof be);
    }
    keccak_final(&k, &out);
    return out;
}

static struct u256 word_of_text(struct bytes text)
{
    struct hash h = keccak256_of(text);
    return u256_from_be(h.b);
}

static enum err domain_separator(struct service_call *c, struct hash *out)
{
    struct hash slot = money_slot("name");
    struct buf name = {0};
    enum err err = service_load(c, &slot, &name);
    if (err == E_OK)
        *out = hash_words((struct u256[]){word_of_text(bytes_str(DOMAIN_TYPE)),
                                          word_of_text(buf_view(&name)),
                                          word_of_text(bytes_str(DOMAIN_VERSION)),
                                          u256_from_u64(c->world->block->chain_id),
                                          abi_address(&MONEY_SERVICE.address).word},
                          5);
    buf_free(&name);
    return err;
}

enum err run_domain_separator(struct service_call *c)
{
    struct hash domain;
    TRY(domain_separator(c, &domain));
    return service_return(c, (struct abi_value[]){abi_bytes32(domain.b)});
}

enum err run_eip712_domain(struct service_call *c)
{
    static const uint8_t fields[32] = {DOMAIN_FIELDS};
    struct hash slot = money_slot("name");
    struct buf name = {0};
    enum err err = service_load(c, &slot, &name);
    if (err == E_OK)
        err = service_return(c, (struct abi_value[]){abi_bytes32(fields),
                                                     abi_bytes(buf_view(&name)),
                                                     abi_bytes(bytes_str(DOMAIN_VERSION)),
                                                     abi_u64(c->world->block->chain_id),
                                                     abi_address(&MONEY_SERVICE.address),
                                                     abi_u64(0),
                                                     {.count = 0}});
    buf_free(&name);
    return err;
}

enum err run_nonces(struct service_call *c)
{
    struct address owner = abi_get_address(service_arg(c, 0));
    struct hash slot = money_slot_of("nonce", &owner);
    struct u256 nonce;
    TRY(service_load_u256(c, &slot, &nonce));
    return service_return(c, (struct abi_value[]){abi_u256(nonce)});
}

static struct hash permit_digest(const struct hash *domain, const struct hash *message)
{
    uint8_t text[2 + 32 + 32] = {0x19, 0x01};
    struct hash out;
    memcpy(text + 2, domain->b, 32);
    memcpy(text + 34, message->b, 32);
    keccak256(&out, text, sizeof text);
    return out;
}

static enum err recover_signer(struct service_call *c, const struct hash *digest,
                               struct address *out)
{
    struct ecdsa_signature sig;
    uint64_t v = abi_get_u64(service_arg(c, 4));
    abi_get_bytes32(sig.r, service_arg(c, 5));
    abi_get_bytes32(sig.s, service_arg(c, 6));
    TRY(service_charge(c, GAS_MONEY_RECOVER));
    sig.y_parity = (uint8_t)(v - 27);
    if ((v != 27 && v != 28) || ecdsa_recover(out, digest, &sig, false) != E_OK)
        return service_revert(c, "ECDSAInvalidSignature", NULL);
    return E_OK;
}

enum err run_permit(struct service_call *c)
{
    struct address owner = abi_get_address(service_arg(c, 0));
    struct address spender = abi_get_address(service_arg(c, 1));
    struct u256 value = service_arg(c, 2)->word;
    struct u256 deadline = service_arg(c, 3)->word;
    struct hash slot = money_slot_of("nonce", &owner);
    struct hash domain;
    struct address signer;
    struct u256 nonce, next;
    if (u256_cmp(u256_from_u64(service_now_s(c)), deadline) > 0)
        return service_revert(c, "ERC2612ExpiredSignature",
                              (struct abi_value[]){abi_u256(deadline)});
    TRY(service_load_u256(c, &slot, &nonce));
    TRY(domain_separator(c, &domain));
    struct hash message =
        hash_words((struct u256[]){word_of_text(bytes_str(PERMIT_TYPE)), abi_address(&owner).word,
                                   abi_address(&spender).word, value, nonce, deadline},
                   6);
    struct hash digest = permit_digest(&domain, &message);
    TRY(recover_signer(c, &digest, &signer));
    if (!address_eq(&signer, &owner))
        return service_revert(c, "ERC2612InvalidSigner",
                              (struct abi_value[]){abi_address(&signer), abi_address(&owner)});
    if (u256_add(&next, nonce, u256_from_u64(1)))
        return record_unreadable(c);
    TRY(service_store_u256(c, &slot, next));
    TRY(money_approve(c, &owner, &spender, value));
    return service_return(c, NULL);
}
