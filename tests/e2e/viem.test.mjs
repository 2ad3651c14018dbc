// The node as viem sees it.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { createPublicClient, createWalletClient, defineChain, http, parseEther, webSocket } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { startNode, keys, cli, rpc } from './node.mjs';

const [alice, bob] = keys.map((k) => privateKeyToAccount(k));
let node, chain, reader, wallet, money, abi;

before(async () => {
  node = await startNode({ alloc: { [alice.address]: '1000' } });
  chain = defineChain({ id: 20260, name: 'Parvis', nativeCurrency: { name: 'city', symbol: 'CITY', decimals: 18 },
    rpcUrls: { default: { http: [node.url], webSocket: [node.wsUrl] } } });
  reader = createPublicClient({ chain, transport: http(), pollingInterval: 20, cacheTime: 0 });
  wallet = createWalletClient({ chain, transport: http(), account: alice });
  money = (await rpc(node.url, 'parvis_services')).result.find((s) => s.name === 'money').address;
  abi = JSON.parse(cli(node.home, 'abi', 'money'));
});
after(async () => {
  assert.equal(await node.stop(), 0);
});

test('a transfer through estimateGas, sendRawTransaction and the receipt', async () => {
  const hash = await wallet.sendTransaction({ to: bob.address, value: parseEther('2') });
  const receipt = await reader.waitForTransactionReceipt({ hash });
  assert.equal(receipt.status, 'success');
  assert.equal(await reader.getBalance({ address: bob.address }), parseEther('2'));
  const tx = await reader.getTransaction({ hash });
  assert.equal(tx.from.toLowerCase(), alice.address.toLowerCase());
  assert.equal(tx.blockNumber, receipt.blockNumber);
});

test('blocks have every field viem reads', async () => {
  const hash = await wallet.sendTransaction({ to: bob.address, value: 1n });
  // its own block: by now an empty one may follow it
  const { blockNumber } = await reader.waitForTransactionReceipt({ hash });
  const block = await reader.getBlock({ blockNumber, includeTransactions: true });
  assert.equal(block.baseFeePerGas, 0n);
  assert.ok(block.transactions.some((t) => t.hash === hash));
  assert.ok((await reader.getBlock()).number >= blockNumber);
  assert.equal((await reader.getBlock({ blockHash: block.hash })).number, block.number);
  assert.equal(await reader.getBlockTransactionCount({ blockHash: block.hash }), block.transactions.length);
});

test('a service is read, written and listened to', async () => {
  const streaming = createPublicClient({ chain, transport: webSocket(node.wsUrl) });
  const heard = new Promise((resolve, reject) => streaming.watchContractEvent({
    address: money, abi, eventName: 'Transfer', onLogs: (logs) => resolve(logs[0].args), onError: reject }));
  await streaming.getBlockNumber(); // answered after the subscription, on the same connection
  const before = await reader.getBalance({ address: bob.address });
  const { request } = await reader.simulateContract({ account: alice, address: money, abi,
    functionName: 'transfer', args: [bob.address, 9n] });
  await reader.waitForTransactionReceipt({ hash: await wallet.writeContract(request) });
  assert.equal(Object.values(await heard)[2], 9n);
  assert.equal(await reader.readContract({ address: money, abi, functionName: 'balanceOf', args: [bob.address] }),
    before + 9n);
  const transport = await streaming.transport.getRpcClient();
  transport.close();
});

test('a refused call names the custom error', async () => {
  await assert.rejects(reader.simulateContract({ account: bob, address: money, abi, functionName: 'transfer',
    args: [alice.address, parseEther('1000000')] }), /ERC20InsufficientBalance/);
});

test('filters, fee history and pending nonce', async () => {
  const filter = await reader.createBlockFilter();
  const hash = await wallet.sendTransaction({ to: bob.address, value: 1n });
  await reader.waitForTransactionReceipt({ hash });
  assert.ok((await reader.getFilterChanges({ filter })).length >= 1);
  await reader.uninstallFilter({ filter });
  const history = await reader.getFeeHistory({ blockCount: 2, rewardPercentiles: [50] });
  assert.ok(history.baseFeePerGas.every((f) => f === 0n));
  const [latest, pending] = await Promise.all(['latest', 'pending'].map((blockTag) =>
    reader.getTransactionCount({ address: alice.address, blockTag })));
  assert.equal(pending, latest);
});
