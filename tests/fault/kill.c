/* kill: SIGKILL at random moments under load, again and again.
 *
 *   kill PARVIS HOME ROUNDS SEED
 *
 * HOME is a ledger made by `parvis init` with funds for the accounts of kill_address. Every round
 * starts the node, lets senders send transfers and read receipts, kills the node at a random
 * moment, and notes each transaction whose receipt was seen. The next start must know them all, in
 * the same block. At the end the whole ledger is audited. Prints TAP. A round in which nothing was
 * under way when the kill came proves nothing, so at least half of the rounds must have had open
 * transactions. */
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/client.h"
#include "base/clock.h"
#include "base/mem.h"
#include "crypto/ecdsa.h"
#include "crypto/keccak.h"

#define SENDERS 3

struct seen {
    struct hash tx;
    struct hash block;
};

struct sender {
    pthread_t thread;
    unsigned index;
    char url[128];
    struct seen *seen; /* grows; belongs to the thread while it runs */
    size_t seen_count, seen_cap;
    uint64_t sent; /* accepted by the node this round */
    uint64_t receipts;
};

static struct sender senders[SENDERS];
static const char *parvis, *home;
static uint64_t random_state;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state * 0x2545f4914f6cdd1dULL;
}

static void sender_key(uint8_t key32[32], unsigned index)
{
    char text[32];
    struct hash h;
    int n = snprintf(text, sizeof text, "kill-sender-%u", index);
    keccak256(&h, text, (size_t)n);
    memcpy(key32, h.b, 32);
}

static _Noreturn void give_up(const char *what)
{
    printf("not ok 1 kill # %s\n1..1\n", what);
    exit(1);
}

/* Starts the node and waits for the line that tells its address. */
static pid_t start_node(char url[128])
{
    int out[2];
    if (pipe(out) != 0)
        give_up("pipe");
    pid_t pid = fork();
    if (pid == 0) {
        dup2(out[1], STDOUT_FILENO);
        close(out[0]);
        close(out[1]);
        execl(parvis, parvis, "node", "--home", home, "--port", "0", "--json", "--log", "error",
              (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    FILE *f = fdopen(out[0], "r");
    char line[1024];
    if (pid < 0 || !f || !fgets(line, sizeof line, f))
        give_up("the node did not start again");
    fclose(f);
    struct json *j = NULL;
    if (json_parse(&j, bytes_str(line), NULL) != E_OK || !json_text(json_get(j, "url")))
        give_up("the node did not tell its address");
    snprintf(url, 128, "%s", json_text(json_get(j, "url")));
    json_free(j);
    return pid;
}

/* E_OK, E_NOT_FOUND (no receipt yet), or the error of a node that is gone. */
static enum err receipt_block(struct client *c, const struct hash *tx, struct hash *block)
{
    char params[80], hex[65];
    struct json *reply;
    hex_encode(hex, tx->b, 32);
    snprintf(params, sizeof params, "[\"0x%s\"]", hex);
    TRY(client_call(c, "eth_getTransactionReceipt", params, &reply, NULL));
    const char *text = json_text(json_get(client_result(reply), "blockHash"));
    bool ok = text && hash_from_hex(block, text) == E_OK;
    json_free(reply);
    return ok ? E_OK : E_NOT_FOUND;
}

static void note(struct sender *s, const struct hash *tx, const struct hash *block)
{
    if (s->seen_count == s->seen_cap) {
        s->seen_cap = s->seen_cap ? s->seen_cap * 2 : 1024;
        s->seen = mem_resize(s->seen, s->seen_cap, sizeof *s->seen);
    }
    s->seen[s->seen_count++] = (struct seen){*tx, *block};
}

/* Sends five, waits for the receipts of those five, and so on, until the node is gone. */
static void *send_until_killed(void *ctx)
{
    struct sender *s = ctx;
    struct client *c;
    uint8_t key32[32];
    uint64_t nonce = UINT64_MAX;
    sender_key(key32, s->index);
    if (client_open(&c, s->url, NULL) != E_OK)
        return NULL;
    for (enum err e = E_OK; e == E_OK;) {
        struct hash hashes[5], block;
        unsigned sent = 0;
        while (sent < 5 && e == E_OK) {
            struct tx t = {.gas_limit = 21000, .value = u256_from_u64(1)};
            t.to.b[19] = (uint8_t)(sent + 1);
            t.to.b[0] = (uint8_t)s->index;
            e = client_send(c, &t, key32, &nonce, &hashes[sent], NULL);
            sent += e == E_OK;
        }
        s->sent += sent;
        for (unsigned i = 0; i < sent && e == E_OK; i++) {
            while ((e = receipt_block(c, &hashes[i], &block)) == E_NOT_FOUND)
                usleep(200);
            if (e != E_OK)
                break;
            note(s, &hashes[i], &block);
            s->receipts++;
        }
    }
    client_close(c);
    return NULL;
}

/* Every transaction with a receipt seen before `upto` of each sender is where it was. */
static uint64_t count_lost(const char *url, const size_t from[SENDERS])
{
    struct client *c;
    uint64_t lost = 0;
    if (client_open(&c, url, NULL) != E_OK)
        give_up("no client");
    for (unsigned k = 0; k < SENDERS; k++) {
        for (size_t i = from[k]; i < senders[k].seen_count; i++) {
            struct hash block;
            if (receipt_block(c, &senders[k].seen[i].tx, &block) != E_OK ||
                !hash_eq(&block, &senders[k].seen[i].block))
                lost++;
        }
    }
    client_close(c);
    return lost;
}

static int run_audit(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        dup2(STDERR_FILENO, STDOUT_FILENO);
        execl(parvis, parvis, "audit", "--home", home, "--quiet", (char *)NULL);
        _exit(127);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "addresses") == 0) { /* for `parvis init --alloc` */
        for (unsigned i = 0; i < SENDERS; i++) {
            uint8_t key32[32];
            struct address a;
            char hex[41];
            sender_key(key32, i);
            if (ecdsa_address(&a, key32) != E_OK)
                return 1;
            hex_encode(hex, a.b, 20);
            printf("0x%s\n", hex);
        }
        return 0;
    }
    if (argc != 5) {
        fprintf(stderr, "usage: kill PARVIS HOME ROUNDS SEED | kill addresses\n");
        return 2;
    }
    parvis = argv[1];
    home = argv[2];
    unsigned rounds = (unsigned)strtoul(argv[3], NULL, 10);
    random_state = strtoull(argv[4], NULL, 10) * 0x9e3779b97f4a7c15ULL + 1;
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    uint64_t lost = 0, receipts = 0, busy_rounds = 0;
    size_t checked[SENDERS] = {0};
    char url[128];
    for (unsigned round = 0; round < rounds; round++) {
        pid_t pid = start_node(url);
        lost += count_lost(url, checked);
        for (unsigned k = 0; k < SENDERS; k++) {
            struct sender *s = &senders[k];
            checked[k] = s->seen_count;
            s->index = k;
            s->sent = s->receipts = 0;
            snprintf(s->url, sizeof s->url, "%s", url);
            if (pthread_create(&s->thread, NULL, send_until_killed, s) != 0)
                give_up("pthread_create");
        }
        usleep((useconds_t)(10000 + next_random() % 200000));
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        uint64_t sent = 0, round_receipts = 0;
        for (unsigned k = 0; k < SENDERS; k++) {
            pthread_join(senders[k].thread, NULL);
            sent += senders[k].sent;
            round_receipts += senders[k].receipts;
        }
        receipts += round_receipts;
        busy_rounds += sent > round_receipts;
        if (isatty(STDERR_FILENO) || (round + 1) % 25 == 0)
            fprintf(stderr, "kill: round %u of %u, %" PRIu64 " receipts seen, %" PRIu64 " lost\n",
                    round + 1, rounds, receipts, lost);
    }
    /* the last round's, and once more all of them, by a node that then stops in order */
    size_t none[SENDERS] = {0};
    pid_t pid = start_node(url);
    lost += count_lost(url, none);
    kill(pid, SIGTERM);
    int status = -1;
    waitpid(pid, &status, 0);
    printf("# %u kills, %" PRIu64 " with transactions under way, %" PRIu64
           " receipts seen, %" PRIu64 " lost\n",
           rounds, busy_rounds, receipts, lost);
    printf("%s 1 every transaction whose receipt was seen is still there\n",
           lost == 0 && receipts > rounds ? "ok" : "not ok");
    printf("%s 2 the kills came in the middle of work\n",
           busy_rounds * 2 >= rounds ? "ok" : "not ok");
    printf("%s 3 the node stops in order on SIGTERM\n",
           WIFEXITED(status) && WEXITSTATUS(status) == 0 ? "ok" : "not ok");
    printf("%s 4 the audit of what was killed passes\n1..4\n", run_audit() == 0 ? "ok" : "not ok");
    return 0;
}
