// The elections that belenios-tool made, and those tampered with: ours accepts the first with the same
// result and refuses the others for the reason that was written down for each.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { alone, belIn, elections, folder, json, noData, noTool, ourVerify, toolVerify } from './tool.mjs';
import { readArchive } from './bel.mjs';

const skip = noData;
const folders = skip ? [] : readdirSync(elections).filter((name) => existsSync(join(elections, name, 'votes.jsonl')));

// The result as Belenios nests it, from our report.
const counts = ({ questions }) => questions.map((q) => q.lists
  ? q.lists.map((l) => [l.count, ...l.candidates.map((c) => c.count)]) : q.answers.map((a) => a.count));

// The larger ones are packed.
function archiveOf(name) {
  const packed = join(elections, name, 'archive.bel.xz');
  if (!existsSync(packed)) return belIn(join(elections, name));
  const bel = join(folder(), 'archive.bel');
  writeFileSync(bel, execFileSync('xz', ['-dc', packed], { maxBuffer: 1 << 28 }));
  return bel;
}

for (const name of folders)
  test(`accepted with the same result: ${name}`, { skip }, async () => {
    const bel = archiveOf(name);
    const ours = await ourVerify(bel, '--json');
    assert.equal(ours.code, 0, ours.err);
    const report = JSON.parse(ours.out);
    assert.deepEqual(counts(report.result), json(elections, name, 'result.json').result);
    assert.equal(report.ballots, readArchive(readFileSync(bel)).events.filter((e) => e.type === 'Ballot').length);
    // each earlier state is an election under way, and the last one continues it
    const stages = join(elections, name, 'stages');
    for (const stage of existsSync(stages) ? readdirSync(stages) : []) {
      const early = await ourVerify(join(stages, stage));
      assert.equal(early.code, 0, `${stage}: ${early.err}`);
      const grown = await ourVerify(bel, '--older', join(stages, stage));
      assert.equal(grown.code, 0, `${stage}: ${grown.err}`);
    }
  });

// What our message says, by the number that a file's name begins with.
const reasons = {
  '01': /proof|signature|hash/, '03': /overall/, '05': /blank/, '06': /signature/, '08': /subgroup|order|point/,
  10: /copy|twice|earlier|before/, 12: /credential.*(roll|list|known)/, 14: /fingerprint|election/, 16: /canonical|bytes|written/,
  20: /tally/, 22: /result/, 24: /decryption|proof/, 30: /twice|repeat|duplicate/, 40: /EndBallots|Ballot/, 42: /height/,
  44: /byte \d+|record|header|zero/, 46: /hash|name/,
};
const negative = skip ? [] : json(elections, 'negative', 'expected.json');
for (const { file, must_be, what, bt30_sync } of negative)
  test(`${file}: ${what}`, { skip }, async () => {
    const bel = join(elections, 'negative', file);
    const ours = await ourVerify(bel);
    if (file.startsWith('48-')) {
      // a valid archive by itself; the honest one of the same election tells
      assert.equal(ours.code, 0, ours.err);
      const honest = join(elections, 'negative', negative.find((n) => n.must_be === 'accepted').file);
      const compared = await ourVerify(bel, '--older', honest);
      assert.notEqual(compared.code, 0);
      assert.match(compared.err, /event \d+/);
    } else if (must_be === 'accepted') assert.equal(ours.code, 0, ours.err);
    else {
      assert.notEqual(ours.code, 0, 'it is accepted');
      assert.match(ours.err, reasons[file.slice(0, 2)] ?? /./);
    }
    if (!noTool) {
      const uuid = readArchive(readFileSync(bel)).events[0]?.data[0].match(/"uuid":"(\w+)"/)?.[1];
      const theirs = await toolVerify(alone(`${uuid ?? basename(bel)}.bel`, readFileSync(bel)));
      assert.equal(theirs.code === 0, bt30_sync.startsWith('accepted'), theirs.err.slice(0, 500));
    }
  });
