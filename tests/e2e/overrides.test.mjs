// Calls as viem makes them: overrides, access lists, simulated blocks, delegations; and traces.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { createPublicClient, createWalletClient, defineChain, http, parseEther } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { startNode, keys, rpc } from './node.mjs';

const [alice, bob] = keys.map((k) => privateKeyToAccount(k));
const contract = '0x00000000000000000000000000000000000000aa';
const return42 = '0x602a60005260206000f3';
const returnSlot0 = '0x60005460005260206000f3';
const word = (n) => `0x${n.toString(16).padStart(64, '0')}`;
let node, reader, wallet;

before(async () => {
  node = await startNode({ alloc: { [alice.address]: '1000', [bob.address]: '10' } });
  const chain = defineChain({ id: 20260, name: 'Parvis', rpcUrls: { default: { http: [node.url] } },
    nativeCurrency: { name: 'city', symbol: 'CITY', decimals: 18 } });
  reader = createPublicClient({ chain, transport: http(), pollingInterval: 20, cacheTime: 0 });
  wallet = createWalletClient({ chain, transport: http(), account: alice });
});
after(async () => {
  assert.equal(await node.stop(), 0);
});

test('state and block overrides', async () => {
  const stateOverride = [{ address: contract, code: returnSlot0, stateDiff: [{ slot: word(0), value: word(7) }] }];
  assert.equal((await reader.call({ to: contract, stateOverride })).data, word(7));
  assert.ok(await reader.estimateGas({ to: contract, account: alice, stateOverride }) > 21000n);
  const number = await reader.call({ to: contract, blockOverrides: { number: 42n },
    stateOverride: [{ address: contract, code: '0x4360005260206000f3' }] });
  assert.equal(number.data, word(42));
});

test('an access list', async () => {
  const { accessList, gasUsed } = await reader.createAccessList({ to: contract });
  assert.deepEqual(accessList, []);
  assert.equal(gasUsed, 21000n);
});

test('simulated blocks and calls', async () => {
  const blocks = await reader.simulateBlocks({ blocks: [
    { calls: [{ account: alice, to: bob.address, value: parseEther('1') }] },
    { stateOverrides: [{ address: contract, code: return42 }], calls: [{ to: contract }] }],
    traceTransfers: true });
  const head = await reader.getBlockNumber();
  assert.equal(blocks[1].number, head + 2n);
  assert.equal(blocks[1].parentHash, blocks[0].hash);
  assert.equal(blocks[0].calls[0].logs.length, 1);
  assert.equal(blocks[1].calls[0].data, word(42));
  const { results, assetChanges } = await reader.simulateCalls({ account: alice.address,
    calls: [{ to: bob.address, value: parseEther('2') }], traceAssetChanges: true });
  assert.equal(results[0].status, 'success');
  assert.equal(assetChanges[0].value.diff, -parseEther('2'));
});

test('a delegation (EIP-7702), and what traces tell of it', async () => {
  const deployed = await wallet.deployContract({ abi: [], bytecode: `0x69${return42.slice(2)}600052600a6016f3` });
  const { contractAddress } = await reader.waitForTransactionReceipt({ hash: deployed });
  const bobs = createWalletClient({ chain: wallet.chain, transport: http(), account: bob });
  const authorization = await bobs.signAuthorization({ contractAddress });
  const hash = await wallet.sendTransaction({ to: bob.address, authorizationList: [authorization] });
  const receipt = await reader.waitForTransactionReceipt({ hash });
  assert.equal(receipt.type, 'eip7702');
  assert.equal(receipt.status, 'success');
  assert.equal(await reader.getCode({ address: bob.address }), `0xef0100${contractAddress.slice(2)}`);
  assert.equal((await reader.call({ to: bob.address })).data, word(42));
  const tx = await reader.getTransaction({ hash });
  assert.equal(tx.authorizationList[0].address.toLowerCase(), contractAddress);
  const calls = (await rpc(node.url, 'debug_traceTransaction', [hash, { tracer: 'callTracer' }])).result;
  assert.equal(calls.output, word(42));
  const { pre, post } = (await rpc(node.url, 'debug_traceTransaction',
    [hash, { tracer: 'prestateTracer', tracerConfig: { diffMode: true } }])).result;
  assert.ok(!pre[bob.address.toLowerCase()].code);
  assert.equal(post[bob.address.toLowerCase()].code, `0xef0100${contractAddress.slice(2)}`);
  const steps = (await rpc(node.url, 'debug_traceTransaction', [hash])).result.structLogs;
  assert.deepEqual(steps.map((s) => s.op), ['PUSH1', 'PUSH1', 'MSTORE', 'PUSH1', 'PUSH1', 'RETURN']);
});
