// Runs a file of state tests in @ethereumjs/vm and prints [{"name": .., "pass": ..}, ...] as JSON.
//   node ethereumjs.mjs FILE.json
// One case a test (the form that evm_cases writes).
import { readFileSync } from 'node:fs';
import { createBlock } from '@ethereumjs/block';
import { Common, Mainnet } from '@ethereumjs/common';
import { createMPT } from '@ethereumjs/mpt';
import { RLP } from '@ethereumjs/rlp';
import { MerkleStateManager } from '@ethereumjs/statemanager';
import { createTx } from '@ethereumjs/tx';
import { Account, Address, bytesToHex, hexToBytes, setLengthLeft } from '@ethereumjs/util';
import { createVM, runTx } from '@ethereumjs/vm';
import { keccak_256 } from '@noble/hashes/sha3.js';

const address = (hex) => new Address(hexToBytes(hex));
const word = (hex) => setLengthLeft(hexToBytes(hex.length % 2 ? '0x0' + hex.slice(2) : hex), 32);
const unpadded = (bytes) => bytes.subarray(bytes.findIndex((b) => b !== 0));

async function prepare(state, pre) {
  for (const [hex, a] of Object.entries(pre)) {
    const at = address(hex);
    await state.putAccount(at, new Account(BigInt(a.nonce), BigInt(a.balance)));
    const code = hexToBytes(a.code);
    if (code.length) await state.putCode(at, code);
    for (const [slot, value] of Object.entries(a.storage)) {
      if (BigInt(value) !== 0n) await state.putStorage(at, word(slot), unpadded(word(value)));
    }
  }
}

function transaction(t, common) {
  const type = t.authorizationList ? 4 : t.maxFeePerGas ? 2 : t.accessLists ? 1 : 0;
  const fields = {
    type,
    chainId: 1n,
    nonce: t.nonce,
    gasLimit: t.gasLimit[0],
    to: t.to === '' ? undefined : t.to,
    value: t.value[0],
    data: t.data[0],
    gasPrice: t.gasPrice,
    maxFeePerGas: t.maxFeePerGas,
    maxPriorityFeePerGas: t.maxPriorityFeePerGas,
    accessList: t.accessLists?.[0],
    authorizationList: t.authorizationList?.map(({ chainId, address, nonce, yParity, r, s }) => {
      const short = (hex) => (BigInt(hex) === 0n ? '0x' : hex);
      return { chainId: short(chainId), address, nonce: short(nonce), yParity: short(yParity), r, s };
    }),
  };
  return createTx(fields, { common }).sign(hexToBytes(t.secretKey));
}

// The point evaluation precompile wants a library before it looks at its input. No random input gets
// past the versioned hash, so none is needed.
const kzg = { verifyProof() { throw new Error('not reached by random input'); } };

async function outcome(test, fork) {
  const hardfork = fork.toLowerCase();
  const common = new Common({ chain: Mainnet, hardfork, customCrypto: { kzg } });
  const trie = await createMPT({ useKeyHashing: true, common });
  const state = new MerkleStateManager({ trie, common });
  // BLOCKHASH answers as the state tests say: keccak256 of the decimal number
  const blockchain = {
    getBlock: async (n) => ({ hash: () => keccak_256(new TextEncoder().encode(String(n))) }),
    putBlock: async () => {},
    shallowCopy() { return this; },
  };
  const vm = await createVM({ stateManager: state, common, blockchain });
  await prepare(state, test.pre);
  await state.checkpoint();
  await state.commit();
  const before = bytesToHex(await state.getStateRoot());
  const e = test.env;
  const block = createBlock({ header: {
    coinbase: e.currentCoinbase, gasLimit: e.currentGasLimit, number: e.currentNumber,
    timestamp: e.currentTimestamp, baseFeePerGas: e.currentBaseFee, mixHash: e.currentRandom,
    excessBlobGas: e.currentExcessBlobGas, blobGasUsed: 0n,
  } }, { common, setHardfork: false, skipConsensusFormatValidation: true });
  try {
    const result = await runTx(vm, { tx: transaction(test.transaction, common), block });
    return {
      root: bytesToHex(await state.getStateRoot()),
      logs: bytesToHex(keccak_256(RLP.encode(result.execResult.logs ?? []))),
    };
  } catch (error) {
    return { root: before, refused: error.message };
  }
}

const verdicts = [];
for (const [name, test] of Object.entries(JSON.parse(readFileSync(process.argv[2], 'utf8')))) {
  const [[fork, [wanted]]] = Object.entries(test.post);
  const got = await outcome(test, fork);
  const pass = wanted.expectException !== undefined
    ? got.refused !== undefined
    : got.refused === undefined && got.root === wanted.hash && got.logs === wanted.logs;
  verdicts.push({ name, pass, ...(pass ? {} : { stateRoot: got.root, error: got.refused }) });
}
console.log(JSON.stringify(verdicts));
