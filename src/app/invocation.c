/* invocation: a method and its arguments as text become call data. */
#include "app/invocation.h"

#include "base/lang.h"
#include "city/service.h"

static enum err find_method(const struct service *s, const char *name, struct abi_entry *out,
                            struct diag *d)
{
    for (size_t i = 0; s && i < service_method_count(s); i++) {
        const struct abi_entry *m = service_method_entry(s, i);
        if (strcmp(m->name, name) == 0 || strcmp(m->signature, name) == 0) {
            *out = *m;
            return E_OK;
        }
    }
    return diag_set(
        d, E_NOT_FOUND,
        T("no method %s; `parvis abi SERVICE --solidity` lists a service's methods, for "
          "another contract write the whole line: 'function name(types) returns (types)'",
          "pas de méthode %s ; `parvis abi SERVICE --solidity` les liste ; pour un autre "
          "contrat écrivez la ligne entière : 'function nom(types) returns (types)'"),
        name);
}

enum err invocation_encode(struct invocation *v, const struct address *to, const char *method,
                           const char **args, size_t count, struct diag *d)
{
    if (strncmp(method, "function ", 9) == 0) {
        if (abi_parse_entry(&v->entry, &v->arena, method) != E_OK)
            return diag_set(
                d, E_ABI,
                T("%s: not a Solidity function line", "%s : pas une ligne de fonction Solidity"),
                method);
    } else {
        TRY(find_method(service_at(to), method, &v->entry, d));
    }
    const struct abi_type *inputs = &v->entry.inputs;
    if (count != inputs->size)
        return diag_set(
            d, E_USAGE,
            T("%s takes %zu arguments, %zu given", "%s prend %zu arguments, %zu donnés"),
            v->entry.signature, inputs->size, count);
    struct abi_value tuple = {.count = count};
    tuple.item = arena_zalloc(&v->arena, count + 1, sizeof *tuple.item);
    for (size_t i = 0; i < count; i++) {
        struct diag why = {0};
        if (abi_value_from_text(&tuple.item[i], &v->arena, &inputs->item[i], args[i], &why) != E_OK)
            return diag_set(d, E_ABI, T("argument %zu (%s): %s", "argument %zu (%s) : %s"), i + 1,
                            inputs->item[i].name, why.text);
    }
    buf_put(&v->input, v->entry.selector, 4);
    abi_encode(&v->input, inputs, &tuple);
    return E_OK;
}

void invocation_free(struct invocation *v)
{
    arena_free(&v->arena);
    buf_free(&v->input);
}
