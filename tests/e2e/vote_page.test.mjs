// A whole consultation through the voting pages, in a real browser against a real node: a clerk creates it, three trustees
// make its key, five voters vote (one twice, one tests the device first), two trustees open the sum, and everybody checks.
// Skipped, and said so, where no Chromium is installed. PARVIS_SHOTS keeps the screenshots in that folder.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ethers } from 'ethers';
import { cli, startNode, keys, rpc } from './node.mjs';
import { Browser, chromium } from './vote_browser.mjs';
import { packBallot, readBallot, run } from '../../web/vote/crypto/ballot.mjs';
import { readElection } from '../../web/vote/crypto/election.mjs';
import { METHODS, ERRORS } from '../../web/vote/chain/voting.mjs';
import { encodeCall, decodeResult } from '../../web/vote/chain/abi.mjs';

const options = chromium ? {} : { skip: 'no Chromium on this machine' };
const VOTING = '0x00000000000000000000000000000000c1700004';
const shots = process.env.PARVIS_SHOTS ?? mkdtempSync(join(tmpdir(), 'parvis-shots-'));
let node, browser, admin, number = 0;
const known = {}; // what one test leaves to the next

async function view(name, ...args) {
  const data = ethers.hexlify(encodeCall(METHODS[name], args));
  const { result } = await rpc(node.url, 'eth_call', [{ to: VOTING, data }, 'latest']);
  return decodeResult(METHODS[name], ethers.getBytes(result));
}
const shot = (page, name) => page.screenshot(join(shots, `${String(++number).padStart(2, '0')}-${name}.png`));

before(async () => {
  if (!chromium) return;
  mkdirSync(shots, { recursive: true });
  node = await startNode();
  admin = '0x' + readFileSync(join(node.home, 'admin.hex'), 'utf8').trim().replace(/^0x/, '');
  assert.equal((await view('isClerk', node.admin)).appointed, true);
  browser = await Browser.open();
});
after(async () => {
  if (!chromium) return;
  await browser.close();
  assert.equal(await node.stop(), 0);
  if (!process.env.PARVIS_SHOTS) rmSync(shots, { recursive: true, force: true });
});

// What no page may do: raise an error, miss its language, skip a heading, leave a field or a button without a name.
async function sound(page, language = 'en') {
  assert.deepEqual(page.errors, []);
  const found = await page.eval(`(() => {
    const problems = [], levels = all('h1, h2, h3, h4').map((e) => Number(e.tagName[1]));
    if (document.documentElement.lang !== '${language}') problems.push('language ' + document.documentElement.lang);
    if (levels.filter((l) => l === 1).length !== 1 || levels[0] !== 1) problems.push('headings ' + levels);
    levels.forEach((l, i) => { if (i && l > levels[i - 1] + 1) problems.push('heading skipped: ' + levels); });
    for (const e of all('input, select, textarea, progress')) if (!e.labels?.length) problems.push('no label: ' + e.outerHTML.slice(0, 120));
    for (const e of all('button, a')) if (!labelOf(e)) problems.push('no name: ' + e.outerHTML.slice(0, 120));
    for (const e of all('fieldset')) if (!e.querySelector(':scope > legend')?.textContent) problems.push('no legend');
    const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
    ids.forEach((id, i) => { if (ids.indexOf(id) !== i) problems.push('id twice: ' + id); });
    for (const e of document.querySelectorAll('[aria-describedby], [aria-labelledby], label[for]'))
      for (const id of (e.getAttribute('aria-describedby') ?? e.getAttribute('aria-labelledby') ?? e.htmlFor).split(' '))
        if (!document.getElementById(id)) problems.push('no such id: ' + id);
    if (!document.title.includes('Parvis')) problems.push('title ' + document.title);
    if (document.documentElement.scrollWidth > innerWidth) problems.push('wider than the window: ' + document.documentElement.scrollWidth);
    return problems;
  })()`);
  assert.deepEqual(found, []);
}
// The same at 320 pixels, which is also 200 % of a window of 640.
async function narrow(page, name) {
  await page.size(320, 640);
  await sound(page);
  await shot(page, `${name}-320`);
  await page.size(1000, 900);
}

async function signIn(page, path, key) {
  await page.goto(`${node.url}/vote/${path}`);
  await page.fill('Key of your account', key);
  await page.click('Continue');
}

test('a trustee makes an account in the page', options, async () => {
  const page = await browser.page();
  await page.goto(`${node.url}/vote/trustee.html`);
  await sound(page);
  await shot(page, 'trustee-account');
  await page.fill('Key of your account', 'nonsense');
  await page.click('Continue');
  await page.see('This is not the key of an account.');
  await page.click('I have no account yet');
  await page.see('A new account');
  await page.click('Save the key');
  const { text } = await page.download(/^account-/);
  const address = await page.eval(`document.getElementById('new-address').textContent`);
  assert.equal(new ethers.Wallet('0x' + text.trim()).address.toLowerCase(), address);
  await page.click('Continue with this account');
  await page.see('not a trustee of any consultation');
  known.trustees = [{ key: text.trim(), address }, ...[keys[0], keys[1]].map((key) => ({ key, address: new ethers.Wallet(key).address }))];
  await page.close();
});

test('a clerk creates a consultation from the form', options, async () => {
  const page = await browser.page();
  await signIn(page, 'clerk.html', admin);
  await page.click('New consultation');
  await page.see('A new consultation');
  await sound(page);
  await page.click('Review');
  assert.match(await page.text(), /Give it a name\./);
  assert.equal(await page.eval(`document.activeElement.getAttribute('aria-invalid')`), 'true');
  await page.fill('Name', 'The square of the fountain');
  await page.fill('Explanation for voters', 'What shall become of the square?');
  const block = (n, label, value) => page.eval(`(() => { const f = all('fieldset.asked')[${n}], e = [...f.querySelectorAll('input, select, textarea')].find((x) => labelOf(x).startsWith(${JSON.stringify(label)}));
    if (e.type === 'checkbox') e.click(); else { e.value = ${JSON.stringify(value)}; e.dispatchEvent(new Event('change', { bubbles: true })); } })()`);
  await block(0, 'Question', 'Shall cars be kept out?');
  await block(0, 'Answers', 'Yes\nNo');
  await block(0, 'Offer a blank vote', true);
  await page.click('Add a question');
  await block(1, 'Kind', 'multiple');
  await block(1, 'Question', 'What is missing?');
  await block(1, 'Answers', 'Trees\nBenches\nA market');
  await page.click('Add a question');
  await block(2, 'Kind', 'grades');
  await block(2, 'What is judged', 'A playground\nA terrace');
  await block(2, 'Grades', 'Good\nPassable\nReject');
  await page.click('Add a question');
  await block(3, 'Kind', 'points');
  await block(3, 'Question', 'What first?');
  await block(3, 'Items', 'Shade\nQuiet');
  await block(3, 'Points to share out', '3');
  await block(3, 'for one item', '2');
  await page.fill('Trustees’ accounts', known.trustees.map((t) => t.address).join('\n'));
  await page.fill('How many of them', '2');
  await page.fill('Fewest voters to count', '3');
  await shot(page, 'clerk-form');
  await page.click('Review');
  await page.see('This is how voters will see it.');
  await sound(page);
  await shot(page, 'clerk-review');
  await page.click('Create it');
  await page.see('1. The trustees make the key');
  await sound(page);
  known.id = 1n;
  const { document } = await view('electionOf', known.id);
  assert.deepEqual(JSON.parse(document), { description: 'What shall become of the square?\nparvis-reading: majority-judgment questions 3-4\nparvis-reading: points question 5 per-item 2',
    name: 'The square of the fountain', questions: [
      { answers: ['Yes', 'No'], blank: true, min: 1, max: 1, question: 'Shall cars be kept out?' },
      { answers: ['Trees', 'Benches', 'A market'], min: 0, max: 2, question: 'What is missing?' },
      ...['A playground', 'A terrace'].map((question) => ({ answers: ['Good', 'Passable', 'Reject'], min: 1, max: 1, question })),
      { answers: ['Shade: 1', 'Shade: 2', 'Quiet: 1', 'Quiet: 2'], min: 0, max: 3, question: 'What first?' }] });
  await page.close();
});

test('three trustees make the key together, each in a page of its own', options, async () => {
  const pages = [];
  for (const [i, t] of known.trustees.entries()) {
    const page = await browser.page();
    pages.push(page);
    await signIn(page, 'trustee.html', t.key);
    await page.click('Open: The square');
    await page.click('Make and save a new secret');
    t.secret = await page.download(/^trustee-secret-1/);
    assert.match(t.secret.text, /^[1-9A-HJ-NP-Za-km-z]{22}\n$/);
    await page.see('Saved your secret?');
    if (i === 0) { await sound(page); await shot(page, 'trustee-begin'); }
    await page.click('Make my part');
  }
  for (const page of pages) await page.see('Your part of the key is made.', 60000);
  await sound(pages[0]);
  await shot(pages[0], 'trustee-done');
  await Promise.all(pages.map((p) => p.close()));
});

test('the registrar makes codes for five voters, and the clerk publishes', options, async () => {
  const page = await browser.page();
  await signIn(page, 'clerk.html', admin);
  await page.click('Manage: The square');
  await shot(page, 'clerk-draft');
  await page.click('Add voters');
  await page.fill('Voters, one per line', 'Ana\nBao\nBao');
  await page.click('Make the voting codes');
  await page.see('“Bao” is there twice');
  await page.fill('Voters, one per line', 'Ana\nBao\nChris\nDalia\nEli; 3\n');
  await page.click('Make the voting codes');
  await page.see('5 voting codes');
  await page.click('Put the keys on the ledger');
  await sound(page);
  await page.click('Save the secret file');
  known.credentials = JSON.parse((await page.download(/^credentials-1/)).text);
  assert.deepEqual(Object.keys(known.credentials), ['Ana', 'Bao', 'Chris', 'Dalia', 'Eli']);
  await shot(page, 'clerk-codes');
  await page.click('Put the keys on the ledger');
  await page.see('5 voters on the ledger');
  await page.click('Publish');
  await page.see('For the voters');
  await sound(page);
  await shot(page, 'clerk-published');
  const { record } = await view('consultation', known.id);
  assert.deepEqual([record.voters, record.totalWeight], [5n, 7n]);
  await page.close();
});

const CHOICES = {
  Ana: { cars: 'No', missing: ['Benches'], grades: ['Reject', 'Good'], points: [0, 2] },
  AnaAgain: { cars: 'Yes', missing: ['Trees', 'Benches'], grades: ['Good', 'Passable'], points: [2, 1] },
  Bao: { cars: 'Blank vote', missing: [], grades: ['Good', 'Reject'], points: [0, 0] },
  Chris: { cars: 'Yes', missing: ['A market'], grades: ['Passable', 'Passable'], points: [1, 2] },
  Dalia: { cars: 'No', missing: ['Trees'], grades: ['Good', 'Good'], points: [2, 0] },
  Eli: { cars: 'Yes', missing: ['Trees', 'A market'], grades: ['Reject', 'Passable'], points: [1, 0] },
};
async function choose(page, c) {
  await page.see('Your choices');
  await page.fill(c.cars, true);
  for (const m of c.missing) await page.fill(m, true);
  for (const [i, g] of c.grades.entries())
    await page.eval(`(() => { const f = all('fieldset').find((x) => x.querySelector('legend').textContent === ${JSON.stringify(['A playground', 'A terrace'][i])});
      [...f.querySelectorAll('input')].find((x) => labelOf(x) === ${JSON.stringify(g)}).click(); })()`);
  await page.fill('Shade', c.points[0]);
  await page.fill('Quiet', c.points[1]);
  await page.click('Review my choices');
  await page.see('Is this what you want to say?');
}
const tracker = (page) => page.eval(`document.getElementById('tracker').textContent`);
const ballotCode = (page) => page.eval(`document.getElementById('code').textContent`);
async function cast(page, name) {
  await page.click('Encrypt my ballot');
  await page.see('Your ballot is encrypted, and not cast yet');
  const before = await ballotCode(page);
  if (name) { await sound(page); await shot(page, `${name}-sealed`); }
  await page.click('Cast my ballot');
  await page.see('Your ballot is in the ballot box');
  assert.equal(await ballotCode(page), before);
  return tracker(page);
}

test('five voters vote; one tests the device, one votes again', options, async () => {
  const clerk = await browser.page();
  await signIn(clerk, 'clerk.html', admin);
  await clerk.click('Manage: The square');
  await clerk.click('Other times');
  const local = (ms) => { const d = new Date(ms); return new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium', timeZone: 'Europe/Paris' }).format(d).replace(' ', 'T'); };
  known.closes = Date.now() + 75000;
  await clerk.fill('Voting opens', local(Date.now() + 5000));
  await clerk.fill('Voting closes', local(known.closes));
  await clerk.fill('Reason, which the ledger keeps', 'A test lasts a minute');
  await clerk.click('Set these times');
  await clerk.until(`!document.querySelector('.status.published')`, 'the opening', 10000).catch(() => {});
  await clerk.close();
  for (const end = Date.now() + 30000; ;) { // the status follows the time of blocks
    const { record } = await view('consultation', known.id);
    if (Buffer.from(record.status).toString().startsWith('open')) break;
    assert.ok(Date.now() < end, 'the consultation does not open');
    await rpc(node.url, 'eth_blockNumber');
    await new Promise((done) => { setTimeout(done, 200); });
  }

  const page = await browser.page();
  await page.goto(`${node.url}/vote/`);
  await page.see('The square of the fountain');
  await sound(page);
  await shot(page, 'voter-list');
  await page.click('Vote: The square');
  await page.see('Your voting code');
  await sound(page);
  await shot(page, 'voter-code');
  await page.fill('Voting code', 'AAAA');
  await page.click('Continue');
  await page.see('This is not a voting code');
  await page.fill('Voting code', 'AAAAA-AAAAAA-AAAAA-AAAAAA');
  await page.click('Continue');
  await page.see('This credential is not on the roll');
  // a code typed without its dashes
  await page.fill('Voting code', known.credentials.Ana.replaceAll('-', ' '));
  await page.click('Continue');
  await page.see('Your choices');
  await sound(page);
  await shot(page, 'voter-choices');
  await page.click('Review my choices');
  await page.see('Choose one of the answers.');
  await choose(page, CHOICES.Ana);
  await sound(page);
  await shot(page, 'voter-review');
  known.first = await cast(page, 'voter');
  await sound(page);
  await shot(page, 'voter-receipt');
  await narrow(page, 'voter-receipt');
  assert.match(await page.text(), /You may vote again/);

  // the link of a voting sheet: the code leaves the address at once, and its voter votes again
  await page.goto(`${node.url}/vote/#${known.id}.${known.credentials.Ana}`);
  await page.see('Your choices');
  assert.equal(await page.eval('location.href + history.length'), `${node.url}/vote/` + await page.eval('history.length'));
  assert.match(await page.text(), /has cast 1 ballot already\. A new one replaces it/);
  await narrow(page, 'voter-choices');
  await choose(page, CHOICES.AnaAgain);
  known.second = await cast(page);

  // Bao tests the device: the ballot is opened on a second one, and never cast
  await page.goto(`${node.url}/vote/#${known.id}.${known.credentials.Bao}`);
  await choose(page, CHOICES.Bao);
  await page.click('Encrypt my ballot');
  await page.see('not cast yet');
  const challenged = await ballotCode(page);
  await page.click('Test by opening it');
  await page.see('This ballot is open now, and will not be cast');
  await sound(page);
  await shot(page, 'voter-opened');
  await page.click('Save the opened ballot');
  const file = await page.download(/^opened-ballot-1/);
  const second = await browser.page();
  await second.goto(`${node.url}/vote/opening.html?id=1`);
  await second.upload('The file of the opened ballot', file.path);
  await second.click('Check');
  await second.see('The ballot holds these choices');
  assert.equal(await ballotCode(second), challenged);
  assert.match(await second.text(), /Shall cars be kept out\?\s+Blank vote/);
  await sound(second);
  await shot(second, 'opening');
  const lie = JSON.parse(file.text);
  lie.opening = lie.opening.replace('"choice":[[1,0,0]', '"choice":[[0,1,0]');
  const forged = join(shots, 'forged.json');
  writeFileSync(forged, JSON.stringify(lie));
  await second.goto(`${node.url}/vote/opening.html?id=1`);
  await second.upload('The file of the opened ballot', forged);
  await second.click('Check');
  await second.see('The ballot does not contain the choices that the device claims (question 1, answer 1)');
  rmSync(forged);
  await second.close();
  // whoever sees an opened ballot cannot cast it: it has no signature
  const e = readElection((await view('electionOf', known.id)).document);
  const unsigned = packBallot(e, run(readBallot(e, JSON.parse(file.text).ballot, true)));
  const { error } = await rpc(node.url, 'eth_call', [{ to: VOTING, data: ethers.hexlify(encodeCall(METHODS.cast, [known.id, unsigned])) }, 'latest']);
  assert.equal(error.data.slice(0, 10), ethers.hexlify(ERRORS.InvalidBallot.selector));
  assert.match(Buffer.from(error.data.slice(10), 'hex').toString(), /^signature/);
  await page.click('Vote: encrypt a new ballot');
  await cast(page);
  assert.notEqual(await ballotCode(page), challenged);

  for (const name of ['Chris', 'Dalia', 'Eli']) {
    await page.goto(`${node.url}/vote/#${known.id}.${known.credentials[name]}`);
    await choose(page, CHOICES[name]);
    await cast(page);
  }
  const { record } = await view('consultation', known.id);
  assert.deepEqual([record.cast, record.counted, record.countedWeight], [6n, 5n, 7n]);
  await page.close();
});

test('a tracker is checked, with a proof made in the page', options, async () => {
  const page = await browser.page();
  await page.goto(`${node.url}/vote/check.html?id=${known.id}#${known.second}`);
  await page.see('In the ballot box, and it counts.');
  assert.ok(!(await page.eval('location.href')).includes('#'));
  const text = await page.text();
  assert.match(text, /A proof of [\d,]+ bytes leads from the casting to the header of block \d+/);
  known.proof = Number(/A proof of ([\d,]+) bytes/.exec(text)[1].replace(',', ''));
  assert.ok(known.proof < 2048, `${known.proof} bytes`);
  await sound(page);
  await shot(page, 'check');
  await page.fill('Tracker', known.first);
  await page.click('Check');
  await page.see('In the ballot box, and replaced by a later ballot.');
  assert.ok((await page.text()).includes(known.second));
  await page.fill('Tracker', 'A'.repeat(43));
  await page.click('Check');
  await page.see('Not in the ballot box.');
  await page.fill('Tracker', 'short');
  await page.click('Check');
  await page.see('This is not a tracker');
  await page.close();
});

test('the sum is opened by two trustees of three, and the result is what was voted', options, async () => {
  const clerk = await browser.page();
  await signIn(clerk, 'clerk.html', admin);
  await new Promise((done) => { setTimeout(done, Math.max(0, known.closes - Date.now() + 1500)); });
  await clerk.click('Manage: The square');
  for (let i = 0; i < 30 && !(await clerk.text()).includes('Close and sum up'); i++) { await clerk.click('Refresh'); await new Promise((done) => { setTimeout(done, 500); }); }
  await shot(clerk, 'clerk-closed');
  await clerk.click('Write the encrypted sum');
  await clerk.see('The trustees open the sum');
  await sound(clerk);
  for (const [i, t] of [known.trustees[2], known.trustees[0]].entries()) {
    const page = await browser.page();
    await signIn(page, 'trustee.html', t.key);
    await page.click('Open: The square');
    await page.see('Your secret');
    if (i === 0) {
      await page.fill('or its 22 characters', '1'.repeat(22));
      await page.click('Use this secret');
      await page.click('Open my part');
      await page.see('This secret is not the one with which this trustee began');
      await page.click('All consultations');
      await page.click('Open: The square');
    }
    await page.upload('The file of your secret', t.secret.path);
    await page.click('Use this secret');
    await page.see('Open your part of the sum');
    if (i === 0) { await sound(page); await shot(page, 'trustee-open'); }
    await page.click('Open my part');
    await page.see('You have opened your part.');
    await page.close();
  }
  await clerk.click('Refresh');
  await clerk.see('2 of 2 needed parts of the group of 3: trustees 1, 3');
  await shot(clerk, 'clerk-result');
  await clerk.click('Compute and publish the result');
  await clerk.see('The result is published');
  await clerk.close();
  const { counts } = await view('resultOf', known.id);
  assert.deepEqual([...counts].map(Number), [1, 5, 1, 5, 1, 4, 3, 1, 3, 1, 5, 1, 6, 2, 2, 1]);
});

test('the result is shown in numbers, and counted again in the page', options, async () => {
  const page = await browser.page();
  await page.goto(`${node.url}/vote/results.html?id=${known.id}`);
  await page.see('Check the count');
  const text = (await page.text()).replace(/\s+/g, ' ');
  assert.match(text, /5 voters of 5 have voted, with a weight of 7/);
  assert.match(text, /Yes 5 \(71\.4%\) No 1 \(14\.3%\) Blank votes 1 \(14\.3%\)/);
  assert.match(text, /Trees 5 .*Benches 1 .*A market 4 /);
  assert.match(text, /A terrace Majority grade: Passable.*A playground Majority grade: Passable|A playground Majority grade: Passable.*A terrace Majority grade: Passable/);
  assert.match(text, /Points, of 11 given .*Shade 8 .*Quiet 3 /);
  await page.click('Check it here');
  await page.see('The numbers are exactly what 2 trustees opened; every proof holds.');
  await sound(page);
  await shot(page, 'results');
  await narrow(page, 'results');
  await page.goto(`${node.url}/vote/check.html?id=${known.id}#${known.second}`);
  await page.see('In the ballot box, and counted.');
  await page.close();
});

test('the command line exports the archive and verifies it', options, () => {
  const archive = join(shots, 'election.bel');
  cli(node.home, 'vote', 'export', String(known.id), archive, '--rpc', node.url, '--quiet');
  const report = JSON.parse(cli(node.home, 'vote', 'verify', archive, '--json'));
  assert.equal(report.ballots, 6);
  rmSync(archive);
});
