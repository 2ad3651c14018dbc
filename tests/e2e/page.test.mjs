// The page at / in a real browser (Debian's Chromium): height, last blocks, the district's day curve, in
// both languages. Skipped, and said so, where no Chromium is installed.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNode, parvis } from './node.mjs';

const browser = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync);
const options = browser ? {} : { skip: 'no Chromium on this machine' };
let node, scratch;

before(async () => {
  if (!browser) return;
  scratch = mkdtempSync(join(tmpdir(), 'parvis-page-'));
  execFileSync(parvis, ['energy', 'sample', '--out', join(scratch, 'sample'), '--seed', '5']);
  node = await startNode({ initArgs: ['--timestamp',
    execFileSync(parvis, ['energy', 'start', '--data', join(scratch, 'sample')], { encoding: 'utf8' }).trim()] });
  execFileSync(parvis, ['energy', 'load', '--data', join(scratch, 'sample'), '--home', node.home,
    '--rpc', node.url, '--quiet']);
});
after(async () => {
  if (!browser) return;
  assert.equal(await node.stop(), 0);
  rmSync(scratch, { recursive: true, force: true });
});

// The document as it stands once its scripts have run.
function render(language) {
  return new Promise((resolve, reject) => {
    const profile = mkdtempSync(join(tmpdir(), 'parvis-chromium-'));
    const child = spawn(browser, ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic',
      '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
      `--user-data-dir=${profile}`, `--lang=${language}`, `--accept-lang=${language}`,
      '--virtual-time-budget=8000', '--dump-dom', `${node.url}/`],
      { stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, LANGUAGE: language } });
    const timer = setTimeout(() => child.kill('SIGKILL'), 60000);
    let dom = '';
    child.stdout.setEncoding('utf8').on('data', (text) => { dom += text; });
    child.on('close', () => {
      clearTimeout(timer);
      rmSync(profile, { recursive: true, force: true });
      if (dom.includes('</html>')) resolve(dom);
      else reject(new Error(`no document from the browser: ${dom.slice(0, 200)}`));
    });
  });
}

const text = (dom, id) => dom.match(new RegExp(`id="${id}"[^>]*>([^<]*)<`))?.[1];

test('height, blocks and the day curve are on the page', options, async () => {
  const dom = await render('en');
  assert.ok(Number(text(dom, 'height').replace(/\D/g, '')) > 10, `height: ${text(dom, 'height')}`);
  assert.ok((dom.match(/<tbody id="blocks">.*?<\/tbody>/s)?.[0].match(/<tr/g) ?? []).length >= 5, 'last blocks');
  assert.match(dom, /<div id="curve">\s*<svg/, 'the curve is drawn');
  assert.ok((dom.match(/<tbody id="steps">.*?<\/tbody>/s)?.[0].match(/<tr/g) ?? []).length >= 46, 'one row a step');
  assert.match(text(dom, 'summary'), /kWh/);
});

test('a French reader gets French', options, async () => {
  const dom = await render('fr');
  assert.match(dom, /<html[^>]*lang="fr"/);
});
