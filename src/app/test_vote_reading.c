/* Readings of results: lines of a description, majority judgment against a count that takes grades
 * away one by one, points and budgets. */
#include "app/vote_reading.h"
#include "test.h"

#define GRADED(text) \
    "{\"answers\":[\"A\",\"B\",\"C\"],\"min\":1,\"max\":1,\"question\":\"" text "\"}"
#define FOUR \
    "{\"answers\":[\"x: 1\",\"x: 2\",\"y: 1\",\"y: 2\"],\"min\":0,\"max\":4,\"question\":\"Q\"}"
#define TWO_GRADED GRADED("one") "," GRADED("two")

static struct arena arena;

static struct bel_election template(const char *description, const char *questions)
{
    struct bel_election e;
    struct buf text = {0};
    struct diag d = {""};
    buf_putf(&text, "{\"description\":\"%s\",\"name\":\"n\",\"questions\":[%s]}", description,
             questions);
    struct bytes document = {arena_dup(&arena, text.data, text.len), text.len};
    if (bel_template_read(&e, &arena, document, &d) != E_OK)
        test_fail(__FILE__, __LINE__, "template: %s", d.text);
    buf_free(&text);
    return e;
}

static enum err read_line(struct vote_readings *out, const char *line, const char *questions)
{
    struct bel_election e =
        template(arena_printf(&arena, "Words.\\nparvis-reading: %s", line), questions);
    struct diag d = {""};
    return vote_readings_read(out, &arena, &e, &d);
}

TEST(readings_of_a_description)
{
    struct vote_readings r;
    CHECK(read_line(&r, "majority-judgment questions 1-2", TWO_GRADED) == E_OK);
    CHECK(r.count == 1 && r.at[0].kind == READING_JUDGMENT && r.at[0].item_count == 2);
    CHECK(vote_reading_of(&r, 1) == &r.at[0] && !vote_reading_of(&r, 2));
    CHECK(read_line(&r, "points question 1 per-item 2", FOUR) == E_OK);
    CHECK(r.at[0].kind == READING_POINTS && r.at[0].item_count == 2 && r.at[0].per_item == 2);
    CHECK(read_line(&r, "budget question 1 amount 10 costs 1,2,3,4", FOUR) == E_OK);
    CHECK(r.at[0].amount == 10 && r.at[0].item_count == 4 && r.at[0].costs[3] == 4);
    CHECK(read_line(&r, "budget question 1 per-item 2 amount 10 costs 5,6", FOUR) == E_OK);
    CHECK(r.at[0].item_count == 2 && r.at[0].costs[1] == 6);
    struct bel_election plain = template("Nothing\\nparvis-readings: of ours", FOUR);
    CHECK(vote_readings_read(&r, &arena, &plain, NULL) == E_OK && r.count == 0);
    arena_free(&arena);
}

TEST(readings_that_are_none)
{
    static const struct {
        const char *line, *questions;
    } cases[] = {
        {"ranking question 1", FOUR},
        {"majority-judgment questions 1-3", TWO_GRADED},
        {"majority-judgment questions 2-1", TWO_GRADED},
        {"majority-judgment questions 0-1", TWO_GRADED},
        {"majority-judgment questions 1-2 ", TWO_GRADED},
        {"majority-judgment question 1", TWO_GRADED},
        {"majority-judgment questions 1-2", GRADED("one") "," FOUR},
        {"points question 1", FOUR},
        {"points question 1 per-item 3", FOUR},
        {"points question 1 per-item 5", FOUR},
        {"points question 2 per-item 2", FOUR},
        {"budget question 1", FOUR},
        {"budget question 1 amount 10 costs 1,2,3", FOUR},
        {"budget question 1 amount 10 costs 1,2,3,4,5", FOUR},
        {"budget question 1 amount 0 costs 1,2,3,4", FOUR},
        {"budget question 1 amount 99999999999999999999 costs 1,2,3,4", FOUR},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct vote_readings r;
        if (read_line(&r, cases[i].line, cases[i].questions) != E_INVALID)
            test_fail(__FILE__, __LINE__, "taken: %s", cases[i].line);
    }
    struct vote_readings r;
    struct diag d = {""};
    struct bel_election twice = template("parvis-reading: majority-judgment questions 1-2\\n"
                                         "parvis-reading: points question 2 per-item 1",
                                         TWO_GRADED);
    CHECK(vote_readings_read(&r, &arena, &twice, &d) == E_INVALID);
    CHECK(strstr(d.text, "in another reading"));
    struct buf rest = {0};
    struct bel_election shown = template("First.\\nparvis-reading: x\\nSecond.", FOUR);
    vote_put_description(&rest, &shown);
    CHECK(strcmp(buf_cstr(&rest), "First.\nSecond.") == 0);
    buf_free(&rest);
    arena_free(&arena);
}

/* The majority grade as the definition has it, of grades that are left: the best that more than
 * half gave, or a better one. */
static size_t majority(const uint64_t row[3])
{
    uint64_t n = row[0] + row[1] + row[2];
    return row[0] > n / 2 ? 0 : row[0] + row[1] > n / 2 ? 1 : 2;
}

static int by_taking_away(const uint64_t x[3], const uint64_t y[3])
{
    uint64_t a[3], b[3];
    memcpy(a, x, sizeof a);
    memcpy(b, y, sizeof b);
    for (uint64_t left = a[0] + a[1] + a[2]; left > 0; left--) {
        size_t of_a = majority(a), of_b = majority(b);
        if (of_a != of_b)
            return of_a < of_b ? -1 : 1;
        a[of_a]--;
        b[of_b]--;
    }
    return 0;
}

TEST(majority_judgment_against_its_definition)
{
    size_t cases = 0;
    for (unsigned round = 0; round < 20000; round++) {
        struct bel_election e =
            template("parvis-reading: majority-judgment questions 1-2", TWO_GRADED);
        struct vote_readings r;
        struct vote_item *items;
        uint64_t counts[6] = {0}, n = test_random() % 12;
        for (uint64_t i = 0; i < n; i++) {
            counts[test_random() % 3]++;
            counts[3 + test_random() % 3]++;
        }
        REQUIRE(vote_readings_read(&r, &arena, &e, NULL) == E_OK);
        vote_reading_rank(&items, &arena, &r.at[0], &e, counts);
        int order = by_taking_away(counts, counts + 3);
        REQUIRE(items[0].item == (order > 0));
        REQUIRE(items[1].rank == (order == 0 ? 1u : 2u));
        REQUIRE(n == 0 || items[0].grade == majority(items[0].row));
        arena_reset(&arena);
        cases++;
    }
    test_count(cases);
    arena_free(&arena);
}

TEST(points_and_budget)
{
    struct vote_readings r;
    struct vote_item *items;
    uint64_t counts[4] = {1, 2, 5, 0};
    struct bel_election e = template("parvis-reading: points question 1 per-item 2", FOUR);
    REQUIRE(vote_readings_read(&r, &arena, &e, NULL) == E_OK);
    vote_reading_rank(&items, &arena, &r.at[0], &e, counts);
    CHECK(strcmp(items[0].name, "y") == 0 && items[0].votes == 5 && items[0].rank == 1);
    CHECK(strcmp(items[1].name, "x") == 0 && items[1].votes == 3 && items[1].rank == 2);
    /* 7 for the first two in order of votes; the third is passed over, the last has no vote */
    struct bel_election b =
        template("parvis-reading: budget question 1 amount 7 costs 1,4,5,1", FOUR);
    REQUIRE(vote_readings_read(&r, &arena, &b, NULL) == E_OK);
    vote_reading_rank(&items, &arena, &r.at[0], &b, counts);
    CHECK(items[0].item == 2 && items[0].is_funded);
    CHECK(items[1].item == 1 && !items[1].is_funded);
    CHECK(items[2].item == 0 && items[2].is_funded);
    CHECK(items[3].item == 3 && !items[3].is_funded);
    arena_free(&arena);
}

/* The matrix of $V's election of majority judgment, ranked as its own grades say. */
TEST(judgment_of_shared_data)
{
    static const uint64_t COUNTS[5][7] = {{3, 3, 6, 4, 3, 1, 0},
                                          {2, 7, 5, 4, 1, 1, 0},
                                          {1, 4, 4, 3, 2, 4, 2},
                                          {2, 1, 5, 1, 5, 4, 2},
                                          {0, 1, 4, 1, 3, 5, 6}};
    const char *path = test_data("voting/e20-mj-homomorphic/template.json");
    if (!path)
        SKIP("no shared data");
    FILE *f = fopen(path, "rb");
    static char text[65536];
    REQUIRE(f);
    size_t len = fread(text, 1, sizeof text, f);
    fclose(f);
    struct bel_election e;
    struct diag d = {""};
    REQUIRE(bel_template_read(&e, &arena, bytes_of(text, len), &d) == E_OK);
    e.description = "parvis-reading: majority-judgment questions 1-5";
    struct vote_readings r;
    struct vote_item *items;
    REQUIRE(vote_readings_read(&r, &arena, &e, &d) == E_OK);
    vote_reading_rank(&items, &arena, &r.at[0], &e, COUNTS[0]);
    /* Projects 1 and 2: "Bien", 12 and 14 of 20 gave it or better; 3 and 4: "Assez bien",
     * "Passable" */
    CHECK(strcmp(items[0].name, "Projet 2") == 0 && items[0].grade == 2 && items[0].votes == 14);
    CHECK(strcmp(items[1].name, "Projet 1") == 0 && items[1].grade == 2 && items[1].votes == 12);
    CHECK(strcmp(items[2].name, "Projet 3") == 0 && items[2].grade == 3);
    CHECK(strcmp(items[3].name, "Projet 4") == 0 && items[3].grade == 4);
    CHECK(strcmp(items[4].name, "Projet 5") == 0 && items[4].grade == 5);
    arena_free(&arena);
}
