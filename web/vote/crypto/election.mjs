// An election as Belenios describes it (election.json): what is asked, under which key. Its bytes count: their SHA-256,
// the fingerprint, goes into every proof.
import { utf8, hashText, isBase58 } from './bytes.mjs';
import { sha256 } from './sha256.mjs';
import { readText } from './edwards.mjs';

// Limits of src/belenios/election.h
export const QUESTIONS_MAX = 64, CIPHERTEXTS_MAX = 1024, RANGE_MAX = 256;

export class VoteError extends Error {
  // code: a word of English without spaces; detail: what the sentence in the reader's language needs
  constructor(code, detail = {}) {
    super(code + (Object.keys(detail).length ? ' ' + JSON.stringify(detail) : ''));
    Object.assign(this, { code, detail });
  }
}
export const no = (code, detail) => { throw new VoteError(code, detail); };

function only(object, where, needed, optional = []) {
  if (object === null || typeof object !== 'object' || Array.isArray(object)) no('member', { where });
  for (const name of Object.keys(object)) if (!needed.includes(name) && !optional.includes(name)) no('member', { where: where + name });
  for (const name of needed) if (!Object.hasOwn(object, name)) no('member', { where: where + name });
}
const isCount = (n, max) => Number.isInteger(n) && n >= 0 && n <= max;
const isTexts = (list) => Array.isArray(list) && list.length > 0 && list.every((t) => typeof t === 'string');

function readQuestion(j, i) {
  const where = `questions[${i}].`;
  if (j && Object.hasOwn(j, 'type')) {
    only(j, where, ['type', 'value'], ['extra']);
    if (j.type !== 'Lists') no('unsupported', { where: where + 'type', value: String(j.type) });
    only(j.value, where + 'value.', ['answers', 'question']);
    const lists = j.value.answers;
    if (!Array.isArray(lists) || !lists.length || !lists.every((l) => isTexts(l) && l.length > 1) || typeof j.value.question !== 'string')
      no('member', { where: where + 'value' });
    return { kind: 'lists', question: j.value.question, extra: j.extra,
      lists: lists.map(([name, ...candidates]) => ({ name, candidates })), count: lists.reduce((n, l) => n + l.length, 0) };
  }
  only(j, where, ['answers', 'min', 'max', 'question'], ['blank']);
  if (!isTexts(j.answers) || typeof j.question !== 'string' || ![undefined, true, false].includes(j.blank)) no('member', { where });
  const { min, max } = j;
  if (!isCount(max, Math.min(j.answers.length, RANGE_MAX)) || !isCount(min, max)) no('range', { where: where + 'max' });
  return { kind: 'homomorphic', question: j.question, answers: j.answers, blank: j.blank === true, min, max,
    count: j.answers.length + (j.blank ? 1 : 0) };
}

export function readQuestions(list) {
  if (!Array.isArray(list) || !list.length || list.length > QUESTIONS_MAX) no('range', { where: 'questions' });
  const questions = list.map(readQuestion);
  let first = 0;
  for (const q of questions) { q.first = first; first += q.count; }
  if (first > CIPHERTEXTS_MAX) no('range', { where: 'questions' });
  return questions;
}

const parse = (text) => { try { return JSON.parse(text); } catch { return no('json'); } };
const TEXTS = ['administrator', 'credential_authority'];

// readElection checks the document and answers what it says: { uuid, name, description, fingerprint, hash, publicKey (a
// point), questions, ciphertexts (how many a ballot has) }. Throws VoteError.
export function readElection(document) {
  const j = parse(document);
  only(j, '', ['version', 'description', 'name', 'group', 'public_key', 'questions', 'uuid'], TEXTS);
  if (j.version !== 1 || j.group !== 'Ed25519') no('unsupported', { where: 'version', value: `${j.version} ${j.group}` });
  for (const name of ['description', 'name', 'uuid', ...TEXTS.filter((n) => n in j)])
    if (typeof j[name] !== 'string') no('member', { where: name });
  if (j.uuid.length < 14 || j.uuid.length > 64 || !isBase58(j.uuid)) no('member', { where: 'uuid' });
  const publicKey = readText(j.public_key);
  if (!publicKey || publicKey.isIdentity) no('member', { where: 'public_key' });
  const questions = readQuestions(j.questions), hash = sha256(utf8(document));
  return { uuid: j.uuid, name: j.name, description: j.description, administrator: j.administrator, publicKey, questions, hash,
    fingerprint: hashText(hash), ciphertexts: questions.reduce((n, q) => n + q.count, 0) };
}

// A document or a clerk's template, which has neither key nor uuid: what a reader needs to see the questions.
export function readTexts(document) {
  const j = parse(document);
  return { name: String(j.name ?? ''), description: String(j.description ?? ''), questions: readQuestions(j.questions) };
}

// A choice: for every question its numbers 0 or 1, as ciphertexts stand: [blank] answers..., or for each list its own
// flag and its candidates'. checkChoice throws what forbids it.
export function checkChoice(question, bits, number) {
  const detail = { question: number };
  if (bits.length !== question.count || bits.some((b) => b !== 0 && b !== 1)) no('choice-form', detail);
  const sum = (list) => list.reduce((n, b) => n + b, 0);
  if (question.kind === 'lists') {
    let at = 0, lists = 0, candidates = 0;
    for (const l of question.lists) {
      const chosen = sum(bits.slice(at + 1, at + 1 + l.candidates.length));
      if (!bits[at] && chosen) no('choice-other-list', detail);
      lists += bits[at];
      candidates += chosen;
      at += 1 + l.candidates.length;
    }
    if (lists !== 1) no('choice-one-list', detail);
    if (!candidates) no('choice-no-candidate', detail);
    return;
  }
  const rest = question.blank ? bits.slice(1) : bits, chosen = sum(rest);
  if (question.blank && bits[0]) { if (chosen) no('choice-blank', detail); return; }
  if (chosen < question.min || chosen > question.max) no('choice-count', { ...detail, min: question.min, max: question.max, chosen });
}

// nest(question, values) groups a question's values as documents nest them: by list for Lists, flat otherwise.
export function nest(question, values) {
  if (question.kind !== 'lists') return values;
  let at = 0;
  return question.lists.map((l) => values.slice(at, (at += 1 + l.candidates.length)));
}
// flat(question, nested) is its inverse; null where the shape is another.
export function flat(question, nested) {
  if (!Array.isArray(nested)) return null;
  if (question.kind !== 'lists') return nested.length === question.count ? nested : null;
  if (nested.length !== question.lists.length) return null;
  for (const [i, l] of question.lists.entries())
    if (!Array.isArray(nested[i]) || nested[i].length !== 1 + l.candidates.length) return null;
  return nested.flat();
}
