// The voter's form: every question as a fieldset whose answer is read as numbers 0 or 1 (crypto/election.mjs).
import { h, say, choice, newId, count, announce, number } from './ui.mjs';
import { parts } from './readings.mjs';

const asked = ({ min, max }) => min === max
  ? (max === 1 ? say('Choose one answer.', 'Choisissez une réponse.') : say(`Choose ${max} answers.`, `Choisissez ${max} réponses.`))
  : min === 0 ? say(`Choose up to ${max} answers, or none.`, `Choisissez jusqu’à ${max} réponses, ou aucune.`)
    : say(`Choose ${min} to ${max} answers.`, `Choisissez de ${min} à ${max} réponses.`);

function frame(title, help, children) {
  const helpId = newId('ask'), wrongId = newId('wrong');
  return h('fieldset', { 'aria-describedby': `${helpId} ${wrongId}` }, h('legend', {}, title),
    h('p', { class: 'help', id: helpId }, help), children, h('p', { class: 'wrong', id: wrongId, hidden: true }));
}

// Radio buttons: one of the answers, blank, or none where that is allowed.
function single(title, q, old) {
  const name = newId('q'), options = q.answers.map((a, i) => choice('radio', name, a, { value: String(i) }));
  const blank = q.blank ? choice('radio', name, say('Blank vote', 'Vote blanc'), { value: 'blank' }) : null;
  const none = q.min === 0 && q.max > 0 && choice('radio', name, say('No answer', 'Aucune réponse'), { value: 'none' });
  const all = [...options, ...[blank, none].filter(Boolean)];
  if (old) {
    const at = old.indexOf(1);
    const pick = q.blank && old[0] ? blank : at < 0 ? none : options[at - (q.blank ? 1 : 0)];
    if (pick) pick.input.checked = true;
  }
  const element = frame(title, asked(q) + (q.blank ? say(' Or vote blank.', ' Ou votez blanc.') : ''), all.map((o) => o.element));
  return { element, read() {
    const picked = all.find((o) => o.input.checked)?.input.value;
    if (picked === undefined) return { wrong: say('Choose one of the answers.', 'Choisissez une des réponses.'), focus: all[0].input };
    const bits = q.answers.map((_, i) => (picked === String(i) ? 1 : 0));
    return { bits: q.blank ? [picked === 'blank' ? 1 : 0, ...bits] : bits };
  } };
}

// Checkboxes, with a count of what is chosen.
function multiple(title, q, old) {
  const name = newId('q'), options = q.answers.map((a, i) => choice('checkbox', name, a, { value: String(i) }));
  const blank = q.blank ? choice('checkbox', name, say('Blank vote', 'Vote blanc'), { value: 'blank' }) : null;
  if (old) {
    options.forEach((o, i) => { o.input.checked = old[i + (q.blank ? 1 : 0)] === 1; });
    if (blank) blank.input.checked = old[0] === 1;
  }
  const chosen = () => options.filter((o) => o.input.checked).length;
  const state = h('p', { class: 'tally' });
  const tell = (spoken) => {
    state.textContent = say(`${chosen()} of ${q.max} chosen`, `${count(chosen(), '', '', 'réponse choisie', 'réponses choisies')} sur ${q.max}`);
    if (spoken) announce(state.textContent);
  };
  options.forEach((o) => o.input.addEventListener('change', () => { if (blank && o.input.checked) blank.input.checked = false; tell(true); }));
  blank?.input.addEventListener('change', () => { if (blank.input.checked) options.forEach((o) => { o.input.checked = false; }); tell(true); });
  tell(false);
  const element = frame(title, asked(q) + (q.blank ? say(' Or vote blank.', ' Ou votez blanc.') : ''),
    [options.map((o) => o.element), blank && blank.element, state]);
  return { element, read() {
    const n = chosen(), isBlank = blank && blank.input.checked;
    if (!isBlank && (n < q.min || n > q.max))
      return { wrong: say(`${asked(q)} ${n} chosen now.`, `${asked(q)} Choix actuels : ${n}.`), focus: options[0].input };
    const bits = options.map((o) => (o.input.checked ? 1 : 0));
    return { bits: q.blank ? [isBlank ? 1 : 0, ...bits] : bits };
  } };
}

function lists(title, q, old) {
  const name = newId('q');
  let at = 0;
  const groups = q.lists.map((l) => {
    const first = at;
    at += 1 + l.candidates.length;
    const pick = choice('radio', name, l.name), candidates = l.candidates.map((c) => choice('checkbox', newId('c'), c));
    pick.input.checked = old?.[first] === 1;
    candidates.forEach((c, k) => { c.input.checked = old?.[first + 1 + k] === 1; });
    const inner = h('div', { class: 'nested', role: 'group', 'aria-label': say(`Candidates of ${l.name}`, `Candidats de ${l.name}`) }, candidates.map((c) => c.element));
    return { pick, candidates, inner };
  });
  const open = () => groups.forEach((g) => { g.inner.hidden = !g.pick.input.checked; });
  groups.forEach((g) => g.pick.input.addEventListener('change', () => {
    if (g.candidates.every((c) => !c.input.checked)) g.candidates.forEach((c) => { c.input.checked = true; });
    open();
  }));
  open();
  const element = frame(title, say('Choose one list, then at least one of its candidates; at first all of them are chosen.',
    'Choisissez une liste, puis au moins un de ses candidats ; au départ tous sont choisis.'), groups.map((g) => [g.pick.element, g.inner]));
  return { element, read() {
    const g = groups.find((x) => x.pick.input.checked);
    if (!g) return { wrong: say('Choose one list.', 'Choisissez une liste.'), focus: groups[0].pick.input };
    if (g.candidates.every((c) => !c.input.checked))
      return { wrong: say('Choose at least one candidate of the list.', 'Choisissez au moins un candidat de la liste.'), focus: g.candidates[0].input };
    return { bits: groups.flatMap((x) => [x === g ? 1 : 0, ...x.candidates.map((c) => (x === g && c.input.checked ? 1 : 0))]) };
  } };
}

function points(title, part, old) {
  const [q] = part.questions, most = part.perItem;
  const rows = part.items.map((name, i) => {
    const given = old ? old.slice(i * most, (i + 1) * most).reduce((n, b) => n + b, 0) : 0;
    const id = newId('points'), select = h('select', { id }, Array.from({ length: most + 1 }, (_, k) => h('option', { value: k }, number(k))));
    select.value = String(given);
    return { select, element: [h('label', { for: id }, name), select] };
  });
  const total = () => rows.reduce((n, r) => n + Number(r.select.value), 0);
  const state = h('p', { class: 'tally' });
  const tell = (spoken) => {
    state.textContent = say(`${total()} of ${count(q.max, 'point', 'points')} given`, `${count(total(), '', '', 'point donné', 'points donnés')} sur ${q.max}`);
    state.classList.toggle('full', total() === q.max);
    if (spoken) announce(state.textContent);
  };
  rows.forEach((r) => r.select.addEventListener('change', () => tell(true)));
  tell(false);
  const element = frame(title, q.min === q.max
    ? say(`Share out exactly ${q.max} points, at most ${most} for one item.`, `Répartissez exactement ${q.max} points, au plus ${most} chacun.`)
    : say(`Share out up to ${q.max} points, at most ${most} for one item.`, `Répartissez jusqu’à ${q.max} points, au plus ${most} chacun.`),
  [h('div', { class: 'points' }, rows.map((r) => r.element)), state]);
  return { element, read() {
    if (total() < q.min || total() > q.max)
      return { wrong: say(`${total()} points given; between ${q.min} and ${q.max} are possible.`, `${total()} points donnés ; il en faut entre ${q.min} et ${q.max}.`), focus: rows[0].select };
    return { bits: rows.flatMap((r) => Array.from({ length: most }, (_, i) => (i < Number(r.select.value) ? 1 : 0))) };
  } };
}

// Majority judgment: a grade for each, the grades side by side as far as there is room.
function grades(part, ordinal, old) {
  const rows = part.questions.map((q, k) => {
    const row = single(q.question, q, old?.[k]), options = [...row.element.querySelectorAll('.option')], box = h('div', { class: 'grades' });
    options[0].before(box);
    box.append(...options);
    return row;
  });
  const title = newId('graded');
  return { rows, element: h('div', { role: 'group', 'aria-labelledby': title }, h('h3', { id: title }, ordinal, say('Give each one a grade', 'Donnez une mention à chacun')),
    h('p', { class: 'help' }, say('Two may have the same grade.', 'Deux peuvent avoir la même mention.')), rows.map((r) => r.element)) };
}

// questionForm(e, choices or null): { elements, read() -> choices, or null when an answer is missing (the form then says so,
// and has the focus there) }.
export function questionForm(e, old) {
  const list = parts(e), readers = [], elements = list.map((part, n) => {
    const title = list.length > 1 ? `${n + 1}. ${part.title}` : part.title, before = old?.[part.first];
    if (part.type === 'grades') {
      const g = grades(part, list.length > 1 ? `${n + 1}. ` : '', old?.slice(part.first, part.first + part.questions.length));
      readers.push(...g.rows);
      return g.element;
    }
    const [q] = part.questions, one = part.perItem > 1 ? points(title, part, before)
      : (part.type === 'lists' ? lists : q.max === 1 ? single : multiple)(title, q, before);
    readers.push(one);
    return one.element;
  });
  return { elements, read() {
    const out = [];
    let focus = null;
    for (const r of readers) {
      const { bits, wrong, focus: at } = r.read(), line = r.element.querySelector(':scope > .wrong');
      line.textContent = wrong ?? '';
      line.hidden = !wrong;
      if (wrong) focus ??= at;
      out.push(bits);
    }
    if (!focus) return out;
    focus.focus();
    announce(say('An answer is missing or does not fit.', 'Une réponse manque ou ne convient pas.'));
    return null;
  } };
}
