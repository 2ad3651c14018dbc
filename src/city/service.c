#include "city/service_table.h"

#include "base/lang.h"
#include "base/limits.h"
#include "crypto/keccak.h"

/* Base gas of a standard method: what a view of two short strings costs besides its reads. */
#define GAS_CONTROLLER 200u
#define CONTROLLER_TEXT_MAX 256u

static enum err run_controller(struct service_call *c);

const struct service_method SERVICE_STANDARD_METHODS[] = {
    {"function controller() view returns (string name, string contact)",
     "Who is responsible for this service and how to reach them (data controller).", GAS_CONTROLLER,
     0, run_controller},
    {0},
};

const struct service_line SERVICE_STANDARD_ERRORS[] = {
    {"error UnknownMethod(bytes4 selector)", "The service has no such method."},
    {"error BadCalldata()", "The arguments are not the method's strict ABI encoding."},
    {"error NotPayable()", "Coins were sent to a method that takes none."},
    {"error StaticCall()", "A static call may not change anything."},
    {"error DelegateCall()", "A service runs only as itself, never by DELEGATECALL or CALLCODE."},
    {"error NotAuthorised(address account, bytes32 role)",
     "The account does not hold the role this needs."},
    {"error ValueTooLarge(uint256 length, uint256 limit)",
     "A value to be stored is longer than the ledger keeps."},
    {0},
};

static uint64_t words_of(size_t len)
{
    return (len + 31) / 32;
}

/* --- gas, results, refusals ------------------------------------------------------------------- */

enum err service_charge(struct service_call *c, uint64_t gas)
{
    if (c->gas_left < 0 || gas > (uint64_t)c->gas_left) {
        c->gas_left = 0;
        return E_OUT_OF_GAS;
    }
    c->gas_left -= (int64_t)gas;
    return E_OK;
}

/* The tuple of n values without copying them. */
static struct abi_value tuple_of(const struct abi_value *values, size_t n)
{
    return (struct abi_value){.item = (struct abi_value *)values, .count = n};
}

enum err service_return(struct service_call *c, const struct abi_value *values)
{
    struct abi_value tuple = tuple_of(values, c->method->outputs.size);
    buf_clear(&c->output);
    abi_encode(&c->output, &c->method->outputs, &tuple);
    return service_charge(c, (uint64_t)GAS_SERVICE_RETURN_WORD * words_of(c->output.len));
}

enum err service_revert(struct service_call *c, const char *error, const struct abi_value *args)
{
    const struct service_table *t = service_table(c->service);
    size_t i = 0;
    while (i < t->error_count && strcmp(t->errors[i].name, error) != 0)
        i++;
    ASSERT(i < t->error_count); /* every error a handler raises is declared */
    struct abi_value tuple = tuple_of(args, t->errors[i].inputs.size);
    buf_clear(&c->output);
    buf_put(&c->output, t->errors[i].selector, 4);
    abi_encode(&c->output, &t->errors[i].inputs, &tuple);
    return E_REVERT;
}

struct abi_value service_name32(const char *name)
{
    uint8_t b[32] = {0};
    size_t len = strlen(name);
    ASSERT(len <= sizeof b);
    memcpy(b, name, len);
    return abi_bytes32(b);
}

enum err service_not_authorised(struct service_call *c, const char *role)
{
    return service_revert(
        c, "NotAuthorised",
        (struct abi_value[]){abi_address(&c->frame->caller), service_name32(role)});
}

void service_tell(struct service_call *c, const char *text)
{
    if (c->world->why)
        (void)diag_set(c->world->why, E_REVERT, "%s", text);
}

/* Every change passes here: a view's handler that gets so far is a bug in its table. */
static enum err may_change(struct service_call *c)
{
    if (c->frame->is_static)
        return service_revert(c, "StaticCall", NULL);
    ASSERT(!c->method || (c->method->mutability != ABI_VIEW && c->method->mutability != ABI_PURE));
    return E_OK;
}

enum err service_emit(struct service_call *c, const char *event, const struct abi_value *args)
{
    const struct service_table *t = service_table(c->service);
    size_t i = 0;
    while (i < t->event_count && strcmp(t->events[i].name, event) != 0)
        i++;
    ASSERT(i < t->event_count);
    TRY(may_change(c));
    const struct abi_entry *e = &t->events[i];
    struct hash topics[4] = {e->topic};
    unsigned topic_count = 1;
    struct abi_value *data = arena_zalloc(c->arena, e->inputs.size + 1, sizeof *data);
    size_t data_count = 0;
    for (size_t k = 0; k < e->inputs.size; k++) {
        if (e->inputs.item[k].indexed)
            u256_to_be(topics[topic_count++].b, args[k].word);
        else
            data[data_count++] = args[k];
    }
    struct abi_value tuple = {.item = data, .count = data_count};
    struct buf encoded = {0};
    abi_encode(&encoded, &t->event_data[i], &tuple);
    enum err err = service_charge(c, (uint64_t)GAS_SERVICE_LOG * (1 + topic_count) +
                                         (uint64_t)GAS_SERVICE_LOG_BYTE * encoded.len);
    if (err == E_OK)
        state_add_log(c->world->state, &c->service->address, topics, topic_count,
                      buf_view(&encoded));
    buf_free(&encoded);
    return err;
}

/* --- storage ---------------------------------------------------------------------------------- */

struct hash service_slot(const char *tag, const struct bytes *keys, size_t key_count)
{
    struct keccak k;
    struct hash slot;
    keccak_init(&k);
    keccak_update(&k, tag, strlen(tag) + 1); /* the NUL ends the tag */
    for (size_t i = 0; i < key_count; i++) {
        uint8_t len[4];
        be32_put(len, (uint32_t)keys[i].len);
        keccak_update(&k, len, sizeof len);
        keccak_update(&k, keys[i].data, keys[i].len);
    }
    keccak_final(&k, &slot);
    return slot;
}

/* The stored view, paid for; valid until the slot changes. */
static enum err load_view(struct service_call *c, const struct hash *slot, struct bytes *out)
{
    TRY(service_charge(c, GAS_SERVICE_LOAD));
    *out = state_storage(c->world->state, &c->service->address, slot);
    return service_charge(c, GAS_SERVICE_LOAD_WORD * words_of(out->len));
}

enum err service_load(struct service_call *c, const struct hash *slot, struct buf *out)
{
    struct bytes view;
    TRY(load_view(c, slot, &view));
    buf_put(out, view.data, view.len);
    return E_OK;
}

enum err service_store(struct service_call *c, const struct hash *slot, struct bytes value)
{
    TRY(may_change(c));
    if (value.len > LIMIT_STATE_VALUE_BYTES)
        return service_revert(
            c, "ValueTooLarge",
            (struct abi_value[]){abi_u64(value.len), abi_u64(LIMIT_STATE_VALUE_BYTES)});
    TRY(service_charge(c, GAS_SERVICE_STORE + GAS_SERVICE_STORE_WORD * words_of(value.len)));
    state_set_storage(c->world->state, &c->service->address, slot, value);
    return E_OK;
}

enum err service_load_u256(struct service_call *c, const struct hash *slot, struct u256 *out)
{
    struct bytes view;
    TRY(load_view(c, slot, &view));
    ASSERT(view.len <= 32);
    *out = u256_from_be_min(view);
    return E_OK;
}

enum err service_store_u256(struct service_call *c, const struct hash *slot, struct u256 value)
{
    uint8_t be[32];
    size_t len = u256_to_be_min(be, value);
    return service_store(c, slot, bytes_of(be, len));
}

/* --- one service on behalf of another --------------------------------------------------------- */

struct service_call service_as(struct service_call *c, const struct service *other)
{
    struct service_call sub = *c;
    sub.service = other;
    sub.output = (struct buf){0};
    return sub;
}

void service_back(struct service_call *c, const struct service_call *other)
{
    struct buf output = other->output; /* owned by the sub-call until here */
    c->gas_left = other->gas_left;
    if (output.len > 0) {
        buf_free(&c->output);
        c->output = output;
    } else {
        buf_free(&output);
    }
}

/* --- dispatch --------------------------------------------------------------------------------- */

static const struct service_selector *find_method(const struct service_table *t,
                                                  const uint8_t selector[4])
{
    size_t low = 0, high = t->method_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = memcmp(selector, t->selectors[middle].selector, 4);
        if (order == 0)
            return &t->selectors[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

static enum err unknown_method(struct service_call *c, struct bytes input)
{
    uint8_t padded[32] = {0};
    if (input.len >= 4)
        memcpy(padded, input.data, 4);
    return service_revert(c, "UnknownMethod", (struct abi_value[]){abi_bytes32(padded)});
}

static enum err dispatch(struct service_call *c, const struct service_table *t)
{
    const struct frame *f = c->frame;
    if (f->kind != FRAME_CALL)
        return service_revert(c, "DelegateCall", NULL);
    const struct service_selector *found = NULL;
    if (f->input.len >= 4)
        found = find_method(t, f->input.data);
    if (!found)
        return unknown_method(c, f->input);
    const struct service_method *m = t->method_lines[found->method];
    c->method = &t->methods[found->method];
    if (!u256_is_zero(f->value) && c->method->mutability != ABI_PAYABLE)
        return service_revert(c, "NotPayable", NULL);
    bool changes = c->method->mutability == ABI_NONPAYABLE || c->method->mutability == ABI_PAYABLE;
    if (f->is_static && changes)
        return service_revert(c, "StaticCall", NULL);
    TRY(service_charge(c, m->gas + m->gas_per_word * words_of(f->input.len - 4)));
    struct bytes args = bytes_of(f->input.data + 4, f->input.len - 4);
    if (abi_decode(&c->args, c->arena, &c->method->inputs, args) != E_OK)
        return service_revert(c, "BadCalldata", NULL);
    return m->run(c);
}

bool service_run(struct world *w, const struct frame *f, struct frame_result *out)
{
    if (f->kind == FRAME_CREATE || f->kind == FRAME_CREATE2)
        return false;
    const struct service *s = service_at(&f->code_address);
    if (!s)
        return false;
    struct service_call c = {
        .world = w, .frame = f, .service = s, .gas_left = f->gas, .arena = w->arena};
    enum err err = dispatch(&c, service_table(s));
    memset(out, 0, sizeof *out);
    switch (err) {
    case E_OK:
    case E_REVERT:
        out->status = err == E_OK ? FRAME_SUCCESS : FRAME_REVERT;
        out->gas_left = c.gas_left;
        out->output = bytes_of(arena_dup(w->arena, c.output.data, c.output.len), c.output.len);
        break;
    case E_OUT_OF_GAS:
        out->status = FRAME_OUT_OF_GAS;
        break;
    default:
        ASSERT(!"a handler returns E_OK, E_REVERT or E_OUT_OF_GAS");
    }
    buf_free(&c.output);
    return true;
}

/* --- ahead of their turn ---------------------------------------------------------------------- */

/* The method with work to be done ahead that a transaction calls, or NULL. */
static const struct service_selector *find_ahead(const struct service_table *t, struct bytes input)
{
    const struct service_selector *found = input.len >= 4 ? find_method(t, input.data) : NULL;
    return found && t->method_lines[found->method]->ahead ? found : NULL;
}

bool service_does_ahead(const struct address *to, struct bytes input)
{
    const struct service *s = service_at(to);
    return s && find_ahead(service_table(s), input);
}

void service_ahead(const struct address *to, struct bytes input)
{
    const struct service *s = service_at(to);
    const struct service_selector *found = s ? find_ahead(service_table(s), input) : NULL;
    struct arena arena = {0};
    struct abi_value args;
    if (!found)
        return;
    if (abi_decode(&args, &arena, &service_table(s)->methods[found->method].inputs,
                   bytes_of(input.data + 4, input.len - 4)) == E_OK)
        service_table(s)->method_lines[found->method]->ahead(args.item);
    arena_free(&arena);
}

/* --- genesis ---------------------------------------------------------------------------------- */

const struct json *service_config(const struct service_call *c, const struct json *root)
{
    return json_get(json_get(root, "services"), c->service->name);
}

static bool is_among(const char *name, const char *const *names)
{
    for (size_t i = 0; names && names[i]; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

enum err service_config_check(const struct service_call *c, const struct json *config,
                              const char *const *names, struct diag *d)
{
    const char *service = c->service->name;
    if (!config)
        return E_OK;
    if (!json_is_object(config))
        return diag_set(d, E_GENESIS, T("services.%s: not an object", "services.%s : pas un objet"),
                        service);
    for (const struct json *m = json_first(config); m; m = json_next(m))
        if (strcmp(json_key(m), "controller") != 0 && !is_among(json_key(m), names))
            return diag_set(d, E_GENESIS,
                            T("services.%s.%s: unknown member", "services.%s.%s : membre inconnu"),
                            service, json_key(m));
    return E_OK;
}

static enum err store_controller_text(struct service_call *c, const struct json *controller,
                                      const char *member, const char *tag, struct diag *d)
{
    const char *text = json_text(json_get(controller, member));
    if (!text || !text[0] || strlen(text) > CONTROLLER_TEXT_MAX)
        return diag_set(d, E_GENESIS,
                        T("services.%s.controller.%s: a text of 1 to %u bytes needed",
                          "services.%s.controller.%s : un texte de 1 à %u octets est attendu"),
                        c->service->name, member, CONTROLLER_TEXT_MAX);
    struct hash slot = service_slot(tag, NULL, 0);
    return service_store(c, &slot, bytes_str(text));
}

/* {"name": "...", "contact": "..."}; a genesis may leave it out (development), the method then
 * answers with two empty texts. */
static enum err store_controller(struct service_call *c, const struct json *root, struct diag *d)
{
    const struct json *controller = json_get(service_config(c, root), "controller");
    if (!controller)
        return E_OK;
    for (const struct json *m = json_first(controller); m; m = json_next(m))
        if (strcmp(json_key(m), "name") != 0 && strcmp(json_key(m), "contact") != 0)
            return diag_set(d, E_GENESIS,
                            T("services.%s.controller.%s: unknown member",
                              "services.%s.controller.%s : membre inconnu"),
                            c->service->name, json_key(m));
    TRY(store_controller_text(c, controller, "name", "controller-name", d));
    return store_controller_text(c, controller, "contact", "controller-contact", d);
}

static enum err run_controller(struct service_call *c)
{
    struct hash name_slot = service_slot("controller-name", NULL, 0);
    struct hash contact_slot = service_slot("controller-contact", NULL, 0);
    struct buf name = {0}, contact = {0};
    enum err err = service_load(c, &name_slot, &name);
    if (err == E_OK)
        err = service_load(c, &contact_slot, &contact);
    if (err == E_OK)
        err = service_return(
            c, (struct abi_value[]){abi_bytes(buf_view(&name)), abi_bytes(buf_view(&contact))});
    buf_free(&name);
    buf_free(&contact);
    return err;
}

static enum err genesis_of(struct world *w, const struct service *s, const struct json *root,
                           struct diag *d)
{
    const uint8_t code[] = {SERVICE_CODE};
    struct frame frame = {.kind = FRAME_CALL, .recipient = s->address, .code_address = s->address};
    struct service_call c = {
        .world = w, .frame = &frame, .service = s, .gas_left = INT64_MAX, .arena = w->arena};
    if (state_exists(w->state, &s->address))
        return diag_set(d, E_GENESIS,
                        T("alloc: the address of service %s cannot be allocated",
                          "alloc : l'adresse du service %s ne peut rien recevoir à la genèse"),
                        s->name);
    state_set_nonce(w->state, &s->address, 1);
    state_set_code(w->state, &s->address, bytes_of(code, sizeof code));
    if (!s->genesis)
        TRY(service_config_check(&c, service_config(&c, root), NULL, d));
    enum err err = store_controller(&c, root, d);
    if (err == E_OK && s->genesis)
        err = s->genesis(&c, root, d);
    buf_free(&c.output);
    ASSERT(err == E_OK || err == E_GENESIS);
    return err;
}

enum err services_genesis(struct world *w, const struct json *root, struct diag *d)
{
    services_init();
    const struct json *services = json_get(root, "services");
    if (services && !json_is_object(services))
        return diag_set(d, E_GENESIS, T("services: not an object", "services : pas un objet"));
    for (const struct json *m = json_first(services); m; m = json_next(m))
        if (!service_named(json_key(m)))
            return diag_set(d, E_GENESIS,
                            T("services.%s: no such service", "services.%s : service inconnu"),
                            json_key(m));
    for (size_t i = 0; service_table_at(i); i++)
        TRY(genesis_of(w, service_table_at(i)->service, root, d));
    return E_OK;
}
