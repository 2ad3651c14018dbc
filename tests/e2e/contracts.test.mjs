// What tools ask of a node about contracts, through ethers and viem: reasons of failures, logs, gas,
// access lists, delegated accounts (EIP-7702), state overrides, and contracts that call services.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { createHash, createSign, generateKeyPairSync } from 'node:crypto';
import { ethers } from 'ethers';
import { createPublicClient, createWalletClient, defineChain, http } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { startNode, keys, rpc, cli } from './node.mjs';
import { compile } from './solc.mjs';

const [alice, bob, carol] = keys.map((k) => new ethers.Wallet(k));
let node, provider, contracts, probe, asAlice, asBob, reader, wallets;

before(async () => {
  contracts = compile('sol/Samples.sol', 'sol/Services.sol');
  node = await startNode({ alloc: { [alice.address]: '1000', [bob.address]: '10' } });
  provider = new ethers.JsonRpcProvider(node.url, undefined, { pollingInterval: 20, cacheTimeout: -1 });
  [asAlice, asBob] = [alice, bob].map((w) => w.connect(provider));
  const chain = defineChain({ id: 20260, name: 'Parvis', rpcUrls: { default: { http: [node.url] } },
    nativeCurrency: { name: 'city', symbol: 'CITY', decimals: 18 } });
  const client = { chain, transport: http(), pollingInterval: 20, cacheTime: 0 };
  reader = createPublicClient(client);
  wallets = keys.map((k) => createWalletClient({ ...client, account: privateKeyToAccount(k) }));
  probe = await deploy('Probe');
});
after(async () => {
  provider?.destroy();
  assert.equal(await node?.stop(), 0);
});

async function deploy(name, ...args) {
  const { abi, bytecode } = contracts[name];
  const contract = await new ethers.ContractFactory(abi, bytecode, asAlice).deploy(...args);
  await contract.waitForDeployment();
  return contract;
}
const mined = async (sent) => (await sent).wait();
const send = (method, ...params) => rpc(node.url, method, params);

test('reasons of a failed call, as ethers reads them', async () => {
  const failure = async (how) => {
    try {
      await probe.fail(how);
    } catch (e) {
      assert.equal(e.code, 'CALL_EXCEPTION', e.message);
      return e;
    }
    throw new Error(`fail(${how}) did not fail`);
  };
  assert.equal((await failure(0)).reason, 'plain words');
  const custom = (await failure(1)).revert;
  assert.deepEqual([custom.name, ...custom.args], ['Refused', 7n, 'for a reason']);
  assert.match((await failure(2)).reason, /Panic.*18|DIVIDE_BY_ZERO/);
  assert.match((await failure(3)).reason, /Panic.*1|ASSERT/);
  assert.equal(await probe.fail(6), 6n);
});

test('the answers behind them: code 3 with data for a revert, none for an exception', async () => {
  const call = async (how) => (await send('eth_call', { to: probe.target, data: probe.interface.encodeFunctionData('fail', [how]) }, 'latest')).error;
  const plain = await call(0);
  assert.equal(plain.code, 3);
  assert.match(plain.message, /^execution reverted: plain words$/);
  assert.equal(plain.data, probe.interface.getAbiCoder().encode(['string'], ['plain words']).replace('0x', '0x08c379a0'));
  assert.equal((await call(1)).data.slice(0, 10), probe.interface.getError('Refused').selector);
  const invalid = await call(4);
  assert.equal(invalid.code, -32000);
  assert.match(invalid.message, /invalid opcode/);
  const empty = await call(5);
  assert.match(empty.message, /execution reverted/);
  assert.ok(empty.data === undefined || empty.data === '0x');
});

test('reasons as viem reads them', async () => {
  const read = (how) => reader.readContract({ address: probe.target, abi: contracts.Probe.abi, functionName: 'fail', args: [BigInt(how)] });
  await assert.rejects(read(0), /plain words/);
  await assert.rejects(read(1), (e) => e.walk((c) => c.data?.errorName).data.args[1] === 'for a reason');
  await assert.rejects(read(2), /Division or modulo by zero|Panic/);
  assert.equal(await read(6), 6n);
});

test('re-entrancy is refused by a guard in transient storage', async () => {
  await assert.rejects(probe.reenter.staticCall(), (e) => e.revert?.name === 'ReentrancyGuardReentrantCall');
});

test('logs: indexed fields, text and bytes; by topic, by block, by block hash', async () => {
  const receipt = await mined(probe.ping(5n, 'héllo', '0xdead'));
  await mined(probe.connect(asBob).ping(6n, '', '0x'));
  const [log] = receipt.logs;
  assert.deepEqual([...probe.interface.parseLog(log).args], [alice.address, 5n, 'héllo', '0xdead']);
  const byNumber = await probe.queryFilter(probe.filters.Pinged(null, 6n), receipt.blockNumber);
  assert.deepEqual(byNumber.map((l) => l.args.by), [bob.address]);
  const byHash = await provider.getLogs({ blockHash: receipt.blockHash, address: probe.target });
  assert.deepEqual(byHash.map((l) => [l.transactionHash, l.index]), [[receipt.hash, log.index]]);
  const either = await provider.getLogs({ fromBlock: 0, topics: [null, [ethers.zeroPadValue(alice.address, 32), ethers.zeroPadValue(bob.address, 32)]] });
  assert.equal(either.filter((l) => l.address === probe.target).length, 2);
  const block = await provider.getBlock(receipt.blockNumber);
  assert.equal(block.gasUsed, receipt.gasUsed);
});

test('an estimate suffices, and a unit less does not', async () => {
  for (const [method, args] of [['touch', [100, 20]], ['clear', [100, 20]], ['ping', [1n, 'x'.repeat(500), '0x']]]) {
    const gas = await probe[method].estimateGas(...args);
    const receipt = await mined(probe[method](...args, { gasLimit: gas }));
    assert.equal(receipt.status, 1);
    assert.ok(receipt.gasUsed <= gas);
    if (method === 'touch') {
      await mined(probe.clear(...args));
      const data = probe.interface.encodeFunctionData(method, args);
      const short = await send('eth_call', { to: probe.target, from: alice.address, data, gas: ethers.toQuantity(receipt.gasUsed - 1n) }, 'latest');
      assert.match(short.error.message, /out of gas|intrinsic gas/);
      await mined(probe.touch(...args));
    }
  }
});

test('the block, the transaction and the chain as a contract sees them', async () => {
  const block = await provider.getBlock('latest');
  const c = await probe.context.staticCall({ blockTag: block.number, from: alice.address });
  assert.equal(c.chain, 20260n);
  assert.equal(c.number, BigInt(block.number));
  assert.equal(c.time, BigInt(block.timestamp));
  assert.equal(c.parent, block.parentHash);
  assert.deepEqual([c.origin, c.gasPrice, c.baseFee], [alice.address, 0n, 0n]);
  assert.equal(c.gasLimit, block.gasLimit);
});

test('on latest a call sees the block that would come now', async () => {
  for (const blockTag of ['latest', 'pending']) {
    let head, c;
    do { // an empty block may follow the last transaction
      head = await provider.getBlock('latest');
      c = await probe.context.staticCall({ blockTag, from: alice.address });
    } while ((await provider.getBlock('latest')).number !== head.number);
    assert.equal(c.number, BigInt(head.number) + 1n);
    assert.ok(c.time >= BigInt(head.timestamp) && Math.abs(Number(c.time) - Date.now() / 1000) < 60);
    assert.equal(c.parent, head.hash);
  }
});

test('precompiles reached from Solidity', async () => {
  const data = ethers.toUtf8Bytes('city'), digest = ethers.id('message');
  const { v, r, s } = alice.signingKey.sign(digest);
  const out = await probe.precompiles(data, digest, v, r, s);
  assert.deepEqual([...out], [ethers.sha256(data), ethers.ripemd160(data), alice.address, ethers.keccak256(data)]);
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = publicKey.export({ format: 'jwk' });
  const signature = createSign('sha256').update(data).sign({ key: privateKey, dsaEncoding: 'ieee-p1363' });
  const hash = `0x${createHash('sha256').update(data).digest('hex')}`;
  const word = (b) => ethers.hexlify(b);
  const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  let sp = ethers.toBigInt(signature.subarray(32)); // OpenZeppelin takes the lower of s and n - s
  if (sp > n / 2n) sp = n - sp;
  const key = [jwk.x, jwk.y].map((t) => word(Buffer.from(t, 'base64url')));
  assert.equal(await probe.p256(hash, word(signature.subarray(0, 32)), ethers.toBeHex(sp, 32), ...key), true);
  assert.equal(await probe.p256(digest, word(signature.subarray(0, 32)), ethers.toBeHex(sp, 32), ...key), false);
});

test('access lists: made by the node, sent as types 1 and 2, and worth their gas', async () => {
  await mined(probe.touch(200, 8));
  const data = probe.interface.encodeFunctionData('clear', [200, 8]);
  const { result } = await send('eth_createAccessList', { from: alice.address, to: probe.target, data }, 'latest');
  const own = result.accessList.find((e) => ethers.getAddress(e.address) === probe.target);
  assert.equal(own.storageKeys.length, 8);
  assert.equal(result.error, undefined);
  const plain = await mined(asAlice.sendTransaction({ to: probe.target, data }));
  for (const type of [1, 2]) {
    await mined(probe.touch(200, 8));
    const listed = await mined(asAlice.sendTransaction({ to: probe.target, data, type, accessList: result.accessList }));
    assert.equal(listed.status, 1);
    assert.notEqual(listed.gasUsed, plain.gasUsed);
    const tx = await provider.getTransaction(listed.hash);
    assert.equal(tx.accessList.length, 1);
    assert.equal(tx.type, type);
  }
});

test('eth_call with other state: code, balance, slots that are not there', async () => {
  const empty = '0x00000000000000000000000000000000000000aa';
  const code = await provider.getCode(probe.target);
  const data = probe.interface.encodeFunctionData('sum', [0, 1]);
  const slot = ethers.solidityPackedKeccak256(['uint256', 'uint256'], [0, 1]);
  const { result } = await send('eth_call', { to: empty, data }, 'latest',
    { [empty]: { code, stateDiff: { [slot]: ethers.toBeHex(77, 32) } } });
  assert.equal(BigInt(result), 77n);
  const rich = await send('eth_estimateGas', { from: carol.address, to: bob.address, value: '0x1' }, 'latest',
    { [carol.address]: { balance: '0x10' } });
  assert.equal(BigInt(rich.result), 21000n);
  assert.ok((await send('eth_estimateGas', { from: carol.address, to: bob.address, value: '0x1' })).error);
});

test('an old state answers for its own time', async () => {
  const first = await mined(probe.touch(300, 1));
  await mined(probe.clear(300, 1));
  assert.equal(await probe.sum(300, 1, { blockTag: first.blockNumber }), 301n);
  assert.equal(await probe.sum(300, 1), 0n);
  const { result } = await send('eth_call', { to: probe.target, data: probe.interface.encodeFunctionData('sum', [300, 1]) }, { blockHash: first.blockHash });
  assert.equal(BigInt(result), 301n);
});

test('EIP-7702 with ethers: an account runs code, is called by others, and is itself again', async () => {
  const wallet = await deploy('Wallet');
  const nonce = await asAlice.getNonce();
  const authorization = await asAlice.authorize({ address: wallet.target, nonce: nonce + 1, chainId: 20260 });
  const me = new ethers.Contract(alice.address, contracts.Wallet.abi, asAlice);
  const calls = [[probe.target, 0n, probe.interface.encodeFunctionData('ping', [70n, 'first', '0x'])],
    [carol.address, 5n, '0x'], [probe.target, 1n, probe.interface.encodeFunctionData('ping', [71n, 'second', '0x'])]];
  const receipt = await mined(me.run(calls, { type: 4, authorizationList: [authorization] }));
  assert.deepEqual([receipt.status, receipt.type], [1, 4]);
  assert.equal(receipt.logs.length, 3);
  assert.equal(probe.interface.parseLog(receipt.logs[0]).args.by, alice.address);
  assert.equal(await provider.getBalance(carol.address), 5n);
  assert.equal(await provider.getCode(alice.address), ethers.concat(['0xef0100', wallet.target]).toLowerCase());
  assert.equal(await asAlice.getNonce(), nonce + 2);
  const tx = await provider.getTransaction(receipt.hash);
  assert.equal(tx.authorizationList[0].address, wallet.target);
  // it stays for later transactions, refuses others, and can pay as before
  await mined(me.run([]));
  await assert.rejects(me.connect(asBob).run.staticCall([]), (e) => e.revert?.name === 'NotSelf');
  await mined(asBob.sendTransaction({ to: alice.address, value: 1n }));
  await assert.rejects(me.run.staticCall([[probe.target, 0, probe.interface.encodeFunctionData('fail', [1])]]),
    (e) => e.revert?.name === 'CallFailed' && e.revert.args[0] === 0n);
  const clear = await asAlice.authorize({ address: ethers.ZeroAddress, nonce: (await asAlice.getNonce()) + 1, chainId: 20260 });
  await mined(asAlice.sendTransaction({ to: alice.address, type: 4, authorizationList: [clear] }));
  assert.equal(await provider.getCode(alice.address), '0x');
});

test('EIP-7702 with viem: another pays for the delegation', async () => {
  const wallet = await deploy('Wallet');
  const [one, two] = wallets, abi = contracts.Wallet.abi;
  const authorization = await two.signAuthorization({ contractAddress: wallet.target });
  const hash = await one.sendTransaction({ to: two.account.address, value: 3n, authorizationList: [authorization] });
  const { status, type } = await reader.waitForTransactionReceipt({ hash });
  assert.deepEqual([status, type], ['success', 'eip7702']);
  assert.equal((await reader.getTransaction({ hash })).authorizationList.length, 1);
  assert.equal((await reader.getCode({ address: two.account.address })).length, 2 + 23 * 2);
  const run = await two.writeContract({ address: two.account.address, abi, functionName: 'run', args: [[]] });
  assert.equal((await reader.waitForTransactionReceipt({ hash: run })).status, 'success');
  // a signature for another nonce is skipped, the transaction goes on
  const late = await two.signAuthorization({ contractAddress: probe.target, nonce: 999 });
  await reader.waitForTransactionReceipt({ hash: await one.sendTransaction({ to: carol.address, authorizationList: [late] }) });
  assert.match(await reader.getCode({ address: two.account.address }), new RegExp(wallet.target.slice(2), 'i'));
});

test('a large contract is refused, and code that returns 0xef', async () => {
  const deployed = (code) => asAlice.sendTransaction({ data: code, gasLimit: 10_000_000n });
  // PUSH size, PUSH0, RETURN: code of zeros
  for (const [code, status] of [['0x6160005ff3', 1], ['0x6160015ff3', 0], ['0x60ef5f5360015ff3', 0]]) {
    const sent = await deployed(code);
    const receipt = await sent.wait().catch((e) => e.receipt);
    assert.equal(receipt.status, status, code);
  }
  await assert.rejects(deployed(`0x${'00'.repeat(49153)}`), /initcode|init code/);
});

test('all the gas of a block can be burnt, and the next call answers', async () => {
  const receipt = await mined(probe.burn(20000n, { gasLimit: 16_777_216n }));
  assert.ok(receipt.gasUsed > 16_000_000n);
  assert.equal(await probe.fail(6), 6n);
});

test('a contract calls the services: reads, pays, holds in escrow, is refused', async () => {
  const money = new ethers.Contract('0x00000000000000000000000000000000c1700001', JSON.parse(cli(node.home, 'abi', 'money')), asAlice);
  const user = await deploy('ServiceUser');
  await mined(money.transfer(user.target, 100n)); // a contract is paid like anybody, and runs no code
  assert.equal(await user.coins(), 100n);
  await mined(user.pay(carol.address, 30n));
  assert.equal(await provider.getBalance(user.target), 70n);
  const before = await provider.getBalance(bob.address);
  const held = await mined(user.hold(bob.address, 20n));
  const parsed = held.logs.map((l) => money.interface.parseLog(l));
  assert.deepEqual(parsed.map((l) => l.name), ['Transfer', 'Held']);
  const id = parsed[1].args.id;
  assert.equal((await money.holdOf(id)).payer, user.target);
  await mined(user.release(id, bob.address, 20n));
  assert.equal(await provider.getBalance(bob.address), before + 20n);
  await assert.rejects(user.pay.staticCall(carol.address, 51n), (e) =>
    money.interface.parseError(e.data).name === 'ERC20InsufficientBalance');
  assert.deepEqual([...await user.tryPay.staticCall(carol.address, 51n)].slice(0, 1), [false]);
  // what a contract may not do to a service
  const refusal = async (name) => money.interface.parseError((await user[name].staticCall())[1])?.name;
  assert.equal(await refusal('payByDelegateCall'), 'DelegateCall');
  assert.equal(await refusal('payByStaticCall'), 'StaticCall');
  assert.equal(await refusal('payWithValue'), 'NotPayable');
  assert.equal(await refusal('unknown'), 'UnknownMethod');
  assert.equal(await user.codeSize(), 1n);
});

test('a payment through a service is undone with the call around it', async () => {
  const money = new ethers.Contract('0x00000000000000000000000000000000c1700001', JSON.parse(cli(node.home, 'abi', 'money')), asAlice);
  const user = await deploy('ServiceUser');
  await mined(money.transfer(user.target, 10n));
  const before = await provider.getBalance(carol.address);
  const receipt = await mined(user.payAndFail(carol.address, 10n)); // catches the inner failure
  assert.equal(receipt.logs.length, 0);
  assert.equal(await provider.getBalance(carol.address), before);
  assert.equal(await user.coins(), 10n);
});

test('what a contract noted from the services has a proof', async () => {
  const user = await deploy('ServiceUser');
  await mined(user.remember());
  const { result } = await send('eth_getProof', user.target, ['0x0'], 'latest');
  assert.equal(BigInt(result.storageProof[0].value), await user.supply());
  assert.ok(await user.supply() > 0n);
});
