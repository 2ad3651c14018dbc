// The clerk's form of a new consultation: what is asked, when, of whom; it becomes the plan that the ledger takes.
import { h, say, field, wrongField, button, act, show, heading, newId, announce } from './ui.mjs';
import { questionForm } from './questions.mjs';
import { readQuestions } from './crypto/election.mjs';
import { send } from './chain/node.mjs';
import { EVENTS } from './chain/voting.mjs';
import { hexOf } from './crypto/bytes.mjs';

const linesOf = (text) => text.split('\n').map((l) => l.trim()).filter(Boolean);
const KINDS = () => ({ single: say('One answer', 'Une seule réponse'), multiple: say('Several answers', 'Plusieurs réponses'),
  grades: say('Majority judgment: a grade for each', 'Jugement majoritaire : une mention à chacun'),
  budget: say('Budget: projects with a cost', 'Budget : des projets avec un coût'), points: say('Points to share out', 'Points à répartir'), lists: say('Lists of candidates', 'Listes de candidats') });
const GRADES = () => say('Excellent\nVery good\nGood\nPassable\nInadequate\nReject', 'Excellent\nTrès bien\nBien\nPassable\nInsuffisant\nÀ rejeter');
const asLocal = (date) => new Date(date - date.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
const seconds = (input) => Math.floor(new Date(input.value).getTime() / 1000);
export const isAddress = (text) => /^0x[0-9a-fA-F]{40}$/.test(text);

// An input that says what is wrong with it: thrown by readers, shown at the field.
class Wrong extends Error { constructor(input, text) { super(text); this.input = input; } }
const needText = (input, what) => input.value.trim() || fail(input, what);
const fail = (input, text) => { throw new Wrong(input, text); };
function needLines(input, least) {
  const list = linesOf(input.value);
  return list.length >= least ? list : fail(input, say(`At least ${least}, one per line.`, `Au moins ${least}, une par ligne.`));
}
function needNumber(input, low, high) {
  const n = Number(input.value);
  return Number.isInteger(n) && n >= low && n <= high ? n : fail(input, say(`A number from ${low} to ${high}.`, `Un nombre de ${low} à ${high}.`));
}

const numberInput = (value) => h('input', { type: 'number', min: 0, value, inputmode: 'numeric' });
const area = (value = '') => h('textarea', { value });

// The fields of one kind, and how they become Belenios' questions and, where needed, a line that says how to read them
// (readings.mjs). read(place): { questions, reading } with place counted from 1.
const FORMS = {
  single() {
    const text = h('input', {}), answers = area(), blank = h('input', { type: 'checkbox' });
    return { fields: [field(say('Question', 'Question'), text, { wide: true }), field(say('Answers, one per line', 'Réponses, une par ligne'), answers, { wide: true }), checkbox(blank, say('Offer a blank vote', 'Proposer le vote blanc'))],
      read: () => ({ questions: [{ answers: needLines(answers, 2), ...(blank.checked ? { blank: true } : {}), min: 1, max: 1, question: needText(text, say('Write the question.', 'Écrivez la question.')) }] }) };
  },
  multiple() {
    const text = h('input', {}), answers = area(), low = numberInput(0), high = numberInput(2), blank = h('input', { type: 'checkbox' });
    return { fields: [field(say('Question', 'Question'), text, { wide: true }), field(say('Answers, one per line', 'Réponses, une par ligne'), answers, { wide: true }),
      field(say('Answers to choose, at least', 'Réponses à choisir, au moins'), low), field(say('at most', 'au plus'), high), checkbox(blank, say('Offer a blank vote', 'Proposer le vote blanc'))],
    read() {
      const list = needLines(answers, 2), min = needNumber(low, 0, list.length), max = needNumber(high, Math.max(1, min), list.length);
      return { questions: [{ answers: list, ...(blank.checked ? { blank: true } : {}), min, max, question: needText(text, say('Write the question.', 'Écrivez la question.')) }] };
    } };
  },
  grades() {
    const names = area(), grades = area(GRADES());
    return { fields: [field(say('What is judged, one per line', 'Ce qui est jugé, un par ligne'), names, { wide: true }), field(say('Grades, the best first', 'Mentions, la meilleure d’abord'), grades, { wide: true })],
      read(place) {
        const list = needLines(names, 2), answers = needLines(grades, 2);
        return { questions: list.map((question) => ({ answers, min: 1, max: 1, question })), reading: `majority-judgment questions ${place}-${place + list.length - 1}` };
      } };
  },
  budget() {
    const text = h('input', {}), projects = area(), most = numberInput(3), amount = numberInput(100000);
    return { fields: [field(say('Question', 'Question'), text, { wide: true }), field(say('Amount to be spent', 'Montant à dépenser'), amount),
      field(say('Projects, one per line: name; cost', 'Projets, un par ligne : nom ; coût'), projects, { wide: true, help: say('For instance: Playground; 40000', 'Par exemple : Aire de jeux ; 40000') }),
      field(say('Projects a voter may support, at most', 'Projets qu’un électeur peut soutenir, au plus'), most)],
    read(place) {
      const list = needLines(projects, 2).map((l) => /^(.*\S)\s*;\s*([1-9][0-9]{0,14})$/.exec(l) ?? fail(projects, say(`“${l}”: write name; cost.`, `« ${l} » : écrivez nom ; coût.`)));
      const total = needNumber(amount, 1, 2 ** 52);
      return { questions: [{ answers: list.map(([, name, cost]) => `${name} (${cost})`), min: 0, max: needNumber(most, 1, list.length), question: needText(text, say('Write the question.', 'Écrivez la question.')) }],
        reading: `budget question ${place} amount ${total} costs ${list.map(([, , cost]) => cost).join()}` };
    } };
  },
  points() {
    const text = h('input', {}), items = area(), all = numberInput(10), each = numberInput(5);
    return { fields: [field(say('Question', 'Question'), text, { wide: true }), field(say('Items, one per line', 'Éléments, un par ligne'), items, { wide: true }),
      field(say('Points to share out', 'Points à répartir'), all), field(say('for one item, at most', 'pour un élément, au plus'), each)],
    read(place) {
      const list = needLines(items, 2), per = needNumber(each, 1, 20), max = needNumber(all, 1, Math.min(256, per * list.length));
      return { questions: [{ answers: list.flatMap((name) => Array.from({ length: per }, (_, i) => `${name}: ${i + 1}`)), min: 0, max, question: needText(text, say('Write the question.', 'Écrivez la question.')) }],
        reading: per > 1 ? `points question ${place} per-item ${per}` : undefined };
    } };
  },
  lists() {
    const text = h('input', {}), lists = area();
    return { fields: [field(say('Question', 'Question'), text, { wide: true }), field(say('Lists, one per line: name: candidate, candidate', 'Listes, une par ligne : nom : candidat, candidat'), lists, { wide: true })],
      read() {
        const answers = needLines(lists, 1).map((l) => {
          const [, name, rest] = /^([^:]*\S)\s*:\s*(.+)$/.exec(l) ?? fail(lists, say(`“${l}”: write name: candidate, candidate.`, `« ${l} » : écrivez nom : candidat, candidat.`));
          return [name, ...rest.split(',').map((c) => c.trim()).filter(Boolean)];
        });
        return { questions: [{ type: 'Lists', value: { answers, question: needText(text, say('Write the question.', 'Écrivez la question.')) } }] };
      } };
  },
};
function checkbox(input, label) {
  input.id = newId('box');
  return h('div', { class: 'option' }, input, h('label', { for: input.id }, label));
}

function questionBlock(list, remove) {
  const kind = h('select', {}, Object.entries(KINDS()).map(([value, text]) => h('option', { value }, text))), box = h('div', {});
  const block = { element: null, read: null };
  const choose = () => {
    const form = FORMS[kind.value]();
    block.read = form.read;
    box.replaceChildren(...form.fields);
  };
  kind.addEventListener('change', choose);
  choose();
  block.element = h('fieldset', { class: 'asked' }, h('legend', {}, `Question ${list.length + 1}`), field(say('Kind', 'Genre'), kind), box,
    h('p', { class: 'actions' }, button(say('Remove this question', 'Retirer cette question'), () => remove(block))));
  return block;
}

// The trustees: accounts, and how many of them open the sum.
function trusteeFields() {
  const accounts = area(), needed = numberInput(2);
  return { fields: [field(say('Trustees’ accounts, one per line', 'Comptes des dépositaires, un par ligne'), accounts, { wide: true, help: say('Each trustee makes an account on the Trustees page and gives you its address.', 'Chaque dépositaire fait un compte sur la page Dépositaires et vous en donne l’adresse.') }),
    field(say('How many of them open the sum', 'Combien d’entre eux ouvrent la somme'), needed, { help: say('Fewer than all: the others may be absent. All: each is needed.', 'Moins que tous : les autres peuvent être absents. Tous : chacun est nécessaire.') })],
  read() {
    const list = needLines(accounts, 1).map((a) => (isAddress(a) ? a : fail(accounts, say(`“${a}” is not an account: 0x and 40 digits.`, `« ${a} » n’est pas un compte : 0x et 40 chiffres.`))));
    const k = needNumber(needed, 1, list.length);
    return k === list.length ? list.map((member) => ({ threshold: 0, members: [member] })) : [{ threshold: k, members: list }];
  } };
}

// createForm(into, signer, done): the form; done(id) once the ledger has the consultation.
export function createForm(into, signer, done, back) {
  const name = h('input', { maxlength: 200 }), description = area(), registrar = h('input', { class: 'code-input', value: signer.address, spellcheck: 'false' }), floor = numberInput(1);
  const opens = h('input', { type: 'datetime-local', value: asLocal(new Date(Date.now() + 86400000)) }), closes = h('input', { type: 'datetime-local', value: asLocal(new Date(Date.now() + 8 * 86400000)) });
  const trustees = trusteeFields(), list = [], blocks = h('div', {});
  const remove = (block) => {
    list.splice(list.indexOf(block), 1);
    block.element.remove();
    list.forEach((b, i) => { b.element.querySelector('legend').textContent = `Question ${i + 1}`; });
    announce(say('Question removed.', 'Question retirée.'));
    more.focus();
  };
  const add = (focus) => {
    const block = questionBlock(list, remove);
    list.push(block);
    blocks.append(block.element);
    if (focus) block.element.querySelector('select').focus();
  };
  const more = button(say('Add a question', 'Ajouter une question'), () => add(true));
  add(false);
  const read = () => {
    const questions = [], readings = [];
    if (!list.length) fail(name, say('Ask at least one question.', 'Posez au moins une question.'));
    const plan = { opens: seconds(opens), closes: seconds(closes), floor: needNumber(floor, 0, 2 ** 31), registrar: registrar.value.trim() };
    const title = needText(name, say('Give it a name.', 'Donnez-lui un nom.'));
    for (const block of list) {
      const { questions: asked, reading } = block.read(questions.length + 1);
      questions.push(...asked);
      if (reading) readings.push('parvis-reading: ' + reading);
    }
    if (!(plan.opens < plan.closes)) fail(closes, say('Voting closes after it opens.', 'La clôture vient après l’ouverture.'));
    if (!isAddress(plan.registrar)) fail(registrar, say('An account: 0x and 40 digits.', 'Un compte : 0x et 40 chiffres.'));
    const text = [description.value.trim(), ...readings].filter(Boolean).join('\n');
    return { ...plan, trustees: trustees.read(), template: JSON.stringify({ description: text, name: title, questions }), description: text, name: title, questions: readQuestions(questions) };
  };
  const form = h('form', { novalidate: true }, field(say('Name', 'Nom'), name, { wide: true }), field(say('Explanation for voters', 'Explication pour les électeurs'), description, { wide: true }),
    field(say('Voting opens', 'Ouverture du vote'), opens), field(say('Voting closes', 'Clôture du vote'), closes),
    h('h3', {}, say('Questions', 'Questions')), blocks, h('p', { class: 'actions' }, more),
    h('h3', {}, say('Who keeps the secret', 'Qui garde le secret')), trustees.fields,
    h('h3', {}, say('Who may vote', 'Qui peut voter')), field(say('Registrar’s account', 'Compte du responsable des listes'), registrar, { wide: true, help: say('Adds the voters’ keys; by default you.', 'Ajoute les clés des électeurs ; par défaut vous.') }),
    field(say('Fewest voters to count', 'Nombre minimal de votants'), floor, { help: say('If fewer vote, the sum is not opened: it would tell too much.', 'S’ils sont moins nombreux, la somme n’est pas ouverte : elle en dirait trop.') }),
    h('p', { class: 'actions' }, h('button', { class: 'primary' }, say('Review', 'Relire')), button(say('Back', 'Retour'), back)));
  form.addEventListener('submit', (ev) => {
    ev.preventDefault();
    form.querySelectorAll('[aria-invalid]').forEach((i) => wrongField(i, ''));
    try { review(into, signer, read(), done, () => show(into, section)); } catch (e) {
      if (e instanceof Wrong) wrongField(e.input, e.message);
      else act(form, () => { throw e; });
    }
  });
  const section = h('section', {}, heading(2, say('A new consultation', 'Une nouvelle consultation')), form);
  show(into, section);
}

function review(into, signer, plan, done, back) {
  const view = h('section', {}, heading(2, plan.name), h('p', { class: 'notice' }, say('This is how voters will see it. Once published nothing of it can change.', 'Voici ce que verront les électeurs. Une fois publiée, rien n’en peut changer.')));
  const sample = questionForm(plan, null);
  view.append(...sample.elements, h('p', { class: 'actions' }, button(say('Create it', 'La créer'), () => act(view, async () => {
    const receipt = await send(signer, 'create', [plan]);
    const log = receipt.logs.find((l) => l.topics[0] === '0x' + hexOf(EVENTS.ConsultationCreated.hash));
    done(BigInt(log.topics[1]));
  }), { primary: true, id: 'create' }), button(say('Change it', 'La modifier'), back)));
  show(into, view);
}
