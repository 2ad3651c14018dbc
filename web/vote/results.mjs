// The result of a consultation: numbers in words and bars, majority judgment and budgets as such; and the whole count made
// again in this page.
import { h, say, $, shell, heading, act, here, linkTo, number, percent, count, time, progress, problem, button, announce } from './ui.mjs';
import { consultation, consultations, election, statusMark, dates, turnout, openingOf, fingerprintText } from './consultation.mjs';
import { call } from './chain/node.mjs';
import { parts, plainDescription, funded } from './readings.mjs';
import { median, byMajority } from './judgment.mjs';
import { work } from './work.mjs';

const main = $('main');
const SVG = 'http://www.w3.org/2000/svg';
const svg = (tag, props, ...children) => {
  const e = document.createElementNS(SVG, tag);
  for (const [k, v] of Object.entries(props)) e.setAttribute(k, v);
  e.append(...children);
  return e;
};
const share = (n, whole) => (whole ? (100 * Number(n)) / Number(whole) : 0);

// A table whose bars only repeat the numbers beside them.
function bars(caption, rows, whole, unit) {
  const most = rows.reduce((m, r) => (r.votes > m ? r.votes : m), 0n);
  // the roles are said, since a narrow window lays the rows out anew
  return h('table', { class: 'bars', role: 'table' }, h('caption', {}, caption),
    h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, h('th', { scope: 'col', role: 'columnheader' }, say('Answer', 'Réponse')), h('th', { scope: 'col', role: 'columnheader' }, unit), h('th', { scope: 'col', role: 'columnheader' }, h('span', { class: 'quiet' }, say('Bar', 'Barre'))))),
    h('tbody', { role: 'rowgroup' }, rows.map((r) => h('tr', { role: 'row', class: (r.chosen ?? (r.votes === most && most > 0n)) && !r.aside ? 'first' : null },
      h('th', { scope: 'row', role: 'rowheader' }, r.name, r.note && h('span', { class: 'note' }, r.note)), h('td', { class: 'votes', role: 'cell' }, `${number(r.votes)} (${percent(r.votes, whole)})`),
      h('td', { role: 'cell' }, svg('svg', { 'aria-hidden': 'true', viewBox: '0 0 100 10', preserveAspectRatio: 'none' }, svg('rect', { width: share(r.votes, whole), height: 10 })))))));
}
const VOTES = () => say('Votes', 'Voix');

function plain(part, counts, weight) {
  const [q] = part.questions, rows = q.answers.map((name, i) => ({ name, votes: counts[i + (q.blank ? 1 : 0)] }));
  if (q.blank) rows.push({ name: say('Blank votes', 'Votes blancs'), votes: counts[0], aside: true });
  return [bars(say('Votes by answer', 'Voix par réponse'), rows, weight, VOTES()),
    part.type === 'multiple' && h('p', { class: 'soft' }, say('Several answers could be chosen: shares are of the ballots.', 'Plusieurs réponses étaient possibles : les parts sont en proportion des bulletins.'))];
}

function lists(part, counts, weight) {
  let at = 0;
  const groups = part.questions[0].lists.map((l) => {
    const own = counts.slice(at, (at += 1 + l.candidates.length));
    return { name: l.name, votes: own[0], candidates: l.candidates.map((name, k) => ({ name, votes: own[1 + k] })) };
  });
  return [bars(say('Votes by list', 'Voix par liste'), groups, weight, VOTES()),
    groups.map((g) => bars(say(`Candidates of ${g.name}`, `Candidats de ${g.name}`), g.candidates, g.votes, VOTES()))];
}

// The sums of a part's items: points, or approvals.
const sums = (part, counts) => part.items.map((_, i) => counts.slice(i * part.perItem, (i + 1) * part.perItem).reduce((a, b) => a + b, 0n));

function points(part, counts) {
  const votes = sums(part, counts), all = votes.reduce((a, b) => a + b, 0n);
  const rows = part.items.map((name, i) => ({ name, votes: votes[i] })).sort((a, b) => (a.votes === b.votes ? 0 : a.votes > b.votes ? -1 : 1));
  return bars(say(`Points, of ${number(all)} given`, `Points, sur ${number(all)} donnés`), rows, all, say('Points', 'Points'));
}

function budget(part, counts, weight) {
  const votes = sums(part, counts.slice(part.questions[0].blank ? 1 : 0)), { order, taken, left } = funded(part, votes);
  const rows = order.map((i) => ({ name: `${part.items[i]}`, votes: votes[i], chosen: taken.has(i),
    note: say(`cost ${number(part.costs[i])}`, `coût ${number(part.costs[i])}`) + (taken.has(i) ? say(', funded', ', financé') : say(', not funded', ', non financé')) }));
  return [bars(say('Projects in the order of their votes', 'Projets dans l’ordre de leurs voix'), rows, part.perItem > 1 ? votes.reduce((a, b) => a + b, 0n) : weight, say('Votes', 'Voix')),
    h('p', {}, say(`Of ${number(part.amount)}, ${number(part.amount - left)} are given to ${count(taken.size, 'project', 'projects')}; ${number(left)} remain. Projects are taken in the order of their votes as far as the amount suffices.`,
      `Sur ${number(part.amount)}, ${number(part.amount - left)} vont à ${count(taken.size, '', '', 'projet', 'projets')} ; il reste ${number(left)}. Les projets sont pris dans l’ordre de leurs voix tant que le montant suffit.`))];
}

const GRADE_COLOURS = ['#1a7f4b', '#4f9e3f', '#8fae3a', '#c9a227', '#c97b27', '#b5532a', '#8e2f2f'];
function judgment(part, all) {
  const rows = part.questions.map((q, k) => ({ name: q.question, counts: all[k], grade: median(all[k]) }));
  rows.sort((a, b) => byMajority(a.counts, b.counts));
  return h('ol', { class: 'cards' }, rows.map((r) => {
    const total = r.counts.reduce((a, b) => a + b, 0n);
    let x = 0;
    const bar = svg('svg', { class: 'merit', 'aria-hidden': 'true', viewBox: '0 0 100 10', preserveAspectRatio: 'none' },
      ...r.counts.map((n, i) => { const width = share(n, total), rect = svg('rect', { x, width, height: 10, fill: GRADE_COLOURS[Math.round((i * 6) / Math.max(1, r.counts.length - 1))] }); x += width; return rect; }),
      svg('line', { class: 'median', x1: 50, x2: 50, y1: 0, y2: 10, 'vector-effect': 'non-scaling-stroke' }));
    return h('li', {}, h('h3', {}, r.name), h('p', {}, say('Majority grade: ', 'Mention majoritaire : '), h('span', { class: 'grade' }, part.grades[r.grade])), bar,
      h('details', { open: true }, h('summary', {}, say('Grades in numbers', 'Mentions en nombres')),
        bars(say(`Grades: ${r.name}`, `Mentions : ${r.name}`), part.grades.map((name, i) => ({ name, votes: r.counts[i] })), total, say('Mentions', 'Mentions'))));
  }));
}

function partResult(part, counts, weight, n, many) {
  const slices = part.questions.map((q) => counts.slice(q.first, q.first + q.count));
  const body = { grades: () => judgment(part, slices), points: () => points(part, slices[0]), budget: () => budget(part, slices[0], weight), lists: () => lists(part, slices[0], weight),
    single: () => plain(part, slices[0], weight), multiple: () => plain(part, slices[0], weight) }[part.type]();
  const title = part.type === 'grades' ? say('Majority judgment', 'Jugement majoritaire') : part.title;
  return h('section', {}, h('h2', {}, many ? `${n + 1}. ${title}` : title), body);
}

// The whole count again: fingerprint, trustees' proofs, their decryptions, and the published numbers.
function recount(c, e, counts) {
  const area = h('section', {}, h('h2', {}, say('Check the count', 'Vérifier le dépouillement')),
    h('p', {}, say('This page can open the encrypted sum again from the trustees’ parts, check each of their proofs, and compare with the published numbers.',
      'Cette page peut ouvrir à nouveau la somme chiffrée à partir des parts des dépositaires, vérifier chacune de leurs preuves, et comparer aux nombres publiés.')));
  area.append(h('p', { class: 'actions' }, button(say('Check it here', 'Vérifier ici'), () => act(area, async () => {
    const bar = progress(say('Checking the proofs…', 'Vérification des preuves…'));
    area.append(bar.element);
    try {
      const { sums, trustees, decryptions, weight } = await openingOf(c);
      await work('result', { document: e.document, trustees, sums, decryptions, weight, counts: [...counts] }, bar.told);
      area.append(h('p', { class: 'notice good', id: 'recounted' }, say(
        `The numbers are exactly what ${count(decryptions.length, 'trustee', 'trustees')} opened; every proof holds.`,
        `Les nombres sont exactement ce que ${count(decryptions.length, '', '', 'dépositaire a ouvert', 'dépositaires ont ouvert')} ; chaque preuve tient.`)));
      announce(say('The count was checked: it holds.', 'Dépouillement vérifié : il tient.'));
    } finally { bar.element.remove(); }
  }))),
  h('details', {}, h('summary', {}, say('Fingerprints', 'Empreintes')), h('dl', { class: 'answers' },
    h('dt', {}, say('Election', 'Scrutin')), h('dd', { class: 'code-input' }, fingerprintText(c)),
    h('dt', {}, say('Identifier', 'Identifiant')), h('dd', { class: 'code-input' }, c.uuid))));
  return area;
}

async function open(id) {
  shell(say('Results', 'Résultats'));
  const top = heading(1, say('Results', 'Résultats')), page = h('div', {});
  main.replaceChildren(top, page);
  await act(page, async () => {
    const c = await consultation(id);
    shell(`${say('Results', 'Résultats')} – ${c.name}`);
    top.textContent = c.name;
    const e = await election(c);
    page.append(h('p', {}, statusMark(c), ' ', dates(c)), h('p', { class: 'soft' }, turnout(c),
      c.countedWeight !== c.counted ? say(`, with a weight of ${number(c.countedWeight)}`, `, pour un poids de ${number(c.countedWeight)}`) : ''));
    if (c.status !== 'decided') {
      page.append(h('section', {}, h('p', {}, c.status === 'merged' ? say('This unit was counted with others: ', 'Cette unité a été comptée avec d’autres : ') : say('There is no result yet.', 'Il n’y a pas encore de résultat.'),
        c.status === 'merged' && h('a', { href: linkTo('results.html', { id: c.mergedInto }) }, say('see their result', 'voir leur résultat')))));
      return;
    }
    const { counts } = await call('resultOf', id), list = parts(e);
    if (plainDescription(e)) page.append(h('p', { class: 'lines' }, plainDescription(e)));
    page.append(...list.map((part, n) => partResult(part, [...counts], c.countedWeight, n, list.length > 1)), recount(c, e, counts));
  });
}

async function all() {
  shell(say('Results', 'Résultats'));
  const page = h('div', {}, heading(1, say('Results', 'Résultats')));
  main.replaceChildren(page);
  await act(page, async () => {
    const { list } = await consultations(undefined, 100), decided = list.filter((c) => c.status === 'decided');
    page.append(decided.length ? h('ul', { class: 'cards' }, decided.map((c) => h('li', {}, h('h2', {}, h('a', { href: linkTo('results.html', { id: c.id }) }, c.name)),
      h('p', { class: 'soft' }, turnout(c), say(`, ended ${time(c.closes)}`, `, terminé le ${time(c.closes)}`)))))
      : h('p', { class: 'notice' }, say('There is no result yet.', 'Il n’y a pas encore de résultat.')));
  });
}
const asked = here.get('id');
(/^\d{1,18}$/.test(asked ?? '') ? open(BigInt(asked)) : all()).catch((e) => problem(main, e));
