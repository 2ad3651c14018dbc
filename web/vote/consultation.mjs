// Consultations as the ledger has them, and how their questions are put to people.
import { call, callMany } from './chain/node.mjs';
import { bytesOf, hashText } from './crypto/bytes.mjs';
import { readElection, readTexts } from './crypto/election.mjs';
import { sha256 } from './crypto/sha256.mjs';
import { utf8, equal } from './crypto/bytes.mjs';
import { no } from './crypto/election.mjs';
import { statusWord, statusText } from './explain.mjs';
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

// --- questions as people see them
//
// Belenios' documents know homomorphic questions and lists. Two ways of asking are made of the former, and recognised by
// how their texts are written (docs/voting-page.md):
//   grades   majority judgment: questions in a row with the same answers, exactly one to choose, and texts "What is asked
//            — What is judged" with the same first part
//   points   a budget: answers "Project : point 1", "Project : point 2", ..., the same number for every project
const GRADE = / — /;
function gradeRun(questions, start) {
  const isGrade = (q) => q.kind === 'homomorphic' && !q.blank && q.min === 1 && q.max === 1 && q.answers.length >= 3 && GRADE.test(q.question);
  const first = questions[start];
  if (!isGrade(first)) return 0;
  const [stem] = first.question.split(GRADE), answers = JSON.stringify(first.answers);
  let end = start;
  while (end < questions.length && isGrade(questions[end]) && questions[end].question.split(GRADE)[0] === stem &&
    JSON.stringify(questions[end].answers) === answers) end++;
  return end - start >= 2 ? end - start : 0;
}
function pointProjects(q) {
  if (q.kind !== 'homomorphic' || q.blank) return null;
  const projects = [];
  for (const answer of q.answers) {
    const [, name, n] = /^(.+) : point (\d+)$/.exec(answer) ?? [];
    if (!name) return null;
    if (n === '1') projects.push({ name, points: 1 });
    else if (projects.at(-1)?.name !== name || Number(n) !== ++projects.at(-1).points) return null;
  }
  return projects.length > 1 && projects.every((p) => p.points === projects[0].points && p.points > 1) ? projects : null;
}

// parts(questions): [{ type: 'grades' | 'points' | 'lists' | 'single' | 'multiple', first: place of the first question,
// questions, title, ... }] in their order.
export function parts(questions) {
  const out = [];
  for (let i = 0; i < questions.length;) {
    const q = questions[i], run = gradeRun(questions, i), projects = pointProjects(q);
    const part = { first: i, questions: [q], title: q.question };
    if (run) {
      part.questions = questions.slice(i, i + run);
      Object.assign(part, { type: 'grades', title: q.question.split(GRADE)[0], grades: q.answers,
        names: part.questions.map((g) => g.question.split(GRADE).slice(1).join(' — ')) });
    } else if (projects) Object.assign(part, { type: 'points', projects });
    else if (q.kind === 'lists') part.type = 'lists';
    else part.type = q.max === 1 ? 'single' : 'multiple';
    out.push(part);
    i += part.questions.length;
  }
  return out;
}

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
  if (part.type === 'points') {
    let at = 0;
    return part.projects.map((p) => {
      const given = bits.slice(at, (at += p.points)).reduce((n, b) => n + b, 0);
      return `${p.name}${say(': ', ' : ')}${count(given, 'point', 'points', 'point', 'points')}`;
    });
  }
  if (q.blank && bits[0]) return [say('Blank vote', 'Vote blanc')];
  const chosen = q.answers.filter((_, i) => bits[i + (q.blank ? 1 : 0)]);
  return chosen.length ? chosen : [say('No answer', 'Aucune réponse')];
}
// All of a ballot in words, as a description list.
export function choicesInWords(questions, choices) {
  const dl = h('dl', { class: 'answers' });
  for (const part of parts(questions))
    part.questions.forEach((q, k) => dl.append(
      h('dt', {}, part.type === 'grades' ? `${part.title} — ${part.names[k]}` : q.question),
      h('dd', {}, h('ul', {}, chosenTexts(part, k, choices[part.first + k]).map((t) => h('li', {}, t))))));
  return dl;
}

export const trackerBytes = (hex) => bytesOf(hex);
