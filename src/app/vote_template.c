/* vote_template: `parvis vote template`: examples of what a clerk writes, to be edited. */
#include <stdio.h>

#include "app/vote_commands.h"
#include "codec/json.h"

#define ANSWERS_MAX 24

struct example_question {
    const char *text[2]; /* English, French */
    const char *answers[ANSWERS_MAX][2];
    unsigned min, max;
    bool has_blank, is_lists;
};
/* In a question of lists an answer that begins with "*" is a list's name. */
struct example {
    const char *kind;
    const char *name[2];
    const char *description[2];
    struct example_question questions[4];
};

/* clang-format off */
#define GRADES                                                                                     \
    {{"Excellent", "Excellent"}, {"Very good", "Très bien"}, {"Good", "Bien"},                     \
     {"Passable", "Passable"}, {"Inadequate", "Insuffisant"}, {"Reject", "À rejeter"}}
#define POINTS(name)                                                                               \
    {name ": 1 point", name " : 1 point"}, {name ": 2 points", name " : 2 points"},                \
    {name ": 3 points", name " : 3 points"}

static const struct example EXAMPLES[] = {
    {"single",
     {"The name of the square", "Le nom de la place"},
     {"One answer. Consultative.", "Une seule réponse. À titre consultatif."},
     {{{"Which name do you prefer?", "Quel nom préférez-vous ?"},
       {{"Market Square", "Place du Marché"}, {"Lime Tree Square", "Place des Tilleuls"},
        {"Freedom Square", "Place de la Liberté"}}, 1, 1, false, false}}},
    {"multiple",
     {"Opening hours of the library", "Horaires de la bibliothèque"},
     {"Up to two answers, or none.", "Jusqu'à deux réponses, ou aucune."},
     {{{"When would you come?", "Quand viendriez-vous ?"},
       {{"In the morning", "Le matin"}, {"At noon", "À midi"}, {"In the evening", "Le soir"},
        {"On Sunday", "Le dimanche"}}, 0, 2, false, false}}},
    {"blank",
     {"A street without cars", "Une rue sans voitures"},
     {"One answer, or a blank vote, which is counted.",
      "Une réponse, ou un vote blanc, qui est compté."},
     {{{"Shall School Street be closed to cars?",
        "Faut-il fermer la rue de l'École aux voitures ?"},
       {{"Yes", "Oui"}, {"No", "Non"}, {"During school hours", "Aux heures d'école"}},
       1, 1, true, false}}},
    {"lists",
     {"The residents' council", "Le conseil des habitants"},
     {"One list, and of it those whom you support.", "Une liste, et parmi elle qui vous soutenez."},
     {{{"Which list do you choose, and whom of it?", "Quelle liste choisissez-vous, et qui ?"},
       {{"*Green Streets", "*Rues vertes"}, {"A. Martin", "A. Martin"}, {"B. Diallo", "B. Diallo"},
        {"*Living Together", "*Vivre ensemble"}, {"C. Nguyen", "C. Nguyen"},
        {"D. Lopez", "D. Lopez"}, {"E. Petit", "E. Petit"}}, 1, 1, false, true}}},
    {"majority-judgment",
     {"The old factory", "L'ancienne usine"},
     {"Give every project a grade.\nparvis-reading: majority-judgment questions 1-3",
      "Donnez une mention à chaque projet.\nparvis-reading: majority-judgment questions 1-3"},
     {{{"Workshops", "Des ateliers"}, GRADES, 1, 1, false, false},
      {{"A park", "Un parc"}, GRADES, 1, 1, false, false},
      {{"Housing", "Des logements"}, GRADES, 1, 1, false, false}}},
    {"budget",
     {"Participatory budget", "Budget participatif"},
     {"100 000 euros for the district; choose up to three projects.\n"
      "parvis-reading: budget question 1 amount 100000 costs 40000,25000,30000,15000,60000",
      "100 000 euros pour le quartier ; choisissez jusqu'à trois projets.\n"
      "parvis-reading: budget question 1 amount 100000 costs 40000,25000,30000,15000,60000"},
     {{{"Which projects do you support?", "Quels projets soutenez-vous ?"},
       {{"Playground (40 000)", "Aire de jeux (40 000)"}, {"Benches (25 000)", "Bancs (25 000)"},
        {"Trees (30 000)", "Arbres (30 000)"},
        {"Bicycle stands (15 000)", "Arceaux à vélos (15 000)"},
        {"Covered market (60 000)", "Halle couverte (60 000)"}}, 0, 3, false, false}}},
    {"points",
     {"What matters first", "Les priorités"},
     {"Six points to give, at most three to each subject.\n"
      "parvis-reading: points question 1 per-item 3",
      "Six points à donner, trois au plus à chaque sujet.\n"
      "parvis-reading: points question 1 per-item 3"},
     {{{"Give up to six points", "Donnez jusqu'à six points"},
       {POINTS("Transport"), POINTS("Culture"), POINTS("Sport"), POINTS("Commerce")},
       0, 6, false, false}}},
};
/* clang-format on */

const struct cli_option VOTE_TEMPLATE_OPTIONS[] = {
    {"out", "FILE", "file to write (default: standard output)",
     "fichier à écrire (défaut : sortie standard)"},
    {0},
};

/* The parts are written one by one: a template is to be read and changed by a person, a line for
 * each thing. */
static void put_answers(struct buf *b, const struct example_question *q, unsigned lang)
{
    bool in_list = false;
    for (size_t i = 0; i < ANSWERS_MAX && q->answers[i][0]; i++) {
        const char *text = q->answers[i][lang];
        bool begins = q->is_lists && text[0] == '*';
        struct buf quoted = {0};
        json_put_string(&quoted, begins ? text + 1 : text);
        if (begins)
            buf_puts(b, in_list ? "],\n        [" : "\n        [");
        else if (q->is_lists)
            buf_puts(b, ", ");
        else
            buf_puts(b, i ? ",\n        " : "\n        ");
        buf_put(b, quoted.data, quoted.len);
        in_list |= begins;
        buf_free(&quoted);
    }
    buf_puts(b, in_list ? "]" : "");
}

static void put_member(struct buf *b, const char *indent, const char *name, const char *text)
{
    struct buf quoted = {0};
    json_put_string(&quoted, text);
    buf_putf(b, "%s\"%s\": %s", indent, name, buf_cstr(&quoted));
    buf_free(&quoted);
}

static void put_question(struct buf *b, const struct example_question *q, unsigned lang)
{
    if (q->is_lists) {
        buf_puts(b, "    {\"type\": \"Lists\", \"value\": {\n      \"answers\": [");
        put_answers(b, q, lang);
        buf_puts(b, "\n      ],\n");
        put_member(b, "      ", "question", q->text[lang]);
        buf_puts(b, "\n    }}");
        return;
    }
    buf_puts(b, "    {\n      \"answers\": [");
    put_answers(b, q, lang);
    buf_puts(b, "\n      ],\n");
    if (q->has_blank)
        buf_puts(b, "      \"blank\": true,\n");
    buf_putf(b, "      \"min\": %u,\n      \"max\": %u,\n", q->min, q->max);
    put_member(b, "      ", "question", q->text[lang]);
    buf_puts(b, "\n    }");
}

static void put_template(struct buf *b, const struct example *x)
{
    unsigned lang = T(0, 1);
    buf_puts(b, "{\n");
    put_member(b, "  ", "description", x->description[lang]);
    buf_puts(b, ",\n");
    put_member(b, "  ", "name", x->name[lang]);
    buf_puts(b, ",\n  \"questions\": [\n");
    for (size_t i = 0; i < 4 && x->questions[i].text[0]; i++) {
        buf_puts(b, i ? ",\n" : "");
        put_question(b, &x->questions[i], lang);
    }
    buf_puts(b, "\n  ]\n}\n");
}

int vote_template_run(struct cli *cli)
{
    struct diag d = {0};
    struct buf out = {0};
    enum err e = E_OK;
    size_t i = 0, count = sizeof EXAMPLES / sizeof EXAMPLES[0];
    while (i < count && strcmp(EXAMPLES[i].kind, cli->args[0]) != 0)
        i++;
    if (i == count) {
        for (i = 0; i < count; i++)
            buf_putf(&out, "%s%s", i ? ", " : "", EXAMPLES[i].kind);
        diag_set(&d, E_USAGE, T("%s: choose one of %s", "%s : choisissez parmi %s"), cli->args[0],
                 buf_cstr(&out));
        buf_free(&out);
        return cli_fail(cli, E_USAGE, &d);
    }
    put_template(&out, &EXAMPLES[i]);
    if (cli_get(cli, "out"))
        e = file_write(cli_get(cli, "out"), buf_view(&out), 0644, false, &d);
    else
        cli_print(&out);
    buf_free(&out);
    return e == E_OK ? EXIT_OK : cli_fail(cli, e, &d);
}
