#include "city/money/desk.h"

#include "base/lang.h"

static const struct service_method METHODS[] = {
    /* ERC-20 and ERC-20 metadata */
    {"function name() view returns (string)", "The currency's name.", 200, 0, run_name},
    {"function symbol() view returns (string)", "Its symbol.", 200, 0, run_symbol},
    {"function decimals() view returns (uint8)", "18: one coin is 10^18 units.", 100, 0,
     run_decimals},
    {"function totalSupply() view returns (uint256)",
     "Every coin there is, in accounts and in escrow.", 200, 0, run_total_supply},
    {"function balanceOf(address account) view returns (uint256)",
     "The account's native balance: the same coins, seen as a token.", 200, 0, run_balance_of},
    {"function transfer(address to, uint256 value) returns (bool)",
     "Sends the caller's coins. The zero address and services cannot receive.", 1000, 0,
     run_transfer},
    {"function approve(address spender, uint256 value) returns (bool)",
     "Lets another account spend up to value of the caller's coins; 2^256-1 has no end.", 1000, 0,
     run_approve},
    {"function allowance(address owner, address spender) view returns (uint256)",
     "What a spender may still spend of an owner's coins.", 300, 0, run_allowance},
    {"function transferFrom(address from, address to, uint256 value) returns (bool)",
     "Sends another account's coins out of the caller's allowance.", 1500, 0, run_transfer_from},
    /* EIP-2612, EIP-5267 */
    {"function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, "
     "bytes32 r, bytes32 s)",
     "approve() by the owner's signature (EIP-2612), sent by anyone until deadline.", 2500, 0,
     run_permit},
    {"function nonces(address owner) view returns (uint256)",
     "The number the owner's next permit must carry.", 200, 0, run_nonces},
    {"function DOMAIN_SEPARATOR() view returns (bytes32)", "EIP-712 domain of the permits.", 500, 0,
     run_domain_separator},
    {"function eip712Domain() view returns (bytes1 fields, string name, string version, "
     "uint256 chainId, address verifyingContract, bytes32 salt, uint256[] extensions)",
     "The fields of that domain (EIP-5267).", 500, 0, run_eip712_domain},
    /* issuer */
    {"function reserve() view returns (uint256 amount, bytes32 statement, uint64 statedAt)",
     "The reserve behind the coins as last stated: its amount, the hash of the statement (a bank "
     "letter kept outside), and when.",
     400, 0, run_reserve},
    {"function setReserve(uint256 amount, bytes32 statement)",
     "The issuer states the reserve; it may not be less than the supply.", 1000, 0,
     run_set_reserve},
    {"function mint(address to, uint256 amount)",
     "The issuer makes coins, at most up to the stated reserve.", 1000, 0, run_mint},
    {"function burn(uint256 amount)", "The issuer destroys its own coins.", 1000, 0, run_burn},
    {"function redeem(uint256 amount, bytes32 ref)",
     "Gives the caller's coins back for payment outside, at par; ref names the payment asked for.",
     1000, 0, run_redeem},
    /* roles */
    {"function roleHolder(bytes32 role) view returns (address)",
     "Who holds a role: issuer, registrar or governor, as text in the first bytes.", 300, 0,
     run_role_holder},
    {"function roleOfferedTo(bytes32 role) view returns (address)", "Who may take the role.", 300,
     0, run_role_offered_to},
    {"function offerRole(bytes32 role, address to)",
     "The holder, or the governor for any role, offers it; the zero address withdraws the offer.",
     1000, 0, run_offer_role},
    {"function acceptRole(bytes32 role)",
     "The account it was offered to takes the role; the former holder loses it.", 1000, 0,
     run_accept_role},
    /* members and quota */
    {"function admission() view returns (bool open, uint64 defaultQuotaGas, uint64 periodSeconds)",
     "Whether anybody may send transactions, and how much gas per period.", 300, 0, run_admission},
    {"function quotaOf(address account) view returns (uint64 quotaGas)",
     "Gas an account may spend per period; 0: none, it is suspended or not admitted.", 500, 0,
     run_quota_of},
    {"function usedOf(address account) view returns (uint64 usedGas, uint64 periodEnd)",
     "Gas it has spent in this period, up to the last block, and when the period ends.", 500, 0,
     run_used_of},
    {"function admit(address account, uint64 quotaGas)",
     "The registrar admits an account, or ends its suspension; quota 0 is the default quota.", 1000,
     0, run_admit},
    {"function suspend(address account, bytes32 reason)",
     "The registrar stops an account from sending transactions; reason is the hash of the "
     "decision. "
     "Its coins stay its own. The holder of a role cannot be suspended.",
     1000, 0, run_suspend},
    /* escrow */
    {"function hold(address payee, address arbiter, uint256 amount, uint64 expiry, "
     "bytes32 purpose) returns (bytes32 id)",
     "Puts the caller's coins in escrow until released, refunded or expired. Without payee the "
     "arbiter may release to anyone; without arbiter payer and payee settle between them.",
     2000, 0, run_hold},
    {"function release(bytes32 id, address to, uint256 amount)",
     "Pays part or all of a hold, by its arbiter, or by its payer to the payee; not after expiry.",
     2000, 0, run_release},
    {"function refund(bytes32 id)",
     "Gives the rest back to the payer, by the arbiter or the payee.", 2000, 0, run_refund},
    {"function expire(bytes32 id)", "Gives the rest back to the payer once expired, by anyone.",
     2000, 0, run_expire},
    {"function holdOf(bytes32 id) view returns (address payer, address payee, address arbiter, "
     "uint256 amount, uint64 expiry, bytes32 purpose)",
     "What a hold still keeps; all zero once it ended.", 500, 0, run_hold_of},
    {0},
};

static const struct service_line EVENTS[] = {
    {"event Transfer(address indexed from, address indexed to, uint256 value)",
     "Coins moved by a service: also mint (from zero), burn (to zero) and escrow (the service's "
     "own "
     "address). Plain native transfers are transactions and have no log."},
    {"event Approval(address indexed owner, address indexed spender, uint256 value)",
     "An allowance was set."},
    {"event ReserveStated(uint256 amount, bytes32 statement, uint256 supply)",
     "The issuer stated the reserve."},
    {"event Redeemed(address indexed holder, uint256 amount, bytes32 ref)",
     "Coins were given back and await payment outside."},
    {"event RoleOffered(bytes32 indexed role, address indexed by, address indexed to)",
     "A role was offered (to zero: the offer was withdrawn)."},
    {"event RoleTaken(bytes32 indexed role, address indexed former, address indexed holder)",
     "A role changed hands."},
    {"event Admitted(address indexed account, uint64 quotaGas)",
     "An account may send transactions; quota 0 is the default quota."},
    {"event Suspended(address indexed account, bytes32 reason)",
     "An account may no longer send transactions."},
    {"event Held(bytes32 indexed id, address indexed payer, address indexed arbiter, "
     "address payee, uint256 amount, uint64 expiry, bytes32 purpose)",
     "Coins went into escrow."},
    {"event Released(bytes32 indexed id, address indexed to, uint256 amount)",
     "Coins were paid out of escrow."},
    {"event Refunded(bytes32 indexed id, address indexed payer, uint256 amount)",
     "Coins went from escrow back to their payer."},
    {0},
};

static const struct service_line ERRORS[] = {
    {"error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)",
     "The sender has not enough coins."},
    {"error ERC20InvalidSender(address sender)", "The zero address cannot send."},
    {"error ERC20InvalidReceiver(address receiver)",
     "The zero address and the services' own accounts cannot receive coins."},
    {"error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed)",
     "The spender's allowance does not suffice."},
    {"error ERC20InvalidApprover(address approver)", "The zero address cannot approve."},
    {"error ERC20InvalidSpender(address spender)", "The zero address cannot be approved."},
    {"error ERC2612ExpiredSignature(uint256 deadline)", "The permit's deadline has passed."},
    {"error ERC2612InvalidSigner(address signer, address owner)",
     "The permit is signed by another account, or for another nonce, amount or chain."},
    {"error ECDSAInvalidSignature()", "v, r, s is not a valid low-s signature."},
    {"error ReserveExceeded(uint256 supply, uint256 reserve)",
     "The supply would be above the stated reserve."},
    {"error UnknownRole(bytes32 role)", "There is no such role."},
    {"error HoldsRole(address account)", "The holder of a role cannot be suspended."},
    {"error UnknownHold(bytes32 id)", "There is no such hold, or it has ended."},
    {"error EmptyHold()", "A hold needs an amount and a payee or an arbiter."},
    {"error ExpiryPassed(uint64 expiry, uint64 blockTime)", "A hold must expire in the future."},
    {"error HoldExpired(bytes32 id, uint64 expiry)", "The hold has expired; it goes to its payer."},
    {"error HoldNotExpired(bytes32 id, uint64 expiry)", "The hold has not expired yet."},
    {"error HoldForOther(bytes32 id, address payee)", "The hold can only be paid to its payee."},
    {"error HoldExceeded(bytes32 id, uint256 held, uint256 needed)",
     "More was asked for than the hold keeps."},
    {"error RecordUnreadable()",
     "A stored record, or a balance beside the supply, cannot be what it says."},
    {0},
};

static const char NOTES[] =
    "Supply: the balances of all accounts add up to `totalSupply()`, coins in escrow being the\n"
    "balance of this service's own account. Only `mint`, `burn` and `redeem` change the supply, "
    "and\n"
    "it never exceeds the reserve last stated with `setReserve`. Plain transactions move the same\n"
    "coins without a log; moves made by services emit `Transfer`. Services cannot receive coins.\n"
    "\n"
    "Roles have one holder each. `offerRole` then `acceptRole` hands one over; the governor may\n"
    "offer any role, so that a lost key is not the end of the issuer or the registrar.\n"
    "\n"
    "Quota: fees are zero, abuse is bounded by gas per account and period. A transaction is taken\n"
    "when its gas limit fits in what is left; the gas used is what counts. Admission `open` lets\n"
    "every account send with the default quota, `members` only those admitted by the registrar.\n"
    "`usedOf` is up to date at the end of each block; what the registrar decides holds from the\n"
    "next transaction.\n"
    "\n"
    "Escrow: an arbiter (a person, a contract or another service) releases a hold in parts before\n"
    "its expiry; the payer itself may release to a payee it named. Arbiter or payee can refund at\n"
    "any time. From its expiry on, anybody can send what is left back to the payer.\n"
    "\n"
    "## Genesis\n"
    "\n"
    "Top level: `roles` (`issuer`, `registrar`, `governor`: addresses, each may be left out) and\n"
    "`alloc`, whose balances are the first supply. In `services.money`:\n"
    "\n"
    "| member | meaning | if absent |\n"
    "|---|---|---|\n"
    "| `name` | 1 to 64 bytes | Parvis city coin |\n"
    "| `symbol` | 1 to 16 bytes | PVS |\n"
    "| `reserve` | units of 10^-18, not below the allocated sum | the allocated sum |\n"
    "| `reserveStatement` | 32 bytes: hash of the statement | zero |\n"
    "| `admission` | `open` or `members` | `open` |\n"
    "| `quotaGas` | default gas per account and period | 50000000000 |\n"
    "| `quotaPeriod_s` | length of a period in seconds | 86400 |\n"
    "| `members` | addresses admitted from the start; holders of roles always are | none |\n"
    "| `controller` | `{\"name\", \"contact\"}`: who is responsible | empty texts |\n";

static const char *const CONFIG_MEMBERS[] = {
    "name",          "symbol",  "reserve", "reserveStatement", "admission", "quotaGas",
    "quotaPeriod_s", "members", NULL};

enum err money_json_address(struct address *out, const struct json *j, const char *where,
                            struct diag *d)
{
    const char *text = json_text(j);
    if (!text || address_from_hex(out, text) != E_OK)
        return diag_set(d, E_GENESIS, T("%s: not an address", "%s : pas une adresse"), where);
    return E_OK;
}

static enum err store_text(struct service_call *c, const struct json *config, const char *member,
                           const char *standard, size_t max, struct diag *d)
{
    const struct json *j = json_get(config, member);
    const char *text = j ? json_text(j) : standard;
    if (!text || !text[0] || strlen(text) > max)
        return diag_set(d, E_GENESIS,
                        T("services.money.%s: a text of 1 to %zu bytes needed",
                          "services.money.%s : un texte de 1 à %zu octets est attendu"),
                        member, max);
    struct hash slot = money_slot(member);
    return service_store(c, &slot, bytes_str(text));
}

static enum err genesis(struct service_call *c, const struct json *root, struct diag *d)
{
    const struct json *config = service_config(c, root);
    TRY(service_config_check(c, config, CONFIG_MEMBERS, d));
    TRY(store_text(c, config, "name", "Parvis city coin", MONEY_NAME_MAX, d));
    TRY(store_text(c, config, "symbol", "PVS", MONEY_SYMBOL_MAX, d));
    TRY(issue_genesis(c, root, config, d));
    TRY(roles_genesis(c, root, d));
    return members_genesis(c, config, d);
}

const struct service MONEY_SERVICE = {
    .name = "money",
    .title = "ParvisMoney",
    .purpose = "The city currency: the chain's native coin with an ERC-20 face, its issuer's desk, "
               "escrow, roles and the register of members.",
    .address = SERVICE_ADDRESS(0x01),
    .methods = METHODS,
    .events = EVENTS,
    .errors = ERRORS,
    .notes = NOTES,
    .genesis = genesis,
};

/* --- shared by the files of this service ------------------------------------------------------ */

struct hash money_slot(const char *tag)
{
    return service_slot(tag, NULL, 0);
}

struct hash money_slot_of(const char *tag, const struct address *a)
{
    struct bytes key = bytes_of(a->b, sizeof a->b);
    return service_slot(tag, &key, 1);
}

enum err money_load_address(struct service_call *c, const struct hash *slot, struct address *out)
{
    struct buf b = {0};
    memset(out, 0, sizeof *out);
    enum err err = service_load(c, slot, &b);
    if (err == E_OK && b.len == sizeof out->b)
        memcpy(out->b, b.data, b.len);
    buf_free(&b);
    return err;
}

enum err money_store_address(struct service_call *c, const struct hash *slot,
                             const struct address *a)
{
    return service_store(c, slot, bytes_of(a->b, address_is_zero(a) ? 0 : sizeof a->b));
}
