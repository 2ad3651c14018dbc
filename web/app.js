'use strict';
// The page reads the node over JSON-RPC, like anyone: status and blocks every few seconds, the
// district's day from the energy service's DaySettled events and its views.

const french = document.documentElement.lang === 'fr';
const say = (en, fr) => (french ? fr : en);
const $ = (id) => document.getElementById(id);
const locale = french ? 'fr-FR' : 'en-GB';
const number = new Intl.NumberFormat(locale);
const kwh = (wh) => new Intl.NumberFormat(locale, { maximumFractionDigits: 1 }).format(wh / 1000) + ' kWh';
const percent = (part, whole) =>
  new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 }).format(whole ? part / whole : 0);

async function batch(calls) {
  const body = calls.map(([method, ...params], id) => ({ jsonrpc: '2.0', id, method, params }));
  const reply = await fetch('/', {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const answers = await reply.json();
  return answers.map((a) => {
    if (a.error) throw new Error(a.error.message);
    return a.result;
  });
}

// --- the node ---------------------------------------------------------------------------------

function cells(row, values, header) {
  const tr = document.createElement('tr');
  values.forEach((value, i) => {
    const cell = document.createElement(i === 0 && header ? 'th' : 'td');
    if (cell.tagName === 'TH') cell.scope = 'row';
    if (String(value).startsWith('0x')) {
      cell.className = 'hash';
      cell.title = value;
      value = value.slice(0, 10) + '…' + value.slice(-6);
    }
    cell.textContent = value;
    tr.append(cell);
  });
  row.append(tr);
}

const when = new Intl.DateTimeFormat(locale, { dateStyle: 'short', timeStyle: 'medium' });
let shownHash = '';

async function showNode() {
  const [status] = await batch([['parvis_status']]);
  $('height').textContent = number.format(status.height);
  $('transactions').textContent = number.format(status.transactions);
  $('waiting').textContent = number.format(status.pending + status.queued);
  $('chain').textContent = status.chainId + ' · ' + status.engine;
  $('last').textContent = when.format(status.timestamp * 1000);
  $('state').textContent = status.failed ? say('failed', 'en panne') : say('serving', 'en service');
  if (status.hash === shownHash) return;
  const first = Math.max(0, status.height - 7);
  const calls = [];
  for (let n = status.height; n >= first; n--)
    calls.push(['eth_getBlockByNumber', '0x' + n.toString(16), false]);
  const rows = document.createDocumentFragment();
  for (const b of await batch(calls))
    cells(rows, [number.format(Number(b.number)), when.format(Number(b.timestamp) * 1000),
      number.format(b.transactions.length), number.format(Number(b.gasUsed)), b.hash], true);
  $('blocks').replaceChildren(rows);
  shownHash = status.hash;
}

// --- the district's day -------------------------------------------------------------------------

let energy, days = [], lastRead = -1, shownDay = '', redraw = () => {};
const word = (n) => BigInt(n).toString(16).padStart(64, '0');
const words = (hex) => hex.slice(2).match(/.{64}/g) ?? [];
const num = (w) => Number(BigInt('0x' + w));
const method = (name) => energy.methods[Object.keys(energy.methods).find((s) => s.startsWith(name + '('))];
const view = (name, ...args) =>
  ['eth_call', { to: energy.address, data: method(name) + args.map(word).join('') }, 'latest'];

async function findDays() {
  if (!energy) {
    const [services] = await batch([['parvis_services']]);
    energy = services.find((s) => s.name === 'energy');
    if (!energy) return;
  }
  const topicOf = (name) => energy.events[Object.keys(energy.events).find((s) => s.startsWith(name + '('))];
  const [head] = await batch([['eth_blockNumber']]);
  const top = Number(head);
  let found = false;
  for (let from = lastRead + 1; from <= top; from += 2000) {
    const to = Math.min(top, from + 1999);
    const [logs] = await batch([['eth_getLogs', { address: energy.address, topics: [topicOf('DaySettled')],
      fromBlock: '0x' + from.toString(16), toBlock: '0x' + to.toString(16) }]]);
    for (const log of logs) {
      const [produced, consumed, shared] = words(log.data).map(num);
      days.push({ operation: Number(log.topics[1]), day: Number(log.topics[2]), produced, consumed, shared });
      found = true;
    }
    lastRead = to;
  }
  if (!found) return;
  const operations = [...new Set(days.map((d) => d.operation))];
  $('operation').replaceChildren(...operations.map((o) => new Option(String(o), String(o))));
  $('pick-operation').hidden = operations.length < 2;
  $('day').hidden = false;
  if (!shownDay) await showDay(days.reduce((a, b) => (b.day >= a.day ? b : a)));
  else bounds();
}

const isoDay = (day) => new Date(day * 86400000).toISOString().slice(0, 10);

function ofOperation(operation) {
  return days.filter((d) => d.operation === operation).sort((a, b) => a.day - b.day);
}

function bounds(current) {
  const list = ofOperation(Number($('operation').value));
  if (!list.length) return;
  $('date').min = isoDay(list[0].day);
  $('date').max = isoDay(list[list.length - 1].day);
  if (current) {
    $('before').disabled = current.day <= list[0].day;
    $('after').disabled = current.day >= list[list.length - 1].day;
  }
}

// One stream of a batch: see the energy service's description of its readings.
function stream(bytes, at, count) {
  const out = new Array(count).fill(0);
  const kind = bytes[at.i++];
  for (let t = 0; kind === 2 && t < count; t++) {
    let value = 0, scale = 1, byte;
    do {
      byte = bytes[at.i++];
      value += (byte & 127) * scale;
      scale *= 128;
    } while (byte & 128);
    out[t] = value ? value - 1 : 0;
  }
  return out;
}

async function loadDay(d) {
  const [steps, operation, result] = (await batch([view('steps', d.operation, d.day),
    view('operation', d.operation), view('dayResult', d.operation, d.day)])).map(words);
  const start = num(steps[1]), count = num(steps[2]), minutes = num(steps[3]);
  const points = num(operation[6]), version = num(result[0]);
  const pointCalls = [], stepCalls = [];
  for (let p = 0; p < points; p++) pointCalls.push(view('point', d.operation, p));
  for (let t = 0; t < count; t++) stepCalls.push(view('allocation', d.operation, d.day, t));
  const many = async (calls) => {
    const out = [];
    for (let i = 0; i < calls.length; i += 500) out.push(...await batch(calls.slice(i, i + 500)));
    return out.map(words);
  };
  const people = await many(pointCalls), shares = await many(stepCalls);
  const [raw] = await batch([view('readings', d.operation, d.day, version)]);
  const length = num(words(raw)[1]);
  const hex = raw.slice(2 + 128, 2 + 128 + 2 * length);
  const bytes = Uint8Array.from(hex.match(/../g) ?? [], (h) => parseInt(h, 16));
  const sum = (a, b) => a.forEach((v, i) => { a[i] = v + b[i]; });
  const production = new Array(count).fill(0), consumption = new Array(count).fill(0);
  const at = { i: 1 }, end = start + count * minutes * 60;
  for (const p of people) {
    const role = num(p[1]), enter = num(p[4]), leave = num(p[5]);
    if (enter >= end || (leave !== 0 && leave <= start)) continue;
    if (role !== 1) sum(consumption, stream(bytes, at, count));
    if (role !== 0) sum(production, stream(bytes, at, count));
  }
  const shared = shares.map((w) => {
    const used = num(w[1]) / 32, n = num(w[used]);
    return w.slice(used + 1, used + 1 + n).reduce((s, v) => s + num(v), 0);
  });
  return { start, count, minutes, zone: num(operation[1]) === 1 ? 'Europe/Paris' : 'UTC', production, consumption, shared };
}

const svgTag = (name, attributes, text) => {
  const e = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  if (text !== undefined) e.textContent = text;
  return e;
};

function draw(d, c, clock) {
  // drawn at the width it is shown at, so that its text stays readable on a phone
  const W = Math.max(320, Math.min(960, $('curve').clientWidth)), H = W < 600 ? 230 : 320;
  const left = 54, right = 12, top = 14, bottom = 30, hours = W < 600 ? 6 : 3;
  const power = (wh) => wh * 60 / c.minutes; // mean W of a step
  const max = Math.max(1, ...c.production.map(power), ...c.consumption.map(power));
  const unit = 10 ** Math.floor(Math.log10(max)), step = [1, 2, 5, 10].map((f) => f * unit / 5).find((s) => max / s <= 6) ?? unit;
  const high = Math.ceil(max / step) * step;
  const x = (t) => left + (W - left - right) * t / c.count;
  const y = (w) => H - bottom - (H - top - bottom) * w / high;
  const svg = svgTag('svg', { viewBox: `0 0 ${W} ${H}`, role: 'img', 'aria-labelledby': 'curve-title curve-text' });
  svg.append(svgTag('title', { id: 'curve-title' }, say('Power over the day, in kW', 'Puissance au fil de la journée, en kW')));
  const peak = c.production.indexOf(Math.max(...c.production));
  svg.append(svgTag('desc', { id: 'curve-text' }, say(
    `Production peaks at ${clock(peak)}; ${percent(d.shared, d.consumed)} of the consumption comes from the neighbours’ panels.`,
    `La production culmine à ${clock(peak)} ; ${percent(d.shared, d.consumed)} de la consommation vient des panneaux des voisins.`)));
  const kw = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });
  for (let w = 0; w <= high + step / 2; w += step) {
    svg.append(svgTag('path', { class: 'grid', d: `M${left} ${y(w)}H${W - right}` }));
    svg.append(svgTag('text', { x: left - 8, y: y(w) + 4, 'text-anchor': 'end' }, kw.format(w / 1000) + (w === 0 ? ' kW' : '')));
  }
  for (let t = 0; t < c.count; t += Math.max(1, Math.round(hours * 60 / c.minutes)))
    svg.append(svgTag('text', { x: x(t), y: H - 8, 'text-anchor': 'middle' }, clock(t)));
  const stairs = (v) => v.map((wh, t) => `${t ? 'L' : 'M'}${x(t)} ${y(power(wh))}H${x(t + 1)}`).join('');
  svg.append(svgTag('path', { class: 'shared', d: `M${x(0)} ${y(0)}` + stairs(c.shared).replace('M', 'L') + `V${y(0)}Z` }));
  svg.append(svgTag('path', { class: 'consumption', d: stairs(c.consumption) }));
  svg.append(svgTag('path', { class: 'production', d: stairs(c.production) }));
  $('curve').replaceChildren(svg);
}

async function showDay(d) {
  shownDay = d.operation + '/' + d.day;
  const asked = shownDay;
  $('operation').value = String(d.operation);
  $('date').value = isoDay(d.day);
  bounds(d);
  const c = await loadDay(d);
  if (asked !== shownDay) return; // another day was chosen meanwhile
  const format = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', timeZone: c.zone });
  const clock = (t) => format.format((c.start + t * c.minutes * 60) * 1000);
  $('summary').textContent = say(
    `Produced ${kwh(d.produced)}, consumed ${kwh(d.consumed)}, shared ${kwh(d.shared)}: ` +
    `${percent(d.shared, d.produced)} of the production stayed in the district, ` +
    `${percent(d.shared, d.consumed)} of the consumption came from it.`,
    `Produit ${kwh(d.produced)}, consommé ${kwh(d.consumed)}, partagé ${kwh(d.shared)} : ` +
    `${percent(d.shared, d.produced)} de la production est restée dans le quartier ` +
    `et a couvert ${percent(d.shared, d.consumed)} de la consommation.`);
  redraw = () => draw(d, c, clock);
  redraw();
  const rows = document.createDocumentFragment();
  for (let t = 0; t < c.count; t++)
    cells(rows, [clock(t), number.format(c.production[t]), number.format(c.consumption[t]), number.format(c.shared[t])], true);
  $('steps').replaceChildren(rows);
}

function move(by) {
  const list = ofOperation(Number($('operation').value));
  const wanted = Date.parse($('date').value) / 86400000;
  const next = by > 0 ? list.find((d) => d.day > wanted) : list.filter((d) => d.day < wanted).pop();
  if (next) guard(() => showDay(next));
}

// --- running ------------------------------------------------------------------------------------

async function guard(work) {
  try {
    await work();
    $('problem').hidden = true;
  } catch (e) {
    $('problem').textContent = say('The node does not answer: ', 'Le nœud ne répond pas : ') + e.message;
    $('problem').hidden = false;
  }
}

async function refresh() {
  if (!document.hidden)
    await guard(async () => { await showNode(); await findDays(); });
  setTimeout(refresh, 3000);
}

for (const a of document.querySelectorAll('nav a'))
  if (a.dataset.lang === document.documentElement.lang) a.setAttribute('aria-current', 'true');
$('before').addEventListener('click', () => move(-1));
$('after').addEventListener('click', () => move(1));
$('choose').addEventListener('submit', (e) => e.preventDefault());
$('operation').addEventListener('change', () => {
  const list = ofOperation(Number($('operation').value));
  guard(() => showDay(list[list.length - 1]));
});
$('date').addEventListener('change', () => {
  const wanted = Date.parse($('date').value) / 86400000;
  const found = ofOperation(Number($('operation').value)).find((d) => d.day === wanted);
  if (found) guard(() => showDay(found));
});
addEventListener('resize', () => redraw());
refresh();
