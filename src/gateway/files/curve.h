/* curve: load curves, the common form that every reader of meter files fills.
 *
 * Model     a set of curves; a curve is a point (its identifier and role) and its measures. A
 * reader adds samples as they come: a time label, mean power in W (or nothing: missing) and the
 *           step its file declares. curve_set_finish sorts them, finds each sample's step, refuses
 *           duplicates and overlaps, and turns power into energy.
 * Steps     a file may change its step (5, 10, 15, 30, 60 minutes) without saying so. Walking the
 *           sorted labels: a shorter distance that is a step begins a new step; a longer one begins
 * a new step only if the next distance is the same, otherwise it is a gap. Rounding  energy_wh = W
 * * minutes / 60. The part below 1 Wh is carried to the next sample of the same UTC day; the day
 * starts with half a Wh, so every running total of a day is the exact one rounded half up, and
 * importing a day again gives the same figures. */
#ifndef PARVIS_GATEWAY_FILES_CURVE_H
#define PARVIS_GATEWAY_FILES_CURVE_H

#include "base/mem.h"
#include "gateway/files/problems.h"

enum curve_role { CURVE_CONSUMPTION, CURVE_PRODUCTION };
/* What the time written beside a measure means: the beginning or the end of its step. */
enum curve_label { CURVE_LABEL_START, CURVE_LABEL_END };

#define CURVE_ID_MAX 40
#define CURVE_POWER_MAX_W 100000000u
#define CURVE_MEASURES_MAX 20000000u /* of one set */

struct curve_measure {
    int64_t start_s;    /* UTC; before curve_set_finish: the label as read */
    uint32_t step_s;    /* before curve_set_finish: as declared, 0 if not */
    bool step_is_exact; /* the file gives this measure's own step */
    bool missing;
    uint64_t value; /* W before curve_set_finish, Wh after */
    size_t line;
    const char *file; /* lives as long as the set */
};

struct curve {
    char id[CURVE_ID_MAX];
    enum curve_role role;
    struct curve_measure *measure;
    size_t count, cap;
};

/* {0} is ready to use. Curves stand in the order of their identifiers after curve_set_finish. */
struct curve_set {
    struct curve *curve;
    size_t count, cap;
    size_t measures; /* of all curves */
    struct arena names;
};

void curve_set_free(struct curve_set *s);

/* curve_set_file keeps a file's name for the set's life. */
const char *curve_set_file(struct curve_set *s, const char *name);

/* curve_set_point finds or adds the curve of a point and role; valid until the next call. */
struct curve *curve_set_point(struct curve_set *s, const char *id, enum curve_role role);

/* curve_set_add appends a sample; false when the set is full (CURVE_MEASURES_MAX). */
bool curve_set_add(struct curve_set *s, struct curve *c, struct curve_measure m);

/* curve_set_finish makes measures of samples, as told above. Problems go to p: E_OK | E_CSV. */
enum err curve_set_finish(struct curve_set *s, enum curve_label label, struct problems *p);

/* curve_resample brings a finished curve to one step. Shorter steps are summed: all the parts must
 * be there, or the sum is missing. A longer step is refused, unless `split` allows spreading its
 * energy evenly (cumulative rounding, exact in sum). E_OK | E_CSV; c is changed only on success. */
enum err curve_resample(struct curve *c, uint32_t step_s, bool split, struct problems *p);

bool curve_step_is_allowed(int64_t step_s);
bool prm_is_valid(const char *text, size_t len); /* 14 digits */

#endif
