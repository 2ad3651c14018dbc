/* civil: dates and times as files write them, in UTC and in legal time of metropolitan France.
 * The calendar itself (days, clock changes) is city/energy/calendar.h's; here is only its text. */
#ifndef PARVIS_GATEWAY_FILES_CIVIL_H
#define PARVIS_GATEWAY_FILES_CIVIL_H

#include "base/bytes.h"

struct date_time {
    unsigned year; /* 1970..9999 */
    unsigned month, day, hour, minute, second;
};

/* civil_to_unix counts the seconds since 1970 of a date taken as UTC; civil_from_unix is its
 * inverse. civil_is_valid checks every field against the calendar. */
int64_t civil_to_unix(struct date_time c);
struct date_time civil_from_unix(int64_t unix_s);
bool civil_is_valid(struct date_time c);

/* paris_offset_s is 3600 or 7200: local time = UTC + offset. */
int paris_offset_s(int64_t unix_s);

/* paris_to_unix finds the instants that a French clock shows as c, in order: 1 usually, 2 in the
 * repeated hour of October, 0 in the skipped hour of March. Returns their number. */
unsigned paris_to_unix(int64_t out[2], struct date_time c);

/* civil_parse reads "2013-03-30T00:30:00" or "2013-03-30 00:30:00" (seconds may be left out) and
 * what may follow: "Z", "+01:00", "+0100" or nothing. *has_offset tells whether an offset was
 * there; *offset_s is it, 0 otherwise. E_OK | E_INVALID. */
enum err civil_parse(struct date_time *out, bool *has_offset, int *offset_s, const char *text,
                     size_t len);

/* civil_parse_utc reads an instant with its offset. E_OK | E_INVALID (no offset, or malformed). */
enum err civil_parse_utc(int64_t *out, const char *text, size_t len);

/* "2013-03-30T00:30:00Z", and "2013-03". */
void civil_format_utc(char out[32], int64_t unix_s);
void civil_format_month(char out[16], int64_t unix_s);

#endif
