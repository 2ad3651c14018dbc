#!/usr/bin/env node
// The npm compiler behind the command line that forge calls: --version, and --standard-json from
// standard input to standard output. Other options (paths) are not needed: forge sends every source.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const solc = createRequire(import.meta.url)('solc');
if (process.argv.includes('--version'))
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}`);
else if (process.argv.includes('--standard-json'))
  process.stdout.write(solc.compile(readFileSync(0, 'utf8')));
else {
  console.error('solc-cli: --version or --standard-json');
  process.exitCode = 1;
}
