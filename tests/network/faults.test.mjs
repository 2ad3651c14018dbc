// Every kind of fault once: about four minutes on two processors.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { engineProgram } from './cluster.mjs';

const NAMES = ['kill-engine', 'kill-app', 'kill-both', 'kill-all', 'pause', 'down', 'isolate', 'partition-5', 'wal-cut',
  'wipe', 'clock-ahead', 'clock-behind', 'disk-full', 'commit-steps', 'validators', 'state-sync', 'duplicate-key', 'mutant', 'split-double'];
const skip = engineProgram() ? false : 'no ordering engine: script/bootstrap --network';

test('faults of a network', { skip, timeout: 900000 }, async (t) => {
  const seed = process.env.PARVIS_FAULTS_SEED ?? '1';
  const child = spawn(process.execPath, [fileURLToPath(new URL('faults.mjs', import.meta.url)), '--json', '--seed', seed,
    '--duration', '5', '--faults', NAMES.join(',')], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (part) => text += part);
  const code = await new Promise((resolve) => child.once('close', resolve));
  assert.ok(text, `the harness ended with ${code} and no result`);
  const { rows } = JSON.parse(text);
  for (const row of rows) {
    await t.test(row.fault, { skip: row.skipped }, () => {
      assert.deepEqual(row.faults, [], `seed ${seed}`);
      if (row.committed !== undefined) assert.ok(row.events > 0, 'nothing happened');
    });
  }
  assert.equal(rows.length, NAMES.length + 2, 'a fault did not run');
});
