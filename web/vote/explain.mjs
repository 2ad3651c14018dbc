// What went wrong and what to do, in the reader's language. say(en, fr) chooses.
import { hexOf } from './crypto/bytes.mjs';

const text32 = (b) => new TextDecoder().decode(b.slice(0, b.indexOf(0) < 0 ? 32 : b.indexOf(0)));
const when = (s) => new Date(Number(s) * 1000).toLocaleString();

const at = ({ question, answer, list }, say) => [question && say(`question ${question}`, `question ${question}`),
  answer && say(`answer ${answer}`, `réponse ${answer}`), list && say(`list ${list}`, `liste ${list}`)].filter(Boolean).join(', ');

const VOTE = {
  'choice-count': (d, say) => d.min === d.max
    ? say(`Question ${d.question}: choose exactly ${d.min} (now ${d.chosen}).`, `Question ${d.question} : nombre de réponses à choisir : ${d.min} (actuellement ${d.chosen}).`)
    : say(`Question ${d.question}: choose between ${d.min} and ${d.max} (now ${d.chosen}).`, `Question ${d.question} : choisissez entre ${d.min} et ${d.max} réponses (actuellement ${d.chosen}).`),
  'choice-blank': (d, say) => say(`Question ${d.question}: a blank vote chooses nothing else.`, `Question ${d.question} : un vote blanc ne choisit rien d’autre.`),
  'choice-one-list': (d, say) => say(`Question ${d.question}: choose one list.`, `Question ${d.question} : choisissez une liste.`),
  'choice-other-list': (d, say) => say(`Question ${d.question}: choose candidates of one list only.`, `Question ${d.question} : choisissez des candidats d’une seule liste.`),
  'choice-no-candidate': (d, say) => say(`Question ${d.question}: choose at least one candidate of the list.`, `Question ${d.question} : choisissez au moins un candidat de la liste.`),
  json: (d, say) => say('This is not a JSON document: was the file cut or changed?', 'Ce n’est pas un document JSON : le fichier a-t-il été coupé ou modifié ?'),
  member: (d, say) => say(`The election’s description is not one this page can read (${d.where}).`, `La description du scrutin n’est pas lisible par cette page (${d.where}).`),
  range: (d, say) => say(`A number in the election’s description is out of range (${d.where}).`, `Un nombre de la description du scrutin est hors limites (${d.where}).`),
  unsupported: (d, say) => say(`This page does not know ${d.value} (${d.where}).`, `Cette page ne connaît pas ${d.value} (${d.where}).`),
  'ballot-other-election': (d, say) => say('This ballot is of another consultation.', 'Ce bulletin est d’une autre consultation.'),
  proof: (d, say) => say(`A proof in the ballot does not hold (${at(d, say)}). The ballot is not valid; do not cast it.`, `Une preuve du bulletin ne tient pas (${at(d, say)}). Le bulletin n’est pas valable ; ne le déposez pas.`),
  signature: (d, say) => say('The ballot’s signature does not hold.', 'La signature du bulletin ne tient pas.'),
  opening: (d, say) => say(`The ballot does not contain the choices that the device claims (${at(d, say)}). Do not trust that device; tell the organiser.`, `Le bulletin ne contient pas les choix annoncés par l’appareil (${at(d, say)}). N’utilisez plus cet appareil ; prévenez l’organisateur.`),
  'opening-form': (d, say) => say('This is not an opened ballot of this consultation.', 'Ce n’est pas un bulletin ouvert de cette consultation.'),
  'opening-code': (d, say) => say('The ballot code in the file is not that of the ballot. Do not trust that device; tell the organiser.', 'Le code du bulletin donné dans le fichier n’est pas le sien. N’utilisez plus cet appareil ; prévenez l’organisateur.'),
  fingerprint: (d, say) => say('The election document is not the one that the ledger names. Ask another node.', 'Le document du scrutin n’est pas celui que le registre désigne. Interrogez un autre nœud.'),
  'trustees-proof': (d, say) => say(`Trustee ${d.trustee}: a proof does not hold (${d.rule}).`, `Dépositaire ${d.trustee} : une preuve ne tient pas (${d.rule}).`),
  'trustees-key': (d, say) => say('The election’s key is not the trustees’. Do not vote here; tell the organiser.', 'La clé du scrutin n’est pas celle des dépositaires. Ne votez pas ici ; prévenez l’organisateur.'),
  'trustee-wait': (d, say) => say(`Member ${d.member} of the group has not done its part yet. Come back later.`, `Le membre ${d.member} du groupe n’a pas encore fait sa part. Revenez plus tard.`),
  'trustee-seed': (d, say) => say('This secret is not the one with which this trustee began. Load the right file.', 'Ce secret n’est pas celui avec lequel ce dépositaire a commencé. Chargez le bon fichier.'),
  'trustee-share': (d, say) => say(`The share that member ${d.member} made is false.`, `La part établie par le membre ${d.member} est fausse.`),
  'trustee-proof': (d, say) => say(`Member ${d.index}: the message of round ${d.round} does not hold.`, `Membre ${d.index} : le message de l’étape ${d.round} ne tient pas.`),
  'decryptions-missing': (d, say) => say(`More trustees have to open the sum: ${d.have} of ${d.needed} have (entry ${d.entry}).`, `D’autres dépositaires doivent ouvrir la somme : ${d.have} sur ${d.needed} l’ont fait (entrée ${d.entry}).`),
  'decryption-proof': (d, say) => say(`A trustee’s proof does not hold (answer ${d.answer}).`, `La preuve d’un dépositaire ne tient pas (réponse ${d.answer}).`),
  'result-none': (d, say) => say(`No number of votes fits answer ${d.answer}: the sums or the parts are wrong.`, `Aucun nombre de voix ne convient à la réponse ${d.answer} : les sommes ou les parts sont fausses.`),
  'result-other': (d, say) => say(`The published number for answer ${d.answer} is not what the trustees opened.`, `Le nombre publié pour la réponse ${d.answer} n’est pas celui que les dépositaires ont ouvert.`),
  'result-bound': (d, say) => say('The weights are too large for this page: use parvis vote result.', 'Les poids sont trop grands pour cette page : utilisez parvis vote result.'),
};

// The service's refusals (docs/services/voting.md)
const RULES = { proof: ['a proof does not hold', 'une preuve ne tient pas'], signature: ['a signature does not hold', 'une signature ne tient pas'],
  invalid: ['a value in it is malformed', 'une valeur est mal formée'], commitment: ['it is not what was announced', 'ce n’est pas ce qui était annoncé'],
  unfounded: ['the share is right', 'la part est juste'], point: ['not a key', 'pas une clé'], order: ['the order is wrong', 'l’ordre est faux'],
  text: ['a text is empty, begins or ends with a space, or has characters that cannot be seen', 'un texte est vide, commence ou finit par une espace, ou a des caractères invisibles'],
  weight: ['the weight', 'le poids'], length: ['the length', 'la longueur'], weights: ['weights for some only', 'des poids pour certains seulement'],
  'too many': ['too many', 'trop nombreux'], none: ['there is none', 'il n’y en a pas'], size: ['a group has more members than its threshold', 'un groupe a plus de membres que son seuil'],
  account: ['an account is missing', 'un compte manque'], twice: ['the same account twice', 'deux fois le même compte'], json: ['not JSON', 'pas du JSON'],
  range: ['a number out of range', 'un nombre hors limites'], unsupported: ['a kind that is not known', 'un genre inconnu'], 'too large': ['too large', 'trop grand'] };
const rule = (b, say) => { const w = text32(b); return RULES[w] ? say(...RULES[w]) : w; };
export const STATUS = { draft: ['in preparation', 'en préparation'], published: ['published, not open yet', 'publiée, pas encore ouverte'],
  open: ['open', 'ouverte'], closed: ['voting is over', 'vote terminé'], tallied: ['being counted', 'dépouillement en cours'],
  decided: ['result published', 'résultat publié'], cancelled: ['cancelled', 'annulée'], merged: ['counted with others', 'comptée avec d’autres'] };
export const statusWord = (bytes) => text32(bytes);
export const statusText = (word, say) => (STATUS[word] ? say(...STATUS[word]) : word);

const REFUSED = {
  NoChange: (a, say) => say('It is so already.', 'C’est déjà le cas.'),
  UnknownConsultation: (a, say) => say('There is no consultation of this number.', 'Il n’y a pas de consultation de ce numéro.'),
  WrongStatus: (a, say) => say(`The consultation is now: ${statusText(text32(a.status), say)}. That cannot be done in this state.`, `La consultation est maintenant : ${statusText(text32(a.status), say)}. Ce n’est pas possible dans cet état.`),
  InvalidText: (a, say) => say(`A text is empty, longer than ${a.limit} bytes, or begins or ends with a space.`, `Un texte est vide, dépasse ${a.limit} octets, ou commence ou finit par une espace.`),
  InvalidTemplate: (a, say) => say(`The questions are not accepted: ${rule(a.rule, say)}.`, `Les questions ne sont pas acceptées : ${rule(a.rule, say)}.`),
  InvalidTimes: (a, say) => say('The times do not fit: voting opens before it closes, and closes in the future; once open, it can only close later.', 'Les dates ne conviennent pas : l’ouverture précède la clôture, qui est dans l’avenir ; une fois ouverte, la consultation ne peut que fermer plus tard.'),
  InvalidRegistrar: (a, say) => say('A registrar’s account is needed.', 'Il faut le compte d’un responsable des listes.'),
  InvalidTrustees: (a, say) => say(`The trustees are not accepted: ${rule(a.rule, say)}.`, `Les dépositaires ne sont pas acceptés : ${rule(a.rule, say)}.`),
  BallotTooCostly: (a, say) => say('A ballot with so many answers does not fit one transaction: ask fewer.', 'Un bulletin de tant de réponses ne tient pas dans une transaction : posez moins de questions.'),
  OutOfTurn: (a, say) => say(`It is not this trustee’s turn: trustee ${a.waitsFor} is due first.`, `Ce n’est pas le tour de ce dépositaire : le dépositaire ${a.waitsFor} doit agir d’abord.`),
  InvalidMessage: (a, say) => say(`The trustee’s message is not accepted: ${rule(a.rule, say)}.`, `Le message du dépositaire n’est pas accepté : ${rule(a.rule, say)}.`),
  UnknownTrustee: (a, say) => say('There is no such trustee in this group.', 'Il n’y a pas de tel dépositaire dans ce groupe.'),
  InvalidComplaint: (a, say) => say(`The complaint is refused: ${rule(a.rule, say)}.`, `La réclamation est refusée : ${rule(a.rule, say)}.`),
  InvalidVoter: (a, say) => say(`A voter’s key is not accepted (${hexOf(a.key).slice(0, 8)}…): ${rule(a.rule, say)}. Keys go in ascending order through all additions.`, `La clé d’un électeur n’est pas acceptée (${hexOf(a.key).slice(0, 8)}…) : ${rule(a.rule, say)}. Les clés vont en ordre croissant à travers tous les ajouts.`),
  InvalidVoters: (a, say) => say(`The list is not accepted: ${rule(a.rule, say)}.`, `La liste n’est pas acceptée : ${rule(a.rule, say)}.`),
  TrusteesIncomplete: (a, say) => say(`Trustee ${a.owner} has not finished its part.`, `Le dépositaire ${a.owner} n’a pas fini sa part.`),
  NoVoters: (a, say) => say('There is nobody on the roll yet.', 'La liste des électeurs est encore vide.'),
  NotOpen: (a, say) => say(`Ballots are taken from ${when(a.opens)} until ${when(a.closes)}.`, `Les bulletins sont reçus du ${when(a.opens)} au ${when(a.closes)}.`),
  NotOver: (a, say) => say(`The voting lasts until ${when(a.closes)}.`, `Le vote dure jusqu’au ${when(a.closes)}.`),
  UnknownCredential: (a, say) => say('This credential is not on the roll of this consultation.', 'Ce code n’est pas sur la liste de cette consultation.'),
  CredentialStruck: (a, say) => say('This credential was struck out (its holder voted on paper, for instance).', 'Ce code a été rayé (son titulaire a voté sur papier, par exemple).'),
  HasVoted: (a, say) => say('A ballot was cast with this credential: it can no longer be struck out.', 'Un bulletin a été déposé avec ce code : il ne peut plus être rayé.'),
  InvalidBallot: (a, say) => say(`The ballot was refused: ${rule(a.rule, say)}.`, `Le bulletin a été refusé : ${rule(a.rule, say)}.`),
  KnownBallot: (a, say) => say('This very ballot is in the ballot box already.', 'Ce bulletin même est déjà dans l’urne.'),
  BelowFloor: (a, say) => say(`Only ${a.counted} voters have voted, fewer than the ${a.floor} needed to count without telling too much. Merge it with other units, or cancel it.`, `Seuls ${a.counted} électeurs ont voté, moins que les ${a.floor} nécessaires pour dépouiller sans trop révéler. Fusionnez avec d’autres unités, ou annulez.`),
  AlreadyDecrypted: (a, say) => say('This trustee has opened its part already.', 'Ce dépositaire a déjà ouvert sa part.'),
  InvalidDecryption: (a, say) => say(`The trustee’s part is not accepted: ${rule(a.rule, say)}.`, `La part du dépositaire n’est pas acceptée : ${rule(a.rule, say)}.`),
  TooFewDecryptions: (a, say) => say('More trustees have to open their part first.', 'D’autres dépositaires doivent d’abord ouvrir leur part.'),
  InvalidResult: (a, say) => say('The result is not what the trustees opened.', 'Le résultat n’est pas ce que les dépositaires ont ouvert.'),
  InvalidUnits: (a, say) => say(`These units cannot be counted together: ${rule(a.rule, say)}.`, `Ces unités ne peuvent pas être comptées ensemble : ${rule(a.rule, say)}.`),
  NotAuthorised: (a, say) => say(`The account ${a.account} may not do this (${text32(a.role)}).`, `Le compte ${a.account} ne peut pas faire cela (${text32(a.role)}).`),
};

export function explain(e, say) {
  if (e.code && VOTE[e.code]) return VOTE[e.code](e.detail, say);
  if (e.code) return say(`A value is malformed (${e.code}).`, `Une valeur est mal formée (${e.code}).`);
  switch (e.kind) {
    case 'network':
      return say('The node does not answer. Check your connection and try again; nothing was lost.', 'Le nœud ne répond pas. Vérifiez la connexion et réessayez ; rien n’est perdu.');
    case 'none':
      return say('This node has no voting service.', 'Ce nœud n’a pas de service de vote.');
    case 'refused':
      return REFUSED[e.name]?.(e.args, say) ?? say(`The ledger refuses: ${e.name}.`, `Le registre refuse : ${e.name}.`);
    case 'lost':
      return say('No answer from the ledger after two minutes. Check with the tracker whether the ballot arrived before trying again.', 'Pas de réponse du registre après deux minutes. Vérifiez avec le numéro de suivi si le bulletin est arrivé avant de réessayer.');
    case 'wallet':
      return say(`The wallet answers: ${e.message}`, `Le portefeuille répond : ${e.message}`);
    case 'rpc':
      return say(`The node answers: ${e.message}`, `Le nœud répond : ${e.message}`);
    default:
      return e.message;
  }
}
