/* allocation: who receives how much of the shared production in one step. Pure integer functions:
 * no ledger, no allocation, no clock; the contract, the command line and the tests run this code.
 *
 * Units     energy in Wh, coefficients in ppm (1 000 000 = 100 %), prices in micro-euro per kWh,
 *           amounts in nano-euro (Wh * micro-euro/kWh, exact) and cents.
 * Order     index order of consumers and producers is the order of every tie.
 * Rules     R1 largest remainder; R2 default key (code de l'energie D315-6); R3 static; R4 static
 *           with redistribution ("waterfill"); R5 priority; R6 producer-consumer matrix; R7 invoice
 *           amounts. Missing readings are zero.
 * Bounds    every energy value and weight < ALLOCATION_WH_LIMIT, at most ALLOCATION_POINTS_MAX
 *           consumers or producers (ASSERTed). Products use 128 bits where 64 do not suffice.
 * Cost      R1 is O(n log W) with vector compares and no data-dependent worst case; R2, R3, R5 and
 *           dynamic coefficients are a few R1; R4 up to n of them; R6 one per producer. */
#ifndef PARVIS_CITY_ENERGY_ALLOCATION_H
#define PARVIS_CITY_ENERGY_ALLOCATION_H

#include "base/bytes.h"
#include "base/limits.h"

#define ALLOCATION_POINTS_MAX LIMIT_OPERATION_POINTS
#define ALLOCATION_WH_LIMIT (1ull << 50)
#define PPM_ONE 1000000u

enum allocation_key {
    KEY_DEFAULT,      /* pro rata of consumption */
    KEY_STATIC,       /* fixed ppm per consumer; what is not used is surplus */
    KEY_WATERFILL,    /* fixed ppm, what one does not use goes to the others */
    KEY_PRIORITY,     /* level by level, pro rata inside a level */
    KEY_DYNAMIC,      /* ppm per consumer and step ("dynamique simple") */
    KEY_DYNAMIC_FULL, /* ppm per producer, consumer and step ("dynamique complete") */
    KEY_COUNT
};

/* allocation_key_name: "default", "static", "waterfill", "priority", "dynamic", "dynamic-full".
 * allocation_key_parse: false for any other text. */
const char *allocation_key_name(enum allocation_key key);
bool allocation_key_parse(enum allocation_key *out, const char *text);

/* Working memory, given by the caller and reused from step to step: point_max is the larger of the
 * numbers of consumers and producers. memory: allocation_scratch_bytes(point_max) bytes, 16-aligned
 * (mem_alloc and arena_alloc are). work counts members handled by R1 since init, for gas; one
 * whose numbers do not fit the fast way counts several times. */
struct allocation_scratch {
    uint64_t *remainder;
    uint64_t *weight;
    uint64_t *share;
    uint64_t *left;
    uint32_t *index;
    size_t point_max;
    uint64_t work;
};
size_t allocation_scratch_bytes(size_t point_max);
void allocation_scratch_init(struct allocation_scratch *s, void *memory, size_t point_max);

/* R1: out[i] = floor(total * weight[i] / sum), the rest +1 each to the largest remainders, ties to
 * the lower index. All weights zero: all shares zero. count may be point_max + 1. out may not
 * overlap weight. */
void largest_remainder(uint64_t *out, uint64_t total, const uint64_t *weight, size_t count,
                       struct allocation_scratch *s);

/* R2 */
void allocate_default(uint64_t *out, uint64_t production_wh, const uint64_t *consumption_wh,
                      size_t count, struct allocation_scratch *s);
/* R3; sum of ppm <= PPM_ONE (ASSERT). Also the dynamic simple key, with the step's ppm. */
void allocate_static(uint64_t *out, uint64_t production_wh, const uint64_t *consumption_wh,
                     const uint32_t *ppm, size_t count, struct allocation_scratch *s);
/* R4 */
void allocate_waterfill(uint64_t *out, uint64_t production_wh, const uint64_t *consumption_wh,
                        const uint32_t *ppm, size_t count, struct allocation_scratch *s);
/* R5; a lower level is served first. */
void allocate_priority(uint64_t *out, uint64_t production_wh, const uint64_t *consumption_wh,
                       const uint8_t *level, size_t count, struct allocation_scratch *s);

/* One step of an operation. */
struct allocation_step {
    enum allocation_key key;
    size_t consumers;
    size_t producers;
    const uint64_t *consumption_wh; /* [consumers] */
    const uint64_t *production_wh;  /* [producers] */
    const uint32_t *ppm;            /* [consumers]; KEY_DYNAMIC_FULL: [producers * consumers] */
    const uint8_t *level;           /* KEY_PRIORITY: [consumers] */
};

struct allocation_result {
    uint64_t *allocated_wh; /* [consumers] */
    uint64_t *used_wh;      /* [producers], what each producer's consumers received */
    uint64_t *matrix_wh;    /* [producers * consumers], row = producer */
    uint64_t produced_wh;   /* totals of the step */
    uint64_t consumed_wh;
    uint64_t shared_wh;
};

/* allocate_step fills out (arrays given by the caller; matrix_wh may be NULL to skip R6's rows). */
void allocate_step(struct allocation_result *out, const struct allocation_step *in,
                   struct allocation_scratch *s);

/* R6: used_wh = R1(sum allocated, production); then rows in ascending order of producers, R1 over
 * what is not yet attributed to each consumer. matrix_wh may be NULL. */
void allocate_matrix(uint64_t *used_wh, uint64_t *matrix_wh, const uint64_t *production_wh,
                     size_t producers, const uint64_t *allocated_wh, size_t consumers,
                     struct allocation_scratch *s);

/* The conservation laws of one step. The first that does not hold is returned. */
enum allocation_fault {
    FAULT_NONE,
    FAULT_TOTALS,            /* produced, consumed or shared is not the sum of its parts */
    FAULT_ABOVE_CONSUMPTION, /* a consumer received more than it consumed (D315-4) */
    FAULT_ABOVE_PRODUCTION,  /* a producer gave more than it produced, or all more than all */
    FAULT_NOT_ALL_SHARED,    /* a key that shares all it can left something */
    FAULT_USED,              /* sum of used != sum of allocated */
    FAULT_MATRIX_ROW,        /* a row is not what its producer gave */
    FAULT_MATRIX_COLUMN,     /* a column is not what its consumer received */
};
enum allocation_fault allocation_check(const struct allocation_step *in,
                                       const struct allocation_result *out);
const char *allocation_fault_name(enum allocation_fault fault);

/* R7: amounts of one invoice line. energy_wh * price must stay below 2^63 (false when it does not).
 * ht_cents rounds half-up to the cent, vat_cents rounds ht_cents * vat_ppm half-up to the cent. */
struct invoice_amount {
    uint64_t nanoeur;
    uint64_t ht_cents;
    uint64_t vat_cents;
};
bool invoice_amount_of(struct invoice_amount *out, uint64_t energy_wh, uint64_t price_microeur_kwh,
                       uint32_t vat_ppm);

/* Coefficients of a step as a distribution operator takes them: ppm[i] of the production, sum <=
 * PPM_ONE, which re-applied by R3 give back allocated_wh. Returns the largest difference in Wh; it
 * is at most 1 while production_wh <= 1 000 000 (a finer share cannot be said in ppm). */
uint64_t coefficients_derive(uint32_t *ppm, uint64_t production_wh, const uint64_t *allocated_wh,
                             const uint64_t *consumption_wh, size_t count,
                             struct allocation_scratch *s);

#endif
