const { expect } = require('chai');
const { ethers } = require('hardhat');
const { mined } = require('../lib/mined');
const { money, energy } = require('../lib/services');
const { found, DAY } = require('./district');

// Time is the chain's own: it cannot be wound forward, so the tests' slots are short.
const SLOT = 3, GRACE = 60, PRICE = 1000n, MEMBER_PRICE = 700n, SUNNY_WH = 24000n;
const FLAT = 1; // the member's point
const terms = { slotSeconds: SLOT, graceSeconds: GRACE, price: PRICE, memberPrice: MEMBER_PRICE,
  sunnyWh: SUNNY_WH, freshSeconds: 2 * DAY };

const now = async () => (await ethers.provider.getBlock('latest')).timestamp;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

describe('SharedRoom', function () {
  this.timeout(60000);
  let owner, guest, member, stranger, coins, power, district, room, noPoint;

  // Blocks come with transactions: one makes the chain's clock tick.
  const tick = async () => mined(stranger.sendTransaction({ to: stranger }));
  async function waitUntil(instant) {
    while ((await now()) < instant) {
      await sleep(100);
      await tick();
    }
  }
  async function slotAfter(slots) {
    await tick();
    return BigInt(Math.floor((await now()) / SLOT) + slots);
  }
  async function deploy(...args) {
    const contract = await ethers.deployContract('SharedRoom', args);
    await mined(contract.deploymentTransaction());
    return contract;
  }
  async function book(account, slot, point, value) {
    await mined(room.connect(account).book(slot, point, { value }));
    return (await room.bookings(slot)).hold;
  }

  before(async () => {
    [owner, guest, member, stranger] = await ethers.getSigners();
    coins = await money(owner);
    power = await energy();
    district = await found(owner, member, 3);
    room = await deploy(owner, district.operation, terms);
    noPoint = await room.NO_POINT();
  });

  describe('prices', () => {
    it('knows the members of the operation', async () => {
      expect(await room.isMember(member, FLAT)).to.equal(true);
      expect(await room.isMember(guest, FLAT)).to.equal(false);
      expect(await room.isMember(member, 7)).to.equal(false);
      expect(await room.isMember(member, noPoint)).to.equal(false);
    });

    it('is not sunny before a day is settled', async () => {
      expect(await room.isSunny()).to.equal(false);
      expect(await room.priceOf(member, FLAT)).to.equal(PRICE);
    });

    it('is not sunny after a dull day', async () => {
      await district.settle(999);
      expect(await room.isSunny()).to.equal(false);
    });

    it('gives members their price once the last day was sunny', async () => {
      const day = await district.settle(1000);
      const result = await power.dayResult(district.operation, day);
      expect(result.sharedWh).to.equal(24000);
      expect(await room.isSunny()).to.equal(true);
      expect(await room.priceOf(member, FLAT)).to.equal(MEMBER_PRICE);
      expect(await room.priceOf(guest, FLAT)).to.equal(PRICE);
    });

    it('forgets a day that is too old', async () => {
      const strict = await deploy(owner, district.operation, { ...terms, freshSeconds: 60 });
      expect(await strict.isSunny()).to.equal(false);
    });

    it('refuses an operation that does not exist with the service\'s own error', async () => {
      const lost = await deploy(owner, 999999, terms);
      await expect(lost.isSunny()).to.be.revertedWithCustomError(power, 'UnknownOperation')
        .withArgs(999999);
    });
  });

  describe('booking', () => {
    it('puts the price in escrow', async () => {
      const slot = await slotAfter(100);
      const before = await coins.balanceOf(guest);
      const booked = await room.connect(guest).book(slot, noPoint, { value: PRICE });
      await mined(booked);
      const booking = await room.bookings(slot);
      await expect(booked).to.emit(room, 'Booked').withArgs(slot, guest, booking.hold, PRICE);
      await expect(booked).to.emit(coins, 'Held');
      const hold = await coins.holdOf(booking.hold);
      expect([hold.payer, hold.payee, hold.arbiter, hold.amount]).to.deep.equal(
        [await room.getAddress(), owner.address, await room.getAddress(), PRICE]);
      expect(await coins.balanceOf(guest)).to.equal(before - PRICE);
      expect(await ethers.provider.getBalance(room)).to.equal(0);
    });

    it('takes a member at the member\'s price', async () => {
      const slot = await slotAfter(101);
      await book(member, slot, FLAT, MEMBER_PRICE);
      expect((await room.bookings(slot)).amount).to.equal(MEMBER_PRICE);
    });

    it('refuses a wrong price, a taken slot, the past and the far future', async () => {
      const slot = await slotAfter(102);
      const as = room.connect(guest);
      await expect(as.book(slot, noPoint, { value: PRICE - 1n }))
        .to.be.revertedWithCustomError(room, 'WrongPrice').withArgs(PRICE - 1n, PRICE);
      await expect(as.book(slot, FLAT, { value: MEMBER_PRICE }))
        .to.be.revertedWithCustomError(room, 'WrongPrice');
      await book(guest, slot, noPoint, PRICE);
      await expect(room.connect(member).book(slot, FLAT, { value: MEMBER_PRICE }))
        .to.be.revertedWithCustomError(room, 'SlotTaken').withArgs(slot);
      for (const wrong of [slot - 102n, slot + BigInt(61 * DAY / SLOT)])
        await expect(as.book(wrong, noPoint, { value: PRICE }))
          .to.be.revertedWithCustomError(room, 'SlotNotBookable');
    });

    it('passes on the refusal of the money service', async () => {
      const broke = new ethers.Wallet(ethers.id('nobody'), ethers.provider);
      await expect((await money(broke)).transfer.staticCall(guest, 1n))
        .to.be.revertedWithCustomError(coins, 'ERC20InsufficientBalance').withArgs(broke, 0, 1);
      const to = await coins.getAddress(); // a service cannot receive coins, so it cannot be paid
      const unpayable = await deploy(to, district.operation, terms);
      await expect(unpayable.connect(guest).book(await slotAfter(50), noPoint, { value: PRICE }))
        .to.be.revertedWithCustomError(coins, 'ERC20InvalidReceiver').withArgs(to);
    });
  });

  describe('before the slot', () => {
    it('gives everything back to a guest who cancels', async () => {
      const slot = await slotAfter(103);
      const before = await coins.balanceOf(guest);
      const hold = await book(guest, slot, noPoint, PRICE);
      await expect(room.connect(member).cancel(slot))
        .to.be.revertedWithCustomError(room, 'NotYourBooking').withArgs(slot, guest);
      const cancelled = await room.connect(guest).cancel(slot);
      await mined(cancelled);
      await expect(cancelled).to.emit(room, 'Cancelled').withArgs(slot, guest);
      await expect(cancelled).to.emit(coins, 'Refunded').withArgs(hold, room, PRICE);
      expect(await coins.balanceOf(guest)).to.equal(before);
      expect((await room.bookings(slot)).guest).to.equal(ethers.ZeroAddress);
      await book(guest, slot, noPoint, PRICE); // free again
    });

    it('does not pay the owner', async () => {
      const slot = await slotAfter(104);
      await book(guest, slot, noPoint, PRICE);
      await expect(room.connect(owner).collect(slot))
        .to.be.revertedWithCustomError(room, 'SlotNotBegun').withArgs(slot);
      await expect(room.reclaim(slot)).to.be.revertedWithCustomError(coins, 'HoldNotExpired');
    });

    it('gives the guest what the owner refunds', async () => {
      const slot = await slotAfter(105);
      const before = await coins.balanceOf(guest);
      const hold = await book(guest, slot, noPoint, PRICE);
      await mined(coins.connect(owner).refund(hold));
      await expect(room.collect(slot)).to.be.reverted;
      await mined(room.connect(stranger).reclaim(slot));
      expect(await coins.balanceOf(guest)).to.equal(before);
    });
  });

  describe('when time passes', () => {
    let slot, hasty, paid; // hasty gives its owner no time after the slot

    before(async () => {
      hasty = await deploy(owner, district.operation, { ...terms, graceSeconds: 0 });
      slot = await slotAfter(2); // one whole slot to book it in
      await book(guest, slot, noPoint, PRICE);
      paid = await coins.balanceOf(guest);
      await mined(hasty.connect(guest).book(slot, noPoint, { value: PRICE }));
    });

    it('pays the owner of a slot that has begun, once', async () => {
      await waitUntil(Number(await room.startOf(slot)));
      await expect(room.connect(guest).cancel(slot))
        .to.be.revertedWithCustomError(room, 'SlotBegun');
      const before = await coins.balanceOf(owner);
      const collected = await room.connect(stranger).collect(slot);
      await mined(collected);
      await expect(collected).to.emit(coins, 'Released');
      expect(await coins.balanceOf(owner)).to.equal(before + PRICE);
      await expect(room.collect(slot)).to.be.revertedWithCustomError(room, 'AlreadyCollected');
    });

    it('gives the guest back what the owner did not collect in time', async () => {
      await waitUntil(Number(await room.startOf(slot)) + SLOT);
      await expect(hasty.collect(slot)).to.be.revertedWithCustomError(coins, 'HoldExpired');
      await mined(hasty.connect(stranger).reclaim(slot));
      expect(await coins.balanceOf(guest)).to.equal(paid);
      await expect(hasty.reclaim(slot)).to.be.revertedWithCustomError(hasty, 'NotBooked');
    });
  });

  describe('the owner', () => {
    it('alone sets new terms', async () => {
      await expect(room.connect(guest).setTerms(terms))
        .to.be.revertedWithCustomError(room, 'OwnableUnauthorizedAccount').withArgs(guest);
      await expect(room.setTerms({ ...terms, slotSeconds: 60 }))
        .to.be.revertedWithCustomError(room, 'BadTerms');
      await mined(room.setTerms({ ...terms, price: 2000n }));
      expect(await room.priceOf(guest, noPoint)).to.equal(2000);
      await mined(room.setTerms(terms));
    });
  });
});
