// A real browser (Debian's Chromium) driven over its debugging pipe, without another library: pages that are read and
// operated as people do, by names, roles and keys.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync);
const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

export class Browser {
  static async open({ language = 'en' } = {}) {
    const b = new Browser();
    b.folder = mkdtempSync(join(tmpdir(), 'parvis-browser-'));
    b.child = spawn(chromium, ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
      '--disable-renderer-backgrounding', '--disable-background-timer-throttling', '--disable-backgrounding-occluded-windows', '--remote-debugging-pipe',
      '--force-prefers-reduced-motion', '--hide-scrollbars', `--user-data-dir=${join(b.folder, 'profile')}`, `--lang=${language}`, `--accept-lang=${language}`, 'about:blank'],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], env: { ...process.env, LANGUAGE: language, TZ: 'Europe/Paris' } });
    b.waiting = new Map();
    b.listeners = [];
    b.serial = 0;
    let rest = '';
    b.child.stdio[4].setEncoding('utf8').on('data', (text) => {
      const messages = (rest + text).split('\0');
      rest = messages.pop();
      messages.forEach((m) => b.heard(JSON.parse(m)));
    });
    b.ended = new Promise((done) => { b.child.once('close', done); });
    return b;
  }
  heard(m) {
    if (m.id) {
      const { resolve, reject } = this.waiting.get(m.id);
      this.waiting.delete(m.id);
      if (m.error) reject(new Error(`${m.error.message} ${m.error.data ?? ''}`));
      else resolve(m.result);
    } else this.listeners.forEach((l) => l(m));
  }
  ask(method, params = {}, sessionId = undefined) {
    return new Promise((resolve, reject) => {
      this.waiting.set(++this.serial, { resolve, reject });
      this.child.stdio[3].write(JSON.stringify({ id: this.serial, method, params, sessionId }) + '\0');
    });
  }
  async page({ width = 1000, height = 900, scale = 1 } = {}) {
    const { targetId } = await this.ask('Target.createTarget', { url: 'about:blank', newWindow: true });
    const { sessionId } = await this.ask('Target.attachToTarget', { targetId, flatten: true });
    const p = new Page(this, sessionId, targetId);
    await p.ask('Page.enable');
    await p.ask('Runtime.enable');
    await p.ask('Log.enable');
    await p.size(width, height, scale);
    p.downloads = mkdtempSync(join(this.folder, 'down-'));
    await this.ask('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: p.downloads, eventsEnabled: true });
    return p;
  }
  async close() {
    this.ask('Browser.close').catch(() => {});
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 5000);
    await this.ended;
    clearTimeout(timer);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

// What runs in the page: elements by the name that assistive technology would say, in what is shown.
const FINDERS = `
  const plain = (text) => text.replaceAll('\\u00a0', ' ').trim();
  const shown = (e) => e.checkVisibility({ visibilityProperty: true });
  const labelOf = (e) => plain(e.getAttribute('aria-label') ?? [...(e.labels ?? [])].map((l) => l.textContent).join(' ')) || plain(e.textContent);
  const all = (selector) => [...document.querySelectorAll(selector)].filter(shown);
  const named = (selector, name) => { const list = all(selector).filter((e) => labelOf(e) === name); return list[0] ?? all(selector).find((e) => labelOf(e).startsWith(name)); };
  const BUTTON = 'button, a.button, a, summary', FIELD = 'input, select, textarea';
`;

class Page {
  constructor(browser, session, targetId) {
    Object.assign(this, { browser, session, targetId, errors: [] });
    browser.listeners.push((m) => {
      if (m.sessionId !== session) return;
      if (m.method === 'Runtime.exceptionThrown') this.errors.push(m.params.exceptionDetails.exception?.description ?? m.params.exceptionDetails.text);
      if (m.method === 'Log.entryAdded' && m.params.entry.level === 'error') this.errors.push(`${m.params.entry.text} ${m.params.entry.url ?? ''}`);
    });
  }
  ask(method, params) { return this.browser.ask(method, params, this.session); }
  size(width, height, scale = 1) {
    return this.ask('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: scale, mobile: false });
  }
  async goto(url) {
    await this.ask('Page.navigate', { url: 'about:blank' });
    await this.ask('Page.navigate', { url });
    await this.until(`document.readyState === 'complete' && document.querySelector('h1')`, `a heading at ${url}`);
  }
  // Evaluates an expression in the page, FINDERS at hand.
  async eval(expression) {
    const { result, exceptionDetails } = await this.ask('Runtime.evaluate', { expression: `(() => { ${FINDERS} return (${expression}); })()`, returnByValue: true, awaitPromise: true });
    if (exceptionDetails) throw new Error(`${exceptionDetails.exception?.description ?? exceptionDetails.text} in ${expression}`);
    return result.value;
  }
  async until(expression, what = expression, timeout = 20000) {
    for (const start = Date.now(); ;) {
      const value = await this.eval(`(() => { const found = (${expression}); return found instanceof Node || found === undefined ? Boolean(found) : found; })()`).catch((e) => { if (!/Cannot find|context|navigated/.test(e.message)) throw e; });
      if (value) return value;
      if (Date.now() - start > timeout) throw new Error(`waited in vain for ${what}; the page says: ${await this.text()}`);
      await pause(50);
    }
  }
  text() { return this.eval('document.querySelector("main").innerText'); }
  async see(text, timeout) {
    await this.until(`plain(document.querySelector('main')?.innerText ?? '').includes(${JSON.stringify(text)})`, `“${text}”`, timeout);
  }
  async click(name) {
    const q = JSON.stringify(name);
    await this.until(`(() => { const e = named(BUTTON, ${q}); return e && !e.disabled; })()`, `the button “${name}”`);
    await this.eval(`named(BUTTON, ${q}).click()`);
  }
  // A field by its label: text, a number, a choice of a list, true for a radio button or checkbox.
  async fill(label, value) {
    const q = JSON.stringify(label);
    await this.until(`(() => { const e = named(FIELD, ${q}); return e && !e.disabled; })()`, `the field “${label}”`);
    await this.eval(`(() => { const e = named(FIELD, ${q}); e.focus();
      if (e.type === 'radio' || e.type === 'checkbox') { if (e.checked !== ${Boolean(value)}) e.click(); }
      else { e.value = ${JSON.stringify(String(value))}; e.dispatchEvent(new Event('input', { bubbles: true })); e.dispatchEvent(new Event('change', { bubbles: true })); } })()`);
  }
  async upload(label, path) {
    await this.until(`named(FIELD, ${JSON.stringify(label)})`, `the field “${label}”`);
    const { result } = await this.ask('Runtime.evaluate', { expression: `(() => { ${FINDERS} return named(FIELD, ${JSON.stringify(label)}); })()` });
    await this.ask('DOM.setFileInputFiles', { files: [path], objectId: result.objectId });
  }
  // The file that the page had saved; waits for it.
  async download(pattern) {
    for (let i = 0; i < 200; i++, await pause(50)) {
      const name = readdirSync(this.downloads).find((n) => pattern.test(n) && !n.endsWith('.crdownload'));
      const text = name && readFileSync(join(this.downloads, name), 'utf8');
      if (text) return { name, path: join(this.downloads, name), text };
    }
    throw new Error(`no file like ${pattern}: ${readdirSync(this.downloads)}`);
  }
  async key(key, modifiers = 0) {
    const known = { Tab: 9, Enter: 13, ' ': 32, ArrowDown: 40, ArrowUp: 38, ArrowRight: 39, ArrowLeft: 37, Escape: 27 };
    const code = known[key] ?? key.toUpperCase().charCodeAt(0), text = key === 'Enter' ? '\r' : key.length === 1 ? key : undefined;
    await this.ask('Input.dispatchKeyEvent', { type: text ? 'keyDown' : 'rawKeyDown', key, code: key.length > 1 ? key : undefined, text, windowsVirtualKeyCode: code, modifiers });
    await this.ask('Input.dispatchKeyEvent', { type: 'keyUp', key, windowsVirtualKeyCode: code, modifiers });
  }
  async type(text) { await this.ask('Input.insertText', { text }); }
  async screenshot(path) {
    const { cssContentSize } = await this.ask('Page.getLayoutMetrics');
    const { data } = await this.ask('Page.captureScreenshot', { format: 'png', captureBeyondViewport: true,
      clip: { x: 0, y: 0, width: cssContentSize.width, height: Math.min(cssContentSize.height, 4000), scale: 1 } });
    writeFileSync(path, Buffer.from(data, 'base64'));
  }
  close() { return this.browser.ask('Target.closeTarget', { targetId: this.targetId }); }
}
