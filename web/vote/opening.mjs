// The second device's page: an opened ballot is encrypted again and compared; it shows what the ballot holds.
import { h, say, $, shell, show, heading, field, wrongField, act, progress, textOfFile, copyable } from './ui.mjs';
import { consultation, election, choicesInWords } from './consultation.mjs';
import { readOpening } from './crypto/ballot.mjs';
import { work } from './work.mjs';

const main = $('main'), title = say('Check an opened ballot', 'Vérifier un bulletin ouvert');

function readFile(text) {
  try {
    const j = JSON.parse(text);
    return typeof j.ballot === 'string' && typeof j.opening === 'string' && Number.isSafeInteger(j.consultation) ? j : null;
  } catch { return null; }
}

async function check(file, area) {
  const bar = progress(say('Encrypting again and comparing…', 'Nouveau chiffrement et comparaison…'));
  area.replaceChildren(h('section', {}, bar.element));
  const e = await election(await consultation(BigInt(file.consultation)));
  readOpening(e, file.opening);
  const { code, choices } = await work('checkOpening', { document: e.document, unsigned: file.ballot, opening: file.opening }, bar.told);
  show(area, h('section', {}, heading(2, say('The ballot holds these choices', 'Le bulletin contient ces choix')),
    h('p', {}, say('Its ballot code must be the one you wrote down before you asked to open the ballot:', 'Son code de bulletin doit être celui que vous aviez noté avant de demander l’ouverture :')),
    copyable(say('Ballot code', 'Code du bulletin'), code, { id: 'code' }),
    choicesInWords(e, choices),
    h('p', { class: 'notice' }, say('If the code or a choice is not yours, the first device is not to be trusted: vote with another one, and tell the organiser. This ballot has no signature: it can never be cast.',
      'Si le code ou un choix n’est pas le vôtre, le premier appareil n’est pas digne de confiance : votez avec un autre, et prévenez l’organisateur. Ce bulletin n’a pas de signature : il ne pourra jamais être déposé.'))));
}

shell(title);
const input = h('input', { type: 'file', accept: '.json,application/json' }), pasted = h('textarea', { class: 'code-input', spellcheck: 'false', autocomplete: 'off' });
const area = h('div', {});
const form = h('form', { novalidate: true }, field(say('The file of the opened ballot', 'Le fichier du bulletin ouvert'), input, { wide: true }),
  field(say('or its text', 'ou son texte'), pasted, { wide: true }), h('p', { class: 'actions' }, h('button', { class: 'primary' }, say('Check', 'Vérifier'))));
form.addEventListener('submit', async (ev) => {
  ev.preventDefault();
  const file = readFile((await textOfFile(input)) ?? pasted.value);
  if (wrongField(pasted, file ? '' : say('This is not an opened ballot: was it cut?', 'Ce n’est pas un bulletin ouvert : a-t-il été coupé ?')))
    act(form, () => check(file, area)).then(() => { if (form.querySelector('.problem')) area.replaceChildren(); });
});
main.replaceChildren(heading(1, title), h('p', {}, say('On another device a ballot was encrypted and then opened to test it. Here it is encrypted again with the same numbers: only the same choices give the same ballot.',
  'Sur un autre appareil, un bulletin a été chiffré puis ouvert pour le tester. Ici il est chiffré à nouveau avec les mêmes nombres : seuls les mêmes choix donnent le même bulletin.')),
h('section', {}, form), area);
