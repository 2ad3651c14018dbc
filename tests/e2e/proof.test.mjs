// eth_getProof verified with a trie library that is not ours, against the state root of the block.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { Trie } from '@ethereumjs/trie';
import { ethers } from 'ethers';
import { startNode, keys, rpc } from './node.mjs';

const bytes = (hex) => ethers.getBytes(hex);
const alice = new ethers.Wallet(keys[0]);
let node, block;

before(async () => {
  node = await startNode({ alloc: { [alice.address]: '1000' } });
  const provider = new ethers.JsonRpcProvider(node.url, undefined, { pollingInterval: 20, cacheTimeout: -1 });
  const signer = new ethers.NonceManager(alice.connect(provider));
  for (let i = 1; i <= 40; i++)
    await (await signer.sendTransaction({ to: ethers.zeroPadValue(ethers.toBeHex(i * 7919), 20), value: BigInt(i) })).wait();
  provider.destroy();
  block = (await rpc(node.url, 'eth_getBlockByNumber', ['latest', false])).result;
});
after(async () => assert.equal(await node.stop(), 0));

// The library's own static verifyProof does not compare the root; createFromProof does when asked to.
// The value of key, null when the proof shows its absence; throws when the proof does not hold.
async function verify(root, key, proof) {
  const trie = await Trie.createFromProof(proof, { root: bytes(root), useKeyHashing: false }, true);
  assert.equal(ethers.hexlify(trie.root()), root);
  return trie.get(key, true);
}

async function verifyAccount(address, tag, root) {
  const { result } = await rpc(node.url, 'eth_getProof', [address, [], tag]);
  const key = bytes(ethers.keccak256(address));
  const found = await verify(root, key, result.accountProof.map(bytes));
  return { result, found };
}

test('an account that exists', async () => {
  const { result, found } = await verifyAccount(alice.address, block.number, block.stateRoot);
  const [nonce, balance, storageRoot, codeHash] = ethers.decodeRlp(ethers.hexlify(found));
  assert.equal(BigInt(nonce), BigInt(result.nonce));
  assert.equal(BigInt(balance), BigInt(result.balance));
  assert.equal(storageRoot, result.storageHash);
  assert.equal(codeHash, result.codeHash);
});

test('an account that does not exist', async () => {
  const { found } = await verifyAccount('0x00000000000000000000000000000000deadbeef', block.number, block.stateRoot);
  assert.equal(found, null);
});

test('an earlier block proves its own state', async () => {
  const number = '0x' + (Number(block.number) - 20).toString(16);
  const earlier = (await rpc(node.url, 'eth_getBlockByNumber', [number, false])).result;
  const { found } = await verifyAccount(alice.address, number, earlier.stateRoot);
  const nonce = (await rpc(node.url, 'eth_getTransactionCount', [alice.address, number])).result;
  assert.equal(BigInt(ethers.decodeRlp(ethers.hexlify(found))[0]), BigInt(nonce));
  assert.ok(BigInt(nonce) > 0n && BigInt(nonce) < 40n);
});

test('a changed proof proves nothing', async () => {
  const { result } = await rpc(node.url, 'eth_getProof', [alice.address, [], block.number]);
  for (let changed = 0; changed < result.accountProof.length; changed++) {
    const proof = result.accountProof.map(bytes);
    proof[changed][5] ^= 1;
    await assert.rejects(verify(block.stateRoot, bytes(ethers.keccak256(alice.address)), proof));
  }
});

test('a storage slot of a service', async () => {
  const services = (await rpc(node.url, 'parvis_services')).result;
  const money = services.find((s) => s.name === 'money').address;
  // any slot: absence is proved too, against the service's own storage root
  const slot = ethers.id('nothing is stored here');
  const { result } = await rpc(node.url, 'eth_getProof', [money, [slot], block.number]);
  const proof = result.storageProof[0].proof.map(bytes);
  assert.equal(await verify(result.storageHash, bytes(ethers.keccak256(slot)), proof), null);
  assert.notEqual(result.storageHash, ethers.id(''));
});
