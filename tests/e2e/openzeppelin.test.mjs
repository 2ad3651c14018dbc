// OpenZeppelin's contracts, compiled by solc, used through ethers and viem as their writers would:
// tokens, votes, a proposal from its first word to its execution, managed access, every kind of proxy.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { ethers } from 'ethers';
import { createPublicClient, createWalletClient, defineChain, http, parseEther, zeroAddress } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { startNode, keys } from './node.mjs';
import { compile } from './solc.mjs';

const [alice, bob, carol] = keys.map((k) => new ethers.Wallet(k));
let node, provider, contracts, errors;
let asAlice, asBob, asCarol; // ethers signers
let reader, wallets; // viem

before(async () => {
  contracts = compile('sol/Samples.sol');
  errors = new ethers.Interface(Object.values(contracts).flatMap((c) => c.abi.filter((e) => e.type === 'error')));
  node = await startNode({ alloc: Object.fromEntries([alice, bob, carol].map((w) => [w.address, '1000'])) });
  provider = new ethers.JsonRpcProvider(node.url, undefined, { pollingInterval: 20, cacheTimeout: -1 });
  [asAlice, asBob, asCarol] = [alice, bob, carol].map((w) => w.connect(provider));
  const chain = defineChain({ id: 20260, name: 'Parvis', rpcUrls: { default: { http: [node.url] } },
    nativeCurrency: { name: 'city', symbol: 'CITY', decimals: 18 } });
  const client = { chain, transport: http(), pollingInterval: 20, cacheTime: 0 };
  reader = createPublicClient(client);
  wallets = keys.map((k) => createWalletClient({ ...client, account: privateKeyToAccount(k) }));
});
after(async () => {
  provider?.destroy();
  assert.equal(await node?.stop(), 0);
});

async function deploy(name, args = [], signer = asAlice) {
  const { abi, bytecode } = contracts[name];
  const contract = await new ethers.ContractFactory(abi, bytecode, signer).deploy(...args);
  await contract.waitForDeployment();
  assert.ok((await provider.getCode(contract.target)).length > 2);
  return contract;
}
const at = (name, address, signer = asAlice) => new ethers.Contract(address, contracts[name].abi, signer);
const mined = async (sent) => (await sent).wait();
const events = (receipt, contract) => receipt.logs.filter((l) => l.address === contract.target)
  .map((l) => contract.interface.parseLog(l));
// A call that must be refused with a custom error. ethers decodes those of a static call itself; of a
// failed estimate it has the data, which any of the ABIs must know.
const refused = (call, name, ...args) => assert.rejects(call, (e) => {
  assert.equal(e.code, 'CALL_EXCEPTION', e.message);
  const error = e.revert ?? errors.parseError(e.data);
  assert.equal(error?.name, name, e.message);
  if (args.length) assert.deepEqual([...error.args], args);
  return true;
});
// Blocks come with transactions.
async function blocks(count) {
  const until = (await provider.getBlockNumber()) + count;
  while ((await provider.getBlockNumber()) < until) await mined(asCarol.sendTransaction({ to: carol.address }));
}
async function moveViem(address, functionName, args, { abi, wallet = wallets[0], ...more }) {
  const { request, result } = await reader.simulateContract({ account: wallet.account, address, abi, functionName, args, ...more });
  const receipt = await reader.waitForTransactionReceipt({ hash: await wallet.writeContract(request) });
  assert.equal(receipt.status, 'success');
  return { receipt, result };
}

test('ERC-20: transfers, allowances, events, refusals', async () => {
  const token = await deploy('Token');
  const supply = await token.totalSupply();
  const receipt = await mined(token.transfer(bob.address, 10n));
  const [event] = events(receipt, token);
  assert.deepEqual([event.name, ...event.args], ['Transfer', alice.address, bob.address, 10n]);
  assert.equal(await token.balanceOf(bob.address), 10n);
  assert.equal(await token.balanceOf(alice.address), supply - 10n);
  await mined(token.approve(carol.address, 4n));
  await mined(token.connect(asCarol).transferFrom(alice.address, carol.address, 3n));
  assert.equal(await token.allowance(alice.address, carol.address), 1n);
  await refused(token.connect(asCarol).transferFrom.staticCall(alice.address, carol.address, 2n),
    'ERC20InsufficientAllowance', carol.address, 1n, 2n);
  await refused(token.connect(asBob).transfer(carol.address, 11n), 'ERC20InsufficientBalance', bob.address, 10n, 11n);
  await refused(token.transfer.estimateGas(ethers.ZeroAddress, 1n), 'ERC20InvalidReceiver', ethers.ZeroAddress);
});

test('a refused transaction that is sent anyway is mined as failed, and changes nothing', async () => {
  const token = await deploy('Token');
  const sent = await token.connect(asBob).transfer(carol.address, 1n, { gasLimit: 100000n });
  await assert.rejects(sent.wait(), (e) => e.code === 'CALL_EXCEPTION' && e.receipt.status === 0 && e.receipt.logs.length === 0);
  assert.equal(await token.balanceOf(carol.address), 0n);
});

test('ERC-20 Permit by EIP-712 signature, and votes that follow the tokens', async () => {
  const token = await deploy('Token');
  const { name, version, chainId, verifyingContract } = await token.eip712Domain();
  const types = { Permit: ['owner:address', 'spender:address', 'value:uint256', 'nonce:uint256', 'deadline:uint256']
    .map((f) => ({ name: f.split(':')[0], type: f.split(':')[1] })) };
  const deadline = ethers.MaxUint256;
  const signature = ethers.Signature.from(await alice.signTypedData({ name, version, chainId, verifyingContract }, types,
    { owner: alice.address, spender: bob.address, value: 50n, nonce: 0n, deadline }));
  const permit = [alice.address, bob.address, 50n, deadline, signature.v, signature.r, signature.s];
  await mined(token.connect(asCarol).permit(...permit));
  assert.equal(await token.allowance(alice.address, bob.address), 50n);
  await refused(token.connect(asCarol).permit(...permit), 'ERC2612InvalidSigner');

  await mined(token.delegate(alice.address));
  const { blockNumber } = await mined(token.transfer(bob.address, 100n));
  await mined(token.connect(asBob).delegate(carol.address));
  await blocks(1);
  assert.equal(await token.getVotes(carol.address), 100n);
  assert.equal(await token.getPastVotes(alice.address, blockNumber), (await token.totalSupply()) - 100n);
  assert.equal(await token.getPastVotes(alice.address, blockNumber - 1), await token.totalSupply());
});

test('ERC-721: minting to accounts and contracts, enumeration, approvals', async () => {
  const deed = await deploy('Deed'), safe = await deploy('Safe'), token = await deploy('Token');
  await mined(deed.mint(alice.address, 7n));
  await mined(deed.mint(safe.target, 8n)); // asks onERC721Received
  await refused(deed.mint(token.target, 9n), 'ERC721InvalidReceiver', token.target);
  await refused(deed.connect(asBob).mint(bob.address, 9n), 'OwnableUnauthorizedAccount', bob.address);
  await refused(deed.ownerOf(9n), 'ERC721NonexistentToken', 9n);
  assert.equal(await deed.tokenURI(7n), 'city:deed/7');
  assert.equal(await deed.totalSupply(), 2n);
  assert.equal(await deed.tokenOfOwnerByIndex(safe.target, 0n), 8n);
  await mined(deed.approve(bob.address, 7n));
  const move = deed.connect(asBob)['safeTransferFrom(address,address,uint256)'];
  await mined(move(alice.address, carol.address, 7n));
  assert.equal(await deed.ownerOf(7n), carol.address);
  await refused(move.staticCall(carol.address, bob.address, 7n), 'ERC721InsufficientApproval', bob.address, 7n);
  assert.equal(await deed.supportsInterface('0x780e9d63'), true);
});

test('ERC-1155: single and batch transfers, supplies', async () => {
  const vouchers = await deploy('Vouchers'), safe = await deploy('Safe');
  const receipt = await mined(vouchers.safeBatchTransferFrom(alice.address, safe.target, [1, 2], [30, 20], '0x'));
  const [event] = events(receipt, vouchers);
  assert.equal(event.name, 'TransferBatch');
  assert.deepEqual([...event.args.ids], [1n, 2n]);
  assert.deepEqual([...await vouchers.balanceOfBatch([alice.address, safe.target, safe.target], [1, 1, 2])], [70n, 30n, 20n]);
  assert.equal(await vouchers['totalSupply(uint256)'](2), 50n);
  await refused(vouchers.connect(asBob).safeTransferFrom(alice.address, bob.address, 1, 1, '0x'), 'ERC1155MissingApprovalForAll');
  await mined(vouchers.setApprovalForAll(bob.address, true));
  await mined(vouchers.connect(asBob).safeTransferFrom(alice.address, bob.address, 1, 1, '0x1234'));
  assert.equal(await vouchers.balanceOf(bob.address, 1), 1n);
});

test('Governor: proposed, voted, queued, executed after its delay', async () => {
  const token = await deploy('Token');
  const lock = await deploy('TimelockController', [1, [], [], alice.address]);
  const council = await deploy('Council', [token.target, lock.target]);
  const lamp = await deploy('Deed'); // any owned contract: the council is to mint
  await mined(lamp.transferOwnership(lock.target));
  for (const role of ['PROPOSER_ROLE', 'CANCELLER_ROLE'])
    await mined(lock.grantRole(await lock[role](), council.target));
  await mined(lock.grantRole(await lock.EXECUTOR_ROLE(), ethers.ZeroAddress));
  await mined(token.transfer(bob.address, ethers.parseEther('200000')));
  await mined(token.delegate(alice.address));
  await mined(token.connect(asBob).delegate(bob.address));
  await blocks(1);

  const actions = [[lamp.target], [0], [lamp.interface.encodeFunctionData('mint', [carol.address, 1])]];
  const text = 'Proposal 1: a deed for Carol', hash = ethers.id(text);
  const proposed = events(await mined(council.propose(...actions, text)), council).find((e) => e.name === 'ProposalCreated');
  const id = proposed.args.proposalId;
  assert.equal(id, await council.hashProposal(...actions, hash));
  assert.equal(await council.state(id), 0n); // pending
  await refused(council.castVote(id, 1), 'GovernorUnexpectedProposalState');
  await blocks(4);
  assert.equal(await council.state(id), 1n); // active
  await mined(council.castVoteWithReason(id, 1, 'she lives there'));
  const ballot = { proposalId: id, support: 0, voter: bob.address, nonce: await council.nonces(bob.address) };
  const domain = await council.eip712Domain();
  const signature = await bob.signTypedData(
    { name: domain.name, version: domain.version, chainId: domain.chainId, verifyingContract: domain.verifyingContract },
    { Ballot: [{ name: 'proposalId', type: 'uint256' }, { name: 'support', type: 'uint8' }, { name: 'voter', type: 'address' },
      { name: 'nonce', type: 'uint256' }] }, ballot);
  await mined(council.connect(asCarol).castVoteBySig(id, 0, bob.address, signature));
  await refused(council.castVote(id, 1), 'GovernorAlreadyCastVote', alice.address);
  const votes = await council.proposalVotes(id);
  assert.deepEqual([...votes], [ethers.parseEther('200000'), ethers.parseEther('800000'), 0n]);
  while (await council.state(id) === 1n) await blocks(1);
  assert.equal(await council.state(id), 4n); // succeeded
  await mined(council.queue(...actions, hash));
  const ready = Number(await council.proposalEta(id));
  await refused(lamp.mint(carol.address, 2), 'OwnableUnauthorizedAccount');
  await refused(council.cancel(...actions, hash), 'GovernorUnableToCancel');
  while ((await provider.getBlock('latest')).timestamp < ready) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    await blocks(1);
  }
  await mined(council.connect(asBob).execute(...actions, hash));
  assert.equal(await council.state(id), 7n); // executed
  assert.equal(await lamp.ownerOf(1), carol.address);
});

test('AccessManager: roles, a delayed operation, a closed target', async () => {
  const manager = await deploy('AccessManager', [alice.address]), lamp = await deploy('Lamp', [manager.target]);
  const dim = lamp.interface.getFunction('dim').selector, role = 42n;
  await refused(lamp.connect(asBob).dim(5), 'AccessManagedUnauthorized', bob.address);
  await mined(manager.setTargetFunctionRole(lamp.target, [dim], role));
  await mined(manager.grantRole(role, bob.address, 0));
  await mined(lamp.connect(asBob).dim(5));
  assert.equal(await lamp.brightness(), 5n);
  await mined(manager.grantRole(role, carol.address, 1)); // a second of notice
  assert.deepEqual([...await manager.canCall(carol.address, lamp.target, dim)], [false, 1n]);
  const data = lamp.interface.encodeFunctionData('dim', [9]);
  const scheduled = await mined(manager.connect(asCarol).schedule(lamp.target, data, 0));
  const [event] = events(scheduled, manager);
  while ((await provider.getBlock('latest')).timestamp < event.args.schedule) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    await blocks(1);
  }
  await mined(manager.connect(asCarol).execute(lamp.target, data));
  assert.equal(await lamp.brightness(), 9n);
  await mined(manager.setTargetClosed(lamp.target, true));
  await refused(lamp.connect(asBob).dim(6), 'AccessManagedUnauthorized', bob.address);
});

test('proxies: transparent, UUPS, beacon', async () => {
  const [one, two] = [await deploy('Box'), await deploy('BoxV2')];
  const init = one.interface.encodeFunctionData('initialize', [alice.address, 11n]);
  const slot = (name) => ethers.toBeHex(BigInt(ethers.id(name)) - 1n, 32);
  const address = async (contract, name) =>
    ethers.getAddress(ethers.dataSlice(await provider.getStorage(contract.target, slot(name)), 12));

  const transparent = await deploy('TransparentUpgradeableProxy', [one.target, bob.address, init]);
  const admin = at('ProxyAdmin', await address(transparent, 'eip1967.proxy.admin'), asBob);
  assert.equal(await admin.owner(), bob.address);
  let box = at('BoxV2', transparent.target);
  assert.deepEqual([await box.value(), await box.version()], [11n, 1n]);
  await refused(box.initialize(bob.address, 0n), 'InvalidInitialization');
  await refused(admin.connect(asAlice).upgradeAndCall(transparent.target, two.target, '0x'), 'OwnableUnauthorizedAccount');
  await mined(admin.upgradeAndCall(transparent.target, two.target, box.interface.encodeFunctionData('increment')));
  assert.deepEqual([await box.value(), await box.version()], [12n, 2n]);
  assert.equal(await address(transparent, 'eip1967.proxy.implementation'), two.target);

  const uups = await deploy('ERC1967Proxy', [one.target, init]);
  box = at('BoxV2', uups.target);
  await refused(box.connect(asBob).upgradeToAndCall(two.target, '0x'), 'NotOwner', bob.address);
  await refused(box.upgradeToAndCall(admin.target, '0x'), 'ERC1967InvalidImplementation', admin.target);
  const upgraded = await mined(box.upgradeToAndCall(two.target, '0x'));
  assert.deepEqual(upgraded.logs.map((l) => l.topics[0]), [ethers.id('Upgraded(address)')]);
  await mined(box.increment());
  assert.deepEqual([await box.value(), await box.version()], [12n, 2n]);
  await refused(at('Box', one.target).upgradeToAndCall(two.target, '0x'), 'UUPSUnauthorizedCallContext');

  const beacon = await deploy('UpgradeableBeacon', [one.target, alice.address]);
  const boxes = [];
  for (const value of [1n, 2n]) {
    const data = one.interface.encodeFunctionData('initialize', [alice.address, value]);
    boxes.push(at('BoxV2', (await deploy('BeaconProxy', [beacon.target, data])).target));
  }
  await mined(beacon.upgradeTo(two.target));
  for (const [i, b] of boxes.entries()) {
    await mined(b.increment());
    assert.deepEqual([await b.value(), await b.version()], [BigInt(i) + 2n, 2n]);
  }
});

test('clones and CREATE2: addresses known before the contract', async () => {
  const factory = await deploy('Factory'), box = await deploy('Box');
  const [made] = events(await mined(factory.clone(box.target)), factory);
  const clone = at('Box', made.args[0]);
  await mined(clone.initialize(bob.address, 3n));
  assert.deepEqual([await clone.value(), await box.value()], [3n, 0n]);
  assert.equal((await provider.getCode(clone.target)).length, 2 + 45 * 2); // EIP-1167

  const salt = ethers.id('salt'), expected = await factory.predict(box.target, salt);
  const [same] = events(await mined(factory.cloneAt(box.target, salt)), factory);
  assert.equal(same.args[0], expected);
  await refused(factory.cloneAt(box.target, salt), 'FailedDeployment');

  const code = contracts.Probe.bytecode;
  const predicted = ethers.getCreate2Address(factory.target, salt, ethers.keccak256(code));
  assert.equal(await factory.deploy.staticCall(salt, code), predicted);
  await mined(factory.deploy(salt, code));
  assert.ok((await provider.getCode(predicted)).length > 100);
});

test('viem: deploy, write, read, permit, events, decoded refusals', async () => {
  const { abi, bytecode } = contracts.Token;
  const [one, two] = wallets;
  const hash = await one.deployContract({ abi, bytecode });
  const { contractAddress: address, status, blockNumber } = await reader.waitForTransactionReceipt({ hash });
  assert.equal(status, 'success');
  const read = (functionName, args = []) => reader.readContract({ address, abi, functionName, args });
  assert.equal(await read('symbol'), 'DST');
  const { result } = await moveViem(address, 'transfer', [two.account.address, 5n], { abi });
  assert.equal(result, true);
  assert.equal(await read('balanceOf', [two.account.address]), 5n);
  const gas = await reader.estimateContractGas({ account: one.account, address, abi, functionName: 'transfer', args: [two.account.address, 5n] });
  assert.ok(gas > 30000n && gas < 60000n, `${gas}`);

  const deadline = 2n ** 64n;
  const signature = await one.signTypedData({
    domain: { name: 'District token', version: '1', chainId: 20260, verifyingContract: address }, primaryType: 'Permit',
    types: { Permit: [{ name: 'owner', type: 'address' }, { name: 'spender', type: 'address' }, { name: 'value', type: 'uint256' },
      { name: 'nonce', type: 'uint256' }, { name: 'deadline', type: 'uint256' }] },
    message: { owner: one.account.address, spender: two.account.address, value: 9n, nonce: 0n, deadline },
  });
  const { r, s, v } = ethers.Signature.from(signature);
  await moveViem(address, 'permit', [one.account.address, two.account.address, 9n, deadline, v, r, s], { abi, wallet: two });
  await moveViem(address, 'transferFrom', [one.account.address, two.account.address, 9n], { abi, wallet: two });
  assert.equal(await read('balanceOf', [two.account.address]), 14n);

  const transfers = await reader.getContractEvents({ address, abi, eventName: 'Transfer', fromBlock: blockNumber,
    args: { to: two.account.address } });
  assert.deepEqual(transfers.map((l) => l.args.value), [5n, 9n]);
  await assert.rejects(read('getPastVotes', [one.account.address, 1n << 40n]), /ERC5805FutureLookup/);
  await assert.rejects(reader.simulateContract({ account: two.account, address, abi, functionName: 'transfer', args: [zeroAddress, 1n] }),
    (e) => e.walk((c) => c.data?.errorName)?.data.errorName === 'ERC20InvalidReceiver');
});

test('viem: ERC-721, ERC-1155 and a UUPS proxy', async () => {
  const [one, two] = wallets;
  const put = async (name, args = []) => {
    const hash = await one.deployContract({ ...contracts[name], args });
    return (await reader.waitForTransactionReceipt({ hash })).contractAddress;
  };
  const deed = await put('Deed'), { abi } = contracts.Deed;
  await moveViem(deed, 'mint', [two.account.address, 1n], { abi });
  await moveViem(deed, 'transferFrom', [two.account.address, one.account.address, 1n], { abi, wallet: two });
  assert.equal(await reader.readContract({ address: deed, abi, functionName: 'ownerOf', args: [1n] }), one.account.address);
  const vouchers = await put('Vouchers');
  const { receipt } = await moveViem(vouchers, 'safeTransferFrom', [one.account.address, two.account.address, 1n, 4n, '0x'],
    { abi: contracts.Vouchers.abi });
  assert.equal(receipt.logs.length, 1);
  const box = contracts.BoxV2.abi;
  const proxy = await put('ERC1967Proxy', [await put('Box'), new ethers.Interface(box)
    .encodeFunctionData('initialize', [one.account.address, 1n])]);
  await assert.rejects(reader.simulateContract({ account: two.account, address: proxy, abi: box, functionName: 'upgradeToAndCall',
    args: [zeroAddress, '0x'] }), /NotOwner/);
  await moveViem(proxy, 'upgradeToAndCall', [await put('BoxV2'), '0x'], { abi: box });
  await moveViem(proxy, 'increment', [], { abi: box });
  assert.equal(await reader.readContract({ address: proxy, abi: box, functionName: 'value' }), 2n);
  // money of a kind: coins sent along
  await moveViem(await put('Probe'), 'ping', [1n, 'with coins', '0x'], { abi: contracts.Probe.abi, value: parseEther('1') });
});
