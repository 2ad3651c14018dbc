// The registrar's work: a voting code for everyone, made here; the secret file, sheets to print, and the public keys for the
// ledger.
import { h, say, field, wrongField, button, act, show, heading, announce, download, progress, count, number, time } from './ui.mjs';
import { call, send } from './chain/node.mjs';
import { readText } from './crypto/edwards.mjs';
import { concat } from './crypto/bytes.mjs';
import { work } from './work.mjs';

const KEYS_PER_CALL = 250;

// "Name" or "Name; weight", one per line. Answers [{ name, weight }...] or throws { line, text }.
export function readVoters(text) {
  const seen = new Set();
  return text.split('\n').map((l) => l.trim()).filter(Boolean).map((line) => {
    const [, name, weight] = /^(.*?\S)\s*(?:;\s*(\d{1,15}))?$/.exec(line) ?? [];
    if (!name || name.includes(';')) throw new Error(say(`“${line}”: write a name, or name; weight.`, `« ${line} » : écrivez un nom, ou nom ; poids.`));
    if (seen.has(name)) throw new Error(say(`“${name}” is there twice: make the names differ.`, `« ${name} » y est deux fois : distinguez les noms.`));
    seen.add(name);
    return { name, weight: BigInt(weight ?? 1) };
  });
}

const linkOf = (c, credential) => `${location.origin}/vote/#${c.id}.${credential}`;

// credentials.json as `parvis vote roll` writes it, which `parvis vote sheets` reads.
const credentialsJson = (voters) => JSON.stringify(Object.fromEntries(voters.map((v) => [v.name, v.credential])));

function sheets(c, voters) {
  return voters.map((v) => h('article', { class: 'sheet' }, h('h2', {}, c.name), h('p', {}, v.name),
    h('p', {}, say(`Vote from ${time(c.opens)} to ${time(c.closes)}.`, `Votez du ${time(c.opens)} au ${time(c.closes)}.`)),
    h('p', {}, say('Your voting code, which is yours alone:', 'Votre code de vote, qui n’est qu’à vous :')), h('p', { class: 'code' }, v.credential),
    h('p', {}, say('Open this address, and enter the code:', 'Ouvrez cette adresse, et entrez le code :')), h('p', { class: 'code-input' }, `${location.origin}/vote/?id=${c.id}`),
    h('p', {}, say('After voting keep the tracker that the page shows. You may vote again until the end: only the last ballot counts.', 'Après le vote, gardez le numéro de suivi que la page affiche. Vous pouvez voter à nouveau jusqu’à la fin : seul le dernier bulletin compte.'))));
}

// rollForm(into, signer, c, done): from names to keys on the ledger.
export function rollForm(into, signer, c, done, back) {
  const names = h('textarea', { rows: 10 });
  const form = h('form', { novalidate: true }, field(say('Voters, one per line', 'Électeurs, un par ligne'), names, { wide: true,
    help: say('A name or a number; with “; 2” after it a weight. Names stay here: the ledger gets keys only, in an order that tells nothing.', 'Un nom ou un numéro ; avec « ; 2 » derrière, un poids. Les noms restent ici : le registre ne reçoit que des clés, dans un ordre qui ne dit rien.') }),
  h('p', { class: 'actions' }, h('button', { class: 'primary' }, say('Make the voting codes', 'Faire les codes de vote')), button(say('Back', 'Retour'), back)));
  const bar = progress(say('Making the codes…', 'Fabrication des codes…'));
  form.addEventListener('submit', (ev) => {
    ev.preventDefault();
    let voters;
    try {
      voters = readVoters(names.value);
      wrongField(names, voters.length ? '' : say('Write at least one voter.', 'Écrivez au moins un électeur.'));
      if (!voters.length) return;
    } catch (e) { wrongField(names, e.message); return; }
    act(form, async () => {
      form.append(bar.element);
      const made = await work('credentials', { uuid: c.uuid, count: voters.length }, bar.told);
      made.forEach((m, i) => Object.assign(voters[i], m));
      codes(into, signer, c, voters, done);
    });
  });
  show(into, h('section', {}, heading(2, say(`Voters of “${c.name}”`, `Électeurs de « ${c.name} »`)), form));
}

function codes(into, signer, c, voters, done) {
  let saved = false, sent = 0;
  const sorted = [...voters].sort((a, b) => (a.key < b.key ? -1 : 1)), weighted = voters.some((v) => v.weight !== 1n);
  const said = h('p', { class: 'notice', role: 'status' }, say('Save the file first: there is no copy of it.', 'Enregistrez d’abord le fichier : il n’en existe pas de copie.'));
  const print = () => {
    document.querySelector('.sheets')?.remove();
    document.querySelector('main').append(h('div', { class: 'sheets' }, sheets(c, voters)));
    document.body.classList.add('printing-sheets');
    addEventListener('afterprint', () => { document.body.classList.remove('printing-sheets'); document.querySelector('.sheets')?.remove(); }, { once: true });
    globalThis.print();
  };
  const section = h('section', {}, heading(2, count(voters.length, 'voting code', 'voting codes', 'code de vote', 'codes de vote')),
    h('p', {}, say('The file and the sheets are secret: who has a code votes in its holder’s name.', 'Le fichier et les feuilles sont secrets : qui a un code vote à la place de son titulaire.')), said,
    h('p', { class: 'actions' }, button(say('Save the secret file', 'Enregistrer le fichier secret'), () => {
      download(`credentials-${c.id}.json`, credentialsJson(voters) + '\n', 'application/json');
      saved = true;
      said.className = 'notice good';
      said.textContent = say('Saved. Now print the sheets, then put the keys on the ledger.', 'Enregistré. Imprimez les feuilles, puis inscrivez les clés au registre.');
    }, { primary: true, id: 'save-credentials' }), button(say('Print the sheets', 'Imprimer les feuilles'), print), button(say('Save as links', 'Enregistrer les liens'), () => {
      download(`links-${c.id}.csv`, 'login,link\r\n' + voters.map((v) => `"${v.name.replaceAll('"', '""')}",${linkOf(c, v.credential)}`).join('\r\n') + '\r\n', 'text/csv');
      saved = true;
    }), button(say('Put the keys on the ledger', 'Inscrire les clés au registre'), () => {
      if (!saved) { announce(say('Save the secret file first.', 'Enregistrez d’abord le fichier secret.')); said.classList.add('problem'); return; }
      act(section, async () => {
        sent = Number((await call('consultation', c.id)).record.voters);
        while (sent < sorted.length) {
          const part = sorted.slice(sent, sent + KEYS_PER_CALL);
          await send(signer, 'addVoters', [c.id, concat(...part.map((v) => readText(v.key).bytes)), weighted ? part.map((v) => v.weight) : []]);
          sent += part.length;
          said.textContent = say(`${number(sent)} of ${number(sorted.length)} on the ledger.`, `${number(sent)} sur ${number(sorted.length)} inscrites.`);
        }
        done();
      });
    }, { id: 'send-keys' })));
  show(into, section);
}
