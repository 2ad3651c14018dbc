// What the pages share: two languages, elements, focus, announcements, downloads.
import { explain } from './explain.mjs';

export const french = document.documentElement.lang === 'fr';
export const say = (en, fr) => (french ? fr : en);
const locale = french ? 'fr-FR' : 'en-GB';
const numbers = new Intl.NumberFormat(locale);
const percents = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 });
const times = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short' });
export const number = (n) => numbers.format(n);
export const percent = (part, whole) => percents.format(Number(whole) ? Number(part) / Number(whole) : 0);
export const time = (seconds) => times.format(Number(seconds) * 1000);
// "1 voter", "3 voters": forms in both languages; French takes the singular for 0.
export const count = (n, one, many, un, plusieurs) =>
  `${number(n)} ${french ? (BigInt(n) < 2n ? un : plusieurs) : (BigInt(n) === 1n ? one : many)}`;

// French puts a space before : ; ! ? », where no line may break.
const unbroken = (text) => (french && typeof text === 'string' ? text.replace(/ (?=[:;!?»%])/g, '\u00a0').replace(/« /g, '«\u00a0') : text);

// h('p', { class: 'note', onclick: f, hidden: false }, 'text', child, null): an element.
export function h(tag, props = {}, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) e.addEventListener(name.slice(2), value);
    else if (name === 'value') e.value = value;
    else e.setAttribute(name, value === true ? '' : value);
  }
  e.append(...children.flat(3).filter((c) => c !== null && c !== undefined && c !== false).map(unbroken));
  return e;
}
export const $ = (id) => document.getElementById(id);

let serial = 0;
export const newId = (stem) => `${stem}-${++serial}`;

// A heading that takes the focus when its part of the page appears, so that a screen reader begins there.
export const heading = (level, ...text) => h('h' + level, { tabindex: -1, 'data-focus': true }, ...text);

// Someone who has just arrived begins at the top; the focus moves only after they did something.
let acted = false;
for (const type of ['click', 'keydown', 'submit']) globalThis.addEventListener?.(type, () => { acted = true; }, { capture: true });

// show replaces a part of the page and moves the focus to its heading.
export function show(into, ...nodes) {
  const flat = nodes.flat(3).filter(Boolean);
  into.replaceChildren(...flat);
  const target = into.querySelector('[data-focus]');
  if (target && acted) {
    target.focus({ preventScroll: true });
    target.scrollIntoView({ block: 'start', behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
  }
}

// announce says a change where no focus moves (a live region in the page's shell).
export function announce(text) {
  const live = $('live');
  if (live && live.textContent !== text) live.textContent = text;
}

// --- errors: in the page's words, with the focus on them

export function problem(into, error) {
  clearProblem(into);
  const text = typeof error === 'string' ? error : explain(error, say);
  const p = h('p', { class: 'problem', role: 'alert', tabindex: -1 }, h('strong', {}, say('Not done. ', 'Pas fait. ')), text);
  into.prepend(p);
  p.focus();
  if (typeof error !== 'string') console.warn(error);
}
export const clearProblem = (into) => into.querySelectorAll(':scope > .problem').forEach((p) => p.remove());

// act(button, area, work): runs work while the buttons of the area rest; what fails is told in the area.
export async function act(area, work) {
  clearProblem(area);
  const rested = [...area.querySelectorAll('button, input, select, textarea')].filter((b) => !b.disabled);
  rested.forEach((b) => { b.disabled = true; });
  area.setAttribute('aria-busy', 'true');
  try {
    return await work();
  } catch (e) {
    rested.forEach((b) => { b.disabled = false; });
    problem(area, e);
    return undefined;
  } finally {
    area.removeAttribute('aria-busy');
    rested.forEach((b) => { b.disabled = false; });
  }
}

// A bar for long work: { element, told(share) }.
export function progress(label) {
  const id = newId('bar');
  const bar = h('progress', { id, max: 1, value: 0 });
  return { element: h('p', { class: 'progress' }, h('label', { for: id }, label), bar), told: (share) => { bar.value = share; } };
}

// --- forms

// field(label, input, { help, wide }): a label, what it is for, its help and place for an error.
export function field(label, input, { help, wide } = {}) {
  input.id ||= newId('field');
  const described = [];
  const helper = help && h('span', { class: 'help', id: input.id + '-help' }, help);
  if (helper) described.push(helper.id);
  const wrong = h('span', { class: 'wrong', id: input.id + '-wrong', hidden: true });
  described.push(wrong.id);
  input.setAttribute('aria-describedby', described.join(' '));
  input.addEventListener('input', () => { if (!wrong.hidden) mark(input, ''); });
  return h('div', { class: wide ? 'field wide' : 'field' }, h('label', { for: input.id }, label), helper, input, wrong);
}
// wrongField marks a field and takes the focus there; an empty text clears it.
export function wrongField(input, text) {
  mark(input, text);
  if (text) input.focus();
  return !text;
}
function mark(input, text) {
  const wrong = $(input.id + '-wrong');
  if (text) input.setAttribute('aria-invalid', 'true');
  else input.removeAttribute('aria-invalid');
  if (wrong) { wrong.textContent = text; wrong.hidden = !text; }
}
export const button = (label, onclick, { primary, ...props } = {}) =>
  h('button', { type: 'button', class: primary ? 'primary' : null, onclick, ...props }, label);

// choice(type, name, label, props): a radio button or a checkbox with its label.
export function choice(type, name, label, props = {}) {
  const id = newId(name), input = h('input', { type, name, id, ...props });
  return { input, element: h('div', { class: 'option' }, input, h('label', { for: id }, label)) };
}

// --- taking something away

export function download(name, text, type = 'text/plain') {
  const url = URL.createObjectURL(new Blob([text], { type: type + ';charset=utf-8' }));
  const a = h('a', { href: url, download: name });
  document.body.append(a);
  a.click();
  a.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}

// A text to keep, with a button that copies it. navigator.clipboard is absent on plain http: the selection is then
// copied as browsers did before it.
export function copyable(label, text, { id } = {}) {
  const out = h('output', { class: 'code', id, 'aria-label': label, tabindex: 0 }, text);
  const b = button(say('Copy', 'Copier'), async () => {
    try {
      if (navigator.clipboard) await navigator.clipboard.writeText(text);
      else {
        getSelection().selectAllChildren(out);
        document.execCommand('copy');
      }
      announce(say('Copied.', 'Copié.'));
      b.textContent = say('Copied', 'Copié');
    } catch {
      getSelection().selectAllChildren(out);
    }
  });
  return h('div', { class: 'copyable' }, out, b);
}

export async function textOfFile(input) {
  const [file] = input.files;
  return file ? file.text() : null;
}

// --- the shell

// Links to other pages keep a language that was chosen; the language links keep the question (?id=), never the fragment.
export const here = new URLSearchParams(location.search);
export function linkTo(page, params = {}) {
  const search = new URLSearchParams(params);
  if (here.has('lang')) search.set('lang', document.documentElement.lang);
  const text = search.toString();
  return `/vote/${page}${text ? '?' + text : ''}`;
}
export function shell(title) {
  document.title = `${title} – Parvis`;
  for (const a of document.querySelectorAll('nav a[data-page]')) {
    if (location.pathname.endsWith(`/vote/${a.dataset.page}`)) a.setAttribute('aria-current', 'page');
    a.href = linkTo(a.dataset.page);
  }
  for (const a of document.querySelectorAll('nav a[data-lang]')) {
    const search = new URLSearchParams(location.search);
    search.set('lang', a.dataset.lang);
    a.href = `${location.pathname}?${search}`;
    if (a.dataset.lang === document.documentElement.lang) a.setAttribute('aria-current', 'true');
  }
}
