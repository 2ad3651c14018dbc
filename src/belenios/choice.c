#include "base/lang.h"
#include "belenios/election.h"

/* --- reading ----------------------------------------------------------------------------------
 */

static enum err read_bits(uint8_t *choice, const struct json *array, size_t count, size_t question,
                          struct diag *d)
{
    const struct json *value = json_first(array);
    if (!json_is_array(array) || json_count(array) != count)
        return diag_set(d, E_INVALID,
                        T("question %zu: an array of %zu numbers 0 or 1 is expected",
                          "question %zu : une liste de %zu nombres 0 ou 1 est attendue"),
                        question + 1, count);
    for (size_t i = 0; i < count; i++, value = json_next(value)) {
        uint64_t bit;
        if (!json_is_number(value) || json_u64(&bit, value) != E_OK || bit > 1)
            return diag_set(d, E_INVALID,
                            T("question %zu, answer %zu: 0 or 1 is expected",
                              "question %zu, réponse %zu : 0 ou 1 attendu"),
                            question + 1, i + 1);
        choice[i] = (uint8_t)bit;
    }
    return E_OK;
}

static enum err read_lists(uint8_t *choice, const struct bel_question *q, const struct json *array,
                           size_t question, struct diag *d)
{
    const struct json *list = json_first(array);
    if (!json_is_array(array) || json_count(array) != q->list_count)
        return diag_set(d, E_INVALID,
                        T("question %zu: an array of %zu lists is expected",
                          "question %zu : une suite de %zu listes est attendue"),
                        question + 1, q->list_count);
    for (size_t i = 0; i < q->list_count; i++, list = json_next(list)) {
        size_t count = 1 + q->lists[i].candidate_count;
        TRY(read_bits(choice, list, count, question, d));
        choice += count;
    }
    return E_OK;
}

static enum err read_all(uint8_t *choice, const struct bel_election *e, const struct json *j,
                         struct diag *d)
{
    const struct json *answer = json_first(j);
    if (!json_is_array(j) || json_count(j) != e->question_count)
        return diag_set(d, E_INVALID,
                        T("a choice is an array of %zu arrays, one a question",
                          "un choix est une liste de %zu listes, une par question"),
                        e->question_count);
    for (size_t i = 0; i < e->question_count; i++, answer = json_next(answer)) {
        const struct bel_question *q = &e->questions[i];
        uint8_t *to = choice + q->first_ciphertext;
        if (q->kind == BEL_LISTS)
            TRY(read_lists(to, q, answer, i, d));
        else
            TRY(read_bits(to, answer, q->ciphertext_count, i, d));
    }
    return E_OK;
}

enum err bel_choice_read(uint8_t *choice, const struct bel_election *e, struct bytes json,
                         struct diag *d)
{
    struct json *j;
    TRY(json_parse(&j, json, d));
    enum err err = read_all(choice, e, j, d);
    json_free(j);
    return err;
}

/* --- checking ---------------------------------------------------------------------------------
 */

static unsigned sum_of(const uint8_t *choice, size_t count)
{
    unsigned sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += choice[i];
    return sum;
}

static enum err check_homomorphic(const struct bel_question *q, const uint8_t *choice,
                                  size_t question, struct diag *d)
{
    unsigned sum = sum_of(choice + q->has_blank, q->answer_count);
    if (q->has_blank && choice[0]) {
        if (sum > 0)
            return diag_set(d, E_INVALID,
                            T("question %zu: a blank vote chooses nothing else",
                              "question %zu : un vote blanc ne choisit rien d'autre"),
                            question + 1);
        return E_OK;
    }
    if (sum < q->min || sum > q->max)
        return diag_set(d, E_INVALID,
                        T("question %zu: %u answers are chosen; choose %u to %u",
                          "question %zu : %u réponses choisies ; choisissez-en %u à %u"),
                        question + 1, sum, q->min, q->max);
    return E_OK;
}

static enum err check_lists(const struct bel_question *q, const uint8_t *choice, size_t question,
                            struct diag *d)
{
    size_t chosen = 0;
    for (size_t i = 0; i < q->list_count; i++) {
        unsigned candidates = sum_of(choice + 1, q->lists[i].candidate_count);
        chosen += choice[0];
        if (choice[0] ? candidates == 0 : candidates > 0)
            return diag_set(
                d, E_INVALID,
                choice[0] ? T("question %zu, list %zu: choose at least one of its candidates",
                              "question %zu, liste %zu : choisissez au moins un de ses candidats")
                          : T("question %zu, list %zu: candidates are chosen, the list is not",
                              "question %zu, liste %zu : des candidats sont choisis, la liste ne "
                              "l'est pas"),
                question + 1, i + 1);
        choice += 1 + q->lists[i].candidate_count;
    }
    if (chosen != 1)
        return diag_set(d, E_INVALID,
                        T("question %zu: %zu lists are chosen; choose one",
                          "question %zu : %zu listes choisies ; choisissez-en une"),
                        question + 1, chosen);
    return E_OK;
}

enum err bel_choice_check(const struct bel_election *e, const uint8_t *choice, struct diag *d)
{
    for (size_t i = 0; i < e->ciphertext_count; i++) {
        if (choice[i] > 1)
            return diag_set(d, E_INVALID,
                            T("answer %zu of the choice: 0 or 1 is expected",
                              "réponse %zu du choix : 0 ou 1 attendu"),
                            i + 1);
    }
    for (size_t i = 0; i < e->question_count; i++) {
        const struct bel_question *q = &e->questions[i];
        const uint8_t *of = choice + q->first_ciphertext;
        TRY((q->kind == BEL_LISTS ? check_lists : check_homomorphic)(q, of, i, d));
    }
    return E_OK;
}
