/* help: the overview, the help of a command, shell completion and the man page, from the tables. */
#include "app/help.h"

#include <stdio.h>

static const struct {
    int code;
    const char *en, *fr;
} EXIT_CODES[] = {
    {EXIT_OK, "done", "fait"},
    {EXIT_NO,
     "the answer is no: a comparison found a difference, a transaction failed, a proof does "
     "not hold",
     "la réponse est non : une comparaison a trouvé un écart, une transaction a échoué, une preuve "
     "ne "
     "tient pas"},
    {EXIT_USAGE_ERROR, "wrong command line", "ligne de commande incorrecte"},
    {EXIT_NOT_FOUND, "a file, account or record was not found",
     "fichier, compte ou enregistrement introuvable"},
    {EXIT_CONNECTION, "no connection to the node", "pas de connexion au nœud"},
    {EXIT_INPUT, "invalid input, or the node refused it",
     "entrée invalide, ou refusée par le nœud"},
    {EXIT_WRONG_KEY, "wrong key or passphrase", "clé ou phrase secrète incorrecte"},
    {EXIT_DAMAGED, "stored data damaged: a file is cut short or altered, an audit found a fault",
     "données stockées altérées : un fichier est tronqué ou modifié, un audit a trouvé un défaut"},
    {EXIT_ENVIRONMENT,
     "environment: disk, input/output (also a closed pipe, silently), port, locked, a limit was "
     "reached",
     "environnement : disque, entrées-sorties (aussi un tube fermé, en silence), port, verrou, une "
     "limite est atteinte"},
    {71, "out of memory", "mémoire épuisée"},
};

void help_overview(struct buf *out)
{
    buf_puts(out, T("parvis: the shared ledger of a city district\n\nUsage: parvis COMMAND "
                    "[OPTIONS]\n\n",
                    "parvis : le registre partagé d'un quartier\n\nUsage : parvis COMMANDE "
                    "[OPTIONS]\n\n"));
    for (size_t t = 0; COMMAND_TABLES[t]; t++)
        for (const struct command *c = COMMAND_TABLES[t]; c->name; c++)
            buf_putf(out, "  %-20s %s\n", c->name, T(c->en, c->fr));
    buf_puts(out, T("\n`parvis COMMAND --help` tells a command's options; `parvis man` prints the "
                    "manual.\n",
                    "\n`parvis COMMANDE --help` donne les options ; `parvis man` affiche le "
                    "manuel.\n"));
}

size_t help_group(struct buf *out, const char *word)
{
    size_t count = 0, len = strlen(word);
    for (size_t t = 0; COMMAND_TABLES[t]; t++) {
        for (const struct command *c = COMMAND_TABLES[t]; c->name; c++) {
            if (strncmp(c->name, word, len) != 0 || c->name[len] != ' ')
                continue;
            buf_putf(out, "  parvis %s%s%s\n      %s\n", c->name, c->args[0] ? " " : "", c->args,
                     T(c->en, c->fr));
            count++;
        }
    }
    return count;
}

static void put_options(struct buf *out, const struct cli_option *o)
{
    for (; o && o->name; o++) {
        char left[64];
        snprintf(left, sizeof left, "--%s%s%s", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
        buf_putf(out, "  %-26s %s\n", left, T(o->en, o->fr));
    }
}

void help_command(struct buf *out, const struct command *c)
{
    buf_putf(out, "%s parvis %s%s%s [OPTIONS]\n\n%s\n", T("Usage:", "Usage :"), c->name,
             c->args[0] ? " " : "", c->args, T(c->en, c->fr));
    if (c->options && c->options->name) {
        buf_puts(out, T("\nOptions:\n", "\nOptions :\n"));
        put_options(out, c->options);
    }
    buf_puts(out, T("\nCommon options:\n", "\nOptions communes :\n"));
    put_options(out, COMMON_OPTIONS);
}

static void put_option_words(struct buf *out, const struct cli_option *o)
{
    for (; o && o->name; o++)
        buf_putf(out, " --%s", o->name);
}

/* Options whose value is a file or folder, as one shell pattern: "--home|--key-file". */
static void put_file_options(struct buf *out, const struct cli_option *o)
{
    for (; o && o->name; o++) {
        char word[64];
        snprintf(word, sizeof word, "--%s|", o->name);
        if (o->arg && (strstr(o->arg, "FILE") || strstr(o->arg, "DIR")) &&
            !strstr(buf_cstr(out), word))
            buf_puts(out, word);
    }
}

static void put_file_pattern(struct buf *out)
{
    struct buf words = {0};
    put_file_options(&words, COMMON_OPTIONS);
    for (size_t t = 0; COMMAND_TABLES[t]; t++)
        for (const struct command *c = COMMAND_TABLES[t]; c->name; c++)
            put_file_options(&words, c->options);
    words.len--; /* the last bar */
    buf_puts(out, buf_cstr(&words));
    buf_free(&words);
}

/* Completion for bash (and zsh through bashcompinit): the words of commands, then a command's
 * options, and file names where an option or the command's argument is a file. */
void help_completion(struct buf *out)
{
    buf_puts(out, "# bash completion for parvis: eval \"$(parvis completion)\"\n"
                  "_parvis() {\n"
                  "    local line=\"${COMP_WORDS[*]:1:COMP_CWORD-1}\"\n"
                  "    local cur=\"${COMP_WORDS[COMP_CWORD]}\" words=\"\" files=\"\" name\n"
                  "    case \"$line\" in\n");
    for (size_t t = 0; COMMAND_TABLES[t]; t++) {
        for (const struct command *c = COMMAND_TABLES[t]; c->name; c++) {
            buf_putf(out, "    \"%s\"|\"%s \"*) words=\"", c->name, c->name);
            put_option_words(out, c->options);
            put_option_words(out, COMMON_OPTIONS);
            buf_putf(out, "\"%s ;;\n", strstr(c->args, "FILE") ? " files=yes" : "");
        }
    }
    buf_puts(out, "    esac\n"
                  "    case \"${COMP_WORDS[COMP_CWORD-1]}\" in\n    ");
    put_file_pattern(out);
    buf_puts(out, ") mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); return ;;\n"
                  "    esac\n"
                  "    if [[ -z \"$words\" ]]; then\n"
                  "        while read -r name; do\n"
                  "            [[ \"$name\" == \"${line:+$line }\"* ]] &&\n"
                  "                words+=\" $(cut -d' ' -f\"$COMP_CWORD\" <<<\"$name\")\"\n"
                  "        done <<'END'\n");
    for (size_t t = 0; COMMAND_TABLES[t]; t++)
        for (const struct command *c = COMMAND_TABLES[t]; c->name; c++)
            buf_putf(out, "%s\n", c->name);
    buf_puts(out, "END\n    fi\n"
                  "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\" | sort -u)\n"
                  "    if [[ -n \"$files\" && \"$cur\" != -* ]]; then\n"
                  "        mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
                  "    fi\n"
                  "}\ncomplete -F _parvis parvis\n");
}

/* roff needs its own dashes, and no line that begins with a dot or an apostrophe. */
static void put_roff(struct buf *out, const char *text)
{
    if (*text == '.' || *text == '\'')
        buf_puts(out, "\\&");
    for (; *text; text++) {
        if (*text == '-')
            buf_puts(out, "\\-");
        else if (*text == '\\')
            buf_puts(out, "\\e");
        else
            buf_put_u8(out, (uint8_t)*text);
    }
}

static void put_roff_options(struct buf *out, const struct cli_option *o)
{
    for (; o && o->name; o++) {
        buf_puts(out, ".TP\n.B \\-\\-");
        put_roff(out, o->name);
        if (o->arg) {
            buf_puts(out, " ");
            put_roff(out, o->arg);
        }
        buf_puts(out, "\n");
        put_roff(out, T(o->en, o->fr));
        buf_puts(out, "\n");
    }
}

void help_man(struct buf *out)
{
    buf_putf(out, ".TH PARVIS 1 \"\" \"parvis %s\"\n.SH %s\nparvis \\- %s\n", PARVIS_VERSION,
             T("NAME", "NOM"),
             T("the shared ledger of a city district", "le registre partagé d'un quartier"));
    buf_putf(out, ".SH SYNOPSIS\n.B parvis\n%s [OPTIONS]\n.SH %s\n", T("COMMAND", "COMMANDE"),
             T("COMMANDS", "COMMANDES"));
    for (size_t t = 0; COMMAND_TABLES[t]; t++) {
        for (const struct command *c = COMMAND_TABLES[t]; c->name; c++) {
            buf_puts(out, ".SS ");
            put_roff(out, c->name);
            buf_puts(out, " ");
            put_roff(out, c->args);
            buf_puts(out, "\n");
            put_roff(out, T(c->en, c->fr));
            buf_puts(out, "\n");
            put_roff_options(out, c->options);
        }
    }
    buf_puts(out, T(".SH COMMON OPTIONS\n", ".SH OPTIONS COMMUNES\n"));
    put_roff_options(out, COMMON_OPTIONS);
    buf_puts(out, T(".SH EXIT STATUS\n", ".SH CODES DE SORTIE\n"));
    for (size_t i = 0; i < sizeof EXIT_CODES / sizeof EXIT_CODES[0]; i++) {
        buf_putf(out, ".TP\n.B %d\n", EXIT_CODES[i].code);
        put_roff(out, T(EXIT_CODES[i].en, EXIT_CODES[i].fr));
        buf_puts(out, "\n");
    }
    buf_puts(out, T(".SH ENVIRONMENT\n", ".SH ENVIRONNEMENT\n"));
    buf_puts(out, ".TP\n.B PARVIS_HOME, PARVIS_RPC, PARVIS_PASSPHRASE_FILE, PARVIS_MAP_MB, "
                  "PARVIS_LANG\n");
    buf_puts(out, T("defaults of the options of the same name\n",
                    "valeurs par défaut des options de même nom\n"));
}
