/* vote_import: `parvis vote import`: ballots that another program made, cast as they are.
 *
 * From files of Belenios' JSON - one ballot, or one a line - and from archives (.bel), whose
 * ballots are taken in order. They leave from fresh accounts. A ballot that is in the urn already
 * is passed over, so that a run that was cut can be repeated. */
#include <stdio.h>

#include "app/json_members.h"
#include "app/vote_commands.h"
#include "app/vote_ledger.h"
#include "app/vote_refusal.h"
#include "base/limits.h"
#include "belenios/archive.h"
#include "belenios/ballot.h"
#include "crypto/ecdsa.h"

#define BALLOTS_PER_ACCOUNT 500u /* keeps each one far below its quota of gas */

const struct cli_option VOTE_IMPORT_OPTIONS[] = {
    {"from", "NAME|FILE",
     "account that sends them (default: fresh ones; needed where only admitted accounts may send)",
     "compte qui les envoie (défaut : des comptes neufs ; nécessaire là où seuls des comptes admis "
     "peuvent envoyer)"},
    {0},
};

struct import {
    struct cli *cli;
    struct vote_ledger ledger;
    struct vote_consultation consultation;
    struct arena arena;
    struct bel_election election;
    struct sender *sender;
    uint8_t key32[32];
    uint64_t gas; /* of a cast; 0: not known yet */
    uint64_t cast, known;
    size_t of_account;
};

/* --- one ballot --------------------------------------------------------------------------------
 */

static enum err is_cast(struct import *x, struct bytes packed, bool *out, struct diag *d)
{
    struct hash h;
    struct abi_value v;
    struct arena_mark mark = arena_mark(&x->ledger.arena);
    TRY(bel_ballot_hash(&h, &x->election, packed));
    struct abi_value args[2] = {abi_u64(x->consultation.id), abi_bytes32(h.b)};
    TRY(vote_view(&x->ledger, "ballotHeight", args, 2, &v, d));
    *out = abi_get_u64(&v.item[0]) != 0;
    arena_back(&x->ledger.arena, mark);
    return E_OK;
}

/* A fresh account now and then: each has a quota. */
static enum err take_account(struct import *x, struct diag *d)
{
    if (x->sender && (cli_has(x->cli, "from") || x->of_account < BALLOTS_PER_ACCOUNT))
        return E_OK;
    if (x->sender)
        TRY(sender_drain(x->sender, d));
    sender_free(x->sender);
    x->sender = NULL;
    TRY(vote_any_key(x->cli, x->key32, d));
    x->sender = sender_new(x->ledger.client, x->key32);
    x->of_account = 0;
    return E_OK;
}

/* The first ballot's need, and as much again: a later ballot of a voter writes in other places. */
static enum err estimate(struct import *x, const struct abi_value args[2], struct diag *d)
{
    struct buf input = {0};
    struct address from;
    if (x->gas)
        return E_OK;
    TRY(ecdsa_address(&from, x->key32));
    client_input(&input, x->ledger.voting, "cast", args, 2);
    struct tx t = {.to = x->ledger.voting->address, .data = buf_view(&input)};
    enum err e = client_estimate_gas(x->ledger.client, &t, &from, d);
    x->gas = t.gas_limit * 2 < LIMIT_TX_GAS ? t.gas_limit * 2 : LIMIT_TX_GAS;
    buf_free(&input);
    return e;
}

static enum err cast(struct import *x, struct bytes json, const char *where, struct diag *d)
{
    struct buf packed = {0};
    bool known = false;
    enum err e = bel_ballot_read(&packed, &x->election, json, d);
    if (e == E_OK)
        e = is_cast(x, buf_view(&packed), &known, d);
    if (e == E_OK && !known)
        e = take_account(x, d);
    struct abi_value args[2] = {abi_u64(x->consultation.id), abi_bytes(buf_view(&packed))};
    if (e == E_OK && !known)
        e = estimate(x, args, d);
    if (e == E_OK && !known)
        e = sender_send(x->sender, x->ledger.voting, "cast", args, 2, x->gas, where, d);
    buf_free(&packed);
    if (e != E_OK)
        return diag_wrap(d, e, "%s: ", where);
    x->cast += !known;
    x->known += known;
    x->of_account += !known;
    if (!x->cli->quiet)
        cli_progress(x->cli, T("ballots", "bulletins"), x->cast + x->known, x->cast + x->known + 1);
    return E_OK;
}

/* --- files -------------------------------------------------------------------------------------
 */

/* What a ballot is called in messages: the file, cut to its end, and its place. */
static void name_place(char out[64], const char *path, const char *what, uint64_t number)
{
    size_t len = strlen(path);
    snprintf(out, 64, "%s%s:%s%llu", len > 36 ? "..." : "", len > 36 ? path + len - 33 : path, what,
             (unsigned long long)number);
}

static enum err import_lines(struct import *x, const char *path, struct bytes file, struct diag *d)
{
    uint64_t line = 0;
    for (size_t at = 0; at < file.len;) {
        char where[64];
        size_t len = 0;
        while (at + len < file.len && file.data[at + len] != '\n')
            len++;
        line++;
        name_place(where, path, "", line);
        if (len > 0)
            TRY(cast(x, bytes_of(file.data + at, len), where, d));
        at += len + 1;
    }
    return E_OK;
}

static enum err import_archive(struct import *x, const char *path, struct bytes file,
                               struct diag *d)
{
    struct bel_reader reader;
    struct bel_record record, data = {0};
    uint64_t ballot = 0;
    TRY(bel_reader_begin(&reader, file, d));
    for (;;) {
        struct bel_event event;
        char where[64];
        enum err e = bel_reader_next(&reader, &record, d);
        if (e == E_NOT_FOUND)
            return E_OK;
        TRY(e);
        if (!record.is_event) {
            data = record;
            continue;
        }
        TRY(bel_event_read(&event, record.body, d));
        if (event.type != BEL_BALLOT)
            continue;
        name_place(where, path, T("ballot ", "bulletin "), ++ballot);
        if (!data.body.len || !hash_eq(&data.hash, &event.payload))
            return diag_set(d, E_INVALID,
                            T("%s: no ballot stands before its event",
                              "%s : pas de bulletin avant son événement"),
                            where);
        TRY(cast(x, data.body, where, d));
    }
}

static enum err import_file(struct import *x, const char *path, struct diag *d)
{
    struct buf file = {0};
    uint64_t before = x->cast + x->known;
    enum err e = file_read(&file, path, LIMIT_IMPORT_FILE_BYTES, d);
    if (e == E_OK && file.len >= 8 && memcmp(file.data, "BELENIOS", 8) == 0) {
        e = import_archive(x, path, buf_view(&file), d);
        if (e != E_OK && !strstr(d->text, path + (strlen(path) > 36 ? strlen(path) - 33 : 0)))
            diag_wrap(d, e, "%s: ", path);
    } else if (e == E_OK) {
        e = import_lines(x, path, buf_view(&file), d);
    }
    buf_free(&file);
    if (e == E_OK && x->cast + x->known == before)
        e = diag_set(d, E_INVALID, T("%s: no ballot in it", "%s : aucun bulletin"), path);
    return e;
}

/* --- the command -------------------------------------------------------------------------------
 */

static void print_end(const struct import *x)
{
    struct buf b = {0};
    if (x->cli->json) {
        json_open(&b, '{');
        json_put_u64_member(&b, "cast", x->cast);
        json_put_u64_member(&b, "known", x->known);
        json_close(&b, '}');
    } else {
        buf_putf(&b,
                 T("%llu ballots cast, %llu were in the urn already",
                   "%llu bulletins déposés, %llu étaient déjà dans l'urne"),
                 (unsigned long long)x->cast, (unsigned long long)x->known);
    }
    cli_print(&b);
    buf_free(&b);
}

static enum err import(struct import *x, struct diag *d)
{
    uint64_t id;
    struct bel_election read;
    TRY(vote_id(&id, x->cli->args[0], d));
    TRY(vote_ledger_open(&x->ledger, x->cli, d));
    TRY(vote_consultation_get(&x->ledger, id, &x->consultation, d));
    if (x->consultation.events == 0)
        return diag_set(d, E_INVALID,
                        T("consultation %llu is not published yet",
                          "la consultation %llu n'est pas encore publiée"),
                        (unsigned long long)id);
    TRY(vote_election_get(&x->ledger, &x->consultation, &read, d));
    struct bytes document = {arena_dup(&x->arena, read.document.data, read.document.len),
                             read.document.len};
    TRY(bel_election_read(&x->election, &x->arena, document, d));
    for (size_t i = 1; i < x->cli->arg_count; i++)
        TRY(import_file(x, x->cli->args[i], d));
    return x->sender ? sender_drain(x->sender, d) : E_OK;
}

int vote_import_run(struct cli *cli)
{
    struct diag d = {0};
    struct import x = {.cli = cli};
    enum err e = import(&x, &d);
    cli_progress_end();
    if (e == E_OK)
        print_end(&x);
    explicit_bzero(x.key32, sizeof x.key32);
    sender_free(x.sender);
    vote_ledger_close(&x.ledger);
    arena_free(&x.arena);
    return e == E_OK ? EXIT_OK : cli_fail(cli, vote_refusal(e, &d), &d);
}
