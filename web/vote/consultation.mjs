// Consultations as the ledger has them, and how their questions are put to people.
import { call, callMany } from './chain/node.mjs';
import { readElection, readTexts, no } from './crypto/election.mjs';
import { sha256 } from './crypto/sha256.mjs';
import { utf8, equal, hashText } from './crypto/bytes.mjs';
import { statusWord, statusText } from './explain.mjs';
import { parts } from './readings.mjs';
import { h, say, time, number, count } from './ui.mjs';

const shape = (id, record) => ({ id: BigInt(id), ...Object.fromEntries(Object.entries(record).filter(([k]) => !/^\d+$/.test(k))),
  status: statusWord(record.status) });

export async function consultation(id) {
  const { record } = await call('consultation', id);
  return shape(id, record);
}

// The newest consultations first: `most` of them, from `before` down. { list, rest: how many are older }
export async function consultations(before, most = 20) {
  const top = before ?? (await call('consultationCount')).count + 1n;
  const ids = [];
  for (let id = top - 1n; id >= 1n && ids.length < most; id--) ids.push(id);
  const records = await callMany(ids.map((id) => ['consultation', id]));
  return { list: records.map(({ record }, i) => shape(ids[i], record)), rest: ids.length ? ids[ids.length - 1] - 1n : 0n, before: ids[ids.length - 1] };
}

// The document of a published consultation, compared with the fingerprint on the ledger, and what it says.
export async function election(c) {
  const { document } = await call('electionOf', c.id);
  if (c.published === 0n) return { document, ...readTexts(document) };
  if (!equal(sha256(utf8(document)), c.fingerprint)) no('fingerprint');
  return { document, ...readElection(document) };
}
export const fingerprintText = (c) => hashText(c.fingerprint);

// All of a trustees' group, by owner number from 1.
export async function trusteesOf(id) {
  const { count: n } = await call('trusteeCount', id), owners = Array.from({ length: Number(n) }, (_, i) => i + 1);
  const list = await callMany(owners.map((owner) => ['trusteeAt', id, owner]));
  return list.map((t, i) => ({ owner: owners[i], account: t.account.toLowerCase(), entry: Number(t.entry), member: Number(t.member),
    threshold: Number(t.threshold), size: Number(t.size), step: Number(t.step), decrypted: t.decrypted }));
}

export async function eventsFrom(id, from, to) {
  const out = [];
  while (BigInt(from) + BigInt(out.length) < BigInt(to)) {
    const { events } = await call('eventsOf', id, BigInt(from) + BigInt(out.length), BigInt(to) - BigInt(from) - BigInt(out.length));
    if (!events.length) break;
    out.push(...events.map((e) => ({ ...shapeEvent(e) })));
  }
  return out;
}
const shapeEvent = (e) => ({ kind: statusWord(e.kind), hash: e.hash, payload: e.payload, time: e.time, number: e.number, owner: Number(e.owner), body: e.body });
export async function eventAt(id, height) { return shapeEvent(await call('eventAt', id, height)); }

// What opens the sum of a tallied consultation: { sums, weight, counted, trustees, decryptions: [{ owner, packed }...] }.
export async function openingOf(c) {
  const [{ sums, weight, counted }, { document: trustees }] = await callMany([['tallyOf', c.id], ['trusteesOf', c.id]]);
  const events = await lastEvents(c);
  return { sums, weight, counted, trustees,
    decryptions: events.filter((e) => e.kind === 'PartialDecryption').map((e) => ({ owner: e.owner, packed: e.body })) };
}
// The events after the ballots: at the end of the chain, so that the ballots need not be read.
async function lastEvents(c) {
  const out = [];
  for (let height = c.events - 1n; height >= 0n; height--) {
    const e = await eventAt(c.id, height);
    if (e.kind === 'EncryptedTally' || e.kind === 'Setup') break;
    out.unshift(e);
  }
  return out;
}

// --- how it is shown

export const statusMark = (c) => h('span', { class: `status ${c.status}` }, statusText(c.status, say));

export function dates(c) {
  switch (c.status) {
    case 'open': return say(`Open until ${time(c.closes)}`, `Ouverte jusqu’au ${time(c.closes)}`);
    case 'published': case 'draft': return say(`From ${time(c.opens)} to ${time(c.closes)}`, `Du ${time(c.opens)} au ${time(c.closes)}`);
    default: return say(`Voting ended on ${time(c.closes)}`, `Le vote s’est terminé le ${time(c.closes)}`);
  }
}
export function turnout(c) {
  return say(`${count(c.counted, 'voter of', 'voters of')} ${number(c.voters)} have voted`,
    `${count(c.counted, '', '', 'votant', 'votants')} sur ${count(c.voters, '', '', 'inscrit', 'inscrits')}`);
}

// --- a ballot in words

// What one question's numbers say, in words: the texts of what was chosen.
export function chosenTexts(part, place, bits) {
  const q = part.questions[place];
  if (part.type === 'lists') {
    let at = 0;
    for (const l of q.lists) {
      if (bits[at]) return l.candidates.filter((_, k) => bits[at + 1 + k]).map((name) => `${l.name}${say(': ', ' : ')}${name}`);
      at += 1 + l.candidates.length;
    }
    return [];
  }
  if (part.perItem > 1)
    return part.items.map((name, i) => {
      const given = bits.slice(i * part.perItem, (i + 1) * part.perItem).reduce((n, b) => n + b, 0);
      return `${name}${say(': ', ' : ')}${count(given, 'point', 'points', 'point', 'points')}`;
    });
  if (q.blank && bits[0]) return [say('Blank vote', 'Vote blanc')];
  const chosen = q.answers.filter((_, i) => bits[i + (q.blank ? 1 : 0)]);
  return chosen.length ? chosen : [say('No answer', 'Aucune réponse')];
}
// All of a ballot in words, as a description list.
export function choicesInWords(e, choices) {
  const dl = h('dl', { class: 'answers' });
  for (const part of parts(e))
    part.questions.forEach((q, k) => dl.append(h('dt', {}, q.question),
      h('dd', {}, h('ul', {}, chosenTexts(part, k, choices[part.first + k]).map((t) => h('li', {}, t))))));
  return dl;
}
