#include "app/network_watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/timex.h>
#include <time.h>

#include "app/network.h"
#include "base/clock.h"
#include "base/lang.h"
#include "base/log.h"

#define ASK_MS 2000u

/* --- advice ------------------------------------------------------------------------------------
 */

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

static void advise_clock(void)
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
    advise_clock();
}

static const struct {
    const char *words; /* of CometBFT v0.40, in what it says last */
    bool fatal;
    const char *en, *fr;
} ADVICE[] = {
    {"is higher than core", true,
     "the engine's store is older than the ledger's (restored from an earlier copy?): `parvis "
     "rollback` takes back the ledger's last height, as often as needed; better, restore both "
     "from the same backup",
     "la base du moteur est plus ancienne que le registre (restaurée d'une copie antérieure ?) : "
     "`parvis rollback` reprend la dernière hauteur du registre, autant de fois qu'il le faut ; "
     "mieux, restaurez les deux de la même sauvegarde"},
    {"is too far below block store base", true,
     "the ledger is older than the blocks that the engine still has: restore both from the same "
     "backup, or join again with --sync-from (docs/network.md)",
     "le registre est plus ancien que les blocs encore gardés par le moteur : restaurez les deux "
     "de "
     "la même sauvegarde, ou rejoignez avec --sync-from (docs/network.md)"},
    {"does not match AppHash", true,
     "ledger and engine do not belong together: half a backup, or a program that executes "
     "differently from the other members'. Compare versions; restore both from the same backup, or "
     "join again (docs/network.md)",
     "registre et moteur ne vont pas ensemble : moitié de sauvegarde, ou programme qui exécute "
     "autrement que celui des autres membres. Comparez les versions ; restaurez les deux de la "
     "même "
     "sauvegarde, ou rejoignez (docs/network.md)"},
    {"does not match app's AppHash", true,
     "ledger and engine do not belong together: restore both from the same backup, or join again "
     "(docs/network.md)",
     "registre et moteur ne vont pas ensemble : restaurez les deux de la même sauvegarde, ou "
     "rejoignez (docs/network.md)"},
    {"Error reading PrivValidator", true,
     "a key or the record of the last vote cannot be read. Never replace priv_validator_state.json "
     "by an older copy: it keeps this member from contradicting itself (docs/network.md)",
     "une clé ou la trace du dernier vote est illisible. Ne remplacez jamais "
     "priv_validator_state.json par une copie antérieure : il empêche ce membre de se contredire "
     "(docs/network.md)"},
    {"GenesisDoc", true, "engine/config/genesis.json is missing or not the network's",
     "engine/config/genesis.json manque ou n'est pas celui du réseau"},
    {"leveldb: manifest corrupted", true,
     "the engine's store is damaged: restore ledger and engine from the same backup, or join again "
     "(docs/network.md)",
     "la base du moteur est endommagée : restaurez registre et moteur de la même sauvegarde, ou "
     "rejoignez (docs/network.md)"},
    {"leveldb/table: corruption", true,
     "the engine's store is damaged: restore ledger and engine from the same backup, or join again "
     "(docs/network.md)",
     "la base du moteur est endommagée : restaurez registre et moteur de la même sauvegarde, ou "
     "rejoignez (docs/network.md)"},
    {"signature from the same key", true,
     "this validator key has just voted elsewhere: is another copy of this member running?",
     "cette clé de validateur vient de voter ailleurs : une autre copie de ce membre tourne-t-elle "
     "?"},
    {"committed an invalid block", false,
     "the others accepted a block that this member refuses: its clock is more than 60 s behind, or "
     "its program or ledger differs from theirs (`date`, `parvis version`, `parvis audit`)",
     "les autres ont accepté un bloc que ce membre refuse : son horloge retarde de plus de 60 s, "
     "ou "
     "son programme ou son registre diffère (`date`, `parvis version`, `parvis audit`)"},
    {"address already in use", false,
     "the port for peers is taken: by another program, or by an engine that was started by hand",
     "le port entre membres est pris : par un autre programme, ou un moteur lancé à la main"},
    {"cannot assign requested address", true,
     "this machine does not have the address it is told to listen on (engine/config/config.toml, "
     "p2p.laddr)",
     "cette machine n'a pas l'adresse d'écoute demandée (engine/config/config.toml, p2p.laddr)"},
    {"no space left on device", false, "the disk is full: free space, the member goes on by itself",
     "le disque est plein : libérez de la place, le membre reprend de lui-même"},
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

/* --- looking -----------------------------------------------------------------------------------
 */

void watch_reset(struct watch *w)
{
    uint64_t now_us = clock_mono_us();
    w->answered = false;
    w->height = 0;
    w->next_us = now_us + WATCH_PERIOD_US;
    w->last_peer_us = w->last_answer_us = now_us;
}

/* Seconds since 1970 of "2026-11-28T18:21:50.046365123Z", -1 when it is none. */
static int64_t parse_time(const char *text)
{
    struct tm tm = {0};
    const char *end = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
    return end ? (int64_t)timegm(&tm) : -1;
}

/* While blocks come, their time is the members' median: far from it, one's own clock is wrong. */
static void compare_clock(struct watch *w, const struct json *sync)
{
    uint64_t height = 0;
    int64_t block_s = parse_time(json_text(json_get(sync, "latest_block_time")));
    json_u64(&height, json_get(sync, "latest_block_height"));
    bool moves = w->height && height > w->height && !json_true(json_get(sync, "catching_up"));
    w->height = height;
    int64_t off_s = (int64_t)clock_unix_s() - block_s;
    /* the last block may be as old as the pause between two looks */
    bool wrong = moves && block_s >= 0 &&
                 (off_s < -WATCH_CLOCK_OFF_S ||
                  off_s > WATCH_CLOCK_OFF_S + (int64_t)(WATCH_PERIOD_US / 1000000));
    if (wrong && !w->clock_told)
        log_warn(
            "network",
            T("this clock is %lld s %s: set it (NTP); a member that is more than 60 s behind stops",
              "cette horloge est à %lld s %s : réglez-la (NTP) ; un membre en retard de plus de "
              "60 s s'arrête"),
            (long long)(off_s < 0 ? -off_s : off_s),
            off_s < 0 ? T("behind the other members'", "en retard sur celle des autres membres")
                      : T("ahead of the other members'", "en avance sur celle des autres membres"));
    if (moves)
        w->clock_told = wrong;
}

static void look_at_status(struct watch *w)
{
    struct json *reply = NULL;
    if (engine_ask(w->socket, "/status", ASK_MS, &reply, NULL) == E_OK)
        compare_clock(w, json_get(json_get(reply, "result"), "sync_info"));
    json_free(reply);
}

const char *watch_look(struct watch *w)
{
    uint64_t now_us = clock_mono_us(), peers = 0;
    struct json *reply = NULL;
    if (now_us < w->next_us)
        return NULL;
    w->next_us = now_us + WATCH_PERIOD_US;
    if (now_us >= w->next_clock_us) {
        if (w->next_clock_us) /* the first time it was told at the start */
            advise_clock();
        w->next_clock_us = now_us + WATCH_CLOCK_US;
    }
    if (engine_ask(w->socket, "/net_info", ASK_MS, &reply, NULL) == E_OK) {
        json_u64(&peers, json_get(json_get(reply, "result"), "n_peers"));
        json_free(reply);
        w->answered = true;
        w->last_answer_us = now_us;
        look_at_status(w);
    }
    if (peers > 0 || !w->answered)
        w->last_peer_us = now_us;
    if (w->answered && now_us - w->last_answer_us > WATCH_ALONE_US)
        return T("the engine has not answered for a minute",
                 "le moteur ne répond plus depuis une minute");
    if (w->has_peers && now_us - w->last_peer_us > WATCH_ALONE_US)
        return T("no other member has been reached for a minute: the engine calls them anew",
                 "aucun autre membre joint depuis une minute : le moteur les rappelle");
    return NULL;
}
