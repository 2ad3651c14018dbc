// A transaction of type 2 (EIP-1559, EIP-2718) with zero fees, which this ledger asks for, signed here.
import { concat, shortest, bytesOf, hexOf } from '../crypto/bytes.mjs';
import { keccak256 } from '../../verify/verify.mjs';
import { sign } from './secp256k1.mjs';

function length(n, offset) {
  if (n < 56) return Uint8Array.from([offset + n]);
  const bytes = shortest(n);
  return concat([offset + 55 + bytes.length], bytes);
}
// RLP of bytes, numbers and lists of such.
export function rlp(v) {
  if (Array.isArray(v)) {
    const content = concat(...v.map(rlp));
    return concat(length(content.length, 0xc0), content);
  }
  const bytes = v instanceof Uint8Array ? v : shortest(v);
  return bytes.length === 1 && bytes[0] < 0x80 ? bytes : concat(length(bytes.length, 0x80), bytes);
}

// { chainId, nonce, gas, to: "0x..", data } -> { raw: "0x..", hash: "0x.." }
export function signTransaction(secret, { chainId, nonce, gas, to, data }) {
  const fields = [chainId, nonce, 0, 0, gas, bytesOf(to), 0, data, []];
  const { r, s, parity } = sign(secret, keccak256(concat([2], rlp(fields))));
  const raw = concat([2], rlp([...fields, parity, r, s]));
  return { raw: '0x' + hexOf(raw), hash: '0x' + hexOf(keccak256(raw)) };
}
