// Solidity for the tests: sources of sol/ and what they import from node_modules and interfaces/,
// compiled by the npm compiler with the settings a careful user has.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);

function source(path) {
  if (path.startsWith('@parvis/interfaces/'))
    return readFileSync(join(here, '..', '..', path.replace('@parvis/', '')), 'utf8');
  return readFileSync(join(here, path.startsWith('sol/') ? '' : 'node_modules', path), 'utf8');
}

// compile('sol/A.sol', ...) resolves to { ContractName: { abi, bytecode } } of all sources read. Kept
// beside node_modules under a name made of everything that decides it.
export function compile(...files) {
  const sources = {};
  const add = (path) => {
    if (sources[path]) return;
    const content = source(path);
    sources[path] = { content };
    for (const [, from] of content.matchAll(/^\s*import\s[^;]*?"([^"]+)"/gm))
      add(from.startsWith('.') ? join(dirname(path), from) : from);
  };
  files.forEach(add);
  const input = JSON.stringify({
    language: 'Solidity', sources,
    settings: {
      evmVersion: 'osaka', optimizer: { enabled: true, runs: 200 },
      outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
    },
  });
  const key = createHash('sha256').update(require('solc/package.json').version).update(input).digest('hex');
  const folder = join(here, 'node_modules', '.cache', 'parvis-solc');
  const kept = join(folder, `${key}.json`);
  try {
    return JSON.parse(readFileSync(kept, 'utf8'));
  } catch { /* not compiled yet */ }
  const output = JSON.parse(require('solc').compile(input));
  const bad = (output.errors ?? []).filter((e) => e.severity === 'error');
  if (bad.length) throw new Error(bad.map((e) => e.formattedMessage).join('\n'));
  const contracts = {};
  for (const file of Object.values(output.contracts))
    for (const [name, { abi, evm }] of Object.entries(file))
      contracts[name] = { abi, bytecode: `0x${evm.bytecode.object}` };
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${kept}.${process.pid}`, JSON.stringify(contracts));
  renameSync(`${kept}.${process.pid}`, kept);
  return contracts;
}

export const solFiles = () => readdirSync(join(here, 'sol')).map((name) => `sol/${name}`);
