// The checkers must see what is wrong: each kind of anomaly, put into a good history by hand.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { checkChains, checkRealTime, checkRegister, checkSet } from './history.mjs';

const op = (kind, args, [invoked, completed], [block, index], ok, value) => (
  { kind, args, invoked, completed, block, index, ok, value });
// two clients whose operations overlap
const register = () => [
  op('write', [5n], [0, 10], [1, 0], true, 0n),
  op('read', [], [11, 20], [2, 0], true, 5n),
  op('cas', [5n, 7n], [5, 21], [2, 1], true, 5n),
  op('cas', [5n, 9n], [22, 30], [3, 0], false, 7n),
  op('write', [8n], [15, 40], [4, 0], true, 7n),
  op('read', [], [41, 50], [4, 1], true, 8n),
  op('write', [1n], [42, undefined], [5, 0], true, 8n), // its client never knew
];
const changed = (list, index, change) => list.map((o, i) => (i === index ? { ...o, ...change } : o));
const finds = (faults, pattern) => assert.ok(faults.some((f) => pattern.test(f)), `no ${pattern} in ${JSON.stringify(faults)}`);

test('a good register history passes', () => assert.deepEqual(checkRegister(register()), []));
test('a stale read is found', () =>
  finds(checkRegister(changed(register(), 1, { value: 0n })), /read.*found 0, the register held 5/));
test('a lost write is found', () =>
  finds(checkRegister(register().filter((o) => o.kind !== 'write' || o.args[0] !== 8n)), /found 8, the register held 7/));
test('a write executed twice is found', () =>
  finds(checkRegister([...register(), op('write', [5n], [0, 10], [2, 2], true, 7n)]), /held 5/));
test('a comparison that should have failed is found', () =>
  finds(checkRegister(changed(register(), 3, { ok: true })), /succeeded on 7/));
test('a comparison that should have held is found', () =>
  finds(checkRegister(changed(register(), 2, { ok: false })), /failed on 5/));
test('an order against real time is found', () => {
  // answered at 20, before the one at 22 began, but placed after it
  finds(checkRealTime([op('read', [], [11, 20], [9, 0], true, 0n), op('read', [], [22, 30], [8, 0], true, 0n)]),
    /answered before.*began, and comes after/);
  assert.deepEqual(checkRealTime([op('read', [], [11, 23], [9, 0], true, 0n), op('read', [], [22, 30], [8, 0], true, 0n)]), []);
});
test('two operations in one place are found', () =>
  finds(checkRealTime([op('read', [], [1, 2], [9, 0]), op('read', [], [1, 2], [9, 0])]), /share a place/));

const adds = () => [op('add', [11n], [0, 1], [1, 0], true, 1n), op('add', [12n], [0, 2], [1, 1], true, 1n),
  op('add', [13n], [0, undefined], [undefined, undefined], undefined, undefined)];
test('a good set passes, with or without the addition nobody knows of', () => {
  assert.deepEqual(checkSet(adds(), new Map([[11n, 1], [12n, 1], [13n, 0]]), 2), []);
  assert.deepEqual(checkSet(adds(), new Map([[11n, 1], [12n, 1], [13n, 1]]), 3), []);
});
test('a lost addition is found', () =>
  finds(checkSet(adds(), new Map([[11n, 1], [12n, 0], [13n, 0]]), 1), /acknowledged and is lost/));
test('an addition done twice is found', () => {
  finds(checkSet(adds(), new Map([[11n, 2], [12n, 1], [13n, 0]]), 3), /there 2 times/);
  finds(checkSet(changed(adds(), 0, { value: 2n }), new Map([[11n, 1], [12n, 1]]), 2), /counted 2/);
});
test('an element nobody added is found', () => {
  finds(checkSet(adds(), new Map([[11n, 1], [12n, 1], [99n, 1]]), 3), /never added/);
  finds(checkSet(adds(), new Map([[11n, 1], [12n, 1], [13n, 0]]), 3), /counts 3 elements, 2/);
});

const chain = (name, ...blocks) => ({ name, blocks: blocks.map(([hash, ...txs]) => ({ hash, txs })) });
const good = ['a', 'b'].map((name) => chain(name, ['h0'], ['h1', 'x', 'y'], ['h2', 'z']));
const seen = new Map([['y', { number: 1, hash: 'h1', index: 1 }], ['z', { number: 2, hash: 'h2', index: 0 }]]);
test('equal chains pass', () => assert.deepEqual(checkChains(good, seen), []));
test('a fork is found', () =>
  finds(checkChains([good[0], chain('b', ['h0'], ['k1', 'x', 'y'], ['k2', 'z'])], seen), /FORK at block 1/));
test('a chain that stopped is found', () =>
  finds(checkChains([good[0], chain('b', ['h0'], ['h1', 'x', 'y'])], seen), /b has 2 blocks, a 3/));
test('a lost transaction is found', () =>
  finds(checkChains([chain('a', ['h0'], ['h1', 'x', 'y'])], seen), /z, seen in block 2, is LOST/));
test('a moved transaction is found', () =>
  finds(checkChains([chain('a', ['h0'], ['h1', 'y', 'x'], ['h2', 'z'])], seen), /y, seen in block 1, is in 1/));
test('a transaction executed twice is found', () =>
  finds(checkChains([chain('a', ['h0'], ['h1', 'x', 'y'], ['h2', 'z', 'x'])], seen), /x is in block 1 and in 2/));
