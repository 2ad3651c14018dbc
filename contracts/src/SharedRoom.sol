// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IParvisEnergy, PARVIS_ENERGY} from "@parvis/interfaces/IParvisEnergy.sol";
import {IParvisMoney, PARVIS_MONEY} from "@parvis/interfaces/IParvisMoney.sol";

/// @title A room, a workshop or a cargo bike that neighbours book by the slot
/// @notice A booking is paid into the city's escrow: the owner gets the coins once the slot has
/// begun, the guest gets them back by cancelling before, or when the owner does not collect them in
/// time. Members of an energy operation pay less while it shares much sunshine.
/// @dev The contract is payer and arbiter of every hold, and keeps no coins itself between
/// transactions. Services are called like contracts; they never call back, and coins they move run
/// no code of the receiver, so nothing here can be re-entered. They refuse to be delegate-called:
/// put this contract behind a proxy if you like, never a service.
contract SharedRoom is Ownable {
    struct Terms {
        uint64 slotSeconds; // length of a slot; slots are numbered from 1970
        uint64 graceSeconds; // how long after its end the owner may collect a slot
        uint256 price; // of a slot, in units of 10^-18
        uint256 memberPrice; // for members while the sun is shared
        uint64 sunnyWh; // shared on the last settled day, to be called sunny
        uint64 freshSeconds; // how old that day may be
    }

    struct Booking {
        address guest; // nobody: the slot is free
        bool collected;
        bytes32 hold; // the escrow's
        uint256 amount;
    }

    IParvisMoney private constant MONEY = IParvisMoney(PARVIS_MONEY);
    IParvisEnergy private constant ENERGY = IParvisEnergy(PARVIS_ENERGY);

    /// @notice What a guest who is no member passes as point.
    uint32 public constant NO_POINT = type(uint32).max;
    /// @notice How far ahead a slot may be booked.
    uint64 public constant AHEAD_SECONDS = 60 days;

    /// @notice The energy operation whose members have a price of their own.
    uint64 public immutable operation;
    Terms public terms;
    mapping(uint64 slot => Booking) public bookings;

    event TermsSet(Terms terms);
    event Booked(uint64 indexed slot, address indexed guest, bytes32 indexed hold, uint256 amount);
    event Cancelled(uint64 indexed slot, address indexed guest);
    event Collected(uint64 indexed slot, address indexed owner, uint256 amount);
    event Reclaimed(uint64 indexed slot, address indexed guest, uint256 amount);

    error BadTerms();
    error SlotNotBookable(uint64 slot, uint64 first, uint64 last);
    error SlotTaken(uint64 slot);
    error NotBooked(uint64 slot);
    error NotYourBooking(uint64 slot, address guest);
    error WrongPrice(uint256 sent, uint256 price);
    error SlotBegun(uint64 slot);
    error SlotNotBegun(uint64 slot);
    error AlreadyCollected(uint64 slot);

    constructor(address owner, uint64 operation_, Terms memory terms_) Ownable(owner) {
        operation = operation_;
        _setTerms(terms_);
    }

    // --- owner -----------------------------------------------------------------------------------

    /// @notice New prices for bookings to come; those already made keep theirs. The slots' length
    /// stays, since their numbers depend on it.
    function setTerms(Terms calldata terms_) external onlyOwner {
        if (terms_.slotSeconds != terms.slotSeconds) revert BadTerms();
        _setTerms(terms_);
    }

    function _setTerms(Terms memory t) private {
        bool priced = t.price > 0 && t.memberPrice > 0 && t.memberPrice <= t.price;
        if (!priced || t.slotSeconds == 0 || t.slotSeconds > AHEAD_SECONDS) revert BadTerms();
        terms = t;
        emit TermsSet(t);
    }

    // --- what the energy service says ------------------------------------------------------------

    /// @notice Whether the account holds a point of the operation that is a member now.
    function isMember(address account, uint32 point) public view returns (bool) {
        if (point == NO_POINT) return false;
        try ENERGY.point(operation, point) returns (
            bytes32, uint8, address holder, uint8, uint64 enter, uint64 leaving, uint64
        ) {
            return holder == account && enter <= block.timestamp && block.timestamp < leaving;
        } catch {
            return false; // no such point
        }
    }

    /// @notice Whether the neighbours shared enough on the last settled day, and that day is recent.
    function isSunny() public view returns (bool) {
        (,,,,,,,,, uint64 settledUntil,,) = ENERGY.operation(operation);
        if (uint256(settledUntil) + terms.freshSeconds < block.timestamp) return false;
        // Days are local: one ends at midnight there, which is 22:00, 23:00 or 24:00 UTC.
        uint32 day = uint32((settledUntil + 2 hours) / 1 days) - 1;
        try ENERGY.dayResult(operation, day) returns (
            uint32, uint32, uint64, uint64, uint64 sharedWh, uint64, uint32, bytes32, bytes32
        ) {
            return sharedWh >= terms.sunnyWh;
        } catch {
            return false; // no day is settled yet
        }
    }

    /// @notice What a slot costs this account now.
    function priceOf(address account, uint32 point) public view returns (uint256) {
        return isMember(account, point) && isSunny() ? terms.memberPrice : terms.price;
    }

    // --- guests ----------------------------------------------------------------------------------

    /// @notice The first instant of a slot, in seconds since 1970.
    function startOf(uint64 slot) public view returns (uint256) {
        return uint256(slot) * terms.slotSeconds;
    }

    /// @notice Books a slot that has not begun; the price comes with the call and goes to escrow.
    /// @param point the caller's point in the operation, or NO_POINT
    function book(uint64 slot, uint32 point) external payable returns (bytes32 hold) {
        uint64 next = uint64(block.timestamp) / terms.slotSeconds + 1;
        uint64 last = uint64(block.timestamp + AHEAD_SECONDS) / terms.slotSeconds;
        if (slot < next || slot > last) revert SlotNotBookable(slot, next, last);
        if (bookings[slot].guest != address(0)) revert SlotTaken(slot);
        uint256 price = priceOf(msg.sender, point);
        if (msg.value != price) revert WrongPrice(msg.value, price);
        uint64 expiry = uint64(startOf(slot + 1)) + terms.graceSeconds;
        hold = MONEY.hold(owner(), address(this), price, expiry, bytes32(uint256(slot)));
        bookings[slot] = Booking(msg.sender, false, hold, price);
        emit Booked(slot, msg.sender, hold, price);
    }

    /// @notice The guest gives a slot back before it begins, and gets all coins back.
    function cancel(uint64 slot) external {
        Booking memory b = _open(slot);
        if (b.guest != msg.sender) revert NotYourBooking(slot, b.guest);
        if (block.timestamp >= startOf(slot)) revert SlotBegun(slot);
        delete bookings[slot];
        if (_held(b.hold) > 0) MONEY.refund(b.hold);
        MONEY.transfer(b.guest, b.amount);
        emit Cancelled(slot, b.guest);
    }

    /// @notice Pays the owner of the time of booking, once the slot has begun; anybody may ask.
    function collect(uint64 slot) external {
        Booking memory b = _open(slot);
        if (block.timestamp < startOf(slot)) revert SlotNotBegun(slot);
        (, address payee,,,,) = MONEY.holdOf(b.hold);
        bookings[slot].collected = true;
        MONEY.release(b.hold, payee, b.amount);
        emit Collected(slot, payee, b.amount);
    }

    /// @notice Gives the guest the coins of a hold that ended without the owner: refunded by the
    /// payee, or expired; anybody may ask.
    function reclaim(uint64 slot) external {
        Booking memory b = _open(slot);
        delete bookings[slot];
        if (_held(b.hold) > 0) MONEY.expire(b.hold); // HoldNotExpired before its time
        MONEY.transfer(b.guest, b.amount);
        emit Reclaimed(slot, b.guest, b.amount);
    }

    function _open(uint64 slot) private view returns (Booking memory b) {
        b = bookings[slot];
        if (b.guest == address(0)) revert NotBooked(slot);
        if (b.collected) revert AlreadyCollected(slot);
    }

    function _held(bytes32 hold) private view returns (uint256 amount) {
        (,,, amount,,) = MONEY.holdOf(hold);
    }
}
