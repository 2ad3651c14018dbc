// Who acts: an account whose key is entered or made here and kept in memory only, or the browser's wallet.
import { h, say, field, wrongField, button, act, show, heading, download, announce, copyable, textOfFile } from './ui.mjs';
import { keySigner, freshSigner, walletSigner, hasWallet } from './chain/node.mjs';
import { hexOf } from './crypto/bytes.mjs';

export const short = (address) => `${address.slice(0, 8)}…${address.slice(-6)}`;

// signIn(area, purpose, go): asks for an account and calls go(signer).
export function signIn(area, purpose, go) {
  const key = h('input', { type: 'password', class: 'code-input', autocomplete: 'off', spellcheck: 'false' });
  const file = h('input', { type: 'file' });
  const form = h('form', { novalidate: true },
    field(say('Key of your account', 'Clé de votre compte'), key, { wide: true, help: say('64 hexadecimal digits. It stays in the memory of this page.', '64 chiffres hexadécimaux. Elle reste dans la mémoire de cette page.') }),
    field(say('or the file it is in', 'ou le fichier qui la contient'), file, { wide: true }),
    h('p', { class: 'actions' }, h('button', { class: 'primary' }, say('Continue', 'Continuer')),
      hasWallet() && button(say('Use this browser’s wallet', 'Utiliser le portefeuille du navigateur'), () => act(form, async () => go(await walletSigner()))),
      button(say('I have no account yet', 'Je n’ai pas encore de compte'), () => newAccount(area, purpose, go))));
  form.addEventListener('submit', async (ev) => {
    ev.preventDefault();
    const text = (await textOfFile(file)) ?? key.value, signer = keySigner(text.split('\n')[0]);
    if (wrongField(key, signer ? '' : say('This is not the key of an account.', 'Ce n’est pas la clé d’un compte.'))) { key.value = ''; go(signer); }
  });
  show(area, h('section', {}, heading(2, say('Your account', 'Votre compte')), h('p', {}, purpose), form));
}

function newAccount(area, purpose, go) {
  const signer = freshSigner(), name = `${say('account', 'compte')}-${signer.address.slice(2, 10)}.txt`;
  let kept = false;
  const section = h('section', {}, heading(2, say('A new account', 'Un nouveau compte')),
    h('p', {}, say('Its address, which you give to whoever appoints you:', 'Son adresse, que vous donnez à qui vous désigne :')), copyable(say('Address', 'Adresse'), signer.address, { id: 'new-address' }),
    h('p', {}, say('Its key is in the file: who has the file acts in your name. Keep it safe; there is no copy elsewhere.', 'Sa clé est dans le fichier : qui l’a agit en votre nom. Gardez-le en lieu sûr ; il n’en existe pas d’autre copie.')),
    h('p', { class: 'actions' }, button(say('Save the key', 'Enregistrer la clé'), () => { kept = true; download(name, hexOf(signer.secret) + '\n'); announce(say('Saved.', 'Enregistré.')); }, { primary: true, id: 'save-account' }),
      button(say('Continue with this account', 'Continuer avec ce compte'), () => {
        if (kept) go(signer);
        else announce(say('Save the key first.', 'Enregistrez d’abord la clé.'));
      })));
  show(area, section);
}

export function signedIn(signer, leave) {
  return h('p', { class: 'soft' }, say('Account ', 'Compte '), h('span', { class: 'code-input' }, signer.address), ' ', button(say('Leave', 'Quitter'), leave, { class: 'small' }));
}
