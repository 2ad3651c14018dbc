/* network_engine: where the ordering engine's program is, and what it says of itself. */
#include "app/network.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "net/fetch.h"

static bool is_program(const char *path)
{
    return access(path, X_OK) == 0;
}

/* engine/bin/cometbft of the project whose build/parvis this is */
static bool project_engine(char out[4096])
{
    char self[4000];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0)
        return false;
    self[n] = 0;
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(self, '/');
        if (!slash)
            return false;
        *slash = 0;
    }
    snprintf(out, 4096, "%s/engine/bin/cometbft", self);
    return is_program(out);
}

static bool path_engine(char out[4096])
{
    const char *path = getenv("PATH");
    while (path && *path) {
        size_t len = strcspn(path, ":");
        snprintf(out, 4096, "%.*s/cometbft", (int)(len < 4000 ? len : 4000), path);
        if (path[0] == '/' && is_program(out))
            return true;
        path += len + (path[len] == ':');
    }
    return false;
}

enum err engine_program(const struct cli *cli, char out[4096], struct diag *d)
{
    const char *given = cli_get(cli, "engine");
    if (!given || !given[0])
        given = getenv("PARVIS_ENGINE");
    if (given && given[0]) {
        char *full = is_program(given) ? realpath(given, NULL) : NULL; /* it starts elsewhere */
        if (full) {
            snprintf(out, 4096, "%s", full);
            free(full);
            return E_OK;
        }
        return diag_set(d, E_NOT_FOUND,
                        T("%s: no program there; --engine and PARVIS_ENGINE name CometBFT's",
                          "%s : pas de programme ; --engine et PARVIS_ENGINE désignent CometBFT"),
                        given);
    }
    if (project_engine(out) || path_engine(out))
        return E_OK;
    return diag_set(d, E_NOT_FOUND,
                    T("the ordering engine, CometBFT, is not installed: run `script/bootstrap "
                      "--network`, or name its program with --engine or PARVIS_ENGINE",
                      "le moteur d'ordre, CometBFT, n'est pas installé : lancez `script/bootstrap "
                      "--network`, ou désignez son programme par --engine ou PARVIS_ENGINE"));
}

enum err engine_keys_check(const struct cli *cli, struct diag *d)
{
    static const char *const KEYS[] = {"engine/config/priv_validator_key.json",
                                       "engine/config/node_key.json"};
    for (size_t i = 0; i < sizeof KEYS / sizeof KEYS[0]; i++)
        if (access(home_path(cli, KEYS[i]), F_OK) != 0)
            return diag_set(d, E_NOT_FOUND,
                            T("%s is missing: restore it from a backup; with a key that the engine "
                              "makes instead, this would be nobody's member (docs/network.md)",
                              "%s manque : restaurez-la d'une sauvegarde ; avec une clé que le "
                              "moteur ferait à sa place, ce ne serait le membre de personne "
                              "(docs/network.md)"),
                            home_path(cli, KEYS[i]));
    if (access(home_path(cli, "engine/data/priv_validator_state.json"), F_OK) != 0)
        return diag_set(
            d, E_NOT_FOUND,
            T("%s, the record of the last vote, is missing, and an older copy would have this "
              "member contradict itself: write one above the others' height (docs/network.md), or "
              "make a new card and have the members vote it in (`parvis network propose-key`)",
              "%s, la trace du dernier vote, manque, et une copie antérieure ferait se contredire "
              "ce membre : écrivez-en une au-dessus de la hauteur des autres (docs/network.md), ou "
              "faites voter une nouvelle fiche (`parvis network propose-key`)"),
            home_path(cli, "engine/data/priv_validator_state.json"));
    return E_OK;
}

enum err engine_ask(const char *socket, const char *target, unsigned timeout_ms,
                    struct json **reply_out, struct diag *d)
{
    struct fetch *f = NULL;
    struct buf base = {0}, body = {0};
    struct fetch_limits limits = {
        .connect_ms = timeout_ms, .total_ms = timeout_ms, .response_bytes = LIMIT_RPC_BODY_BYTES};
    struct json *reply = NULL;
    buf_putf(&base, "unix:%s", socket);
    enum err e = fetch_open(&f, buf_cstr(&base), &limits, d);
    if (e == E_OK)
        e = fetch_get(f, target, &body, NULL, d);
    if (e == E_OK)
        e = json_parse(&reply, buf_view(&body), d);
    if (e == E_OK && !json_is_object(json_get(reply, "result"))) {
        const char *why = json_text(json_get(json_get(reply, "error"), "data"));
        e = diag_set(d, E_INVALID,
                     T("the engine answered %s with an error: %s",
                       "le moteur a répondu à %s par une erreur : %s"),
                     target, why ? why : "?");
        json_free(reply);
        reply = NULL;
    }
    fetch_close(f);
    buf_free(&base);
    buf_free(&body);
    if (e == E_OK)
        *reply_out = reply;
    return e;
}
