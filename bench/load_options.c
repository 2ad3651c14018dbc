#include "load_options.h"

#include <string.h>

#include "base/mem.h"
#include "base/u256.h"

struct load_options options = {
    .host = "127.0.0.1",
    .nodes = {{.port = 8545}},
    .node_count = 1,
    .transfers = 40000,
    .accounts = 200,
    .connections = 16,
    .recipients = 10000,
    .timeout_s = 300,
    .label = "",
    .kind = "transfer",
};

static uint64_t number(const char *name, const char *text)
{
    struct u256 v;
    if (!text || u256_parse(&v, text) != E_OK || !u256_fits_u64(v))
        die("not a number", name);
    return v.w[0];
}

/* One number or several with commas between; how many. */
static size_t numbers(uint64_t *out, size_t max, const char *name, const char *text)
{
    char *copy = mem_strdup(text), *rest = copy, *word;
    size_t count = 0;
    while ((word = strsep(&rest, ","))) {
        if (count == max)
            die("too many", name);
        out[count++] = number(name, word);
    }
    mem_free(copy);
    return count;
}

static void read_ports(const char *text)
{
    uint64_t ports[NODES_MAX];
    options.node_count = numbers(ports, NODES_MAX, "--port", text);
    for (size_t i = 0; i < options.node_count; i++)
        options.nodes[i].port = (uint16_t)ports[i];
}

void read_options(int argc, char **argv)
{
    const char *const usage =
        "usage: loadgen --funder HEXKEY [--host IPV4] [--port N,...] [--transfers N] [--accounts "
        "N] "
        "[--connections N] [--recipients N] [--pid N,...] [--timeout SECONDS] [--waiting N] "
        "[--label TEXT] [--kind transfer|erc20|day] [--bytecode FILE] [--rate N] [--seconds N] "
        "[--watch MS] [--window N]";
    for (int i = 1; i < argc; i += 2) {
        const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (!value)
            die(usage, NULL);
        if (strcmp(name, "--host") == 0)
            options.host = value;
        else if (strcmp(name, "--label") == 0)
            options.label = value;
        else if (strcmp(name, "--kind") == 0)
            options.kind = value;
        else if (strcmp(name, "--bytecode") == 0)
            options.bytecode = value;
        else if (strcmp(name, "--port") == 0)
            read_ports(value);
        else if (strcmp(name, "--transfers") == 0)
            options.transfers = number(name, value);
        else if (strcmp(name, "--accounts") == 0)
            options.accounts = number(name, value);
        else if (strcmp(name, "--connections") == 0)
            options.connections = number(name, value);
        else if (strcmp(name, "--recipients") == 0)
            options.recipients = number(name, value);
        else if (strcmp(name, "--pid") == 0)
            options.pid_count = numbers(options.pids, PIDS_MAX, name, value);
        else if (strcmp(name, "--rate") == 0)
            options.rate = number(name, value);
        else if (strcmp(name, "--seconds") == 0)
            options.seconds = number(name, value);
        else if (strcmp(name, "--watch") == 0)
            options.watch_ms = number(name, value);
        else if (strcmp(name, "--window") == 0)
            options.window = number(name, value);
        else if (strcmp(name, "--waiting") == 0)
            options.waiting = number(name, value);
        else if (strcmp(name, "--timeout") == 0)
            options.timeout_s = number(name, value);
        else if (strcmp(name, "--funder") == 0 &&
                 hex_decode(options.funder_key, 32, value, strlen(value)) == E_OK)
            continue;
        else
            die(usage, NULL);
    }
    if (strcmp(options.kind, "transfer") != 0 && strcmp(options.kind, "erc20") != 0 &&
        strcmp(options.kind, "day") != 0)
        die(usage, NULL);
    if (options.window && !options.watch_ms)
        die(usage, NULL);
    for (size_t i = 0; i < options.node_count; i++)
        options.nodes[i].host = options.host;
    if (options.connections > options.accounts)
        options.connections = options.accounts;
    if (options.connections == 0 || options.transfers == 0 || options.recipients == 0)
        die(usage, NULL);
}
