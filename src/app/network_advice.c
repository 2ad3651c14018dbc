/* network_advice: what a person is told when the engine ends or the machine is not as it should. */
#include <stdio.h>
#include <sys/timex.h>

#include "app/network_watch.h"
#include "base/lang.h"
#include "base/log.h"

/* After a partition it is TCP's patience, not consensus, that decides when peers meet again. */
static void advise_tcp(void)
{
    unsigned retries = 0;
    FILE *f = fopen("/proc/sys/net/ipv4/tcp_retries2", "r");
    bool known = f && fscanf(f, "%u", &retries) == 1;
    if (f)
        fclose(f);
    if (known && retries > 5)
        log_warn("network",
                 T("net.ipv4.tcp_retries2 is %u: after a broken line the members would find each "
                   "other again only a minute later; `sysctl -w net.ipv4.tcp_retries2=4` (see "
                   "deploy/parvis-network.sysctl.conf)",
                   "net.ipv4.tcp_retries2 vaut %u : après une coupure, les membres ne se "
                   "retrouveraient qu'une minute plus tard ; `sysctl -w net.ipv4.tcp_retries2=4` "
                   "(voir deploy/parvis-network.sysctl.conf)"),
                 retries);
}

void watch_advise_clock(void)
{
    struct timex t = {0};
    int state = adjtimex(&t);
    if (state == TIME_ERROR || (state >= 0 && (t.status & STA_UNSYNC)))
        log_warn(
            "network",
            T("the clock is not kept by NTP: a member that is more than 60 s behind refuses "
              "good blocks and stops; start an NTP service",
              "l'horloge n'est pas réglée par NTP : un membre en retard de plus de 60 s refuse "
              "de bons blocs et s'arrête ; lancez un service NTP"));
}

void watch_advice(void)
{
    advise_tcp();
    watch_advise_clock();
}

#define SYNC_FAILED "State sync failed"

const char *const ENGINE_ALARMS[] = {"CONSENSUS FAILURE", SYNC_FAILED, NULL};

#define REFUSED_EN                                                                               \
    "the others accepted a block that this member refuses: its clock is more than 60 s behind, " \
    "or "                                                                                        \
    "its program or ledger differs from theirs (`date`, `parvis version`, `parvis audit`)"
#define REFUSED_FR                                                                                 \
    "les autres ont accepté un bloc que ce membre refuse : son horloge retarde de plus de 60 s, " \
    "ou son programme ou son registre diffère (`date`, `parvis version`, `parvis audit`)"
#define AGAIN_EN "restore both from the same backup, or `parvis network join --again`"
#define AGAIN_FR "restaurez les deux de la même sauvegarde, ou `parvis network join --again`"

static const struct {
    const char *words; /* of CometBFT v0.40, in what it says last */
    bool fatal;        /* another start would end the same way */
    const char *en, *fr;
} ADVICE[] = {
    {"is higher than core", true,
     "the engine's store is older than the ledger's (restored from an earlier copy?): `parvis "
     "rollback` takes back the ledger's last height; if it is more than one, " AGAIN_EN,
     "la base du moteur est plus ancienne que le registre (restaurée d'une copie antérieure ?) : "
     "`parvis rollback` reprend la dernière hauteur du registre ; s'il y en a plus "
     "d'une, " AGAIN_FR},
    {"is too far below block store base", true,
     "the ledger is older than the blocks that the engine still has: " AGAIN_EN,
     "le registre est plus ancien que les blocs encore gardés par le moteur : " AGAIN_FR},
    {"StoreBlockHeight (", true,
     "the engine's files are not of one moment (a part restored from a copy?): " AGAIN_EN,
     "les fichiers du moteur ne sont pas du même moment (une partie restaurée ?) : " AGAIN_FR},
    {"does not match AppHash", true,
     "ledger and engine do not belong together: half a backup, a state sync that was cut off, or a "
     "program that executes otherwise than the other members' (`parvis version`): " AGAIN_EN,
     "registre et moteur ne vont pas ensemble : moitié de sauvegarde, instantané interrompu, ou "
     "programme qui exécute autrement que les autres membres (`parvis version`) : " AGAIN_FR},
    {"does not match app's AppHash", true, "ledger and engine do not belong together: " AGAIN_EN,
     "registre et moteur ne vont pas ensemble : " AGAIN_FR},
    {"Error reading PrivValidator", true,
     "a key or the record of the last vote cannot be read. Never replace priv_validator_state.json "
     "by an older copy: it keeps this member from contradicting itself (docs/network.md)",
     "une clé ou la trace du dernier vote est illisible. Ne remplacez jamais "
     "priv_validator_state.json par une copie antérieure : il empêche ce membre de se contredire "
     "(docs/network.md)"},
    {"GenesisDoc", true, "engine/config/genesis.json is missing or not the network's",
     "engine/config/genesis.json manque ou n'est pas celui du réseau"},
    {"leveldb: manifest corrupted", true, "the engine's store is damaged: " AGAIN_EN,
     "la base du moteur est endommagée : " AGAIN_FR},
    {"leveldb/table: corruption", true, "the engine's store is damaged: " AGAIN_EN,
     "la base du moteur est endommagée : " AGAIN_FR},
    {"signature from the same key", true,
     "this validator key has just voted elsewhere: is another copy of this member running?",
     "cette clé de validateur vient de voter ailleurs : une copie de ce membre tourne-t-elle ?"},
    {"an invalid block: wrong Block.Header.AppHash", true,
     "the others got another result from the last block than this member, so its program or its "
     "ledger differs from theirs, and it stops (`parvis version`, `parvis audit`): " AGAIN_EN,
     "le dernier bloc a donné aux autres un autre résultat qu'à ce membre : son programme ou son "
     "registre diffère des leurs, et il s'arrête (`parvis version`, `parvis audit`) : " AGAIN_FR},
    {"prevoted for an invalid block", false, REFUSED_EN, REFUSED_FR},
    {"committed an invalid block", false, REFUSED_EN, REFUSED_FR},
    {"address already in use", false,
     "the port for peers is taken: by another program, or by an engine that was started by hand",
     "le port entre membres est pris : par un autre programme, ou un moteur lancé à la main"},
    {"cannot assign requested address", true,
     "this machine does not have the address to listen on (p2p.laddr in engine/config/config.toml)",
     "cette machine n'a pas l'adresse d'écoute (p2p.laddr dans engine/config/config.toml)"},
    {"no space left on device", false, "the disk is full: free space, the member goes on by itself",
     "le disque est plein : libérez de la place, le membre reprend de lui-même"},
    {SYNC_FAILED, true,
     "no snapshot could be taken: none is offered, it does not hold, or this folder has a ledger "
     "already; `parvis network join --again`, with another --trust or without --sync-from",
     "aucun instantané n'a pu être repris : aucun n'est offert, il n'est pas valide, ou ce dossier "
     "a un registre ; `parvis network join --again`, avec un autre --trust ou sans --sync-from"},
    {"light client state provider", false,
     "state sync: the members named with --sync-from do not answer, or the block given with "
     "--trust "
     "is not theirs",
     "instantané : les membres désignés par --sync-from ne répondent pas, ou le bloc donné par "
     "--trust n'est pas le leur"},
};

const char *engine_advice(const char *last_words, bool *fatal_out)
{
    *fatal_out = false;
    for (size_t i = 0; i < sizeof ADVICE / sizeof ADVICE[0]; i++) {
        if (strstr(last_words, ADVICE[i].words)) {
            *fatal_out = ADVICE[i].fatal;
            return T(ADVICE[i].en, ADVICE[i].fr);
        }
    }
    return NULL;
}
