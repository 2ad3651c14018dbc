#include "city/members/members.h"

#include "city/members/roll.h"

#define GAS_VIEW 300u
#define GAS_PROPOSE 3000u
#define GAS_VOTE 2000u

#define MEMBER_FIELDS "string name, address operator, bytes32 key, uint64 power, bytes20 node"

static const struct service_method METHODS[] = {
    /* founding */
    {"function enrol(" MEMBER_FIELDS ")",
     "The governor enrols a founding member: its name, the account that acts for it, its "
     "validator's Ed25519 key, its weight and its node's id. Only before the founding.",
     GAS_VOTE, 0, run_members_enrol},
    {"function strike(address operator)",
     "The governor takes an enrolled member off again. Only before the founding.", GAS_VOTE, 0,
     run_members_strike},
    {"function found()",
     "The governor founds the network of the members enrolled: from the next block on they order, "
     "and they decide by vote. There is no way back.",
     GAS_VOTE, 0, run_members_found},
    {"function founded() view returns (bool isFounded, uint64 number, uint64 time)",
     "Whether the chain is a network, and the block and time of its founding.", GAS_VIEW, 0,
     run_members_founded},
    /* proposals */
    {"function proposeAdd(" MEMBER_FIELDS ", uint64 lifetime) returns (uint256 id)",
     "Proposes a new member. A node that is a follower's becomes the member's. lifetime, here and "
     "in the proposals below: seconds until the vote ends, 60 to 7776000; 0 is 7 days.",
     GAS_PROPOSE, 0, run_members_propose_add},
    {"function proposePower(address operator, uint64 power, uint64 lifetime) "
     "returns (uint256 id)",
     "Proposes another weight for a member.", GAS_PROPOSE, 0, run_members_propose_power},
    {"function proposeRemove(address operator, uint64 lifetime) returns (uint256 id)",
     "Proposes that a member leaves, and with it the followers it admitted. The last one cannot.",
     GAS_PROPOSE, 0, run_members_propose_remove},
    {"function proposeKey(address operator, bytes32 key, bytes20 node, uint64 lifetime) "
     "returns (uint256 id)",
     "Proposes another validator key, another node, or both, for a member.", GAS_PROPOSE, 0,
     run_members_propose_key},
    {"function proposeHeartbeat(uint64 period, uint64 lifetime) returns (uint256 id)",
     "Proposes after how many seconds without transactions a block is made all the same, 1 to "
     "3600.",
     GAS_PROPOSE, 0, run_members_propose_heartbeat},
    {"function proposeUpgrade(uint64 number, string program, uint64 lifetime) "
     "returns (uint256 id)",
     "Proposes that from block number on every member runs a program that knows this name. One at "
     "a time.",
     GAS_PROPOSE, 0, run_members_propose_upgrade},
    {"function proposeCallOff(uint64 lifetime) returns (uint256 id)",
     "Proposes to call off the upgrade that was agreed and whose block is still to come.",
     GAS_PROPOSE, 0, run_members_propose_call_off},
    {"function vote(uint256 id, bool yes)",
     "A member votes on a proposal, once. The proposal takes effect in the transaction whose vote "
     "gives it more than two thirds of the power; a third against it rejects it.",
     GAS_VOTE, 0, run_members_vote},
    {"function recount(uint256 id)",
     "A member has a proposal counted again: when members left or weights changed since the last "
     "vote, it may be decided without another.",
     GAS_VOTE, 0, run_members_recount},
    {"function proposalCount() view returns (uint256 count)",
     "How many proposals there have been; they are numbered from 1.", GAS_VIEW, 0,
     run_members_proposal_count},
    {"function proposal(uint256 id) view returns ((bytes32 kind, bytes32 status, address proposer, "
     "uint64 opened, uint64 expiry, uint64 decided, uint64 yesPower, uint64 noPower, "
     "uint64 totalPower, address operator, bytes32 key, bytes20 node, uint64 number, "
     "string text) motion)",
     "A proposal. kind: add, power, remove, key, heartbeat, upgrade, calloff. status: open, "
     "passed, "
     "rejected, expired, overtaken (agreed, but no longer possible). Powers as counted at the "
     "decision, or now. number: power, seconds or block; text: name or program.",
     GAS_VIEW, 0, run_members_proposal},
    {"function votesOf(uint256 id) view returns (address[] operators, bool[] yes)",
     "Who voted, and how; votes of members that left since may be missing.", GAS_VIEW, 0,
     run_members_votes_of},
    {"function openProposals() view returns (uint256[] ids)", "The proposals that wait for votes.",
     GAS_VIEW, 0, run_members_open_proposals},
    /* followers */
    {"function admitFollower(bytes20 node)",
     "A member lets a node connect that keeps a full copy without voting; at most 8 each.",
     GAS_VOTE, 0, run_members_admit_follower},
    {"function dismissFollower(bytes20 node)", "The member that admitted it shuts it out again.",
     GAS_VOTE, 0, run_members_dismiss_follower},
    {"function followersOf(address operator) view returns (bytes20[] nodes)",
     "The follower nodes a member admitted.", GAS_VIEW, 0, run_members_followers_of},
    {"function isNodeAllowed(bytes20 node) view returns (bool allowed)",
     "Whether a node may connect: a member's own or a follower. False before the founding.",
     GAS_VIEW, 0, run_members_is_node_allowed},
    /* members */
    {"function memberCount() view returns (uint256 count)", "How many members there are.", GAS_VIEW,
     0, run_members_member_count},
    {"function memberAt(uint256 index) view returns (" MEMBER_FIELDS ")",
     "A member by its place, in order of joining, from 0.", GAS_VIEW, 0, run_members_member_at},
    {"function memberOf(address operator) view returns (string name, bytes32 key, uint64 power, "
     "bytes20 node)",
     "The member an account acts for; power 0: none.", GAS_VIEW, 0, run_members_member_of},
    {"function memberList() view returns ((" MEMBER_FIELDS ")[] members)",
     "All members, in order of joining.", GAS_VIEW, 0, run_members_member_list},
    {"function totalPower() view returns (uint64 power)", "The weights of all members together.",
     GAS_VIEW, 0, run_members_total_power},
    {"function heartbeat() view returns (uint64 period)",
     "Seconds after which a block is made though there is nothing to put in it.", GAS_VIEW, 0,
     run_members_heartbeat},
    /* upgrades */
    {"function upgrade() view returns (uint64 number, string program, uint64 agreed, "
     "uint256 proposalId)",
     "The upgrade in force, or agreed and to come: from which block on, which program, when it was "
     "agreed and by which proposal. All zero: none.",
     GAS_VIEW, 0, run_members_upgrade},
    {"function upgradeCount() view returns (uint256 count)",
     "How many upgrades were agreed so far, those called off included.", GAS_VIEW, 0,
     run_members_upgrade_count},
    {"function upgradeAt(uint256 index) view returns (uint64 number, string program, "
     "uint64 agreed, uint256 proposalId, uint256 calledOffBy)",
     "An upgrade by its place, from 0; calledOffBy: the proposal that called it off, or 0.",
     GAS_VIEW, 0, run_members_upgrade_at},
    /* misbehaviour */
    {"function misbehaviourCount() view returns (uint256 count)",
     "How many times the ordering engine proved that a validator misbehaved.", GAS_VIEW, 0,
     run_members_misbehaviour_count},
    {"function misbehaviourAt(uint256 index) view returns (uint8 kind, bytes20 validator, "
     "uint64 height, uint64 time, uint64 power, address operator, string name, "
     "bytes32 consequence, uint64 number)",
     "One of them, from 0. kind 1: two votes in one round, 2: an attack on light clients. The "
     "validator's CometBFT address, where it happened, when it was reported and the power it had; "
     "the member, "
     "what followed (expelled; last: it stays, there is no other; unknown: it is no member, or no "
     "longer) and in which block.",
     GAS_VIEW, 0, run_members_misbehaviour_at},
    {0},
};

static const struct service_line EVENTS[] = {
    {"event MemberEnrolled(address indexed operator, string name, bytes32 key, uint64 power, "
     "bytes20 node)",
     "A founding member was enrolled."},
    {"event MemberStruck(address indexed operator)", "It was taken off again."},
    {"event Founded(uint256 members, uint64 totalPower)", "The chain is a network from here on."},
    {"event Proposed(uint256 indexed id, address indexed proposer, bytes32 indexed kind, "
     "uint64 expiry)",
     "A proposal was made; proposal(id) tells what it is."},
    {"event Voted(uint256 indexed id, address indexed operator, bool yes, uint64 power)",
     "A member voted; the proposer's own vote too."},
    {"event Decided(uint256 indexed id, bytes32 outcome, uint64 yesPower, uint64 noPower, "
     "uint64 totalPower)",
     "A proposal passed, was rejected, or was overtaken: agreed, but no longer possible. One that "
     "expires has no event."},
    {"event MemberAdded(address indexed operator, string name, bytes32 key, uint64 power, "
     "bytes20 node)",
     "A member joined."},
    {"event MemberReweighted(address indexed operator, uint64 former, uint64 power)",
     "A member has another weight."},
    {"event MemberRemoved(address indexed operator)", "A member left by vote."},
    {"event KeyReplaced(address indexed operator, bytes32 key, bytes20 node)",
     "A member's validator key or node was replaced."},
    {"event HeartbeatSet(uint64 period)", "The heartbeat was changed."},
    {"event UpgradeAgreed(uint64 indexed number, string program, uint256 proposalId)",
     "An upgrade was agreed."},
    {"event UpgradeCalledOff(uint64 indexed number, string program, uint256 proposalId)",
     "An agreed upgrade was called off."},
    {"event FollowerAdmitted(address indexed operator, bytes20 node)",
     "A follower's node may connect."},
    {"event FollowerDismissed(address indexed operator, bytes20 node)",
     "It no longer may, or it has become a member's."},
    {0},
};

static const struct service_line ERRORS[] = {
    {"error AlreadyFounded()", "The network is founded: its members decide by vote."},
    {"error NotFounded()", "The network is not founded yet."},
    {"error NoMembers()", "There is nobody to found the network."},
    {"error InvalidName(uint256 length, uint256 limit)",
     "A member's name is 1 to 64 bytes of printable UTF-8 without a space at either end."},
    {"error InvalidOperator(address operator)",
     "The zero address and the services cannot be operators."},
    {"error InvalidKey(bytes32 key)", "A validator key is needed."},
    {"error InvalidPower(uint64 power, uint64 limit)", "A weight is 1 to 1000000000."},
    {"error InvalidNode(bytes20 node)", "A node id is needed."},
    {"error OperatorTaken(address operator)", "The account already acts for a member."},
    {"error KeyTaken(bytes32 key)", "The key is another member's."},
    {"error NodeTaken(bytes20 node)", "The node is another member's, or already a follower."},
    {"error TooManyMembers(uint256 limit)", "There is no room for another member."},
    {"error UnknownMember(address operator)", "The account acts for no member."},
    {"error LastMember(address operator)", "The last member cannot be removed."},
    {"error NoChange()", "It is so already."},
    {"error InvalidHeartbeat(uint64 period, uint64 limit)", "A heartbeat is 1 to 3600 seconds."},
    {"error InvalidProgram(uint256 length, uint256 limit)",
     "A program's name is 1 to 64 bytes of printable UTF-8 without a space at either end."},
    {"error UpgradePassed(uint64 number, uint64 blockNumber)",
     "An upgrade must lie in a block to come."},
    {"error UpgradePending(uint64 number, string program)",
     "Another upgrade is agreed and still to come; it can be called off."},
    {"error NoUpgrade()", "No upgrade is agreed that is still to come."},
    {"error InvalidLifetime(uint64 lifetime, uint64 least, uint64 most)",
     "A proposal lives 60 to 7776000 seconds."},
    {"error TooManyProposals(address proposer, uint256 limit)",
     "The member has enough open proposals."},
    {"error UnknownProposal(uint256 id)", "There is no such proposal."},
    {"error ProposalClosed(uint256 id, bytes32 status)", "The proposal is decided."},
    {"error ProposalExpired(uint256 id, uint64 expiry)", "The proposal's time is over."},
    {"error AlreadyVoted(uint256 id, address operator)", "A member votes once on a proposal."},
    {"error Undecided(uint256 id, uint64 yesPower, uint64 noPower, uint64 totalPower)",
     "The votes there are do not decide the proposal."},
    {"error TooManyFollowers(address operator, uint256 limit)",
     "The member has admitted as many followers as it may."},
    {"error UnknownFollower(address operator, bytes20 node)",
     "The member has admitted no such follower."},
    {"error UnknownIndex(uint256 index, uint256 count)", "The list is not that long."},
    {"error RecordUnreadable()", "A stored record could not be read."},
    {0},
};

static const char NOTES[] =
    "Before the founding one node orders (`solo`). The governor (a role of [money](money.md)) "
    "enrols\n"
    "the members and founds; or the genesis lists them, and the chain is founded from block 0. "
    "From\n"
    "then on a block is ordered by the members' validators, the account that a block pays is a\n"
    "member's operator, and the governor has no say here.\n"
    "\n"
    "Votes weigh what their members weigh when they are counted. A proposal passes with **more "
    "than**\n"
    "two thirds of the power of all members there are (exactly two thirds are not enough), is "
    "rejected\n"
    "with a third against it, and expires. The proposer's vote counts at once; a member votes "
    "once.\n"
    "Votes of members that left do not count, and a member that left and came back votes anew. A\n"
    "change that has become impossible by the time it is agreed (the key is taken since, say) is\n"
    "`overtaken`: the vote counts, nothing changes. A member has at most 8 open proposals.\n"
    "\n"
    "A change of validators is in force two blocks of the ordering engine later. **A new member "
    "whose\n"
    "weight is a third of the new total or more stops the chain until its node runs**: start its "
    "node as\n"
    "a follower first, and add it once it keeps up. An operator sends transactions like everybody: "
    "where\n"
    "money's admission is `members`, the registrar admits it.\n"
    "\n"
    "Misbehaviour that the ordering engine proves (two votes in one round, an attack on light "
    "clients)\n"
    "has one consequence, without vote: the member is expelled at the start of the next block, "
    "unless\n"
    "it is the last one. It leaves no log, since it belongs to no transaction; `misbehaviourAt` "
    "tells it.\n"
    "An expelled member comes back by vote only.\n"
    "\n"
    "An upgrade binds every program: from its block on, one that does not know the name stops. "
    "Until\n"
    "then the members may call it off.\n"
    "\n"
    "## Genesis\n"
    "\n"
    "In `services.members`:\n"
    "\n"
    "| member | meaning | if absent |\n"
    "|---|---|---|\n"
    "| `validators` | 1 to 100 of `{\"name\", \"operator\", \"key\", \"power\", \"node\"}`: text, "
    "address, 32 bytes, 1 to 10^9, 20 bytes | founded later, by the governor |\n"
    "| `heartbeat` | seconds, 1 to 3600 | 10 |\n"
    "| `controller` | `{\"name\", \"contact\"}`: who is responsible | empty texts |\n";

const struct service MEMBERS_SERVICE = {
    .name = "members",
    .title = "ParvisMembers",
    .purpose = "Who runs the network: the members with their validators, what they decide by vote, "
               "and what became of validators that misbehaved.",
    .address = SERVICE_ADDRESS(0x03),
    .methods = METHODS,
    .events = EVENTS,
    .errors = ERRORS,
    .notes = NOTES,
    .genesis = founding_genesis,
};
