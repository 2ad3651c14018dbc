// The voter's page: find a consultation, prove the right to vote, choose, review, encrypt; then cast or challenge.
import { h, say, $, show, heading, field, wrongField, button, act, progress, copyable, announce, shell, linkTo, here, time, download, problem, count, number } from './ui.mjs';
import { consultations, consultation, election, statusMark, dates, turnout, choicesInWords } from './consultation.mjs';
import { plainDescription } from './readings.mjs';
import { questionForm } from './questions.mjs';
import { call, send, freshSigner, ChainError } from './chain/node.mjs';
import { readCredential, credentialSecret, credentialKey } from './crypto/credential.mjs';
import { hashFromText, equal, hashText } from './crypto/bytes.mjs';
import { work } from './work.mjs';

const main = $('main');
// A link from a voting sheet: #NUMBER.CREDENTIAL. It leaves the address bar and the history at once.
function fromLink() {
  const found = /^#(\d{1,18})\.(.+)$/.exec(location.hash);
  if (!found) return null;
  history.replaceState(null, '', location.pathname + location.search);
  return { id: BigInt(found[1]), credential: decodeURIComponent(found[2]) };
}

// --- the list

async function list(before) {
  shell(say('Consultations', 'Consultations'));
  const page = h('div', {}, heading(1, say('Consultations', 'Consultations')),
    h('p', {}, say('Secret ballots that anyone can check. Have your voting code at hand: it is on the sheet you received.',
      'Des votes secrets que chacun peut vérifier. Munissez-vous de votre code de vote : il est sur la feuille que vous avez reçue.')));
  main.replaceChildren(page);
  await act(page, async () => {
    const { list: found, rest, before: last } = await consultations(before);
    const shown = found.filter((c) => c.status !== 'draft');
    if (!shown.length) page.append(h('p', { class: 'notice' }, say('There is no consultation yet.', 'Il n’y a pas encore de consultation.')));
    page.append(h('ul', { class: 'cards' }, shown.map((c) => h('li', {},
      h('h2', {}, c.name), h('p', {}, statusMark(c), ' ', dates(c)), h('p', { class: 'soft' }, turnout(c)),
      h('p', { class: 'actions' },
        c.status === 'open' && h('a', { class: 'button primary', href: linkTo('', { id: c.id }), 'aria-label': say(`Vote: ${c.name}`, `Voter : ${c.name}`) }, say('Vote', 'Voter')),
        c.status === 'decided' && h('a', { class: 'button', href: linkTo('results.html', { id: c.id }), 'aria-label': say(`Results: ${c.name}`, `Résultats : ${c.name}`) }, say('Results', 'Résultats')),
        c.status !== 'open' && c.status !== 'decided' && h('a', { class: 'button', href: linkTo('', { id: c.id }), 'aria-label': say(`Details: ${c.name}`, `Détails : ${c.name}`) }, say('Details', 'Détails')))))));
    if (rest > 0n) page.append(button(say('Older consultations', 'Consultations plus anciennes'), () => list(last)));
  });
}

// --- one consultation, step by step. v: what this voter's visit knows; nothing of it outlives the page.

const STEPS = () => [say('Code', 'Code'), say('Choices', 'Choix'), say('Review', 'Relecture'), say('Encryption', 'Chiffrement'), say('Receipt', 'Reçu')];
function stepList(at) {
  return h('ol', { class: 'steps', 'aria-label': say('Steps', 'Étapes') }, STEPS().map((text, i) =>
    h('li', { 'aria-current': i === at ? 'step' : null, class: i < at ? 'done' : null }, text)));
}
const step = (v, at, title, ...content) => show(v.area, stepList(at), h('section', {}, heading(2, title), content));

async function open(id, credential) {
  shell(say('Vote', 'Voter'));
  const area = h('div', { id: 'step' }), top = heading(1, say('Vote', 'Voter')), page = h('div', {}, area);
  main.replaceChildren(top, page);
  await act(page, async () => {
    const v = { id, area, c: await consultation(id) };
    shell(v.c.name);
    top.textContent = v.c.name;
    v.e = await election(v.c);
    page.prepend(h('p', {}, statusMark(v.c), ' ', dates(v.c)), plainDescription(v.e) && h('p', { class: 'lines' }, plainDescription(v.e)));
    if (v.c.status === 'open') {
      v.trustees = await trusteesCheck(v);
      await askCredential(v, credential);
    } else closedView(v);
  });
}

// Before anything is encrypted: the key is the trustees', by every proof they gave.
async function trusteesCheck(v) {
  const { document: trustees } = await call('trusteesOf', v.id);
  return (await work('checkTrustees', { document: v.e.document, trustees })).length;
}

function closedView(v) {
  const more = { decided: ['results.html', say('See the results', 'Voir les résultats')], tallied: ['results.html', say('See the count', 'Voir le dépouillement')],
    closed: ['results.html', say('See the count', 'Voir le dépouillement')] }[v.c.status];
  v.area.replaceChildren(h('section', {},
    h('p', {}, v.c.status === 'published' ? say(`Voting opens on ${time(v.c.opens)}. Come back then.`, `Le vote ouvre le ${time(v.c.opens)}. Revenez à ce moment.`)
      : v.c.status === 'cancelled' ? say(`This consultation was called off: ${v.c.reason}`, `Cette consultation a été annulée : ${v.c.reason}`)
        : v.c.status === 'draft' ? say('This consultation is still being prepared.', 'Cette consultation est encore en préparation.')
          : say('Voting is over. Ballots are no longer taken.', 'Le vote est terminé. Les bulletins ne sont plus reçus.')),
    more && h('p', { class: 'actions' }, h('a', { class: 'button', href: linkTo(more[0], { id: v.id }) }, more[1]))));
}

// 1: the credential
async function askCredential(v, given) {
  const input = h('input', { class: 'code-input', autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', maxlength: 40, required: true });
  const form = h('form', { novalidate: true }, field(say('Voting code', 'Code de vote'), input,
    { help: say('22 letters and digits, as XXXXX-XXXXXX-XXXXX-XXXXXX. Dashes may be left out.', '22 lettres et chiffres, comme XXXXX-XXXXXX-XXXXX-XXXXXX. Les tirets peuvent être omis.') }),
  h('p', { class: 'actions' }, h('button', { class: 'primary' }, say('Continue', 'Continuer'))));
  const enter = () => {
    const credential = readCredential(input.value);
    return wrongField(input, credential ? '' : say('This is not a voting code: check each letter; there is no 0, O, I or l in it.',
      'Ce n’est pas un code de vote : vérifiez chaque lettre ; il ne contient ni 0, ni O, ni I, ni l.')) && act(form, () => known(v, credential));
  };
  form.addEventListener('submit', (ev) => { ev.preventDefault(); enter(); });
  step(v, 0, say('Your voting code', 'Votre code de vote'),
    h('p', {}, say('The code gives the right to vote. It stays on this device: only a signature made with it goes to the ledger.',
      'Le code donne le droit de voter. Il reste sur cet appareil : seule une signature faite avec lui va au registre.')), form,
    h('details', {}, h('summary', {}, say('What was checked', 'Ce qui a été vérifié')),
      h('ul', { class: 'checks' }, h('li', { class: 'yes' }, say('The questions are those whose fingerprint is on the ledger.', 'Les questions sont celles dont l’empreinte est au registre.')),
        h('li', { class: 'yes' }, say(`The key is that of the ${count(v.trustees, 'trustee', 'trustees')}, by their proofs.`, `La clé est celle des dépositaires (${number(v.trustees)}), preuves à l’appui.`)))));
  if (given) {
    input.value = given;
    await enter();
  }
}

const refused = (name) => new ChainError('refused', name, { name, args: {} });
async function known(v, credential) {
  const key = credentialKey(credentialSecret(v.e.uuid, credential));
  const voter = await call('voterOf', v.id, key.bytes);
  if (!voter.known) throw refused('UnknownCredential');
  if (voter.struck) throw refused('CredentialStruck');
  Object.assign(v, { credential, voter });
  choose(v);
}

// 2: the choices
function choose(v) {
  const questions = questionForm(v.e, v.choices);
  const form = h('form', { novalidate: true }, questions.elements,
    h('p', { class: 'actions' }, h('button', { class: 'primary' }, say('Review my choices', 'Relire mes choix'))));
  form.addEventListener('submit', (ev) => {
    ev.preventDefault();
    const choices = questions.read();
    if (choices) { v.choices = choices; review(v); }
  });
  step(v, 1, say('Your choices', 'Vos choix'),
    v.voter.weight !== 1n && h('p', { class: 'notice' }, say(`Your vote counts for ${number(v.voter.weight)}.`, `Votre vote compte pour ${number(v.voter.weight)}.`)),
    v.voter.ballots > 0n && h('p', { class: 'notice' }, say(
      `This code has cast ${count(v.voter.ballots, 'ballot', 'ballots')} already. A new one replaces it: only the last one counts.`,
      `Ce code a déjà servi à déposer ${count(v.voter.ballots, '', '', 'bulletin', 'bulletins')}. Un nouveau le remplace : seul le dernier compte.`)), form);
}

// 3: the review
function review(v) {
  step(v, 2, say('Is this what you want to say?', 'Est-ce bien ce que vous voulez dire ?'), choicesInWords(v.e, v.choices),
    h('p', { class: 'actions' }, button(say('Encrypt my ballot', 'Chiffrer mon bulletin'), () => seal(v), { primary: true }),
      button(say('Change my choices', 'Modifier mes choix'), () => choose(v))));
}

// 4: encryption, on this device
async function seal(v) {
  const bar = progress(say('Encrypting and checking the proofs…', 'Chiffrement et vérification des preuves…'));
  step(v, 3, say('Encryption', 'Chiffrement'), bar.element);
  const area = v.area.querySelector('section');
  await act(area, async () => {
    v.sealed = await work('makeBallot', { document: v.e.document, credential: v.credential, choices: v.choices }, bar.told);
    sealedView(v);
  });
}

function sealedView(v) {
  step(v, 3, say('Your ballot is encrypted, and not cast yet', 'Votre bulletin est chiffré, et pas encore déposé'),
    h('p', {}, say('Its ballot code, which tells nothing of your choices:', 'Son code de bulletin, qui ne dit rien de vos choix :')),
    copyable(say('Ballot code', 'Code du bulletin'), v.sealed.code, { id: 'code' }),
    h('div', { class: 'two' },
      h('div', {}, h('h3', {}, say('Cast it', 'Le déposer')),
        h('p', {}, say('The ballot goes to the ledger under an account made for this moment: nothing links it to you.',
          'Le bulletin part au registre sous un compte créé pour l’occasion : rien ne le relie à vous.')),
        h('p', { class: 'actions' }, button(say('Cast my ballot', 'Déposer mon bulletin'), () => cast(v), { primary: true }))),
      h('div', {}, h('h3', {}, say('Or test this device', 'Ou tester cet appareil')),
        h('p', {}, say('Write the ballot code down first. The ballot is then opened, so that a second device can check that it holds your choices. An opened ballot loses its signature and cannot be cast: you will encrypt a new one.',
          'Notez d’abord le code du bulletin. Le bulletin est alors ouvert, pour qu’un second appareil vérifie qu’il contient vos choix. Un bulletin ouvert perd sa signature et ne peut plus être déposé : vous en chiffrerez un nouveau.')),
        h('p', { class: 'actions' }, button(say('Test by opening it', 'Tester en l’ouvrant'), () => challenge(v))))),
    h('p', { class: 'actions' }, button(say('Change my choices', 'Modifier mes choix'), () => { v.sealed = null; choose(v); })));
}

async function cast(v) {
  const area = v.area.querySelector('section');
  const said = h('p', { class: 'notice' });
  let sent = false;
  const state = (s) => {
    sent = s === 'waiting';
    said.textContent = sent ? say('Waiting for the next block…', 'En attente du prochain bloc…') : say('Sending the ballot…', 'Envoi du bulletin…');
    announce(said.textContent);
  };
  await act(area, async () => {
    area.append(said);
    try {
      const receipt = await send(freshSigner(), 'cast', [v.id, v.sealed.packed], state);
      await receiptView(v, receipt);
      said.remove();
    } catch (e) {
      // it may have arrived all the same: the tracker tells
      if (sent) said.replaceChildren(say('If the ballot arrived, its tracker is ', 'Si le bulletin est arrivé, son numéro de suivi est '), h('span', { class: 'code-input' }, v.sealed.tracker));
      else said.remove();
      throw e;
    }
  });
}

// The ledger's own word: the ballot of this tracker is there, and it is this one, byte for byte.
async function kept(v) {
  const { height } = await call('ballotHeight', v.id, hashFromText(v.sealed.tracker));
  if (height === 0n) return null;
  const event = await call('eventAt', v.id, height - 1n);
  return equal(event.body, v.sealed.packed) && hashText(event.payload) === v.sealed.tracker ? event : null;
}

async function receiptView(v, receipt) {
  const event = await kept(v);
  if (!event) throw new Error(say('The ledger does not show this ballot. Keep the tracker and tell the organiser.', 'Le registre ne montre pas ce bulletin. Gardez le numéro de suivi et prévenez l’organisateur.'));
  const { tracker, code } = v.sealed, url = new URL(linkTo('check.html', { id: v.id }), location.href);
  const text = [v.c.name, `${say('Tracker', 'Numéro de suivi')}: ${tracker}`, `${say('Ballot code', 'Code du bulletin')}: ${code}`, `${say('Block', 'Bloc')}: ${event.number}`,
    `${say('Time', 'Heure')}: ${time(event.time)}`, `${say('Check', 'Vérifier')}: ${url.href}`, ''].join('\n');
  v.sealed = null;
  v.credential = null;
  step(v, 4, say('Your ballot is in the ballot box', 'Votre bulletin est dans l’urne'),
    h('p', { class: 'notice good' }, say(`Recorded in block ${number(event.number)}, ${time(event.time)}.`, `Enregistré au bloc ${number(event.number)}, ${time(event.time)}.`)),
    h('p', {}, say('Keep the tracker. With it you can check, now and after the count, that your ballot is there; nobody can read your choices from it.',
      'Gardez le numéro de suivi. Il vous permet de vérifier, maintenant et après le dépouillement, que votre bulletin est là ; personne ne peut en déduire vos choix.')),
    copyable(say('Tracker', 'Numéro de suivi'), tracker, { id: 'tracker' }),
    h('p', { class: 'actions' }, button(say('Print', 'Imprimer'), () => print()),
      button(say('Save as a file', 'Enregistrer un fichier'), () => download(`${say('receipt', 'recu')}-${v.id}.txt`, text)),
      h('a', { class: 'button', href: `${linkTo('check.html', { id: v.id })}#${tracker}` }, say('Check it now', 'Le vérifier maintenant'))),
    h('p', {}, say(`You may vote again until ${time(v.c.closes)}: only your last ballot counts.`, `Vous pouvez voter à nouveau jusqu’au ${time(v.c.closes)} : seul votre dernier bulletin compte.`)),
    h('dl', { class: 'answers soft' }, h('dt', {}, say('Ballot code, shown before you cast it', 'Code du bulletin, affiché avant le dépôt')), h('dd', { class: 'code-input', id: 'code' }, code),
      h('dt', {}, 'Transaction'), h('dd', { class: 'code-input' }, receipt.transactionHash)));
  announce(say('Your ballot is in the ballot box.', 'Votre bulletin est dans l’urne.'));
}

// The challenge (Benaloh 2006): the opening is revealed and the signature forgotten, so this ballot is never cast.
function challenge(v) {
  const { unsigned, opening, code } = v.sealed;
  const file = JSON.stringify({ consultation: Number(v.id), ballot: unsigned, opening });
  const url = new URL(linkTo('opening.html', { id: v.id }), location.href);
  v.sealed = null;
  step(v, 3, say('This ballot is open now, and will not be cast', 'Ce bulletin est désormais ouvert, et ne sera pas déposé'),
    h('p', {}, say('Code of the opened ballot: compare it with what you wrote down.', 'Code du bulletin ouvert : comparez-le avec ce que vous avez noté.')),
    copyable(say('Ballot code', 'Code du bulletin'), code, { id: 'code' }),
    h('ol', {},
      h('li', {}, say('Save the opened ballot, or copy it, and take it to a second device that you trust.', 'Enregistrez le bulletin ouvert, ou copiez-le, et apportez-le à un second appareil de confiance.')),
      h('li', {}, say('There, open this page and give it the file:', 'Là, ouvrez cette page et donnez-lui le fichier :'), ' ', h('span', { class: 'code-input' }, url.origin + url.pathname + url.search)),
      h('li', {}, say('It must show the same code, and exactly the choices you made.', 'Elle doit montrer le même code, et exactement vos choix.'))),
    h('p', { class: 'actions' }, button(say('Save the opened ballot', 'Enregistrer le bulletin ouvert'), () => download(`${say('opened-ballot', 'bulletin-ouvert')}-${v.id}.json`, file, 'application/json'), { id: 'save-opening' }),
      button(say('Vote: encrypt a new ballot', 'Voter : chiffrer un nouveau bulletin'), () => review(v), { primary: true })),
    h('details', {}, h('summary', {}, say('The opened ballot as text', 'Le bulletin ouvert en texte')), copyable(say('Opened ballot', 'Bulletin ouvert'), file, { id: 'opened' })));
}

async function begin() {
  const link = fromLink();
  const asked = here.get('id');
  if (link) await open(link.id, link.credential);
  else if (asked && /^\d{1,18}$/.test(asked)) await open(BigInt(asked));
  else await list();
}
addEventListener('hashchange', () => { if (/^#\d+\./.test(location.hash)) begin(); });
begin().catch((e) => problem(main, e));
