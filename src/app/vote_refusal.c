/* vote_refusal: see vote_refusal.h. */
#include "app/vote_refusal.h"

#include <string.h>

#include "base/lang.h"

/* clang-format off */
static const struct {
    const char *error;
    enum err code; /* E_REVERT: the node's code stays */
    const char *en, *fr;
} REFUSALS[] = {
    {"UnknownConsultation(", E_NOT_FOUND,
     "no such consultation; `parvis vote list` shows them",
     "pas de consultation de ce numéro ; `parvis vote list` les montre"},
    {"NotOpen(", E_REVERT,
     "voting is not open: ballots are taken from the opening to just before the closing time, "
     "which `parvis vote show` tells",
     "le vote n'est pas ouvert : les bulletins sont pris de l'ouverture jusque juste avant la "
     "clôture, que donne `parvis vote show`"},
    {"UnknownCredential(", E_REVERT,
     "this voting code is not on the roll of this consultation",
     "ce code de vote n'est pas sur la liste de cette consultation"},
    {"CredentialStruck(", E_REVERT,
     "this voting code was struck out by the registrar; ask the town hall",
     "ce code de vote a été rayé par le registraire ; demandez à la mairie"},
    {"KnownBallot(", E_REVERT,
     "this very ballot is in the urn already; to vote again make a new one",
     "ce bulletin même est déjà dans l'urne ; pour voter de nouveau, faites-en un autre"},
    {"InvalidBallot(", E_REVERT,
     "the ballot does not hold: it was altered, or made for another election or another code",
     "le bulletin n'est pas valide : altéré, ou fait pour une autre élection ou un autre code"},
    {"NotOver(", E_REVERT,
     "the voting is not over yet",
     "le vote n'est pas terminé"},
    {"BelowFloor(", E_REVERT,
     "fewer voters than the floor have voted: counting them would tell too much; merge it with "
     "other units, or cancel it",
     "moins de votants que le seuil : les compter en dirait trop ; réunissez l'unité à d'autres, "
     "ou annulez"},
    {"HasVoted(", E_REVERT,
     "this voter has cast a ballot: it cannot be struck out any more",
     "cet électeur a déposé un bulletin : il ne peut plus être rayé"},
    {"TrusteesIncomplete(", E_REVERT,
     "a trustee has not done its part (`parvis vote work`)",
     "un dépositaire n'a pas fait sa part (`parvis vote work`)"},
    {"NoVoters(", E_REVERT,
     "there are no voters: the registrar runs `parvis vote roll` first",
     "il n'y a pas d'électeurs : le registraire lance d'abord `parvis vote roll`"},
    {"TooFewDecryptions(", E_REVERT,
     "more trustees have to decrypt (`parvis vote work`)",
     "d'autres dépositaires doivent déchiffrer (`parvis vote work`)"},
    {"InvalidTimes(", E_REVERT,
     "voting opens before it closes, and closes in the future; once it is open only a later "
     "closing "
     "can be set",
     "le vote ouvre avant de fermer, et ferme dans le futur ; une fois ouvert, seule une clôture "
     "plus tardive est possible"},
    {"InvalidUnits(", E_REVERT,
     "only units of one consultation (`parvis vote unit`) are merged, each once",
     "seules des unités d'une même consultation (`parvis vote unit`) se réunissent, chacune une "
     "fois"},
    {"OutOfTurn(", E_REVERT,
     "this trustee waits for another one, or has done this already",
     "ce dépositaire en attend un autre, ou l'a déjà fait"},
    {"WrongStatus(", E_REVERT,
     "the consultation is not at a stage at which that can be done (`parvis vote show`)",
     "la consultation n'en est pas à une étape où cela peut se faire (`parvis vote show`)"},
    {"NotAuthorised(", E_REVERT,
     "this account may not do that (the clerk creates and publishes, the registrar keeps the roll, "
     "the governor appoints clerks); choose the key with --from",
     "ce compte ne peut pas faire cela (le greffier crée et publie, le registraire tient la liste, "
     "le gouverneur nomme les greffiers) ; choisissez la clé avec --from"},
};
/* clang-format on */

enum err vote_refusal(enum err e, struct diag *d)
{
    if (e != E_REVERT || !d)
        return e;
    for (size_t i = 0; i < sizeof REFUSALS / sizeof REFUSALS[0]; i++) {
        if (!strstr(d->text, REFUSALS[i].error))
            continue;
        diag_wrap(d, e, T("%s [", "%s ["), T(REFUSALS[i].en, REFUSALS[i].fr));
        size_t len = strlen(d->text);
        if (len + 1 < sizeof d->text)
            memcpy(d->text + len, "]", 2);
        return REFUSALS[i].code;
    }
    return e;
}
