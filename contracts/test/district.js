// A small operation of collective self-consumption for tests: one producer, one consumer, a day of
// readings. docs/energy.md of the project describes the real thing.
const { ethers } = require('hardhat');
const { mined } = require('../lib/mined');
const { energy } = require('../lib/services');

const DAY = 86400;
const PRODUCER = 1, CONSUMER = 0; // roles
const ONE_HOUR_STEPS = 60, UTC = 0, BUILDING = 0, LEGAL_ORGANISER = 1, NATURAL = 1, SETTLEMENT = 1;

// The batch of a day: version 1, then a stream per point; 2: a varint of Wh + 1 for each step.
function batch(...streams) {
  const bytes = [1];
  for (const stream of streams) {
    bytes.push(2);
    for (let value of stream.map((wh) => wh + 1)) {
      for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) | 0x80);
      bytes.push(value);
    }
  }
  return Uint8Array.from(bytes);
}

// Founds an operation that began `daysAgo` days ago; the holder consumes at point 1. Resolves to
// { operation, settle(sharedWhPerHour) }; settle books the next day.
async function found(organiser, holder, daysAgo) {
  const service = await energy(organiser);
  const site = ethers.id('the building');
  const today = Math.floor((await ethers.provider.getBlock('latest')).timestamp / DAY);
  let day = today - daysAgo;
  const start = day * DAY;
  const created = await mined(service.createOperation(UTC, start, ONE_HOUR_STEPS, BUILDING, site, 1,
    LEGAL_ORGANISER));
  const operation = created.logs.map((log) => service.interface.parseLog(log))
    .find((event) => event.name === 'OperationCreated').args.operation;
  const add = async (pseudonym, role, account, powerW) => mined(service.addPoint(operation,
    ethers.id(pseudonym), role, account, NATURAL, start, powerW, 0, 0, site, 0, 1, 0, 0));
  await add('roof', PRODUCER, organiser, 9000);
  await add('flat', CONSUMER, holder, 0);
  for (const [point, account] of [[0, organiser], [1, holder]])
    await mined(service.connect(account).giveConsent(operation, point, SETTLEMENT, start,
      start + 365 * DAY));
  return {
    operation,
    async settle(wh) {
      const hours = Array(24).fill(wh);
      await mined(service.submitDay(operation, day, batch(hours, hours)));
      return day++;
    },
  };
}

module.exports = { found, DAY };
