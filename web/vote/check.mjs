// Check a ballot by its tracker: is it in the ballot box, does it count, and does the ledger prove it?
import { h, say, $, shell, heading, field, wrongField, act, here, time, number, announce, download, button, problem, textOfFile } from './ui.mjs';
import { consultations, consultation, election, eventAt } from './consultation.mjs';
import { call } from './chain/node.mjs';
import { hashFromText, hashText, equal } from './crypto/bytes.mjs';
import { fetchProof, checkProof, checkSignatures } from './inclusion.mjs';
import { work } from './work.mjs';

const main = $('main'), title = say('Check a ballot', 'Vérifier un bulletin');

// The tracker may come in the fragment, which no server sees; it leaves the address bar.
function fromLink() {
  const tracker = decodeURIComponent(location.hash.slice(1));
  if (!hashFromText(tracker)) return '';
  history.replaceState(null, '', location.pathname + location.search);
  return tracker;
}

// A list of checks that fills as they are made.
function checklist() {
  const list = h('ul', { class: 'checks', 'aria-live': 'polite' });
  const add = (text, holds, ...more) => list.append(h('li', { class: holds ? 'yes' : 'no' },
    h('span', { class: 'quiet' }, holds ? say('holds: ', 'vérifié : ') : say('fails: ', 'échec : ')), text, ...more));
  return { list, yes: (text, ...more) => add(text, true, ...more), no: (text, ...more) => add(text, false, ...more) };
}

async function check(id, tracker, trustInput, into) {
  const bytes = hashFromText(tracker), out = checklist();
  const verdict = h('p', { class: 'notice', role: 'status' }, say('Checking…', 'Vérification…'));
  into.replaceChildren(h('section', { 'aria-labelledby': 'found' }, h('h2', { id: 'found' }, say('What the ledger says', 'Ce que dit le registre')), verdict, out.list));
  const c = await consultation(id), { height } = await call('ballotHeight', id, bytes);
  if (height === 0n) {
    out.no(say('There is no ballot with this tracker in this consultation. Compare it letter by letter; large and small letters differ. If it is right, tell the organiser.',
      'Aucun bulletin de cette consultation ne porte ce numéro. Comparez-le lettre à lettre ; majuscules et minuscules comptent. S’il est exact, prévenez l’organisateur.'));
    verdict.textContent = say('Not in the ballot box.', 'Pas dans l’urne.');
    return;
  }
  const event = await eventAt(id, height - 1n), e = await election(c);
  out.yes(say(`In the ballot box of “${c.name}” since ${time(event.time)}, as event ${number(height - 1n)} of its record.`,
    `Dans l’urne de « ${c.name} » depuis le ${time(event.time)}, événement ${number(height - 1n)} de son procès-verbal.`));
  const names = await work('namesOf', { document: e.document, packed: event.body });
  if (names.tracker === tracker) out.yes(say('The tracker is that of the ballot kept there, whose ballot code, shown before it was cast, is ',
    'Le numéro est bien celui du bulletin conservé, dont le code, affiché avant le dépôt, est '), h('span', { class: 'code-input', id: 'code' }, names.code));
  else out.no(say('The ballot kept there has another tracker.', 'Le bulletin conservé porte un autre numéro.'));
  await proofCheck(id, bytes, event, trustInput, out, into);
  const voter = await call('voterOf', id, event.body.slice(0, 32)), counts = voter.height === height - 1n && !voter.struck;
  const after = ['tallied', 'decided'].includes(c.status);
  if (counts) {
    out.yes(after ? say('It is the last ballot of its code: it was counted.', 'C’est le dernier bulletin de son code : il a été compté.')
      : say('It is the last ballot of its code: it counts.', 'C’est le dernier bulletin de son code : il compte.'));
    verdict.textContent = after ? say('In the ballot box, and counted.', 'Dans l’urne, et compté.') : say('In the ballot box, and it counts.', 'Dans l’urne, et il compte.');
    verdict.classList.add('good');
  } else {
    const later = hashText((await eventAt(id, voter.height)).payload);
    out.no(say('It does not count any more: a later ballot of the same code replaced it, with the tracker ', 'Il ne compte plus : un bulletin ultérieur du même code l’a remplacé, de numéro '), h('span', { class: 'code-input' }, later));
    verdict.textContent = say('In the ballot box, and replaced by a later ballot.', 'Dans l’urne, et remplacé par un bulletin ultérieur.');
  }
  announce(verdict.textContent);
}

// The proof is made here, from the receipt up; the node is not believed.
async function proofCheck(id, tracker, event, trustInput, out, into) {
  try {
    const proof = await fetchProof(id, tracker, event.number);
    const facts = proof && await checkProof(id, tracker, proof);
    if (!facts || !equal(facts.eventHash, event.hash) || !equal(facts.credential, event.body.slice(0, 32)))
      return out.no(say('The ledger’s record of the casting does not match.', 'La trace du dépôt au registre ne correspond pas.'));
    out.yes(say(`A proof of ${number(facts.size)} bytes leads from the casting to the header of block ${number(facts.blockNumber)} (${time(facts.timestamp)}), with the hash `,
      `Une preuve de ${number(facts.size)} octets mène du dépôt à l’en-tête du bloc ${number(facts.blockNumber)} (${time(facts.timestamp)}), d’empreinte `), h('span', { class: 'code-input hash' }, facts.blockHash));
    const text = await textOfFile(trustInput);
    if (!text) return undefined;
    let trust;
    try { trust = JSON.parse(text); } catch { return out.no(say('The trust document is not JSON.', 'Le document de confiance n’est pas du JSON.')); }
    const signed = await checkSignatures(proof, trust);
    if (!signed) return out.no(say('This ledger is kept by one node: there are no validators’ signatures to check.', 'Ce registre est tenu par un seul nœud : il n’y a pas de signatures de validateurs à vérifier.'));
    out.yes(say(`${signed.facts.signers} of ${signed.facts.validators} validators of “${signed.facts.chain}” signed that header.`,
      `${signed.facts.signers} validateurs sur ${signed.facts.validators} de « ${signed.facts.chain} » ont signé cet en-tête.`));
    into.querySelector('section').append(h('p', { class: 'actions' }, button(say('Keep this proof', 'Conserver cette preuve'),
      () => download(`${say('proof', 'preuve')}-${id}.json`, JSON.stringify(signed.document), 'application/json'))));
    return undefined;
  } catch (error) {
    if (error.name === 'Error' || error.constructor.name === 'ProofError') return out.no(say(`The proof does not hold: ${error.message}`, `La preuve ne tient pas : ${error.message}`));
    throw error;
  }
}

async function begin() {
  shell(title);
  const given = fromLink();
  const tracker = h('input', { class: 'code-input', autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', maxlength: 60, required: true, value: given });
  const which = h('select', {}), trust = h('input', { type: 'file', accept: '.json,application/json' });
  const results = h('div', { id: 'results' });
  const form = h('form', { novalidate: true }, field(say('Consultation', 'Consultation'), which),
    field(say('Tracker', 'Numéro de suivi'), tracker, { wide: true, help: say('43 letters, digits, + and /, as on your receipt.', '43 lettres, chiffres, + et /, comme sur votre reçu.') }),
    h('details', {}, h('summary', {}, say('Check the validators’ signatures too', 'Vérifier aussi les signatures des validateurs')),
      field(say('Trust document', 'Document de confiance'), trust, { wide: true, help: say('The network’s genesis file, or what “parvis network trust” wrote: from someone you know, not from this node.',
        'Le fichier de genèse du réseau, ou ce que « parvis network trust » a écrit : de quelqu’un que vous connaissez, pas de ce nœud.') })),
    h('p', { class: 'actions' }, h('button', { class: 'primary' }, say('Check', 'Vérifier'))));
  main.replaceChildren(heading(1, title), h('p', {}, say('The tracker tells nothing of the choices. The check is made on this device.', 'Le numéro de suivi ne dit rien des choix. La vérification se fait sur cet appareil.')),
    h('section', {}, form), results);
  const run = () => {
    const text = tracker.value.replace(/\s/g, '');
    if (!wrongField(tracker, hashFromText(text) ? '' : say('This is not a tracker: it has 43 characters.', 'Ce n’est pas un numéro de suivi : il a 43 caractères.'))) return undefined;
    return act(form, () => check(BigInt(which.value), text, trust, results));
  };
  form.addEventListener('submit', (ev) => { ev.preventDefault(); run(); });
  await act(form, async () => {
    const asked = here.get('id'), { list } = await consultations(undefined, 100);
    const shown = list.filter((c) => c.published !== 0n);
    if (/^\d{1,18}$/.test(asked ?? '') && !shown.some((c) => c.id === BigInt(asked))) shown.unshift(await consultation(BigInt(asked)));
    which.replaceChildren(...shown.map((c) => h('option', { value: String(c.id) }, `${c.name} (${c.id})`)));
    if (asked) which.value = asked;
  });
  if (given) await run();
}
begin().catch((e) => problem(main, e));
