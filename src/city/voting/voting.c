#include "city/voting/voting.h"

#include "city/voting/cast.h"
#include "city/voting/consultation.h"

#define GAS_VIEW 300u
#define GAS_CHANGE 2000u
#define GAS_CAST 5000u

#define PLAN                                                        \
    "(string template, uint64 opens, uint64 closes, uint64 floor, " \
    "address registrar, (uint32 threshold, address[] members)[] trustees) plan"
#define CONSULTATION                                                                        \
    "(bytes32 status, address clerk, address registrar, uint64 created, uint64 published, " \
    "uint64 opens, uint64 closes, uint64 floor, uint64 voters, uint64 totalWeight, "        \
    "uint64 cast, uint64 counted, uint64 countedWeight, uint64 events, bytes32 lastEvent, " \
    "bytes32 fingerprint, uint64 ciphertexts, uint64 ballotBytes, uint256 series, "         \
    "uint256 mergedInto, uint256[] units, string uuid, string name, string reason) record"
#define EVENT_FIELDS                                                                          \
    "bytes32 kind, bytes32 hash, bytes32 payload, uint64 time, uint64 number, uint64 owner, " \
    "bytes body"

static const struct service_method METHODS[] = {
    /* clerks */
    {"function appointClerk(address account)", "The governor lets an account create consultations.",
     GAS_CHANGE, 0, run_voting_appoint_clerk},
    {"function dismissClerk(address account)",
     "The governor ends that. Consultations already created stay their clerk's.", GAS_CHANGE, 0,
     run_voting_dismiss_clerk},
    {"function isClerk(address account) view returns (bool appointed)",
     "Whether an account may create consultations.", GAS_VIEW, 0, run_voting_is_clerk},
    /* a consultation, until it is published */
    {"function create(" PLAN ") returns (uint256 id)",
     "A clerk creates a consultation. template: election.json without version, group, uuid and "
     "public_key. floor: how many voters must have voted before anything may be counted. trustees: "
     "in the order of trustees.json; threshold 0 is one trustee who is always needed, k a group "
     "of n > k members of whom any k suffice.",
     GAS_CHANGE, 50, run_voting_create},
    {"function createUnit(uint256 like, string name, uint64 floor, address registrar) "
     "returns (uint256 id)",
     "The clerk of a published consultation creates another unit of it: the same questions, "
     "trustees and times, under another name, with voters of its own. Its floor is not below that "
     "of the first unit. Units may be merged.",
     GAS_CHANGE, 50, run_voting_create_unit},
    {"function postKey(uint256 id, bytes message)",
     "A trustee that stands alone posts its key: key 32, proof of knowledge 64.", GAS_CHANGE, 0,
     run_voting_post_key},
    {"function postCertificate(uint256 id, bytes message)",
     "Round 1 of a group: verification key 32, encryption key 32, signature 64.", GAS_CHANGE, 0,
     run_voting_post_certificate},
    {"function commitCoefficients(uint256 id, bytes32 commitment)",
     "Round 2, once the whole group has passed round 1: the hash of the coefficients to come.",
     GAS_CHANGE, 0, run_voting_commit_coefficients},
    {"function postCoefficients(uint256 id, bytes coefficients, bytes shares)",
     "Round 3, once the whole group has passed round 2: threshold points of 32 and a signature 64; "
     "a sealed share of 64 for each member in order.",
     GAS_CHANGE, 10, run_voting_post_coefficients},
    {"function postVerification(uint256 id, bytes message)",
     "Round 4, once the whole group has passed round 3: key 32, proof of knowledge 64, signature "
     "of "
     "the key 64, signature of the certificates 64.",
     GAS_CHANGE, 0, run_voting_post_verification},
    {"function complain(uint256 id, uint64 dealer, bytes complaint)",
     "A member shows that the share a dealer (its number among the trustees) sealed for it is "
     "false: point 32, proof 64. If so the group begins again; if not the complaint is refused.",
     GAS_CHANGE, 0, run_voting_complain},
    {"function resetTrustees(uint256 id, string reason)",
     "The clerk has all trustees begin again, before publication.", GAS_CHANGE, 0,
     run_voting_reset_trustees},
    {"function addVoters(uint256 id, bytes keys, uint64[] weights)",
     "The registrar adds credentials' public keys, 32 bytes each (RFC 8032), ascending as "
     "Belenios writes them (big-endian) through all calls, so that their order tells nothing. "
     "weights: one each, or none at all (1 each); the first call decides which.",
     GAS_CHANGE, 10, run_voting_add_voters},
    {"function publish(uint256 id)",
     "The clerk publishes, once the trustees are done and there are voters: election and trustees "
     "are written, nothing of them changes any more.",
     GAS_CHANGE, 0, run_voting_publish},
    /* until it is decided */
    {"function strike(uint256 id, bytes32 key, string reason)",
     "The registrar strikes out a credential that has cast no ballot, until voting ends (a voter "
     "who voted on paper, say).",
     GAS_CHANGE, 0, run_voting_strike},
    {"function postpone(uint256 id, uint64 opens, uint64 closes, string reason)",
     "The clerk sets other times: before the opening both, afterwards only a later closing.",
     GAS_CHANGE, 0, run_voting_postpone},
    {"function cancel(uint256 id, string reason)",
     "The clerk calls the consultation off, before its result.", GAS_CHANGE, 0, run_voting_cancel},
    {"function cast(uint256 id, bytes ballot)",
     "Casts a packed ballot, from any account. A voter's later ballot replaces the earlier one.",
     GAS_CAST, 0, run_voting_cast, cast_ahead},
    {"function close(uint256 id)",
     "Ends the voting on record, once its time is over. Anybody; tally does it too.", GAS_CHANGE, 0,
     run_voting_close},
    {"function tally(uint256 id)",
     "Writes the encrypted sums of the ballots that count, once the time is over. Anybody; of "
     "several units the clerk, for what is tallied can no longer be merged.",
     GAS_CHANGE, 0, run_voting_tally},
    {"function postDecryption(uint256 id, bytes message)",
     "A trustee posts its part of the decryption: for each ciphertext factor 32 and proof 64.",
     GAS_CHANGE, 0, run_voting_post_decryption},
    {"function postResult(uint256 id, uint64[] counts)",
     "Posts the result, one number for each ciphertext of a ballot; checked. Anybody.", GAS_CHANGE,
     GAS_SERVICE_LIST_WORD, run_voting_post_result},
    {"function merge(uint256[] units, string name) returns (uint256 id)",
     "The clerk of units whose voting is over puts their encrypted sums together, so that they are "
     "counted as one.",
     GAS_CHANGE, 50, run_voting_merge},
    /* asking */
    {"function consultationCount() view returns (uint256 count)",
     "How many consultations there have been; they are numbered from 1.", GAS_VIEW, 0,
     run_voting_consultation_count},
    {"function consultation(uint256 id) view returns (" CONSULTATION ")",
     "A consultation. status: draft, published, open, closed (its time is over), tallied, decided, "
     "cancelled, merged (counted with others, as mergedInto). published: time of publication, the "
     "archive's timestamp. cast: ballots; counted: voters who cast one. events, lastEvent: how "
     "many, and the hash that proves them all. fingerprint: SHA-256 of election.json. series: the "
     "first of its units. reason: of the last reset, postponement or cancellation.",
     GAS_VIEW, 0, run_voting_consultation},
    {"function electionOf(uint256 id) view returns (string document)",
     "election.json; before publication the template.", GAS_VIEW, 0, run_voting_election_of},
    {"function trusteesOf(uint256 id) view returns (string document)",
     "trustees.json; empty before publication.", GAS_VIEW, 0, run_voting_trustees_of},
    {"function trusteeCount(uint256 id) view returns (uint64 count)",
     "How many trustees there are; they are numbered from 1.", GAS_VIEW, 0,
     run_voting_trustee_count},
    {"function trusteeAt(uint256 id, uint64 owner) view returns (address account, uint64 entry, "
     "uint32 member, uint32 threshold, uint32 size, uint8 step, bool decrypted)",
     "A trustee by its number: its account, its entry of trustees.json from 0, its place in its "
     "group from 1 (0: alone), the group's threshold and size, how many rounds it has passed "
     "(alone "
     "1, in a group 4 are all) and whether it has posted its part of the decryption.",
     GAS_VIEW, 0, run_voting_trustee_at},
    {"function messageOf(uint256 id, uint64 owner, uint8 round) view returns (bytes message)",
     "What a trustee posted in a round: 1 key or certificate, 2 commitment, 3 coefficients, 4 "
     "verification. Empty: nothing yet.",
     GAS_VIEW, 0, run_voting_message_of},
    {"function sharesOf(uint256 id, uint64 owner) view returns (bytes shares)",
     "The sealed shares a trustee posted in round 3.", GAS_VIEW, 0, run_voting_shares_of},
    {"function voterOf(uint256 id, bytes32 key) view returns (bool known, bool struck, "
     "uint64 weight, uint64 ballots, uint64 height)",
     "A credential: whether it is on the roll, struck out, its weight, how many ballots it cast "
     "and "
     "the height of the last one's event.",
     GAS_VIEW, 0, run_voting_voter_of},
    {"function votersOf(uint256 id, uint64 from, uint64 count) view returns (bytes keys, "
     "uint64[] weights)",
     "The roll, in the order of public_credentials.json, from a place on (from 0).", GAS_VIEW, 0,
     run_voting_voters_of},
    {"function eventAt(uint256 id, uint64 height) view returns (" EVENT_FIELDS ")",
     "An event of the archive. kind: Setup, Ballot, EndBallots, EncryptedTally, PartialDecryption, "
     "Result. payload: SHA-256 of its payload document. owner: of a partial decryption. body: what "
     "the documents follow from: setup_data.json, the packed ballot, nothing, the packed sums, the "
     "packed decryption, result.json. time, number: of the block.",
     GAS_VIEW, 0, run_voting_event_at},
    {"function eventsOf(uint256 id, uint64 from, uint64 count) view returns ((" EVENT_FIELDS
     ")[] events)",
     "Events from a height on; fewer than asked for where they end or a megabyte is full.",
     GAS_VIEW, 0, run_voting_events_of},
    {"function ballotHeight(uint256 id, bytes32 tracker) view returns (uint64 height)",
     "The height of a ballot's event plus 1; 0: there is no such ballot.", GAS_VIEW, 0,
     run_voting_ballot_height},
    {"function tallyOf(uint256 id) view returns (bytes sums, uint64 counted, uint64 weight)",
     "The encrypted sums, 64 bytes a ciphertext, of the ballots that count so far.", GAS_VIEW, 0,
     run_voting_tally_of},
    {"function resultOf(uint256 id) view returns (uint64[] counts)",
     "The result, one number for each ciphertext of a ballot; empty before it is there.", GAS_VIEW,
     0, run_voting_result_of},
    {0},
};

static const struct service_line EVENTS[] = {
    {"event ClerkAppointed(address indexed account)", "An account may create consultations."},
    {"event ClerkDismissed(address indexed account)", "It no longer may."},
    {"event ConsultationCreated(uint256 indexed id, address indexed clerk, uint256 indexed series, "
     "string name)",
     "A consultation was created; series: the first of its units, itself if it is none."},
    {"event TrusteeMessage(uint256 indexed id, uint64 indexed owner, uint8 round)",
     "A trustee passed a round."},
    {"event TrusteeComplaint(uint256 indexed id, uint64 indexed dealer, uint64 indexed receiver)",
     "A dealer gave a member a false share; their group begins again."},
    {"event TrusteesReset(uint256 indexed id, string reason)", "All trustees begin again."},
    {"event VotersAdded(uint256 indexed id, uint64 added, uint64 voters)",
     "Credentials were added to the roll."},
    {"event Published(uint256 indexed id, bytes32 fingerprint, bytes32 eventHash)",
     "The consultation was published; its first event."},
    {"event VoterStruck(uint256 indexed id, bytes32 indexed key, string reason)",
     "A credential was struck out."},
    {"event Postponed(uint256 indexed id, uint64 opens, uint64 closes, string reason)",
     "The times were changed."},
    {"event Cancelled(uint256 indexed id, string reason)", "The consultation was called off."},
    {"event BallotCast(uint256 indexed id, bytes32 indexed credential, bytes32 indexed tracker, "
     "bytes32 eventHash, uint64 height)",
     "A ballot was cast."},
    {"event Closed(uint256 indexed id, bytes32 eventHash, uint64 height)", "The voting ended."},
    {"event Tallied(uint256 indexed id, uint64 counted, uint64 weight, bytes32 eventHash, "
     "uint64 height)",
     "The encrypted sums were written: of how many ballots and of what weight."},
    {"event DecryptionPosted(uint256 indexed id, uint64 indexed owner, bytes32 eventHash, "
     "uint64 height)",
     "A trustee posted its part."},
    {"event ResultPosted(uint256 indexed id, bytes32 eventHash, uint64 height)",
     "The result is there."},
    {"event Merged(uint256 indexed id, uint256[] units)", "Units are counted as one."},
    {0},
};

static const struct service_line ERRORS[] = {
    {"error NoChange()", "It is so already."},
    {"error UnknownConsultation(uint256 id)", "There is no such consultation."},
    {"error WrongStatus(uint256 id, bytes32 status)",
     "The consultation is not in a state in which that can be done."},
    {"error InvalidText(uint256 length, uint256 limit)",
     "A name is 1 to 256 bytes, a reason 1 to 1024, of printable UTF-8 without a space at either "
     "end."},
    {"error InvalidTemplate(bytes32 rule)",
     "The template is not an election as Belenios has them. rule: json, invalid, range, "
     "unsupported, large, or text (one that voters read is empty, begins or ends with a space, or "
     "has characters that cannot be seen)."},
    {"error InvalidTimes(uint64 opens, uint64 closes, uint64 time)",
     "Voting opens before it closes, and closes after the block's time; once it has opened, only a "
     "later closing can be set."},
    {"error InvalidRegistrar(address registrar)", "A registrar is needed."},
    {"error InvalidFloor(uint64 floor, uint64 least)",
     "A unit's floor is not below that of the first unit of its series."},
    {"error InvalidTrustees(bytes32 rule)", "rule: none; many (too many); size (alone there is one "
                                            "member, in a group more than the threshold); "
                                            "account (zero); twice (an account)."},
    {"error BallotTooCostly(uint64 gas, uint64 limit)",
     "A ballot or a decryption of so many answers does not fit one transaction."},
    {"error OutOfTurn(uint64 owner, uint8 round, uint64 waitsFor)",
     "The trustee has passed that round already, or it waits for another one (waitsFor; itself: it "
     "has posted that message, or not yet the one before; 0: its entry has no such round)."},
    {"error InvalidMessage(uint64 owner, bytes32 rule)",
     "The trustee's message does not hold. rule: invalid (its length, a point, a number), proof, "
     "signature, commitment (not what round 2 announced)."},
    {"error UnknownTrustee(uint64 owner)",
     "There is no such trustee, or none in the caller's group."},
    {"error InvalidComplaint(bytes32 rule)",
     "rule: invalid (it does not hold itself), unfounded (the share is right)."},
    {"error InvalidVoter(bytes32 key, bytes32 rule)",
     "rule: point (not a key), order (not above the one before), weight."},
    {"error InvalidVoters(bytes32 rule)", "rule: length (keys of 32 bytes are needed, with as many "
                                          "weights or none), weights (some calls "
                                          "gave weights, others none), many (too many)."},
    {"error TrusteesIncomplete(uint64 owner)", "A trustee has not passed all rounds."},
    {"error NoVoters()", "There is nobody to vote."},
    {"error NotOpen(uint256 id, uint64 opens, uint64 closes, uint64 time)",
     "Ballots are taken from the opening until just before the closing time."},
    {"error NotOver(uint256 id, uint64 closes, uint64 time)", "The voting is not over."},
    {"error UnknownCredential(uint256 id, bytes32 key)", "The credential is not on the roll."},
    {"error CredentialStruck(uint256 id, bytes32 key)", "The credential was struck out."},
    {"error HasVoted(uint256 id, bytes32 key)", "The credential has cast a ballot."},
    {"error InvalidBallot(bytes32 rule)",
     "The ballot does not hold. rule: invalid (its length, a point, a number), proof, signature."},
    {"error KnownBallot(bytes32 tracker, uint64 height)", "This very ballot was cast before."},
    {"error BelowFloor(uint256 id, uint64 counted, uint64 floor)",
     "Fewer voters than the floor have voted: counting them would tell too much. Merge it with "
     "other units, or cancel it."},
    {"error AlreadyDecrypted(uint64 owner)", "The trustee has posted its part."},
    {"error InvalidDecryption(uint64 owner, bytes32 rule)",
     "The trustee's part does not hold. rule: invalid (its length, a point, a number), proof."},
    {"error TooFewDecryptions(uint64 decryptions)", "More trustees' parts are needed."},
    {"error InvalidResult(bytes32 rule)", "rule: length (one number for each ciphertext), proof "
                                          "(this is not what the trustees opened)."},
    {"error InvalidUnits(bytes32 rule)",
     "rule: count (2 to 64), series (units of one consultation are merged), twice (a unit), weight "
     "(their voters' weights together are above 2^52 - 1)."},
    {"error UnknownIndex(uint256 index, uint256 count)", "The list is not that long."},
    {"error RecordUnreadable()", "A stored record could not be read."},
    {0},
};

static const char NOTES[] =
    "A consultation is an election in [Belenios](https://www.belenios.org)' protocol, and its "
    "archive\n"
    "follows from what is kept here: event by event, hash by hash. Ballots come from any account; "
    "what\n"
    "entitles to vote is the credential's signature inside the ballot, and nothing on the ledger "
    "links a\n"
    "credential to a person.\n"
    "\n"
    "| who | what |\n"
    "|---|---|\n"
    "| governor (a role of [money](money.md)) | appoints and dismisses clerks |\n"
    "| clerk | creates, resets the trustees, publishes, postpones, cancels, merges; tallies where "
    "there are several units |\n"
    "| registrar, named by the clerk | adds credentials; strikes out those that voted elsewhere "
    "|\n"
    "| trustees, named by the clerk | make the key together; decrypt the sums, never a ballot |\n"
    "| anybody | casts, closes, tallies, posts the result; all of it is checked |\n"
    "\n"
    "Packed messages are points in RFC 8032's encoding (32 bytes, little-endian) and numbers of 32 "
    "bytes,\n"
    "big-endian; `src/belenios` has their layouts. Trackers, fingerprints and event hashes are "
    "SHA-256.\n"
    "\n"
    "A refusal names its rule as a short text in a bytes32. A node asked to take a ballot verifies "
    "it\n"
    "first, and says in words which question and answer is at fault.\n"
    "\n"
    "Price: the work of a ballot is charged by its proofs before it is done, the same whether this "
    "node\n"
    "has verified it before or not; so is reading the election (100 000, and 1 a byte), at hand or "
    "not.\n"
    "The transaction of a ballot of a question of three answers takes some 225 000 gas. A ballot, "
    "a\n"
    "trustee's part and a result each have to fit one transaction, which bounds the answers of "
    "all\n"
    "questions together to some 780: `create` refuses more (`BallotTooCostly`). A roll has at "
    "most\n"
    "2 000 000 voters, added some 2 000 a transaction.\n"
    "\n"
    "Units: consultations of one series share questions and trustees, each with its own voters, "
    "uuid "
    "and\n"
    "archive. One in which fewer voters voted than its floor is not counted; `merge` makes a "
    "consultation of\n"
    "several whose sums are the product of theirs, under a document of its own to which the "
    "trustees' proofs\n"
    "are bound. Its `Setup` names, in place of credentials, the SHA-256 of the JSON array of the "
    "units' last\n"
    "event hashes, in order; the units verify up to `EndBallots`, the merged one by multiplying "
    "their sums.\n"
    "\n"
    "Nothing is ever deleted: ballots stay on the ledger, encrypted, for as long as it is kept.\n"
    "\n"
    "## Genesis\n"
    "\n"
    "In `services.voting`:\n"
    "\n"
    "| member | meaning | if absent |\n"
    "|---|---|---|\n"
    "| `clerks` | addresses of the first clerks | appointed later, by the governor |\n"
    "| `controller` | `{\"name\", \"contact\"}`: who is responsible | empty texts |\n";

const struct service VOTING_SERVICE = {
    .name = "voting",
    .title = "ParvisVoting",
    .purpose = "Consultations by secret ballot, verifiable by anybody: voters' encrypted ballots, "
               "trustees who can open only their sum, and the events of an archive in Belenios' "
               "format.",
    .address = SERVICE_ADDRESS(0x04),
    .methods = METHODS,
    .events = EVENTS,
    .errors = ERRORS,
    .notes = NOTES,
    .genesis = clerk_genesis,
};
