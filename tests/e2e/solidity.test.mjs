// The generated Solidity interfaces as the Solidity compiler reads them: what it makes of them is the
// ABI that the program prints, and a contract that uses them compiles.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRequire } from 'node:module';
import { parvis } from './node.mjs';

const solc = createRequire(import.meta.url)('solc');
const folder = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'interfaces');
const files = readdirSync(folder).filter((name) => name.endsWith('.sol'));

function compile(sources) {
  const input = {
    language: 'Solidity',
    sources: Object.fromEntries(Object.entries(sources).map(([name, content]) => [name, { content }])),
    settings: { outputSelection: { '*': { '*': ['abi', 'evm.methodIdentifiers'] } } },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input)));
  assert.deepEqual((output.errors ?? []).map((e) => e.formattedMessage), []);
  return output.contracts;
}

const serviceOf = (file) => file.replace(/^IParvis|\.sol$/g, '').toLowerCase();
const abiOf = (service, ...more) => execFileSync(parvis, ['abi', service, ...more], { encoding: 'utf8' });
// Both sorted alike; the standard methods and errors stand in both.
const sorted = (abi) => abi.map((entry) => JSON.stringify(entry, (key, value) =>
  value && typeof value === 'object' && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value)).sort();

test('there is an interface for every service', () => {
  assert.deepEqual(files.map(serviceOf).sort(), ['energy', 'members', 'money', 'voting']);
});

for (const file of files) {
  const service = serviceOf(file);
  const text = readFileSync(join(folder, file), 'utf8');

  test(`${file} is what the program prints`, () => {
    assert.equal(abiOf(service, '--solidity'), text);
  });

  test(`${file} compiles to the ABI of ${service}`, () => {
    const contracts = compile({ [file]: text })[file];
    const [name] = Object.keys(contracts);
    assert.equal(name, file.replace('.sol', ''));
    const printed = JSON.parse(abiOf(service));
    assert.ok(printed.length > 20);
    assert.deepEqual(sorted(contracts[name].abi), sorted(printed));
  });
}

test('a contract reads and pays through the interfaces', () => {
  const user = `// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.4;
import "IParvisMoney.sol";
import "IParvisEnergy.sol";
contract User {
    function rest(uint64 operation, uint32 point) external returns (uint256) {
        IParvisMoney money = IParvisMoney(PARVIS_MONEY);
        if (!money.transfer(msg.sender, 1)) revert("no");
        return IParvisEnergy(PARVIS_ENERGY).deposit(operation, point) + money.balanceOf(address(this));
    }
}`;
  const sources = Object.fromEntries(files.map((f) => [f, readFileSync(join(folder, f), 'utf8')]));
  const contracts = compile({ ...sources, 'User.sol': user });
  assert.ok(contracts['User.sol'].User.evm.methodIdentifiers['rest(uint64,uint32)']);
});
