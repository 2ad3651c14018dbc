// The node that served this page, over JSON-RPC; and who signs: an account made or entered here, or a wallet in the
// browser.
import { bytesOf, hexOf } from '../crypto/bytes.mjs';
import { account } from './secp256k1.mjs';
import { signTransaction } from './tx.mjs';
import { encodeCall, decodeResult, decodeInputs } from './abi.mjs';
import { METHODS, ERRORS, EVENTS } from './voting.mjs';

// kind: 'network' (no answer), 'rpc' (the node's refusal, message in its words), 'refused' (an error of the service's
// table: name, args), 'lost' (no receipt came), 'wallet'
export class ChainError extends Error {
  constructor(kind, message, more = {}) { super(message); Object.assign(this, { kind }, more); }
}

async function post(body) {
  let reply;
  try {
    reply = await fetch('/', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    return await reply.json();
  } catch (e) {
    throw new ChainError('network', reply ? `${reply.status}` : e.message);
  }
}
function unwrap(answer) {
  if (!answer.error) return answer.result;
  const { message, data } = answer.error;
  throw refusal(data) ?? new ChainError('rpc', message);
}
// An error of the service, from the data of a reverted call.
function refusal(data) {
  if (typeof data !== 'string' || data.length < 10) return null;
  const entry = Object.values(ERRORS).find((e) => hexOf(e.selector) === data.slice(2, 10));
  return entry && new ChainError('refused', entry.name, { name: entry.name, args: decodeInputs(entry, bytesOf(data.slice(10))) });
}

export async function rpc(method, ...params) {
  return unwrap(await post({ jsonrpc: '2.0', id: 1, method, params }));
}

// --- the voting service

let found;
export const service = () => (found ??= (async () => {
  const voting = (await rpc('parvis_services')).find((s) => s.name === 'voting');
  if (!voting) throw new ChainError('none', 'this node has no voting service');
  return voting.address;
})().catch((e) => { found = undefined; throw e; }));

const callData = (name, args) => '0x' + hexOf(encodeCall(METHODS[name], args));

// The outputs of views, asked in one request: callMany([['consultation', 1], ...]).
export async function callMany(calls, block = 'latest') {
  const to = await service(), out = [];
  for (let i = 0; i < calls.length; i += 100) {
    const part = calls.slice(i, i + 100);
    const answers = await post(part.map(([name, ...args], id) =>
      ({ jsonrpc: '2.0', id, method: 'eth_call', params: [{ to, data: callData(name, args) }, block] })));
    if (!Array.isArray(answers)) unwrap(answers);
    const byId = new Map(answers.map((a) => [a.id, a]));
    part.forEach(([name], id) => out.push(decodeResult(METHODS[name], bytesOf(unwrap(byId.get(id))))));
  }
  return out;
}
export const call = async (name, ...args) => (await callMany([[name, ...args]]))[0];

// The service's events of a name in one block.
export async function logs(name, topics, block) {
  const at = '0x' + BigInt(block).toString(16);
  return rpc('eth_getLogs', { address: await service(), topics: ['0x' + hexOf(EVENTS[name].hash), ...topics], fromBlock: at, toBlock: at });
}

// --- signing

class LocalSigner {
  constructor({ secret, address }) { this.secret = secret; this.address = '0x' + hexOf(address); }
  async send({ to, data, gas }) {
    const [chainId, nonce] = await Promise.all([rpc('eth_chainId'), rpc('eth_getTransactionCount', this.address, 'pending')]);
    const { raw, hash } = signTransaction(this.secret, { chainId: BigInt(chainId), nonce: BigInt(nonce), gas, to, data: bytesOf(data) });
    await rpc('eth_sendRawTransaction', raw);
    return hash;
  }
}
export const freshSigner = () => new LocalSigner(account());

// The account of a key in hexadecimal; null when it is none.
export function keySigner(text) {
  const hex = text.trim().replace(/^0x/, '');
  try { return /^[0-9a-fA-F]{64}$/.test(hex) ? new LocalSigner(account(bytesOf(hex))) : null; } catch { return null; }
}

const asked = (method, ...params) => window.ethereum.request({ method, params })
  .catch((e) => { throw new ChainError('wallet', e.message ?? String(e)); });
export const hasWallet = () => Boolean(globalThis.window?.ethereum?.request);
export async function walletSigner() {
  const [address] = await asked('eth_requestAccounts');
  if (!address) throw new ChainError('wallet', 'no account');
  const chainId = await rpc('eth_chainId');
  if (BigInt(await asked('eth_chainId')) !== BigInt(chainId)) await asked('wallet_switchEthereumChain', { chainId });
  return { address: address.toLowerCase(), send: ({ to, data, gas }) => asked('eth_sendTransaction',
    { from: address, to, data, gas: '0x' + gas.toString(16), maxFeePerGas: '0x0', maxPriorityFeePerGas: '0x0' }) };
}

// --- transactions

const GAS_MAX = 1n << 24n; // of one transaction (EIP-7825)
const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

// send makes a call of the service by `signer` and waits until it is in a block: answers the receipt. told(state) hears
// 'sending' and 'waiting'. Throws ChainError.
export async function send(signer, name, args, told = () => {}) {
  told('sending');
  const to = await service(), data = callData(name, args), request = { from: signer.address, to, data };
  const estimate = BigInt(await rpc('eth_estimateGas', request));
  const roomy = estimate + estimate / 4n;
  const hash = await signer.send({ to, data, gas: roomy < GAS_MAX ? roomy : estimate });
  told('waiting');
  const receipt = await waitFor(hash);
  if (receipt.status === '0x1') return receipt;
  await rpc('eth_call', request, receipt.blockNumber); // throws the reason
  throw new ChainError('rpc', 'the transaction was refused', { hash });
}
async function waitFor(hash) {
  for (let waited = 0; waited < 120000; waited += 400) {
    const receipt = await rpc('eth_getTransactionReceipt', hash);
    if (receipt) return receipt;
    await pause(400);
  }
  throw new ChainError('lost', hash, { hash });
}
