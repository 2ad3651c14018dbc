/* sample: see sample.h. Who lives in the district, and what they draw. */
#include "gateway/files/sample.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "city/energy/allocation.h"
#include "gateway/files/civil.h"
#include "gateway/files/output.h"
#include "gateway/files/sample_sky.h"

#define STEPS 17520
#define START_S 1735686000 /* 2025-01-01T00:00 in France = 2024-12-31T23:00Z */

enum kind {
    HOME,
    FAMILY,
    RETIRED,
    TELEWORK,
    BAKERY,
    GROCERY,
    RESTAURANT,
    SALON,
    OFFICE,
    SCHOOL,
    STAIRS,
    KIND_COUNT
};

/* Share of the active power in each hour of a weekday and of a Sunday, in percent, and which days
 * of the week are like Sundays (bit 0 = Monday). */
struct profile {
    uint16_t base_w;   /* always on */
    uint16_t active_w; /* at 100 % */
    uint8_t level;     /* priority level */
    uint8_t rest_days;
    uint8_t weekday[24];
    uint8_t rest[24];
};

static const struct profile PROFILES[KIND_COUNT] = {
    [HOME] = {70,
              620,
              2,
              0x60,
              {8,  5,  5,  5,  5,  8,  30, 55,  35, 15, 12, 15,
               25, 20, 12, 12, 15, 35, 70, 100, 85, 65, 40, 18},
              {12, 8,  5,  5,  5,  5,  10, 25, 45, 55, 50, 60,
               75, 60, 40, 35, 40, 50, 70, 95, 80, 60, 40, 20}},
    [FAMILY] = {130,
                1150,
                2,
                0x60,
                {8,  5,  5,  5,  5,  12, 50, 80,  40, 20, 18, 25,
                 40, 25, 15, 20, 40, 60, 85, 100, 85, 60, 35, 15},
                {12,  8,  5,  5,  5,  5,  12, 30, 60, 75, 70, 85,
                 100, 80, 55, 50, 50, 65, 80, 95, 80, 60, 40, 20}},
    [RETIRED] = {80,
                 560,
                 2,
                 0x40,
                 {6,  5,  5,  5,  5,  8,  20, 45, 60, 50, 45, 70,
                  90, 60, 40, 38, 40, 50, 75, 90, 60, 35, 15, 8},
                 {6,   5,  5,  5,  5,  6,  15, 35, 60, 55, 50, 80,
                  100, 65, 40, 38, 40, 50, 75, 85, 55, 30, 15, 8}},
    [TELEWORK] = {110,
                  680,
                  2,
                  0x60,
                  {8,  5,  5,  5,  5,  6,  20, 50, 60, 55, 50, 60,
                   80, 60, 50, 48, 50, 60, 80, 95, 75, 60, 40, 20},
                  {14, 9,  5,  5,  5,  5,  8,  18, 40, 50, 45, 55,
                   70, 55, 40, 35, 40, 50, 70, 90, 80, 65, 45, 25}},
    [BAKERY] = {450,
                9500,
                3,
                0x01,
                {15, 35, 75, 100, 100, 95, 85, 65, 50, 45, 45, 40,
                 35, 30, 30, 40,  40,  35, 25, 12, 5,  4,  4,  6},
                {4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 5}},
    [GROCERY] = {2600,
                 4200,
                 3,
                 0x40,
                 {20,  20, 20, 20, 20, 25, 45, 70, 85, 90, 95, 98,
                  100, 98, 95, 95, 95, 95, 90, 75, 35, 22, 20, 20},
                 {20, 20, 20, 20, 20, 20, 25, 55, 75, 85, 88, 85,
                  60, 30, 22, 20, 20, 20, 20, 20, 20, 20, 20, 20}},
    [RESTAURANT] = {900,
                    8200,
                    3,
                    0x41,
                    {8,   5,  4,  4,  4,  4,  5,  8,  20, 40, 65, 90,
                     100, 85, 45, 25, 25, 40, 70, 95, 95, 75, 45, 20},
                    {5, 4, 4, 4, 4, 4, 4, 4, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5}},
    [SALON] = {120,
               3200,
               3,
               0x41,
               {2,  2,  2,  2,  2,   2,  2,  5,  30, 75, 90, 95,
                80, 75, 90, 95, 100, 90, 60, 15, 3,  2,  2,  2},
               {2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2}},
    [OFFICE] = {900,
                7800,
                3,
                0x60,
                {5,  5,  5,  5,  5,  8,  15, 40, 80, 98, 100, 98,
                 85, 92, 98, 96, 90, 75, 45, 20, 10, 6,  5,   5},
                {5, 5, 5, 5, 5, 5, 5, 6, 7, 8, 8, 8, 8, 8, 8, 8, 7, 6, 5, 5, 5, 5, 5, 5}},
    [SCHOOL] = {1400,
                15500,
                1,
                0x60,
                {3,  3,  3,  3,  3,  5,  25, 60, 95, 100, 98, 100,
                 95, 80, 92, 90, 70, 45, 25, 10, 4,  3,   3,  3},
                {3, 3, 3, 3, 3, 3, 3, 4, 4, 5, 5, 5, 5, 5, 5, 4, 4, 4, 3, 3, 3, 3, 3, 3}},
    [STAIRS] = {380,
                900,
                1,
                0x00,
                {30, 25, 22, 22, 24, 35, 70,  90, 75, 50, 45, 50,
                 60, 50, 45, 50, 60, 80, 100, 95, 80, 65, 50, 40},
                {30, 25, 22, 22, 24, 35, 70,  90, 75, 50, 45, 50,
                 60, 50, 45, 50, 60, 80, 100, 95, 80, 65, 50, 40}},
};

static const struct member {
    enum kind kind;
    const char *id, *holder;
    uint16_t size_pct; /* of the profile */
    bool heats;        /* electric heating and water heater */
} MEMBERS[] = {
    {SCHOOL, "C01-ECOLE", "École du Confluent", 100, false},
    {STAIRS, "C02-COMMUNS-A", "Copropriété Rive Gauche, parties communes", 100, false},
    {STAIRS, "C03-COMMUNS-B", "Copropriété Les Docks, parties communes", 130, false},
    {BAKERY, "C04-BOULANGERIE", "Boulangerie du Port", 90, false},
    {GROCERY, "C05-EPICERIE", "Épicerie des Quais", 100, false},
    {RESTAURANT, "C06-RESTAURANT", "Restaurant La Darse", 80, false},
    {SALON, "C07-COIFFURE", "Salon de coiffure Tempo", 100, false},
    {OFFICE, "C08-BUREAUX-1", "Atelier d'architecture Trame", 60, false},
    {OFFICE, "C09-BUREAUX-2", "Cabinet comptable Solde", 80, false},
    {OFFICE, "C10-BUREAUX-3", "Coopérative numérique Maille", 120, false},
    {HOME, "C11-FOYER", "Foyer 11", 90, false},
    {HOME, "C12-FOYER", "Foyer 12", 100, true},
    {HOME, "C13-FOYER", "Foyer 13", 75, false},
    {HOME, "C14-FOYER", "Foyer 14", 110, false},
    {HOME, "C15-FOYER", "Foyer 15", 95, true},
    {HOME, "C16-FOYER", "Foyer 16", 80, false},
    {HOME, "C17-FOYER", "Foyer 17", 120, false},
    {HOME, "C18-FOYER", "Foyer 18", 85, false},
    {FAMILY, "C19-FOYER", "Foyer 19", 100, false},
    {FAMILY, "C20-FOYER", "Foyer 20", 90, true},
    {FAMILY, "C21-FOYER", "Foyer 21", 115, false},
    {FAMILY, "C22-FOYER", "Foyer 22", 80, false},
    {FAMILY, "C23-FOYER", "Foyer 23", 105, true},
    {FAMILY, "C24-FOYER", "Foyer 24", 95, false},
    {FAMILY, "C25-FOYER", "Foyer 25", 125, false},
    {FAMILY, "C26-FOYER", "Foyer 26", 85, false},
    {RETIRED, "C27-FOYER", "Foyer 27", 100, false},
    {RETIRED, "C28-FOYER", "Foyer 28", 85, true},
    {RETIRED, "C29-FOYER", "Foyer 29", 110, false},
    {RETIRED, "C30-FOYER", "Foyer 30", 95, false},
    {RETIRED, "C31-FOYER", "Foyer 31", 90, false},
    {RETIRED, "C32-FOYER", "Foyer 32", 120, true},
    {TELEWORK, "C33-FOYER", "Foyer 33", 100, false},
    {TELEWORK, "C34-FOYER", "Foyer 34", 90, false},
    {TELEWORK, "C35-FOYER", "Foyer 35", 110, true},
    {TELEWORK, "C36-FOYER", "Foyer 36", 80, false},
    {TELEWORK, "C37-FOYER", "Foyer 37", 105, false},
    {TELEWORK, "C38-FOYER", "Foyer 38", 95, false},
    {HOME, "C39-FOYER", "Foyer 39", 70, false},
    {FAMILY, "C40-FOYER", "Foyer 40", 110, false},
};
#define MEMBER_COUNT (sizeof MEMBERS / sizeof MEMBERS[0])

static const struct plant {
    const char *id, *holder;
    struct roof roof;
    uint32_t price_microeur_kwh;
} PLANTS[] = {
    {"P01-ECOLE-PV", "Ville (toit de l'école)", {60000, 10, 5}, 110000},
    {"P02-HALLE-PV", "SEM Énergie du Confluent", {80000, 5, 0}, 118500},
    {"P03-RIVE-PV", "Copropriété Rive Gauche", {25000, 30, -70}, 126000},
    {"P04-OMBRIERE-PV", "Parc de stationnement des Docks", {40000, 8, 80}, 121750},
};
#define PLANT_COUNT (sizeof PLANTS / sizeof PLANTS[0])

/* What a half-hour is, for everybody. */
struct moment {
    unsigned hour, month, weekday; /* legal time; weekday 0 = Monday */
    uint32_t day;                  /* number of the local day */
    bool holiday;                  /* a public holiday */
};

static struct moment moment_of(int64_t t)
{
    static const uint8_t HOLIDAYS[][2] = {{1, 1},  {5, 1},  {5, 8},   {7, 14},
                                          {8, 15}, {11, 1}, {11, 11}, {12, 25}};
    int64_t local = t + paris_offset_s(t);
    struct date_time c = civil_from_unix(local);
    struct moment m = {.hour = c.hour, .month = c.month, .day = (uint32_t)(local / 86400)};
    m.weekday = (m.day + 3) % 7;
    for (size_t i = 0; i < sizeof HOLIDAYS / sizeof HOLIDAYS[0]; i++)
        m.holiday |= c.month == HOLIDAYS[i][0] && c.day == HOLIDAYS[i][1];
    return m;
}

static bool is_home(enum kind k)
{
    return k == HOME || k == FAMILY || k == RETIRED || k == TELEWORK;
}

enum { STREAM_LEVEL = 16, STREAM_APPLIANCE = 64, STREAM_AWAY = 128, STREAM_GAP = 192 };

/* Away from home for two weeks, in a week of July or August that is the household's own. */
static bool is_away(uint64_t seed, size_t i, struct moment m)
{
    uint32_t summer_day = m.day - day_of_civil(civil_of_day(m.day).year, 7, 1);
    uint32_t leave = noise_below(seed, STREAM_AWAY, i, 48);
    return m.day >= day_of_civil(civil_of_day(m.day).year, 7, 1) && summer_day >= leave &&
           summer_day < leave + 14;
}

/* How active a member is in this half-hour, in percent of its profile. */
static uint32_t activity_pct(uint64_t seed, size_t i, struct moment m)
{
    const struct member *who = &MEMBERS[i];
    const struct profile *p = &PROFILES[who->kind];
    bool rest = (p->rest_days >> m.weekday & 1) || m.holiday;
    uint32_t pct = rest ? p->rest[m.hour] : p->weekday[m.hour];
    if (who->kind == SCHOOL && (m.month == 7 || m.month == 8))
        pct = 4;
    if ((who->kind == SALON || who->kind == OFFICE || who->kind == RESTAURANT) && m.month == 8)
        pct = pct * 55 / 100;
    if (is_home(who->kind) && is_away(seed, i, m))
        pct = 4;
    return pct;
}

static uint64_t draw_wh(uint64_t seed, size_t i, size_t step, struct moment m,
                        const struct sky *sky)
{
    const struct member *who = &MEMBERS[i];
    const struct profile *p = &PROFILES[who->kind];
    uint32_t pct = activity_pct(seed, i, m);
    /* the level of an hour wanders between 60 and 140 % */
    uint32_t level = 60 + noise_below(seed, STREAM_LEVEL + (uint32_t)i, step, 81);
    uint64_t w =
        (p->base_w + (uint64_t)p->active_w * pct / 100 * level / 100) * who->size_pct / 100;
    /* lamps: up to 15 % more in winter darkness */
    if (sky->up <= 0 && pct > 10)
        w += w * 15 / 100;
    if (is_home(who->kind) && pct > 10 &&
        noise_below(seed, STREAM_APPLIANCE + (uint32_t)i, step, 1000) < pct)
        w += 1100 + noise_below(seed, STREAM_APPLIANCE + (uint32_t)i, step + STEPS, 1100);
    if (who->heats) {
        int32_t cold_dc = 170 - sky->temperature_dc;
        if (cold_dc > 0 && pct > 4)
            w += (uint64_t)cold_dc * 9 * who->size_pct / 100;
        if (m.hour < 2 && pct > 4) /* the water heater, in the cheap hours */
            w += 1200;
    }
    if (who->kind == GROCERY && sky->temperature_dc > 150) /* refrigeration against the heat */
        w += (uint64_t)(sky->temperature_dc - 150) * 12;
    return w / 2;
}

static void fill_operation(struct district *o)
{
    *o = (struct district){.zone = ZONE_PARIS, .step_s = 1800, .steps = STEPS, .start_s = START_S};
    snprintf(o->name, sizeof o->name, "CONFLUENT-2025");
    snprintf(o->note, sizeof o->note,
             "SYNTHETIC district made by `parvis energy sample`; no real person, place or meter");
    snprintf(o->organiser.name, sizeof o->organiser.name,
             "Association Soleil du Confluent (fictive)");
    snprintf(o->organiser.address, sizeof o->organiser.address, "1 place Imaginaire, 69002 Lyon");
    snprintf(o->organiser.siret, sizeof o->organiser.siret, "00000000000000");
    o->consumers = MEMBER_COUNT;
    o->producers = PLANT_COUNT;
    o->consumer = mem_zalloc(MEMBER_COUNT, sizeof *o->consumer);
    o->producer = mem_zalloc(PLANT_COUNT, sizeof *o->producer);
    for (size_t i = 0; i < MEMBER_COUNT + PLANT_COUNT; i++) {
        bool producer = i >= MEMBER_COUNT;
        size_t k = i - (producer ? MEMBER_COUNT : 0);
        struct district_point *p = producer ? &o->producer[k] : &o->consumer[k];
        p->is_producer = producer;
        p->last_step = STEPS - 1;
        snprintf(p->id, sizeof p->id, "%s", producer ? PLANTS[k].id : MEMBERS[k].id);
        snprintf(p->holder.name, sizeof p->holder.name, "%s",
                 producer ? PLANTS[k].holder : MEMBERS[k].holder);
        snprintf(p->holder.address, sizeof p->holder.address, "%zu quai Imaginaire, 69002 Lyon",
                 i + 1);
        /* 99: no operator gives such numbers */
        snprintf(p->prm, sizeof p->prm, "99%012zu", 250000 + i);
    }
    for (size_t k = 0; k < PLANT_COUNT; k++) {
        snprintf(o->producer[k].kind, sizeof o->producer[k].kind, "pv");
        o->producer[k].peak_w = PLANTS[k].roof.peak_w;
        o->producer[k].price_microeur_kwh = PLANTS[k].price_microeur_kwh;
        o->producer[k].vat_ppm = 200000;
    }
    for (size_t i = 0; i < MEMBER_COUNT; i++)
        o->consumer[i].level = PROFILES[MEMBERS[i].kind].level;
    for (size_t i = 0; i < MEMBER_COUNT; i++)
        o->consumer[i].is_natural = is_home(MEMBERS[i].kind);
    o->consumer[MEMBER_COUNT - 1].last_step = 8399;  /* moves out on 24 June */
    o->consumer[MEMBER_COUNT - 2].first_step = 2832; /* moves in on 1 March */
}

/* Silent meters: single readings everywhere, and a longer hole in every ninth meter. */
static bool is_missing(uint64_t seed, size_t i, size_t step)
{
    if (noise_below(seed, STREAM_GAP, (uint64_t)i * STEPS + step, 4000) == 0)
        return true;
    size_t begin = noise_below(seed, STREAM_GAP + 1, i, STEPS - 200);
    size_t length = 12 + noise_below(seed, STREAM_GAP + 2, i, 90);
    return i % 9 == 3 && step >= begin && step < begin + length;
}

void sample_generate(struct dataset *out, uint64_t seed)
{
    struct district *o = &out->op;
    struct sky *sky = mem_zalloc(STEPS, sizeof *sky);
    uint64_t year_wh[MEMBER_COUNT] = {0}, share[MEMBER_COUNT];
    fill_operation(o);
    sky_fill(sky, STEPS, START_S, seed);
    out->consumption_wh = mem_zalloc(STEPS * MEMBER_COUNT, sizeof(uint64_t));
    out->production_wh = mem_zalloc(STEPS * PLANT_COUNT, sizeof(uint64_t));
    for (size_t step = 0; step < STEPS; step++) {
        struct moment m = moment_of(START_S + (int64_t)step * 1800);
        for (size_t i = 0; i < MEMBER_COUNT; i++) {
            uint64_t *wh = &out->consumption_wh[step * MEMBER_COUNT + i];
            bool member = step >= o->consumer[i].first_step && step <= o->consumer[i].last_step;
            *wh = draw_wh(seed, i, step, m, &sky[step]);
            if (!member || is_missing(seed, i, step))
                *wh = WIDE_MISSING;
            else
                year_wh[i] += *wh;
        }
        for (size_t k = 0; k < PLANT_COUNT; k++)
            out->production_wh[step * PLANT_COUNT + k] = roof_wh(&PLANTS[k].roof, &sky[step]);
    }
    /* fixed coefficients by what each drew over the year */
    struct allocation_scratch scratch;
    void *memory = mem_alloc(allocation_scratch_bytes(MEMBER_COUNT));
    allocation_scratch_init(&scratch, memory, MEMBER_COUNT);
    largest_remainder(share, PPM_ONE, year_wh, MEMBER_COUNT, &scratch);
    for (size_t i = 0; i < MEMBER_COUNT; i++)
        o->consumer[i].static_ppm = (uint32_t)share[i];
    mem_free(memory);
    mem_free(sky);
}

/* One table of the dataset, written by wide.c. */
static enum err write_table(const char *dir, const char *name, const struct district *o,
                            const struct district_point *point, size_t points, uint64_t *wh,
                            struct diag *d)
{
    char path[4096];
    struct wide w = {
        .points = points, .start_s = o->start_s, .step_s = o->step_s, .steps = o->steps, .wh = wh};
    w.id = mem_zalloc(points, sizeof *w.id);
    for (size_t i = 0; i < points; i++)
        w.id[i] = mem_strdup(point[i].id);
    snprintf(path, sizeof path, "%s/%s", dir, name);
    enum err e = wide_write(&w, path, d);
    w.wh = NULL; /* the dataset's */
    wide_free(&w);
    return e;
}

enum err sample_write(const char *dir, uint64_t seed, struct diag *d)
{
    char path[4096];
    struct dataset s;
    struct buf text = {0};
    if (mkdir(dir, 0755) != 0 && errno != EEXIST)
        return diag_os(d, E_IO, dir, errno);
    sample_generate(&s, seed);
    const struct district *o = &s.op;
    enum err e = write_table(dir, "consumption_wh_halfhour.csv.gz", o, o->consumer, o->consumers,
                             s.consumption_wh, d);
    if (e == E_OK)
        e = write_table(dir, "production_wh_halfhour.csv.gz", o, o->producer, o->producers,
                        s.production_wh, d);
    if (e == E_OK) { /* last, so that a folder with it is complete */
        district_put_json(&text, o);
        snprintf(path, sizeof path, "%s/operation.json", dir);
        e = output_write(path, buf_view(&text), d);
    }
    buf_free(&text);
    dataset_free(&s);
    return e;
}
