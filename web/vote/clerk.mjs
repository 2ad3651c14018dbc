// The organiser's page: consultations of an account, from the draft to the result.
import { h, say, $, shell, heading, show, act, button, field, wrongField, announce, progress, linkTo, number, count, time } from './ui.mjs';
import { consultations, consultation, election, trusteesOf, openingOf, statusMark, dates, turnout } from './consultation.mjs';
import { call, send } from './chain/node.mjs';
import { readCredential, credentialSecret, credentialKey } from './crypto/credential.mjs';
import { readText } from './crypto/edwards.mjs';
import { signIn, signedIn, short } from './signing.mjs';
import { createForm } from './clerk_form.mjs';
import { rollForm } from './clerk_roll.mjs';
import { work } from './work.mjs';

const main = $('main'), title = say('Organise', 'Organiser'), area = h('div', {});

async function mine(signer) {
  show(area, h('section', {}, heading(2, say('Your consultations', 'Vos consultations')), signedIn(signer, begin)));
  const section = area.querySelector('section');
  await act(section, async () => {
    const [{ appointed }, { list }] = await Promise.all([call('isClerk', signer.address), consultations(undefined, 100)]);
    const own = list.filter((c) => [c.clerk, c.registrar].some((a) => a.toLowerCase() === signer.address));
    section.append(appointed ? h('p', { class: 'actions' }, button(say('New consultation', 'Nouvelle consultation'), () => createForm(area, signer, (id) => manage(signer, id), () => mine(signer)), { primary: true, id: 'new' }))
      : h('p', { class: 'notice' }, say('This account may not create consultations: the governor of the ledger appoints clerks.', 'Ce compte ne peut pas créer de consultation : le gouverneur du registre désigne les organisateurs.')),
    h('ul', { class: 'cards' }, own.map((c) => h('li', {}, h('h3', {}, c.name), h('p', {}, statusMark(c), ' ', dates(c)), h('p', { class: 'actions' },
      button(say('Manage', 'Gérer'), () => manage(signer, c.id), { 'aria-label': say(`Manage: ${c.name}`, `Gérer : ${c.name}`) }))))));
  });
}

// --- one consultation

const roundsOf = (t) => (t.size > 1 ? 4 : 1);

async function manage(signer, id) {
  await act(area, async () => {
    const c = await consultation(id), trustees = await trusteesOf(id);
    const v = { signer, c, trustees, isClerk: c.clerk.toLowerCase() === signer.address, isRegistrar: c.registrar.toLowerCase() === signer.address };
    const again = () => manage(signer, id);
    show(area, h('section', {}, heading(2, c.name), h('p', {}, statusMark(c), ' ', dates(c)), facts(v),
      h('p', { class: 'actions' }, button(say('All consultations', 'Toutes les consultations'), () => mine(signer)), button(say('Refresh', 'Actualiser'), again))), tasks(v, again));
  });
}

function facts({ c, trustees }) {
  return h('dl', { class: 'facts' }, [[say('Number', 'Numéro'), number(c.id)], [say('Voters', 'Inscrits'), number(c.voters)], [say('Voted', 'Votants'), number(c.counted)],
    [say('Trustees ready', 'Dépositaires prêts'), `${trustees.filter((t) => t.step >= roundsOf(t)).length} / ${trustees.length}`], [say('Fewest to count', 'Minimum'), number(c.floor)]]
    .map(([k, d]) => h('div', {}, h('dt', {}, k), h('dd', {}, d))));
}

// A task: a heading, an explanation, a button that does it and comes back.
function task(text, explanation, label, work_, again, props = {}) {
  const section = h('section', {}, h('h2', {}, text), explanation && h('p', {}, explanation));
  section.append(h('p', { class: 'actions' }, button(label, () => act(section, async () => { await work_(section); await again(); }), props)));
  return section;
}

function tasks(v, again) {
  const { c, isClerk, isRegistrar } = v, out = [];
  if (c.status === 'draft') out.push(...draft(v, again));
  if (isRegistrar && ['published', 'open'].includes(c.status)) out.push(strike(v, again));
  if (isClerk && ['published', 'open'].includes(c.status)) out.push(voterLink(v));
  if (isClerk && ['draft', 'published', 'open'].includes(c.status)) out.push(postpone(v, again));
  if (c.status === 'closed') out.push(task(say('Close and sum up', 'Clore et additionner'), say(`${count(c.counted, 'ballot counts', 'ballots count')}. The sum stays encrypted until the trustees open it.`, `${count(c.counted, '', '', 'bulletin compte', 'bulletins comptent')}. La somme reste chiffrée jusqu’à ce que les dépositaires l’ouvrent.`),
    say('Write the encrypted sum', 'Écrire la somme chiffrée'), () => send(v.signer, 'tally', [c.id]), again, { primary: true, id: 'tally' }));
  if (c.status === 'tallied') out.push(result(v, again));
  if (c.status === 'decided') out.push(h('section', {}, h('h2', {}, say('The result is published', 'Le résultat est publié')), h('p', { class: 'actions' }, h('a', { class: 'button primary', href: linkTo('results.html', { id: c.id }) }, say('See the results', 'Voir les résultats')))));
  if (isClerk && !['decided', 'cancelled', 'merged'].includes(c.status)) out.push(cancel(v, again));
  if (c.status === 'cancelled') out.push(h('section', {}, h('p', {}, c.reason)));
  return out;
}

function draft(v, again) {
  const { c, trustees, isClerk, isRegistrar } = v, late = trustees.filter((t) => t.step < roundsOf(t)), out = [];
  out.push(h('section', {}, h('h2', {}, say('1. The trustees make the key', '1. Les dépositaires font la clé')), h('ul', { class: 'checks' }, trustees.map((t) => h('li', { class: t.step >= roundsOf(t) ? 'yes' : null },
    say(`Trustee ${t.owner}, ${short(t.account)}: `, `Dépositaire ${t.owner}, ${short(t.account)} : `), t.step >= roundsOf(t) ? say('done', 'fait') : say(`round ${t.step} of ${roundsOf(t)}`, `étape ${t.step} sur ${roundsOf(t)}`)))),
  isClerk && trustees.some((t) => t.step) && reasoned(say('Begin again', 'Recommencer'), say('If a trustee lost its secret, all begin again.', 'Si un dépositaire a perdu son secret, tous recommencent.'), say('Have the trustees begin again', 'Faire recommencer les dépositaires'),
    (reason) => send(v.signer, 'resetTrustees', [c.id, reason]), again)));
  out.push(h('section', {}, h('h2', {}, say('2. The roll', '2. La liste des électeurs')), c.voters === 0n
    ? [h('p', {}, isRegistrar ? say('Make a voting code for everyone who may vote.', 'Faites un code de vote pour chaque électeur.') : say('The registrar adds the voters.', 'Le responsable des listes ajoute les électeurs.')),
      isRegistrar && h('p', { class: 'actions' }, button(say('Add voters', 'Ajouter des électeurs'), () => rollForm(area, v.signer, c, again, again), { primary: true, id: 'roll' }))]
    : h('ul', { class: 'checks' }, h('li', { class: 'yes' }, count(c.voters, 'voter on the ledger', 'voters on the ledger', 'électeur inscrit', 'électeurs inscrits')))));
  if (isClerk) out.push(task(say('3. Publish', '3. Publier'), late.length || c.voters === 0n ? say('Possible once the trustees are done and there are voters.', 'Possible quand les dépositaires ont fini et qu’il y a des électeurs.')
    : say('From then on nothing of the questions, the key and the roll can change.', 'Dès lors, rien des questions, de la clé ni de la liste ne peut changer.'), say('Publish', 'Publier'), () => send(v.signer, 'publish', [c.id]), again,
  { primary: true, id: 'publish', disabled: late.length > 0 || c.voters === 0n }));
  return out;
}

function voterLink({ c }) {
  return h('section', {}, h('h2', {}, say('For the voters', 'Pour les électeurs')), h('p', {}, turnout(c)), h('p', { class: 'code' }, `${location.origin}${linkTo('', { id: c.id })}`));
}

// A reason that the ledger keeps, in a folded form.
function reasoned(summary, explanation, label, work_, again) {
  const reason = h('input', { maxlength: 500 }), form = h('form', { novalidate: true }, field(say('Reason, which the ledger keeps', 'Motif, que le registre garde'), reason, { wide: true }), h('p', { class: 'actions' }, h('button', {}, label)));
  form.addEventListener('submit', (ev) => {
    ev.preventDefault();
    if (wrongField(reason, reason.value.trim() ? '' : say('Say why.', 'Dites pourquoi.'))) act(form, async () => { await work_(reason.value.trim()); await again(); });
  });
  return h('details', {}, h('summary', {}, summary), explanation && h('p', {}, explanation), form);
}

const asLocal = (s) => { const d = new Date(Number(s) * 1000); return new Date(d - d.getTimezoneOffset() * 60000).toISOString().slice(0, 19); };
function postpone({ c, signer }, again) {
  const opens = h('input', { type: 'datetime-local', step: 1, value: asLocal(c.opens), disabled: c.status === 'open' }), closes = h('input', { type: 'datetime-local', step: 1, value: asLocal(c.closes) });
  const at = (input) => Math.floor(new Date(input.value).getTime() / 1000);
  const part = reasoned(say('Other times', 'Autres dates'), c.status === 'open' ? say('Voting is open: it can only close later.', 'Le vote est ouvert : il ne peut que fermer plus tard.') : null, say('Set these times', 'Fixer ces dates'),
    (reason) => send(signer, 'postpone', [c.id, c.status === 'open' ? c.opens : at(opens), at(closes), reason]), again);
  part.querySelector('form').prepend(field(say('Voting opens', 'Ouverture du vote'), opens), field(say('Voting closes', 'Clôture du vote'), closes));
  return h('section', {}, h('h2', {}, say('Dates', 'Dates')), h('p', {}, say(`From ${time(c.opens)} to ${time(c.closes)}`, `Du ${time(c.opens)} au ${time(c.closes)}`)), part);
}
function cancel({ c, signer }, again) {
  return h('section', {}, h('h2', {}, say('Call it off', 'Annuler')), reasoned(say('Call this consultation off', 'Annuler cette consultation'), say('This cannot be undone. Ballots already cast are never opened.', 'C’est définitif. Les bulletins déjà déposés ne seront jamais ouverts.'),
    say('Call it off for good', 'Annuler définitivement'), (reason) => send(signer, 'cancel', [c.id, reason]), again));
}

// A voter who voted on paper, say: the code no longer serves. The code or its public key names it.
function strike({ c, signer }, again) {
  const input = h('input', { class: 'code-input', autocomplete: 'off', spellcheck: 'false' });
  const keyOf = () => { const credential = readCredential(input.value); return credential ? credentialKey(credentialSecret(c.uuid, credential)) : readText(input.value.trim()); };
  const part = reasoned(say('Strike a code out', 'Rayer un code'), say('Only a code that has cast no ballot.', 'Seulement un code qui n’a déposé aucun bulletin.'), say('Strike it out', 'Le rayer'), async (reason) => {
    const key = keyOf();
    if (!key) throw new Error(say('This is neither a voting code nor a key of 64 digits.', 'Ce n’est ni un code de vote ni une clé de 64 chiffres.'));
    await send(signer, 'strike', [c.id, key.bytes, reason]);
    announce(say('Struck out.', 'Rayé.'));
  }, again);
  part.querySelector('form').prepend(field(say('Voting code or key', 'Code de vote ou clé'), input, { wide: true }));
  return h('section', {}, h('h2', {}, say('Voters on paper', 'Électeurs sur papier')), part);
}

const who = (e, text) => (e.have ? text + e.members.filter((t) => t.decrypted).map((t) => t.owner).join(', ') : '');
function result({ c, trustees, signer }, again) {
  const entries = [...new Set(trustees.map((t) => t.entry))].map((entry) => {
    const members = trustees.filter((t) => t.entry === entry), needed = members[0].size > 1 ? members[0].threshold : 1, have = members.filter((t) => t.decrypted).length;
    return { members, needed, have };
  });
  const ready = entries.every((e) => e.have >= e.needed), bar = progress(say('Checking the parts and finding the numbers…', 'Vérification des parts et recherche des nombres…'));
  const section = task(say('The trustees open the sum', 'Les dépositaires ouvrent la somme'), null, say('Compute and publish the result', 'Calculer et publier le résultat'), async (into) => {
    into.append(bar.element);
    const e = await election(c), { sums, weight, trustees: document, decryptions } = await openingOf(c);
    const counts = await work('result', { document: e.document, trustees: document, sums, decryptions, weight }, bar.told);
    await send(signer, 'postResult', [c.id, counts]);
  }, again, { primary: true, id: 'result', disabled: !ready });
  section.querySelector('h2').after(h('ul', { class: 'checks' }, entries.map((e) => h('li', { class: e.have >= e.needed ? 'yes' : null },
    e.members.length > 1 ? say(`${e.have} of ${e.needed} needed parts of the group of ${e.members.length}${who(e, ': trustees ')}`, `${e.have} parts sur ${e.needed} nécessaires du groupe de ${e.members.length}${who(e, ' : dépositaires ')}`)
      : say(`Trustee ${e.members[0].owner}: ${e.have ? 'opened' : 'awaited'}`, `Dépositaire ${e.members[0].owner} : ${e.have ? 'ouvert' : 'attendu'}`)))));
  return section;
}

function begin() {
  shell(title);
  main.replaceChildren(heading(1, title), h('p', {}, say('Prepare a consultation, publish it, and have it counted. What you do here is a transaction that you sign.', 'Préparez une consultation, publiez-la, faites-la dépouiller. Chaque acte est une transaction que vous signez.')), area);
  signIn(area, say('The account of the clerk or of the registrar.', 'Le compte de l’organisateur ou du responsable des listes.'), mine);
}
begin();
