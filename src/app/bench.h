/* bench: figures of this machine, inside one process (script/bench adds the references). */
#ifndef PARVIS_APP_BENCH_H
#define PARVIS_APP_BENCH_H

#include "app/command.h"

extern const struct cli_option BENCH_OPTIONS[];
int run_bench(struct cli *cli);

#endif
