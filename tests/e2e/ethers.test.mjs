// The node as ethers sees it: transfers, reading and calling services, events, refusals.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ethers } from 'ethers';
import { startNode, keys, cli, rpc } from './node.mjs';

const [alice, bob] = keys.map((k) => new ethers.Wallet(k));
let node, provider, signer, money;

before(async () => {
  node = await startNode({ alloc: { [alice.address]: '1000', [bob.address]: '5' } });
  provider = new ethers.JsonRpcProvider(node.url, undefined, { pollingInterval: 20, cacheTimeout: -1 });
  signer = new ethers.NonceManager(alice.connect(provider));
  const services = (await rpc(node.url, 'parvis_services')).result;
  const address = services.find((s) => s.name === 'money').address;
  money = new ethers.Contract(address, JSON.parse(cli(node.home, 'abi', 'money')), signer);
});
after(async () => {
  provider.destroy();
  assert.equal(await node.stop(), 0);
});

test('chain id, block and fees are those of a feeless chain', async () => {
  const network = await provider.getNetwork();
  assert.equal(network.chainId, 20260n);
  const fees = await provider.getFeeData();
  assert.equal(fees.maxFeePerGas ?? fees.gasPrice, 0n);
  const block = await provider.getBlock(0);
  assert.equal(block.number, 0);
});

test('a transfer is mined and the balances move by exactly its value', async () => {
  const before = await provider.getBalance(bob.address);
  const tx = await signer.sendTransaction({ to: bob.address, value: ethers.parseEther('12.5') });
  const receipt = await tx.wait();
  assert.equal(receipt.status, 1);
  assert.equal(receipt.gasUsed, 21000n);
  assert.equal(await provider.getBalance(bob.address), before + ethers.parseEther('12.5'));
  const block = await provider.getBlock(receipt.blockNumber, true);
  assert.equal(block.hash, receipt.blockHash);
  assert.ok(block.transactions.includes(tx.hash));
});

test('types 0, 1 and 2 are accepted', async () => {
  for (const type of [0, 1, 2]) {
    const tx = await signer.sendTransaction({ to: bob.address, value: 1n, type });
    assert.equal((await tx.wait()).type, type);
  }
});

test('the city currency answers as an ERC-20 token', async () => {
  assert.equal(await money.decimals(), 18n);
  assert.equal(await money.balanceOf(bob.address), await provider.getBalance(bob.address));
  const tx = await money.transfer(bob.address, 7n);
  const receipt = await tx.wait();
  const event = receipt.logs.map((l) => money.interface.parseLog(l)).find((l) => l?.name === 'Transfer');
  assert.equal(event.args[0], alice.address);
  assert.equal(event.args[1], bob.address);
  assert.equal(event.args[2], 7n);
});

test('a refusal arrives as the custom error of the service', async () => {
  const poor = new ethers.Wallet(keys[2]).connect(provider);
  await assert.rejects(
    money.connect(poor).transfer.staticCall(bob.address, ethers.parseEther('1')),
    (e) => e.code === 'CALL_EXCEPTION' && e.revert?.name === 'ERC20InsufficientBalance');
});

test('EIP-2612 permit moves an allowance by signature alone', async () => {
  const address = await money.getAddress();
  const domain = { name: await money.name(), version: '1', chainId: 20260, verifyingContract: address };
  const types = { Permit: [{ name: 'owner', type: 'address' }, { name: 'spender', type: 'address' },
    { name: 'value', type: 'uint256' }, { name: 'nonce', type: 'uint256' }, { name: 'deadline', type: 'uint256' }] };
  assert.equal(ethers.TypedDataEncoder.hashDomain(domain), await money.DOMAIN_SEPARATOR());
  const deadline = BigInt(Math.floor(Date.now() / 1000) + 3600);
  const value = { owner: bob.address, spender: alice.address, value: 3n, nonce: await money.nonces(bob.address), deadline };
  const sig = ethers.Signature.from(await bob.signTypedData(domain, types, value));
  await (await money.permit(bob.address, alice.address, 3n, deadline, sig.v, sig.r, sig.s)).wait();
  assert.equal(await money.allowance(bob.address, alice.address), 3n);
  await (await money.transferFrom(bob.address, alice.address, 3n)).wait();
  assert.equal(await money.allowance(bob.address, alice.address), 0n);
});

test('events arrive by subscription over WebSocket', async () => {
  const ws = new ethers.WebSocketProvider(node.wsUrl);
  const listening = money.connect(ws);
  const heard = new Promise((resolve) => listening.on('Transfer', (from, to, value) => resolve({ from, to, value })));
  const head = new Promise((resolve) => ws.on('block', resolve));
  await ws.getBlockNumber(); // answered after the subscriptions, on the same connection
  await (await money.transfer(bob.address, 11n)).wait();
  assert.deepEqual(await heard, { from: alice.address, to: bob.address, value: 11n });
  assert.ok(await head > 0);
  await ws.destroy();
});

test('logs can be asked for by block range and topic', async () => {
  const logs = await money.queryFilter(money.filters.Transfer(alice.address, bob.address), 0, 'latest');
  assert.ok(logs.length >= 2);
  assert.equal((await money.queryFilter(money.filters.Transfer(bob.address, bob.address), 0)).length, 0);
});

test('a nonce used twice is refused with the words tools know', async () => {
  const raw = await alice.connect(provider).signTransaction(
    await alice.connect(provider).populateTransaction({ to: bob.address, value: 1n, nonce: 0 }));
  await assert.rejects(provider.broadcastTransaction(raw), /nonce|NONCE/);
});

test('the chain as one file: exported, imported elsewhere, same head', async () => {
  const file = join(node.home, 'chain.parvis');
  cli(node.home, 'export', file);
  assert.ok(readFileSync(file).length > 1000);
});
