// SPDX-License-Identifier: Apache-2.0
// What contract writers put together from OpenZeppelin's parts, one of each kind.
pragma solidity ^0.8.28;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {GovernorCountingSimple} from "@openzeppelin/contracts/governance/extensions/GovernorCountingSimple.sol";
import {GovernorTimelockControl} from "@openzeppelin/contracts/governance/extensions/GovernorTimelockControl.sol";
import {GovernorVotes} from "@openzeppelin/contracts/governance/extensions/GovernorVotes.sol";
import {GovernorVotesQuorumFraction} from "@openzeppelin/contracts/governance/extensions/GovernorVotesQuorumFraction.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {BeaconProxy} from "@openzeppelin/contracts/proxy/beacon/BeaconProxy.sol";
import {UpgradeableBeacon} from "@openzeppelin/contracts/proxy/beacon/UpgradeableBeacon.sol";
import {ProxyAdmin} from "@openzeppelin/contracts/proxy/transparent/ProxyAdmin.sol";
import {TransparentUpgradeableProxy} from "@openzeppelin/contracts/proxy/transparent/TransparentUpgradeableProxy.sol";
import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";
import {ERC1155Supply} from "@openzeppelin/contracts/token/ERC1155/extensions/ERC1155Supply.sol";
import {ERC1155Holder} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Holder.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {ERC721Enumerable} from "@openzeppelin/contracts/token/ERC721/extensions/ERC721Enumerable.sol";
import {ERC721Holder} from "@openzeppelin/contracts/token/ERC721/utils/ERC721Holder.sol";
import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";

contract Token is ERC20, ERC20Permit, ERC20Votes {
    constructor() ERC20("District token", "DST") ERC20Permit("District token") {
        _mint(msg.sender, 1_000_000 ether);
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Votes) {
        super._update(from, to, value);
    }

    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }
}

contract Deed is ERC721, ERC721Enumerable, Ownable {
    using Strings for uint256;

    constructor() ERC721("Deed", "DEED") Ownable(msg.sender) {}

    function mint(address to, uint256 id) external onlyOwner {
        _safeMint(to, id);
    }

    function tokenURI(uint256 id) public view override returns (string memory) {
        _requireOwned(id);
        return string.concat("city:deed/", id.toString());
    }

    function _update(address to, uint256 id, address auth)
        internal override(ERC721, ERC721Enumerable) returns (address)
    {
        return super._update(to, id, auth);
    }

    function _increaseBalance(address account, uint128 value)
        internal override(ERC721, ERC721Enumerable)
    {
        super._increaseBalance(account, value);
    }

    function supportsInterface(bytes4 id)
        public view override(ERC721, ERC721Enumerable) returns (bool)
    {
        return super.supportsInterface(id);
    }
}

contract Vouchers is ERC1155Supply {
    constructor() ERC1155("city:voucher/{id}") {
        _mint(msg.sender, 1, 100, "");
        _mint(msg.sender, 2, 50, "");
    }
}

contract Safe is ERC721Holder, ERC1155Holder {}

contract Council is Governor, GovernorCountingSimple, GovernorVotes, GovernorVotesQuorumFraction, GovernorTimelockControl {
    constructor(IVotes token, TimelockController lock)
        Governor("Council") GovernorVotes(token) GovernorVotesQuorumFraction(10) GovernorTimelockControl(lock)
    {}

    function votingDelay() public pure override returns (uint256) {
        return 3; // blocks; the node may add an empty one after a transaction
    }

    function votingPeriod() public pure override returns (uint256) {
        return 12;
    }

    function state(uint256 id) public view override(Governor, GovernorTimelockControl) returns (ProposalState) {
        return super.state(id);
    }

    function proposalNeedsQueuing(uint256 id)
        public view override(Governor, GovernorTimelockControl) returns (bool)
    {
        return super.proposalNeedsQueuing(id);
    }

    function _queueOperations(uint256 id, address[] memory t, uint256[] memory v, bytes[] memory c, bytes32 d)
        internal override(Governor, GovernorTimelockControl) returns (uint48)
    {
        return super._queueOperations(id, t, v, c, d);
    }

    function _executeOperations(uint256 id, address[] memory t, uint256[] memory v, bytes[] memory c, bytes32 d)
        internal override(Governor, GovernorTimelockControl)
    {
        super._executeOperations(id, t, v, c, d);
    }

    function _cancel(address[] memory t, uint256[] memory v, bytes[] memory c, bytes32 d)
        internal override(Governor, GovernorTimelockControl) returns (uint256)
    {
        return super._cancel(t, v, c, d);
    }

    function _executor() internal view override(Governor, GovernorTimelockControl) returns (address) {
        return super._executor();
    }
}

contract Lamp is AccessManaged {
    uint256 public brightness;

    constructor(address manager) AccessManaged(manager) {}

    function dim(uint256 to) external restricted {
        brightness = to;
    }
}

contract Box is Initializable, UUPSUpgradeable {
    uint256 public value;
    address public owner;

    error NotOwner(address caller);

    function initialize(address owner_, uint256 value_) external initializer {
        owner = owner_;
        value = value_;
    }

    function set(uint256 value_) external {
        value = value_;
    }

    function version() external pure virtual returns (uint256) {
        return 1;
    }

    function _authorizeUpgrade(address) internal view override {
        if (msg.sender != owner) revert NotOwner(msg.sender);
    }
}

contract BoxV2 is Box {
    function increment() external {
        value++;
    }

    function version() external pure override returns (uint256) {
        return 2;
    }
}

contract Factory {
    event Made(address at);

    function clone(address implementation) external returns (address at) {
        emit Made(at = Clones.clone(implementation));
    }

    function cloneAt(address implementation, bytes32 salt) external returns (address at) {
        emit Made(at = Clones.cloneDeterministic(implementation, salt));
    }

    function predict(address implementation, bytes32 salt) external view returns (address) {
        return Clones.predictDeterministicAddress(implementation, salt);
    }

    function deploy(bytes32 salt, bytes calldata code) external payable returns (address at) {
        emit Made(at = Create2.deploy(msg.value, salt, code));
    }
}

/// What an account delegates itself to (EIP-7702): several calls in one transaction.
contract Wallet is ERC721Holder {
    struct Call {
        address to;
        uint256 value;
        bytes data;
    }

    error NotSelf(address caller);
    error CallFailed(uint256 index, bytes reason);

    event Ran(uint256 calls);

    function run(Call[] calldata calls) external payable {
        if (msg.sender != address(this)) revert NotSelf(msg.sender);
        for (uint256 i = 0; i < calls.length; i++) {
            (bool ok, bytes memory reason) = calls[i].to.call{value: calls[i].value}(calls[i].data);
            if (!ok) revert CallFailed(i, reason);
        }
        emit Ran(calls.length);
    }

    receive() external payable {}
}

/// Every way to fail, to burn gas and to look around.
contract Probe is ReentrancyGuardTransient {
    error Refused(uint256 code, string reason);

    event Pinged(address indexed by, uint256 indexed number, string text, bytes data);

    uint256[] public list;
    mapping(uint256 => uint256) public slots;

    function fail(uint256 how) public pure returns (uint256) {
        if (how == 0) revert("plain words");
        if (how == 1) revert Refused(7, "for a reason");
        if (how == 2) return how / (how - 2);
        if (how == 3) assert(false);
        if (how == 4) {
            assembly {
                invalid()
            }
        }
        if (how == 5) {
            assembly {
                revert(0, 0)
            }
        }
        return how;
    }

    function ping(uint256 number, string calldata text, bytes calldata data) external payable {
        emit Pinged(msg.sender, number, text, data);
    }

    function reenter() external nonReentrant {
        this.reenter();
    }

    function touch(uint256 from, uint256 count) external {
        for (uint256 i = from; i < from + count; i++) slots[i] = i + 1;
    }

    function clear(uint256 from, uint256 count) external {
        for (uint256 i = from; i < from + count; i++) delete slots[i];
    }

    function sum(uint256 from, uint256 count) external view returns (uint256 total) {
        for (uint256 i = from; i < from + count; i++) total += slots[i];
    }

    function burn(uint256 gasLeft) external {
        while (gasleft() > gasLeft) list.push(1);
    }

    function context()
        external view
        returns (uint256 number, uint256 time, uint256 chain, uint256 baseFee, uint256 gasLimit, bytes32 parent, address origin, uint256 gasPrice, uint256 blobFee)
    {
        return (
            block.number, block.timestamp, block.chainid, block.basefee, block.gaslimit,
            blockhash(block.number - 1), tx.origin, tx.gasprice, block.blobbasefee
        );
    }

    function precompiles(bytes calldata data, bytes32 h, uint8 v, bytes32 r, bytes32 s)
        external view
        returns (bytes32 sha, bytes20 ripe, address signer, bytes32 hash)
    {
        return (sha256(data), ripemd160(data), ecrecover(h, v, r, s), keccak256(data));
    }

    function p256(bytes32 h, bytes32 r, bytes32 s, bytes32 x, bytes32 y) external view returns (bool) {
        return P256.verifyNative(h, r, s, x, y);
    }
}
