// That a ballot stands on the ledger, shown without taking the node's word for it: the event of its casting in a receipt,
// the receipt in a block's trie, the block's header, and where a trust document is given the validators' signatures.
import './crypto/webcrypto.mjs';
import { bytesOf, hexOf } from './crypto/bytes.mjs';
import { decodeInputs } from './chain/abi.mjs';
import { EVENTS } from './chain/voting.mjs';
import { rpc, logs, service } from './chain/node.mjs';
import { receiptUnder, verifyProof, ProofError } from '../verify/verify.mjs';

const word = (n) => '0x' + BigInt(n).toString(16).padStart(64, '0');
const hex = (bytes) => '0x' + hexOf(bytes);

// fetchProof(id, tracker bytes, block): { header, index, path (bytes), document (for verifyProof, without its block) }; null
// when no event of such a ballot is in that block.
export async function fetchProof(id, tracker, block) {
  const [log] = await logs('BallotCast', [word(id), null, hex(tracker)], block);
  if (!log) return null;
  const p = await rpc('parvis_getReceiptProof', log.transactionHash), header = await rpc('debug_getRawHeader', p.blockNumber);
  const subject = { kind: 'receipt', transactionHash: p.transactionHash, index: Number(p.transactionIndex), transaction: p.transaction,
    transactionProof: p.transactionProof, receipt: p.receipt, receiptProof: p.receiptProof };
  return { header: bytesOf(header), index: subject.index, path: p.receiptProof.map(bytesOf), transactionHash: p.transactionHash,
    document: { version: 1, ethHeader: header, subject } };
}

// checkProof throws ProofError where the proof does not hold; answers the event: { credential, eventHash, height } and
// the block's { blockHash, blockNumber, timestamp }, and the proof's size in bytes.
export async function checkProof(id, tracker, { header, index, path }) {
  const facts = receiptUnder(header, index, path), address = await service();
  const wanted = [hex(EVENTS.BallotCast.hash), word(id), null, hex(tracker)];
  const log = facts.success && facts.logs.find((l) => l.address === address && wanted.every((t, i) => t === null || l.topics[i] === t));
  if (!log) throw new ProofError('the receipt holds no event of this ballot');
  const { eventHash, height } = decodeInputs(EVENTS.BallotCast, bytesOf(log.data));
  return { blockHash: facts.blockHash, blockNumber: facts.blockNumber, timestamp: facts.timestamp, credential: bytesOf(log.topics[2]),
    eventHash, height, size: header.length + path.reduce((n, node) => n + node.length, 0) };
}

// With a trust document: the validators' signatures under the same header. Answers verifyProof's facts and the whole
// document, to keep. null: this ledger has one node, and no validators.
export async function checkSignatures(proof, trust) {
  const number = receiptUnder(proof.header, proof.index, proof.path).blockNumber;
  const light = await rpc('parvis_getLightBlock', '0x' + number.toString(16)).catch((e) => { if (e.kind !== 'rpc') throw e; return null; });
  if (!light) return null;
  const whole = { version: 1, block: light.block, ethHeader: proof.document.ethHeader, subject: proof.document.subject };
  return { facts: await verifyProof(whole, trust), document: whole };
}
