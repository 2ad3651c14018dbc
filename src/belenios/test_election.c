/* Elections and choices: read, written, refused by name. */
#include "belenios/test_kit.h"
#include "test.h"

#define KEY "762eb432f4f08bb6bef469a1247b2632d6f2e28380c349feb3298f07a6c5d522"
#define HEAD                                                                                   \
    "{\"version\":1,\"description\":\"d\\n\",\"name\":\"n \\\"é\\\"\",\"group\":\"Ed25519\"," \
    "\"public_key\":\"" KEY "\",\"questions\":["
#define TAIL "],\"uuid\":\"4jA5L86ZC9W4Fh\"}"

TEST(election_of_every_kind)
{
    static const char document[] = HEAD KIT_BLANK
        "," KIT_LISTS "," KIT_ONE_OF_3
        "],\"uuid\":\"4jA5L86ZC9W4Fh\",\"administrator\":\"a\",\"credential_authority\":\"c\"}";
    struct arena a = {0};
    struct bel_election e;
    struct diag d = {""};
    struct buf again = {0};
    CHECK_ERR(bel_election_read(&e, &a, bytes_str(document), &d), E_OK);
    CHECK_STR(d.text, "");
    CHECK_STR(e.name, "n \"é\"");
    CHECK_STR(e.administrator, "a");
    CHECK_STR(e.credential_authority, "c");
    CHECK_STR(e.uuid, "4jA5L86ZC9W4Fh");
    REQUIRE(e.question_count == 3);
    CHECK(e.questions[0].has_blank && e.questions[0].answer_count == 2);
    CHECK_INT(e.questions[0].ciphertext_count, 3);
    CHECK_INT(e.questions[0].max, 2);
    REQUIRE(e.questions[1].kind == BEL_LISTS && e.questions[1].list_count == 2);
    CHECK_STR(e.questions[1].lists[1].name, "L2");
    CHECK_STR(e.questions[1].lists[0].candidates[1], "b");
    CHECK(bytes_eq(e.questions[1].extra, bytes_str("{\"n\":[1,null]}")));
    CHECK_INT(e.questions[2].first_ciphertext, 8);
    CHECK_INT(e.ciphertext_count, 11);
    CHECK(bytes_eq(e.document, bytes_str(document)));
    bel_election_write(&again, &e);
    CHECK(bytes_eq(buf_view(&again), e.document));
    buf_free(&again);
    arena_free(&a);
}

static void refused(bool template, const char *document, enum err expected, const char *text)
{
    struct arena a = {0};
    struct bel_election e;
    struct diag d = {""};
    enum err err = template ? bel_template_read(&e, &a, bytes_str(document), &d)
                            : bel_election_read(&e, &a, bytes_str(document), &d);
    CHECK_ERR(err, expected);
    if (strncmp(d.text, text, strlen(text)) != 0)
        test_fail(__FILE__, __LINE__, "\"%s\", expected \"%s\"", d.text, text);
    arena_free(&a);
}

/* HEAD with one member changed. */
static void refused_member(const char *from, const char *to, enum err expected, const char *text)
{
    static const char good[] = HEAD KIT_ONE_OF_3 TAIL;
    struct buf b = {0};
    const char *at = strstr(good, from);
    REQUIRE(at);
    buf_put(&b, good, (size_t)(at - good));
    buf_puts(&b, to);
    buf_puts(&b, at + strlen(from));
    refused(false, buf_cstr(&b), expected, text);
    buf_free(&b);
}

TEST(election_refusals)
{
    refused_member("\"version\":1", "\"version\":2", E_UNSUPPORTED, "version: Belenios' crypto");
    refused_member("\"version\":1", "\"version\":\"1\"", E_INVALID, "version: a whole number");
    refused_member("\"version\":1,", "", E_INVALID, "version: a whole number");
    refused_member("\"name\":", "\"names\":", E_INVALID, "\"names\": no such member");
    refused_member("\"name\":\"n \\\"é\\\"\"", "\"name\":1", E_INVALID, "name: a text");
    refused_member("\"Ed25519\"", "\"BELENIOS-2048\"", E_UNSUPPORTED, "group: BELENIOS-2048");
    refused_member(KEY, "762e", E_INVALID, "public_key: not a key");
    refused_member("762e", "762f", E_INVALID, "public_key: not a key");
    refused_member(KEY, "0000000000000000000000000000000000000000000000000000000000000001",
                   E_INVALID, "public_key: not a key");
    refused_member("4jA5L86ZC9W4Fh", "4jA5L86ZC9W4F", E_INVALID, "uuid: 14 to 64");
    refused_member("4jA5L86ZC9W4Fh", "4jA5L86ZC9W4F0", E_INVALID, "uuid: 14 to 64");
    refused_member("\"min\":1", "\"min\":2", E_RANGE, "questions[0].min: 2 is more than 1");
    refused_member("\"max\":1", "\"max\":4", E_RANGE, "questions[0].max: 4 is more than 3");
    refused_member("\"max\":1", "\"max\":1.5", E_INVALID, "questions[0].max: a whole number");
    refused_member("\"max\":1,", "", E_INVALID, "questions[0].max: a whole number");
    refused_member("\"max\":1", "\"max\":1,\"blank\":0", E_INVALID, "questions[0].blank: true or");
    refused_member("[\"a\",\"b\",\"c\"]", "[]", E_INVALID, "questions[0].answers: an array of at");
    refused_member("[\"a\",\"b\",\"c\"]", "[\"a\",1]", E_INVALID, "questions[0].answers: a text");
    refused_member("[\"a\",\"b\",\"c\"]", "{}", E_INVALID, "questions[0].answers: an array");
    refused_member(KIT_ONE_OF_3, "", E_INVALID, "questions: an array of at least one");
    refused_member(KIT_ONE_OF_3, "3", E_INVALID, "questions[0]: an object");
    refused_member(KIT_ONE_OF_3, "{\"type\":\"NonHomomorphic\"}", E_UNSUPPORTED,
                   "questions[0].type: only homomorphic");
    refused_member(KIT_ONE_OF_3, "{\"type\":\"Lists\",\"value\":1}", E_INVALID,
                   "questions[0].value: an object");
    refused_member(KIT_ONE_OF_3, "{\"type\":\"Lists\",\"value\":{\"question\":\"\"}}", E_INVALID,
                   "questions[0].value.answers: an array of lists");
    refused_member(KIT_ONE_OF_3,
                   "{\"type\":\"Lists\",\"value\":{\"question\":\"\",\"answers\":[[\"L\"]]}}",
                   E_INVALID, "questions[0].value.answers: an array of at least 2");
    refused(false, "{", E_JSON, "");
    refused(false, "[]", E_INVALID, "an election is a JSON object");
    refused(true, "{\"version\":1}", E_INVALID, "\"version\": no such member");
    refused(true, "{\"name\":\"n\"}", E_INVALID, "description: a text");
    refused(true, "{\"name\":\"n\",\"description\":\"d\"}", E_INVALID, "questions: an array");
}

/* An election of so many questions of so many answers each. */
static void of_size(struct buf *b, size_t questions, size_t answers, unsigned max)
{
    buf_clear(b);
    buf_puts(b, HEAD);
    for (size_t i = 0; i < questions; i++) {
        buf_puts(b, i ? ",{\"answers\":[" : "{\"answers\":[");
        for (size_t j = 0; j < answers; j++)
            buf_puts(b, j ? ",\"\"" : "\"\"");
        buf_putf(b, "],\"min\":0,\"max\":%u,\"question\":\"\"}", max);
    }
    buf_puts(b, TAIL);
}

TEST(election_sizes)
{
    struct buf b = {0};
    of_size(&b, 65, 1, 1);
    refused(false, buf_cstr(&b), E_TOO_LARGE, "questions: more than 64");
    of_size(&b, 2, 513, 1);
    refused(false, buf_cstr(&b), E_TOO_LARGE, "questions[1]: a ballot would have more than 1024");
    of_size(&b, 1, 1025, 1);
    refused(false, buf_cstr(&b), E_TOO_LARGE, "questions[0].answers: more than 1024");
    of_size(&b, 1, 300, 257);
    refused(false, buf_cstr(&b), E_RANGE, "questions[0].max: 257 is more than 256");
    of_size(&b, 1, 300, 256);
    refused(false, buf_cstr(&b), E_OK, "");
    buf_puts(&b, buf_cstr(&b));
    buf_clear(&b);
    buf_puts(&b, HEAD "{\"type\":\"Lists\",\"value\":{\"question\":\"\",\"answers\":[");
    for (size_t i = 0; i < 1025; i++)
        buf_puts(&b, i ? ",[]" : "[]");
    buf_puts(&b, "]}}" TAIL);
    refused(false, buf_cstr(&b), E_TOO_LARGE, "questions[0].value.answers: more than 1024 lists");
    memset(buf_grow(&b, LIMIT_BEL_ELECTION_BYTES), ' ', LIMIT_BEL_ELECTION_BYTES);
    refused(false, buf_cstr(&b), E_TOO_LARGE, "the election has");
    buf_free(&b);
}

/* --- choices ----------------------------------------------------------------------------------
 */

TEST(choice_forms_and_rules)
{
    static const struct {
        const char *questions, *choice, *text;
        enum err read, check;
    } cases[] = {
        {KIT_ONE_OF_3, "[[0,1,0]]", "", E_OK, E_OK},
        {KIT_ONE_OF_3, "[[0,0,0]]", "question 1: 0 answers are chosen; choose 1 to 1", E_OK,
         E_INVALID},
        {KIT_ONE_OF_3, "[[1,1,0]]", "question 1: 2 answers are chosen; choose 1 to 1", E_OK,
         E_INVALID},
        {KIT_ONE_OF_3, "[[1,0]]", "question 1: an array of 3 numbers 0 or 1 is expected", E_INVALID,
         E_OK},
        {KIT_ONE_OF_3, "[[1,0,2]]", "question 1, answer 3: 0 or 1 is expected", E_INVALID, E_OK},
        {KIT_ONE_OF_3, "[[1,0,\"0\"]]", "question 1, answer 3: 0 or 1 is expected", E_INVALID,
         E_OK},
        {KIT_ONE_OF_3, "[]", "a choice is an array of 1 arrays, one a question", E_INVALID, E_OK},
        {KIT_ONE_OF_3, "[", "", E_JSON, E_OK},
        {KIT_BLANK, "[[1,0,0]]", "", E_OK, E_OK},
        {KIT_BLANK, "[[0,1,1]]", "", E_OK, E_OK},
        {KIT_BLANK, "[[0,0,0]]", "question 1: 0 answers are chosen; choose 1 to 2", E_OK,
         E_INVALID},
        {KIT_BLANK, "[[1,1,0]]", "question 1: a blank vote chooses nothing else", E_OK, E_INVALID},
        {KIT_LISTS, "[[[1,0,1],[0,0]]]", "", E_OK, E_OK},
        {KIT_LISTS, "[[[1,0,0],[0,0]]]",
         "question 1, list 1: choose at least one of its candidates", E_OK, E_INVALID},
        {KIT_LISTS, "[[[1,1,0],[0,1]]]",
         "question 1, list 2: candidates are chosen, the list is not", E_OK, E_INVALID},
        {KIT_LISTS, "[[[1,1,0],[1,1]]]", "question 1: 2 lists are chosen; choose one", E_OK,
         E_INVALID},
        {KIT_LISTS, "[[[0,0,0],[0,0]]]", "question 1: 0 lists are chosen; choose one", E_OK,
         E_INVALID},
        {KIT_LISTS, "[[1,1,0,0,0]]", "question 1: an array of 2 lists is expected", E_INVALID,
         E_OK},
        {KIT_LISTS, "[[[1,1],[0,0]]]", "question 1: an array of 3 numbers 0 or 1 is expected",
         E_INVALID, E_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct kit k;
        struct diag d = {""};
        kit_open(&k, cases[i].questions);
        enum err err = bel_choice_read(k.choice, &k.election, bytes_str(cases[i].choice), &d);
        CHECK_ERR(err, cases[i].read);
        if (err == E_OK)
            CHECK_ERR(bel_choice_check(&k.election, k.choice, &d), cases[i].check);
        if (err != E_JSON)
            CHECK_STR(d.text, cases[i].text);
        kit_close(&k);
    }
    struct kit k;
    struct diag d = {""};
    static const uint8_t two[] = {0, 2, 0};
    kit_open(&k, KIT_ONE_OF_3);
    CHECK_ERR(bel_choice_check(&k.election, two, &d), E_INVALID);
    CHECK_STR(d.text, "answer 2 of the choice: 0 or 1 is expected");
    kit_close(&k);
}
