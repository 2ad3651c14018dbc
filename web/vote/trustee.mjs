// A trustee's page: its secret, its part in making the key, and its part in opening the sum.
import { h, say, $, shell, heading, show, act, button, field, wrongField, announce, download, progress, problem, textOfFile } from './ui.mjs';
import { consultations, consultation, election, trusteesOf, openingOf, statusMark, dates } from './consultation.mjs';
import { callMany, send } from './chain/node.mjs';
import { newSeed, isSeed } from './crypto/trustees.mjs';
import { signIn, signedIn, short } from './signing.mjs';
import { work } from './work.mjs';

const main = $('main'), title = say('Trustees', 'Dépositaires');
const area = h('div', {});
const roundsOf = (t) => (t.size > 1 ? 4 : 1);
const isDone = (t) => t.step >= roundsOf(t);

async function mine(signer) {
  show(area, h('section', {}, heading(2, say('Your consultations', 'Vos consultations')), signedIn(signer, begin)));
  const section = area.querySelector('section');
  await act(section, async () => {
    const { list } = await consultations(undefined, 50), found = [];
    for (const c of list.filter((x) => !['cancelled', 'merged'].includes(x.status))) {
      const me = (await trusteesOf(c.id)).find((t) => t.account === signer.address);
      if (me) found.push({ c, me });
    }
    section.append(found.length ? h('ul', { class: 'cards' }, found.map(({ c, me }) => h('li', {}, h('h3', {}, c.name), h('p', {}, statusMark(c), ' ', dates(c)),
      h('p', {}, due(c, me)), h('p', { class: 'actions' }, button(say('Open', 'Ouvrir'), () => open(signer, c.id), { primary: !isDone(me) || (c.status === 'tallied' && !me.decrypted), 'aria-label': say(`Open: ${c.name}`, `Ouvrir : ${c.name}`) })))))
      : h('p', { class: 'notice' }, say('This account is not a trustee of any consultation. Give its address to the organiser.', 'Ce compte n’est dépositaire d’aucune consultation. Donnez son adresse à l’organisateur.')));
  });
}
function due(c, me) {
  if (c.status === 'draft') return isDone(me) ? say('Your part of the key is made.', 'Votre part de la clé est faite.') : say('Your part of the key is to be made.', 'Votre part de la clé est à faire.');
  if (c.status === 'tallied') return me.decrypted ? say('You have opened your part.', 'Vous avez ouvert votre part.') : say('Your part of the count is to be opened.', 'Votre part du dépouillement est à ouvrir.');
  return say('Nothing is due now.', 'Rien à faire pour l’instant.');
}

// --- one consultation. v: { signer, id, seed }; the seed is only in memory and in the trustee's file.

function groupTable(v, all) {
  return h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': title }, h('table', { class: 'left' }, h('thead', {}, h('tr', {}, [say('Trustee', 'Dépositaire'), say('Account', 'Compte'), say('Key', 'Clé'), say('Part opened', 'Part ouverte')].map((t) => h('th', { scope: 'col' }, t)))),
    h('tbody', {}, all.map((t) => h('tr', {}, h('th', { scope: 'row' }, t.owner, t.account === v.signer.address ? say(' (you)', ' (vous)') : ''), h('td', {}, short(t.account)),
      h('td', {}, isDone(t) ? say('✓ done', '✓ faite') : say(`round ${t.step} of ${roundsOf(t)}`, `étape ${t.step} sur ${roundsOf(t)}`)), h('td', {}, t.decrypted ? say('✓ yes', '✓ oui') : say('no', 'non')))))));
}

async function open(signer, id) {
  const v = { signer, id: BigInt(id) };
  await act(area, () => refresh(v));
}

async function refresh(v) {
  v.c = await consultation(v.id);
  v.all = await trusteesOf(v.id);
  v.me = v.all.find((t) => t.account === v.signer.address);
  const section = h('section', {}, heading(2, v.c.name), h('p', {}, statusMark(v.c), ' ', dates(v.c)),
    v.me.size > 1 ? h('p', {}, say(`You are one of a group of ${v.me.size}; any ${v.me.threshold} of you can open the sum.`, `Vous êtes ${v.me.size} dans le groupe ; ${v.me.threshold} d’entre vous suffisent pour ouvrir la somme.`))
      : h('p', {}, say('You stand alone: without you the sum cannot be opened.', 'Vous êtes seul : sans vous, la somme ne peut pas être ouverte.')),
    groupTable(v, v.all));
  const needs = (v.c.status === 'draft' && !isDone(v.me)) || (v.c.status === 'tallied' && !v.me.decrypted);
  show(area, section, needs ? (v.seed ? task(v) : secret(v)) : h('section', {}, h('p', { class: 'notice good' }, due(v.c, v.me)),
    v.c.status === 'draft' && h('p', {}, say('Keep the file of your secret: you will need it for the count.', 'Gardez le fichier de votre secret : il vous le faudra pour le dépouillement.'))),
  h('p', { class: 'actions' }, button(say('All consultations', 'Toutes les consultations'), () => mine(v.signer)), button(say('Refresh', 'Actualiser'), () => act(area, () => refresh(v)))));
}

// Making or loading the secret.
function secret(v) {
  const file = h('input', { type: 'file' }), typed = h('input', { type: 'password', class: 'code-input', autocomplete: 'off', spellcheck: 'false' });
  const form = h('form', { novalidate: true }, field(say('The file of your secret', 'Le fichier de votre secret'), file, { wide: true }), field(say('or its 22 characters', 'ou ses 22 caractères'), typed),
    h('p', { class: 'actions' }, h('button', { class: v.me.step ? 'primary' : null }, say('Use this secret', 'Utiliser ce secret'))));
  form.addEventListener('submit', async (ev) => {
    ev.preventDefault();
    const text = ((await textOfFile(file)) ?? typed.value).trim().split(/\s/)[0];
    if (wrongField(typed, isSeed(text) ? '' : say('This is not a trustee’s secret: it has 22 letters and digits.', 'Ce n’est pas un secret de dépositaire : il a 22 lettres et chiffres.'))) { v.seed = text; act(area, () => refresh(v)); }
  });
  const make = () => {
    v.seed = newSeed();
    download(`${say('trustee-secret', 'secret-depositaire')}-${v.id}.txt`, v.seed + '\n');
    announce(say('Your secret was saved as a file.', 'Votre secret a été enregistré dans un fichier.'));
    act(area, () => refresh(v));
  };
  return h('section', {}, h('h2', {}, say('Your secret', 'Votre secret')),
    v.me.step === 0 && [h('p', {}, say('It opens your part of the sum. It is made here, saved as a file, and never sent. Keep the file where nobody else reads it: without it your part is lost.',
      'Il ouvre votre part de la somme. Il est fait ici, enregistré dans un fichier, et jamais envoyé. Gardez ce fichier hors de portée d’autrui : sans lui, votre part est perdue.')),
    h('p', { class: 'actions' }, button(say('Make and save a new secret', 'Faire et enregistrer un nouveau secret'), make, { primary: true, id: 'make-secret' })), h('h3', {}, say('If you have one already', 'Si vous en avez déjà un'))], form);
}

const task = (v) => (v.c.status === 'draft' ? keyTask(v) : openTask(v));

// What crypto/rounds.mjs needs to know of the group.
async function state(v) {
  const members = v.all.filter((t) => t.entry === v.me.entry);
  const words = await callMany(members.flatMap((t) => [['messageOf', v.id, t.owner, 1], ['messageOf', v.id, t.owner, 3], ['sharesOf', v.id, t.owner]]));
  return { uuid: v.c.uuid, seed: v.seed, owner: v.me.owner, threshold: v.me.threshold, size: v.me.size, member: v.me.member, step: v.me.step,
    posted: members.map((_, i) => [words[3 * i].message, words[3 * i + 1].message, words[3 * i + 2].shares]) };
}

// The rounds follow each other as the others do theirs; the page goes on by itself while it is open.
function keyTask(v) {
  const said = h('p', { class: 'notice', role: 'status' }, say('Saved your secret? Then begin. If others are due, this page waits and goes on by itself.', 'Secret enregistré ? Alors commencez. Si d’autres doivent agir, cette page attend et continue d’elle-même.'));
  const section = h('section', {}, h('h2', {}, say('Your part of the key', 'Votre part de la clé')), said);
  let running = false;
  const stop = button(say('Stop', 'Arrêter'), () => { running = false; }, { hidden: true });
  const go = button(say('Make my part', 'Faire ma part'), async () => {
    running = true;
    go.hidden = true;
    stop.hidden = false;
    try { await rounds(v, said, section, () => running && document.contains(section)); } catch (e) { problem(section, e); }
    go.hidden = false;
    stop.hidden = true;
  }, { primary: true, id: 'make-part' });
  section.append(h('p', { class: 'actions' }, go, stop));
  return section;
}
async function rounds(v, said, section, goesOn) {
  const tell = (text) => { if (said.textContent !== text) { said.textContent = text; announce(text); } };
  while (goesOn()) {
    v.all = await trusteesOf(v.id);
    v.me = v.all.find((t) => t.account === v.signer.address);
    section.previousElementSibling?.querySelector('.scroll')?.replaceWith(groupTable(v, v.all));
    if (isDone(v.me)) { await refresh(v); announce(say('Your part of the key is made.', 'Votre part de la clé est faite.')); return; }
    const late = v.all.filter((t) => t.entry === v.me.entry && t.step < v.me.step);
    if (late.length) {
      tell(say(`Waiting for trustee ${late.map((t) => t.owner).join(', ')}…`, `En attente du dépositaire ${late.map((t) => t.owner).join(', ')}…`));
      await new Promise((next) => { setTimeout(next, 2000); });
      continue;
    }
    tell(say(`Round ${v.me.step + 1} of ${roundsOf(v.me)}…`, `Étape ${v.me.step + 1} sur ${roundsOf(v.me)}…`));
    const message = await work('trusteeRound', await state(v));
    if (message.complaint) { complaint(v, section, message.complaint); return; }
    await send(v.signer, message.method, [v.id, ...message.args]);
  }
}
// A member gave a false share: proved in public, and the group begins again.
function complaint(v, section, { member, bytes }) {
  const dealer = v.all.find((t) => t.entry === v.me.entry && t.member === member);
  section.append(h('div', { class: 'problem', role: 'alert' }, h('p', {}, say(`The share that trustee ${dealer.owner} sealed for you is false. You can prove it: the proof names that trustee, reveals this share only, and the group begins again.`,
    `La part que le dépositaire ${dealer.owner} a scellée pour vous est fausse. Vous pouvez le prouver : la preuve désigne ce dépositaire, ne révèle que cette part, et le groupe recommence.`)),
  h('p', { class: 'actions' }, button(say('Post the complaint', 'Déposer la réclamation'), () => act(section, async () => {
    await send(v.signer, 'complain', [v.id, dealer.owner, bytes]);
    await refresh(v);
  })))));
}

function openTask(v) {
  const bar = progress(say('Opening your part, with its proof…', 'Ouverture de votre part, avec sa preuve…'));
  bar.element.hidden = true;
  const section = h('section', {}, h('h2', {}, say('Open your part of the sum', 'Ouvrir votre part de la somme')),
    h('p', {}, say(`${v.c.counted} ballots are in the sum. Your part opens only the sum, never a ballot.`, `${v.c.counted} bulletins sont dans la somme. Votre part n’ouvre que la somme, jamais un bulletin.`)), bar.element);
  section.append(h('p', { class: 'actions' }, button(say('Open my part', 'Ouvrir ma part'), () => act(section, async () => {
    bar.element.hidden = false;
    try {
      const [e, opening, own] = await Promise.all([election(v.c), openingOf(v.c), state(v)]);
      const packed = await work('decrypt', { document: e.document, trustees: opening.trustees, sums: opening.sums, state: own }, bar.told);
      await send(v.signer, 'postDecryption', [v.id, packed]);
    } finally { bar.element.hidden = true; }
    await refresh(v);
    announce(say('You have opened your part.', 'Vous avez ouvert votre part.'));
  }), { primary: true, id: 'open-part' })));
  return section;
}

function begin() {
  shell(title);
  main.replaceChildren(heading(1, title), h('p', {}, say('Trustees make the key of a consultation together, and together open its sum. No single one, and nobody else, can read a ballot.',
    'Les dépositaires font ensemble la clé d’une consultation, et ouvrent ensemble sa somme. Aucun d’eux seul, ni personne d’autre, ne peut lire un bulletin.')), area);
  signIn(area, say('The account that the organiser named as a trustee.', 'Le compte que l’organisateur a désigné comme dépositaire.'), mine);
}
begin();
