"""Generates the C part of the fuzz target `c`: it calls every function of the header, in an order and with arguments that the input
bytes choose. The calls keep the caller's part of the contract: strings end, structs have the size that they state, and freed handles
are not used. The generator fails on a declaration that it does not know, so that no function is left out."""

import re
import sys

from header import Header

HEADER = Header(sys.argv[1])

# Handles that live from one call to the next. Other results are read and freed at once.
KEPT = ["client", "cancellation_token", "customer_pager", "ticket_pager", "watch"]
FREED = {name.removesuffix("_free") for _, name, _ in HEADER.functions if name.endswith("_free")}
# The generators of fields and arguments by type. Names that end in _ms are short times.
DRAWN = {
    "const char *": "text()", "int64_t": "number()", "size_t": "(size_t)number()", "int32_t": "(int32_t)number()", "uint8_t": "byte()",
    "double": "real()", "void *": "NULL", "skiplino_watch_callback": "rarely() ? NULL : on_change",
    "skiplino_log_callback": "byte() & 1 ? on_line : NULL", "const skiplino_cancellation_token *": "byte() & 1 ? cancellation_token : NULL",
    "skiplino_response **": "byte() & 1 ? &response : NULL",
}


def handle(kind):
    match = re.fullmatch(r"(?:const )?skiplino_(\w+) \*", kind.strip())
    return match and f"skiplino_{match[1]}" not in HEADER.structs and match[1]


def drawn(kind, name):
    kind = kind.strip()
    struct = re.fullmatch(r"const (skiplino_\w+) \*", kind)
    if struct and struct[1] in HEADER.structs:
        return f"a_{struct[1]}()"
    if handle(kind) in KEPT and kind != "const skiplino_cancellation_token *":
        return f"rarely() ? NULL : {handle(kind)}"
    return "pause_ms()" if name.endswith("_ms") else DRAWN[kind]


def struct(name, fields):
    lines = [f"static const {name} *a_{name}(void) {{", f"  {name} value = {name.upper()}_INIT;", "  uint8_t shape = byte();"]
    lines += ["  if (shape == 0) {", "    return NULL;", "  }"]
    lines += [f"  value.{field} = {drawn(kind, field)};" for kind, field in fields if field != "size"]
    return "\n".join([*lines, "  value.size = shape == 1 ? byte() : sizeof value;", "  return exactly(&value, value.size, sizeof value);", "}"])


def getter(result, name, args):
    values = ["it", *("index" if kind.strip() == "size_t" else drawn(kind, argument) for kind, argument in args[1:])]
    value = f"{name}({', '.join(values)})"
    if result == "const char *":
        return f"  see({value});"
    return f"  read_{handle(result)}({value});" if handle(result) else f"  seen += (size_t){value};"


def reader(type, getters):
    loop = any(kind.strip() == "size_t" for _, _, args in getters for kind, _ in args)
    lines = [f"static void read_{type}(const skiplino_{type} *it) {{"]
    lines += ["  for (size_t index = 0; index < 3; index++) {"] if loop else []
    lines += [getter(*each) for each in getters]
    return "\n".join([*lines, *(["  }"] if loop else []), "}"])


def call(name, args):
    out = next(((kind.strip()[:-1], argument) for kind, argument in args if re.fullmatch(r"skiplino_\w+ \*\*", kind) and argument != "error"), None)
    type = out and handle(out[0])
    values = []
    for kind, argument in args:
        if argument == "error":
            values.append("rarely() ? NULL : &error")
        else:
            values.append("no_room ? NULL : &made" if out and argument == out[1] else drawn(kind, argument))
    lines = [f"static void call_{name}(void) {{", "  skiplino_error *error = NULL;"]
    lines += [f"  skiplino_{type} *made = untouched();", "  bool no_room = rarely();"] if out else []
    # A watch that has returned a state could wait forever for the next change.
    lines += ["  if (!watch_is_fresh) {", "    return;", "  }"] if name == "skiplino_watch_each" else []
    lines += [f"  skiplino_code code = {name}({', '.join(values)});"]
    if name.startswith("skiplino_watch_"):
        lines += ["  watch_is_fresh = watch_is_fresh && code != SKIPLINO_OK;"]
    lines += ["  ended(code, error);"]
    if out:
        lines += ['  require((code == SKIPLINO_OK && !no_room) == (made != (void *)untouched()), "written on success only");']
        lines += ["  if (made == (void *)untouched()) {", "    return;", "  }"]
        if type == "client" or type not in KEPT:
            lines += [f"  read_{type}(made);"] if type in READERS else []
            lines += [f"  skiplino_{type}_free(made);"]
        else:
            lines += [f"  skiplino_{type}_free({type});", f"  {type} = made;"]
            lines += ["  watch_is_fresh = true;"] if type == "watch" else []
    return "\n".join([*lines, "}"])


READERS, CALLS, OTHERS = {}, [], []
for result, name, args in HEADER.functions:
    if result == "skiplino_code" and args[-1][1] == "error" and "**" in args[-1][0]:
        CALLS.append((name, args))
    elif result != "void" and args and handle(args[0][0]) and args[0][0].startswith("const "):
        READERS.setdefault(handle(args[0][0]), []).append((result, name, args))
    elif name.removesuffix("_free") not in FREED:
        OTHERS.append((result, name, args))

print('''#include <skiplino.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The rest of the input bytes. */
static const uint8_t *at, *end;
/* The memory of the arguments of one call. */
static void *held[64];
static size_t holding, seen;
static bool watch_is_fresh;
static skiplino_response *response;''')
print("\n".join(f"static skiplino_{type} *{type};" for type in KEPT))
print(r'''
static void require(bool holds, const char *claim) {
  if (!holds) {
    fprintf(stderr, "failed: %s\n", claim);
    abort();
  }
}

static uint8_t byte(void) { return at < end ? *at++ : 0; }

static bool rarely(void) { return (byte() & 31) == 31; }

static void bytes(void *to, size_t size) {
  for (size_t i = 0; i < size; i++) {
    ((uint8_t *)to)[i] = byte();
  }
}

static int64_t number(void) {
  static const int64_t usual[] = {-1, 0, 1, 2, 10, 100, INT64_MAX, INT64_MIN};
  uint8_t which = byte();
  int64_t value;
  if (which < 8) {
    return usual[which];
  }
  if (which < 64) {
    return which;
  }
  bytes(&value, sizeof value);
  return value;
}

/* Short pauses only. */
static int64_t pause_ms(void) {
  static const int64_t pauses[] = {0, 1, 2, 3, 5, 20, -2, INT64_MIN};
  return pauses[byte() % 8];
}

static double real(void) {
  double value;
  if (byte() & 1) {
    return (double)number();
  }
  bytes(&value, sizeof value);
  return value;
}

/* Memory of exactly this size, so that AddressSanitizer reports an access past the end. */
static void *hold(size_t size) {
  require(holding < sizeof held / sizeof *held, "there is space for every argument");
  held[holding] = malloc(size);
  require(held[holding] != NULL, "there is memory");
  return held[holding++];
}

static const char *text(void) {
  static const char *const usual[] = {NULL, "", "6fe8fb8b12", "2026-07-01", "2026-07-01T09:30:00.000Z", "{\"a\": [1]}", "ar", "sk_fuzz"};
  uint8_t which = byte();
  char *made;
  if (which < 128) {
    return usual[which % 8];
  }
  size_t size = which - 128;
  size = size < (size_t)(end - at) ? size : (size_t)(end - at);
  made = hold(size + 1);
  memcpy(made, at, size);
  made[size] = 0;
  at += size;
  return made;
}

/* Copies as many bytes of a struct as its size states. */
static const void *exactly(const void *value, size_t says, size_t whole) {
  size_t size = says < sizeof(size_t) ? sizeof(size_t) : says;
  size = size < whole ? size : whole;
  return memcpy(hold(size), value, size);
}

static void see(const char *text) { seen += text == NULL ? 0 : strlen(text); }

static void *untouched(void) {
  static int place;
  return &place;
}

static bool on_change(void *data, const skiplino_ticket *ticket) {
  require(data == NULL, "the data is handed on");
  see(skiplino_ticket_id(ticket));
  return false;
}

static void on_line(void *data, skiplino_log_level level, const char *text) {
  require(data == NULL && level >= SKIPLINO_LOG_WARN && level <= SKIPLINO_LOG_DEBUG, "a line of the log");
  see(text);
}
''')
for name, fields in HEADER.structs.items():
    print(struct(name, fields), end="\n\n")
order = ["pagination", "service", "group", "branch", "slot", "ticket", "customer"]
for type in [*order, *(type for type in READERS if type not in order)]:
    print(reader(type, READERS[type]), end="\n\n")
print('''static void ended(skiplino_code code, skiplino_error *error) {
  require(code != SKIPLINO_INTERNAL, "no bug is met");
  require(code != SKIPLINO_OK || error == NULL, "a success has no error");
  require(error == NULL || skiplino_error_code(error) == code, "the error has the code");
  read_error(error);
  skiplino_error_free(error);
}
''')
for name, args in CALLS:
    print(call(name, args), end="\n\n")
print("static void call_others(void) {")
for result, name, args in OTHERS:
    value = f"{name}({', '.join(drawn(kind, argument) for kind, argument in args)})"
    print(f"  see({value});" if result == "const char *" else f"  {value};")
for type in KEPT:
    print(f"  read_{type}({type});" if type in READERS else "", end="\n" if type in READERS else "")
print("}\n\nstatic void free_one(void) {\n  switch (byte() % 8) {")
for index, type in enumerate(KEPT):
    print(f"  case {index}:\n    skiplino_{type}_free({type});\n    {type} = NULL;\n    break;")
print("  default:\n    break;\n  }\n}\n")
print("static void (*const calls[])(void) = {\n  call_others, free_one,")
print("\n".join(f"  call_{name}," for name, _ in CALLS))
print('''};

void fuzz_calls(const char *base_url, const uint8_t *data, size_t size);

void fuzz_calls(const char *base_url, const uint8_t *data, size_t size) {
  skiplino_options options = SKIPLINO_OPTIONS_INIT;
  at = data;
  end = data + size;
  options.base_url = base_url;
  options.max_attempts = 2;
  options.backoff_ms = 1;
  options.max_backoff_ms = 1;
  options.deadline_ms = 2000;
  require(skiplino_client_new("sk_fuzz", &options, &client, NULL) == SKIPLINO_OK, "create a client");
  for (int count = 0; count < 12 && at < end; count++) {
    calls[byte() % (sizeof calls / sizeof *calls)]();
    read_response(response);
    skiplino_response_free(response);
    response = NULL;
    while (holding > 0) {
      free(held[--holding]);
    }
  }
  at = end;''')
for type in KEPT:
    print(f"  skiplino_{type}_free({type});\n  {type} = NULL;")
print("}")
