/* meters: readers of the meter files that French operators send (facts: Enedis formats).
 *
 * Load-curve CSV   one or more blocks of
 *                    Identifiant PRM;Type de donnees;Date de debut;Date de fin;Grandeur physique;
 *                      Grandeur metier;Etape metier;Unite;Pas en minutes
 *                    one line of values (14 digits; Courbe de charge; ...; Energie active;
 *                      Consommation | Production; ...; W; 10 | 30 | 60)
 *                    (blank line)
 *                    Horodate;Valeur
 *                    rows: ISO 8601 with offset; mean W over the step, empty = missing
 *                  Columns are found by name; rows may be unsorted, steps may change (curve.h),
 *                  consumption and production may follow each other in one file.
 * Metering data    JSON of Data Connect / MesuresDetaillees: meter_reading{usage_point_id,
 *                  reading_type{unit, measuring_kind...}, interval_reading[{value, date,
 *                  interval_length}]}, one object or an array of them. Dates are legal time without
 *                  offset; a time of the repeated hour of October is the first instant the first
 *                  time it appears and the second one the second time.
 * Both             report every bad line to p and leave what they read to be thrown away. */
#ifndef PARVIS_GATEWAY_FILES_METERS_H
#define PARVIS_GATEWAY_FILES_METERS_H

#include "gateway/files/csv.h"
#include "gateway/files/curve.h"

/* E_OK | E_CSV (see p). role_json: JSON files do not say whether energy was drawn or injected. */
enum err enedis_csv_read(struct curve_set *s, struct csv *csv, struct problems *p);
enum err enedis_json_read(struct curve_set *s, const char *name, struct bytes text,
                          enum curve_role role_json, struct problems *p);

/* meters_read_file reads a file of either format (told apart by its first byte that is not white
 * space) into s, plain or gzip. E_OK | E_CSV (in p) | E_NOT_FOUND | E_IO (in d). */
enum err meters_read_file(struct curve_set *s, const char *path, enum curve_role role_json,
                          struct problems *p, struct diag *d);

#endif
