// Voting without a mouse, in French, in a narrow window, in the dark: what the voting pages owe to everybody (WCAG 2.1 AA).
// Skipped, and said so, where no Chromium is installed. PARVIS_SHOTS keeps the screenshots in that folder.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Town, VOTING } from './vote_town.mjs';
import { METHODS } from '../../web/vote/chain/voting.mjs';
import { encodeCall } from '../../web/vote/chain/abi.mjs';
import { Browser, chromium } from './vote_browser.mjs';
import { run } from '../../web/vote/crypto/ballot.mjs';
import { jobs } from '../../web/vote/jobs.mjs';

const options = chromium ? {} : { skip: 'no Chromium on this machine' };
const shots = process.env.PARVIS_SHOTS;
let town, browser, poll;
const shot = async (page, name) => { if (shots) await page.screenshot(join(shots, `access-${name}.png`)); };

before(async () => {
  if (!chromium) return;
  if (shots) mkdirSync(shots, { recursive: true });
  town = await Town.open();
  poll = await town.consultation({ name: 'Le marché du samedi', description: 'Une consultation du quartier.\nparvis-reading: majority-judgment questions 3-4\nparvis-reading: budget question 5 amount 100 costs 60,50,40',
    voters: 4, questions: [
      { answers: ['Oui', 'Non'], blank: true, min: 1, max: 1, question: 'Faut-il déplacer le marché ?' },
      { type: 'Lists', value: { answers: [['Rues vertes', 'A. Martin', 'B. Diallo'], ['Vivre ensemble', 'C. Nguyen']], question: 'Quelle liste, et qui ?' } },
      ...['Le matin', 'Le soir'].map((question) => ({ answers: ['Bien', 'Passable', 'À rejeter'], min: 1, max: 1, question })),
      { answers: ['Halle (60)', 'Arbres (50)', 'Bancs (40)'], min: 0, max: 2, question: 'Quels travaux ?' }] });
  poll.closes = await town.openFor(poll.id, 40);
  browser = await Browser.open({ language: 'fr' });
});
after(async () => {
  if (!chromium) return;
  await browser.close();
  assert.equal(await town.stop(), 0);
});

// Where the focus is, as a screen reader would say it.
const focus = (page) => page.eval(`(() => { const e = document.activeElement; return { tag: e.tagName, name: labelOf(e), type: e.type ?? '', ring: getComputedStyle(e).outlineStyle !== 'none' }; })()`);
// Goes on with Tab until the focus is on what is wanted.
async function tabTo(page, wanted) {
  for (let i = 0; i < 60; i++) {
    await page.key('Tab');
    const at = await focus(page);
    if (['A', 'BUTTON', 'INPUT', 'SELECT', 'SUMMARY'].includes(at.tag)) assert.ok(at.ring, `no visible focus on ${at.tag} “${at.name}”`);
    if (at.name.startsWith(wanted)) return at;
  }
  throw new Error(`no way to “${wanted}” by Tab; the page says: ${await page.text()}`);
}

test('a ballot is cast with the keyboard alone, in French', options, async () => {
  const page = await browser.page();
  await page.goto(`${town.url}/vote/`);
  await page.see('Le marché du samedi');
  assert.equal(await page.eval('document.documentElement.lang'), 'fr');
  await page.key('Tab');
  assert.equal((await focus(page)).name.trim().endsWith('Aller au contenu'), true); // the first stop skips the navigation
  await tabTo(page, 'Voter : Le marché');
  await page.key('Enter');
  await page.see('Votre code de vote');
  await tabTo(page, 'Code de vote');
  await page.type(poll.credentials[0]);
  await page.key('Enter');
  await page.see('Vos choix');
  assert.deepEqual([(await focus(page)).tag, (await focus(page)).name], ['H2', 'Vos choix']);
  await shot(page, 'choix');
  // an answer is missing: the focus goes to the question
  await tabTo(page, 'Relire mes choix');
  await page.key('Enter');
  assert.equal((await focus(page)).type, 'radio');
  assert.equal(await page.eval(`document.getElementById('live').textContent`), 'Une réponse manque ou ne convient pas.');
  await page.key(' ');                               // Oui
  await page.key('ArrowDown');                       // Non
  assert.equal((await focus(page)).name, 'Non');
  await tabTo(page, 'Rues vertes');
  await page.key(' ');
  await tabTo(page, 'B. Diallo');
  await page.key(' ');                               // without B. Diallo
  await tabTo(page, 'Bien');
  await page.key(' ');
  await tabTo(page, 'Bien');
  await page.key(' ');
  await page.key('ArrowRight');                      // Passable
  await tabTo(page, 'Arbres');
  await page.key(' ');
  await tabTo(page, 'Relire mes choix');
  await page.key('Enter');
  await page.see('Est-ce bien ce que vous voulez dire ?');
  const text = (await page.text()).replace(/\s+/g, ' ');
  assert.match(text, /Faut-il déplacer le marché \? Non Quelle liste, et qui \? Rues vertes : A\. Martin Le matin Bien Le soir Passable Quels travaux \? Arbres \(50\)/);
  await tabTo(page, 'Chiffrer mon bulletin');
  await page.key('Enter');
  await page.see('pas encore déposé');
  await tabTo(page, 'Déposer mon bulletin');
  await page.key('Enter');
  await page.see('Votre bulletin est dans l’urne');
  assert.equal((await focus(page)).tag, 'H2');
  await shot(page, 'recu');
  await tabTo(page, 'Le vérifier maintenant');
  await page.key('Enter');
  await page.see('Dans l’urne, et il compte.');
  assert.deepEqual(page.errors, []);
  await page.close();
});

// Every text on the page against what is behind it (WCAG 1.4.3): 4.5 to 1, 3 to 1 for large text.
const CONTRAST = `(() => {
  const channels = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => { const f = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b); };
  const behind = (e) => { for (; e; e = e.parentElement) { const c = channels(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
  const poor = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (!walk.currentNode.textContent.trim() || !shown(e) || e.closest('.quiet, .skip, noscript, :disabled')) continue;
    const style = getComputedStyle(e), a = light(channels(style.color)), b = light(behind(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) poor.push(ratio.toFixed(2) + ' ' + walk.currentNode.textContent.trim().slice(0, 40));
  }
  return poor;
})()`;

test('contrast holds in the light and in the dark; targets are large; nothing is cut at 320 pixels and at 200 %', options, async () => {
  const page = await browser.page(), link = `/vote/#${poll.id}.${poll.credentials[1]}`;
  for (const scheme of ['light', 'dark']) {
    await page.ask('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
    for (const [path, wait] of [['/vote/', 'Voter'], [link, 'Vos choix'], ['/vote/check.html', 'Numéro de suivi'], ['/vote/clerk.html', 'Votre compte'], ['/vote/trustee.html', 'Votre compte'], ['/vote/opening.html', 'ou son texte'], ['/vote/results.html', 'Résultats']]) {
      await page.goto(town.url + path);
      await page.see(wait);
      assert.deepEqual(await page.eval(CONTRAST), [], `${scheme} ${path}`);
      for (const [width, height] of [[1000, 900], [500, 450], [320, 640]]) { // 500 is 200 % of 1000
        await page.size(width, height);
        const wide = await page.eval(`all('main *').filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.scroll, .quiet')).map((e) => e.outerHTML.slice(0, 80))`);
        assert.deepEqual(wide, [], `${path} at ${width}`);
      }
      const small = await page.eval(`all('button, a.button, select, textarea, input:not([type=radio]):not([type=checkbox])').filter((e) => e.getBoundingClientRect().height < 40).map((e) => e.outerHTML.slice(0, 80))`);
      assert.deepEqual(small, [], `targets of ${path}`);
      if (path === link) await shot(page, `etroit-${scheme}`);
      await page.size(1000, 900);
    }
  }
  await page.close();
});

test('the page of a language names its other one, and keeps the consultation', options, async () => {
  const page = await browser.page();
  await page.goto(`${town.url}/vote/?id=${poll.id}`);
  await page.see('Votre code de vote');
  await page.click('English');
  await page.see('Your voting code');
  assert.equal(await page.eval('document.documentElement.lang'), 'en');
  assert.match(await page.eval('location.search'), new RegExp(`id=${poll.id}`));
  await page.click('Check');
  await page.see('Check a ballot');
  assert.equal(await page.eval('document.documentElement.lang'), 'en'); // a language that was chosen stays
  await page.close();
});

// A node that changes what it answers: the page of another, honest one would have asked it.
test('a page that is told other questions, or another key, does not encrypt for them', options, async () => {
  const other = await town.consultation({ name: 'Autre', voters: 1, questions: [{ answers: ['a', 'b'], min: 1, max: 1, question: 'Autre' }] });
  const lie = async (method, change) => {
    const page = await browser.page(), selector = Buffer.from(METHODS[method].selector).toString('hex');
    await page.ask('Page.addScriptToEvaluateOnNewDocument', { source: `const real = fetch; window.fetch = async (path, options) => {
      const answer = await real(path, options), asked = options && JSON.parse(options.body);
      if (!Array.isArray(asked) || !asked.some((a) => a.params[0].data?.startsWith('0x${selector}'))) return answer;
      const list = await answer.json(), replace = ${change};
      asked.forEach((a, i) => { if (a.params[0].data.startsWith('0x${selector}')) list[i].result = replace(list[i].result); });
      return new Response(JSON.stringify(list));
    };` });
    await page.goto(`${town.url}/vote/#${poll.id}.${poll.credentials[1]}`);
    return page;
  };
  const hex = (text) => Buffer.from(text).toString('hex');
  const questions = await lie('electionOf', `(r) => r.replace('${hex('Oui')}', '${hex('Ouï').slice(0, 6)}')`);
  await questions.see('Le document du scrutin n’est pas celui que le registre désigne.');
  const { result } = await (await fetch(town.url, { method: 'POST', body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_call',
    params: [{ to: VOTING, data: '0x' + Buffer.from(encodeCall(METHODS.trusteesOf, [other.id])).toString('hex') }, 'latest'] }) })).json();
  const trustees = await lie('trusteesOf', `() => '${result}'`);
  await trustees.see('La clé du scrutin n’est pas celle des dépositaires.');
  assert.ok(!(await trustees.text()).includes('Vos choix'));
  await questions.close();
  await trustees.close();
});

test('a budget and majority judgment are shown as such', options, async () => {
  for (const [i, choices] of [[1, [[0, 1, 0], [0, 0, 0, 1, 1], [1, 0, 0], [0, 0, 1], [1, 1, 0]]], [2, [[1, 0, 0], [1, 1, 1, 0, 0], [0, 1, 0], [1, 0, 0], [1, 0, 1]]]])
    await town.send(town.admin, 'cast', poll.id, run(jobs.makeBallot({ document: poll.document, credential: poll.credentials[i], choices })).packed);
  await town.until(poll.id, 'closed');
  await town.send(town.admin, 'tally', poll.id);
  const { sums, weight } = await town.view('tallyOf', poll.id), { document: trustees } = await town.view('trusteesOf', poll.id);
  const packed = run(jobs.decrypt({ document: poll.document, trustees, sums, state: poll.state }));
  await town.send(town.admin, 'postDecryption', poll.id, packed);
  const counts = run(jobs.result({ document: poll.document, trustees, sums, decryptions: [{ owner: 1, packed }], weight }));
  await town.send(town.admin, 'postResult', poll.id, counts);
  const page = await browser.page();
  await page.goto(`${town.url}/vote/results.html?id=${poll.id}`);
  await page.see('Vérifier le dépouillement');
  const text = (await page.text()).replace(/\s+/g, ' ');
  assert.match(text, /Oui 1 \(33,3 %\) Non 1 \(33,3 %\) Votes blancs 1 \(33,3 %\)/);
  assert.match(text, /Rues vertes 2 \(66,7 %\) Vivre ensemble 1 \(33,3 %\)/);
  assert.match(text, /Le matin Mention majoritaire : Bien .* Le soir Mention majoritaire : Passable/);
  // of 100 the hall takes 60: the trees' 50 do not fit any more, the benches' 40 do
  assert.match(text, /Halle \(60\) coût 60, financé 2 .*Arbres \(50\) coût 50, non financé 2 .*Bancs \(40\) coût 40, financé 1 /);
  assert.match(text, /Sur 100, 100 vont à 2 proj.ts ; il reste 0\./);
  assert.deepEqual(await page.eval(CONTRAST), []);
  await page.click('Vérifier ici');
  await page.see('chaque preuve tient');
  await shot(page, 'resultats');
  assert.deepEqual(page.errors, []);
  await page.close();
});
