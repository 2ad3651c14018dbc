/* vote_ask: the voter's choice, asked for on a terminal. */
#include <stdio.h>

#include "app/vote_make.h"
#include "base/lang.h"

#define LINE_MAX_BYTES 1024

/* Numbers from 1 to max in a line; marks[number - 1] is set. False: something else stands there. */
static bool read_numbers(const char *line, uint8_t *marks, size_t max)
{
    memset(marks, 0, max);
    for (const char *p = line; *p;) {
        size_t n = 0, digits = strspn(p, "0123456789");
        for (size_t i = 0; i < digits; i++)
            n = n < 100000 ? n * 10 + (size_t)(p[i] - '0') : n;
        if (digits && (n < 1 || n > max))
            return false;
        if (digits)
            marks[n - 1] = 1;
        else if (*p != ' ' && *p != ',' && *p != '\t')
            return false;
        p += digits ? digits : 1;
    }
    return true;
}

static bool read_line(char line[LINE_MAX_BYTES])
{
    fflush(stdout);
    if (!fgets(line, LINE_MAX_BYTES, stdin))
        return false;
    line[strcspn(line, "\r\n")] = 0;
    return true;
}

static void show_answers(const struct bel_question *q)
{
    size_t number = 1;
    for (size_t i = 0; i < q->answer_count; i++)
        printf("  %3zu  %s\n", number++, q->answers[i]);
    for (size_t i = 0; i < q->list_count; i++) {
        printf("       %s\n", q->lists[i].name);
        for (size_t k = 0; k < q->lists[i].candidate_count; k++)
            printf("  %3zu    %s\n", number++, q->lists[i].candidates[k]);
    }
    if (q->kind == BEL_LISTS)
        printf(T("Numbers of those you choose, of one list: ",
                 "Numéros de qui vous choisissez, d'une seule liste : "));
    else if (q->min == q->max)
        printf(q->has_blank ? T("Choose %u, by number, or nothing for a blank vote: ",
                                "Choisissez-en %u, par numéro, ou rien pour un vote blanc : ")
                            : T("Choose %u, by number: ", "Choisissez-en %u, par numéro : "),
               q->max);
    else
        printf(q->has_blank
                   ? T("Choose %u to %u, by number, or nothing for a blank vote: ",
                       "Choisissez-en de %u à %u, par numéro, ou rien pour un vote blanc : ")
                   : T("Choose %u to %u, by number: ", "Choisissez-en de %u à %u, par numéro : "),
               q->min, q->max);
}

/* Of a question of lists the numbers name candidates; their list's flag is set with them. */
static void spread_lists(uint8_t *choice, const struct bel_question *q, const uint8_t *marks)
{
    for (size_t i = 0; i < q->list_count; i++) {
        uint8_t *flag = choice++;
        *flag = 0;
        for (size_t k = 0; k < q->lists[i].candidate_count; k++) {
            *choice = *marks++;
            *flag |= *choice++;
        }
    }
}

static size_t numbers_of(const struct bel_question *q)
{
    size_t count = q->answer_count;
    for (size_t i = 0; i < q->list_count; i++)
        count += q->lists[i].candidate_count;
    return count;
}

/* As many as may be chosen; of lists bel_ballot_make says more. */
static bool is_choice(const struct bel_question *q, const uint8_t *marks)
{
    size_t chosen = 0;
    for (size_t i = 0; i < numbers_of(q); i++)
        chosen += marks[i];
    if (q->kind == BEL_LISTS)
        return chosen > 0;
    return (chosen >= q->min && chosen <= q->max) || (chosen == 0 && q->has_blank);
}

static void spread(uint8_t *choice, const struct bel_question *q, const uint8_t *marks)
{
    size_t chosen = 0;
    if (q->kind == BEL_LISTS) {
        spread_lists(choice, q, marks);
        return;
    }
    for (size_t i = 0; i < q->answer_count; i++) {
        choice[q->has_blank + i] = marks[i];
        chosen += marks[i];
    }
    if (q->has_blank)
        choice[0] = chosen == 0;
}

enum err vote_ask(uint8_t *choice, const struct bel_election *e, struct diag *d)
{
    char line[LINE_MAX_BYTES];
    uint8_t marks[BEL_CIPHERTEXTS_MAX];
    memset(choice, 0, e->ciphertext_count);
    for (size_t i = 0; i < e->question_count;) {
        const struct bel_question *q = &e->questions[i];
        printf("\n%zu. %s\n", i + 1, q->question);
        show_answers(q);
        if (!read_line(line))
            return diag_set(d, E_IO,
                            T("the input ended; nothing was cast",
                              "l'entrée s'est terminée ; rien n'a été déposé"));
        if (read_numbers(line, marks, numbers_of(q)) && is_choice(q, marks)) {
            spread(choice + q->first_ciphertext, q, marks);
            i++;
        } else {
            printf(
                T("That is not as many as may be chosen: numbers of the list above, with spaces "
                  "between them.\n",
                  "Ce n'est pas le nombre voulu : des numéros de la liste ci-dessus, séparés par "
                  "des espaces.\n"));
        }
    }
    explicit_bzero(line, sizeof line);
    explicit_bzero(marks, sizeof marks);
    return E_OK;
}
