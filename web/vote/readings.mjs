// Questions as people see them. To the protocol all but lists are homomorphic questions; that some are to be read together -
// majority judgment, points, a budget - is said in lines of the description, in the form of src/app/vote_reading.h:
//
//   parvis-reading: majority-judgment questions 1-5
//   parvis-reading: points question 2 per-item 5
//   parvis-reading: budget question 1 [per-item 3] amount 100000 costs 30000,45000,12000

const MARK = 'parvis-reading: ';

export const plainDescription = (e) => e.description.split('\n').filter((line) => !line.startsWith(MARK)).join('\n').trim();

// The name of an item: its first answer up to the last colon ("Playground: 1 point").
const itemName = (answer, perItem) => (perItem > 1 && answer.includes(':') ? answer.slice(0, answer.lastIndexOf(':')).trimEnd() : answer);

function judgment(line, questions) {
  const [, a, b] = /^majority-judgment questions (\d+)-(\d+)$/.exec(line) ?? [];
  const first = Number(a) - 1, group = a ? questions.slice(first, Number(b)) : [];
  const fits = group.length > 0 && group.length === Number(b) - first && group.every((q) => q.kind === 'homomorphic' && !q.blank &&
    q.min === 1 && q.max === 1 && JSON.stringify(q.answers) === JSON.stringify(group[0].answers));
  return fits ? { type: 'grades', first, questions: group, grades: group[0].answers } : null;
}
function items(line, questions) {
  const [, kind, n, per, amount, costs] = /^(points|budget) question (\d+)(?: per-item (\d+))?(?: amount (\d+) costs (\d+(?:,\d+)*))?$/.exec(line) ?? [];
  const q = questions[Number(n) - 1], perItem = Number(per ?? 1);
  if (!kind || q?.kind !== 'homomorphic' || !perItem || q.answers.length % perItem || (kind === 'points' ? !per || amount : !amount)) return null;
  const names = Array.from({ length: q.answers.length / perItem }, (_, i) => itemName(q.answers[i * perItem], perItem));
  const part = { type: kind, first: Number(n) - 1, questions: [q], perItem, items: names };
  if (kind === 'points') return part;
  Object.assign(part, { amount: BigInt(amount), costs: costs.split(',').map(BigInt) });
  return part.costs.length === names.length ? part : null;
}

// parts(e) in the order of the questions: { type, first (place of its first question), questions, title }, and by type
//   single, multiple, lists
//   grades           grades; each question is a candidate
//   points, budget   perItem answers for each of items; a budget also amount and costs, one an item
// A line that does not fit its questions is left out: they are then shown as what they are.
export function parts(e) {
  const found = new Map();
  for (const line of e.description.split('\n').filter((l) => l.startsWith(MARK))) {
    const part = judgment(line.slice(MARK.length), e.questions) ?? items(line.slice(MARK.length), e.questions);
    if (part) found.set(part.first, part);
  }
  const out = [];
  for (let i = 0; i < e.questions.length;) {
    const q = e.questions[i], part = found.get(i) ?? { first: i, questions: [q], type: q.kind === 'lists' ? 'lists' : q.max === 1 ? 'single' : 'multiple' };
    out.push({ ...part, title: part.type === 'grades' ? '' : q.question });
    i += part.questions.length;
  }
  return out;
}

// Which projects of a budget the amount suffices for, in the order of their votes (equal ones in the question's).
export function funded(part, votes) {
  let left = part.amount;
  const order = votes.map((_, i) => i).sort((a, b) => (votes[a] === votes[b] ? a - b : votes[a] > votes[b] ? -1 : 1));
  const taken = new Set();
  for (const i of order) if (votes[i] > 0n && part.costs[i] <= left) { left -= part.costs[i]; taken.add(i); }
  return { order, taken, left };
}
