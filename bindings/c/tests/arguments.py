"""Generates a C program that passes NULL, and bytes that are not UTF-8, as every argument of every function of the header, and as every
string of every struct. The generator fails on a declaration that it does not know, so that no function is left out."""

import re
import sys

from header import Header

HEADER = Header(sys.argv[1])

# Arguments that may be NULL.
OPTIONAL = {"error", "options", "data", "date", "external_id", "customer_external_id"}
REQUIRED_FIELDS = {"service_id", "group_id"}
# A valid value for each argument that is not a handle.
VALUES = {
    "branch_id": '"802b33af66"', "service_id": '"6fe8fb8b12"', "ticket_id": '"k7m2p9x4q1"', "date": '"2099-01-05"',
    "time": '"2099-01-05T09:00:00.000Z"', "id": '"00000000000000000000000000000000"', "external_id": "NULL",
    "customer_id": '"00000000000000000000000000000000"', "customer_external_id": "NULL", "key": '"sk_sandbox_secret"',
    "name": '"content-type"', "page": "1", "limit": "-1", "min_ms": "-1", "max_ms": "-1", "give_up_after_ms": "-1",
    "deadline_ms": "0", "on_change": "on_change", "data": "NULL", "index": "0", "nth": "0", "code": "0",
}
STRUCTS = {name: [field for kind, field in fields if kind == "const char *"] for name, fields in HEADER.structs.items()}
SETUP = {"skiplino_booking": 'booking_value.service_id = "6fe8fb8b12"; booking_value.group_id = "7c1f9a3b2d";'}


def out_type(kind, name):
    """The type behind an out-parameter, or None."""
    match = re.fullmatch(r"(skiplino_\w+) \*\*", kind)
    return match and name != "error" and match[1]


def valid(kind, name):
    struct = re.fullmatch(r"const (skiplino_\w+) \*", kind)
    if out_type(kind, name):
        return "&made"
    if name == "error":
        return "&error"
    if struct and struct[1] in STRUCTS:
        return f"&{name}_value"
    handle = re.fullmatch(r"(?:const )?skiplino_(\w+) \*", kind)
    if handle:
        return "an_error" if handle[1] == "error" else handle[1]
    return VALUES[name]


def case(result, function, args, changed, replacement, expected, field=None, setup=""):
    """Generates one call. `expected` is a code, or None if any result but a rejected argument is right."""
    values = [replacement if name == changed else valid(kind, name) for kind, name in args]
    made = next((out_type(kind, name) for kind, name in args if out_type(kind, name)), None)
    null = "NULL" in (replacement, setup[-5:-1])
    what = f"{function}: {changed}{'.' + field if field else ''} as {'NULL' if null else 'other bytes'}"
    lines = ["  {"]
    for kind, name in args:
        struct = (re.fullmatch(r"const (skiplino_\w+) \*", kind) or ["", ""])[1]
        if struct in STRUCTS and not (name == changed and replacement == "NULL"):
            lines.append(f"    {struct} {name}_value = {struct.upper()}_INIT; {SETUP.get(struct, '')} {setup if name == changed else ''}")
    if made and (changed == "error" or changed not in [name for kind, name in args if out_type(kind, name)]):
        lines.append(f"    {made} *made = ({made} *)&untouched;")
    if result == "skiplino_code" and "error" in (name for _, name in args):
        lines.append("    skiplino_error *error = NULL;")
        lines.append(f"    skiplino_code code = {function}({', '.join(values)});")
        if expected:
            lines.append(f'    require(code == {expected}, "{what}: {expected}");')
            lines.append(f'    require(names(error, "{field or changed}"), "{what}: the error names it");')
        else:
            lines.append(f'    require(code != SKIPLINO_NULL_ARGUMENT && code != SKIPLINO_NOT_UTF8, "{what}");')
        if made and changed not in [n for k, n in args if out_type(k, n)]:
            lines.append(f'    require((code == SKIPLINO_OK) != (made == ({made} *)&untouched), "{what}: written on success only");')
            lines.append(f"    if (code == SKIPLINO_OK) {{ {made}_free(made); }}")
        lines.append("    skiplino_error_free(error);" if changed != "error" else "    (void)error;")
    elif "*" in result:
        nothing = changed in [args[0][1]] or expected
        lines.append(f"    {result} got = {function}({', '.join(values)});")
        lines.append(f'    require(got == NULL, "{what}: NULL");' if nothing else "    (void)got;")
    else:
        lines.append(f"    {'(void)' if result != 'void' else ''}{function}({', '.join(values)});")
    return "\n".join(lines + ["    cases++;", "  }"])


def cases(result, function, args):
    for kind, name in args:
        if "*" not in kind and not kind.strip().endswith("_callback"):
            continue
        rejected = None if name in OPTIONAL else "SKIPLINO_NULL_ARGUMENT"
        yield case(result, function, args, name, "NULL", rejected)
        if kind == "const char *":
            yield case(result, function, args, name, '"\\xff\\xfe"', "SKIPLINO_NOT_UTF8")
        struct = re.fullmatch(r"const (skiplino_\w+) \*", kind)
        for field in STRUCTS.get(struct[1], []) if struct else []:
            yield case(result, function, args, name, f"&{name}_value", "SKIPLINO_NOT_UTF8", field, f'{name}_value.{field} = "\\xc3(";')
            if field in REQUIRED_FIELDS:
                yield case(result, function, args, name, f"&{name}_value", "SKIPLINO_NULL_ARGUMENT", field, f"{name}_value.{field} = NULL;")


print('''/* Passes invalid values for every argument. Generated by arguments.py. */
#include "handles.h"
#include <stdio.h>
#include <string.h>

static int untouched, cases;

static bool on_change(void *data, const skiplino_ticket *ticket) {
  return data == NULL && ticket != NULL;
}

static bool names(const skiplino_error *error, const char *argument) {
  const char *name = skiplino_error_field_name(error, 0);
  return name != NULL && strcmp(name, argument) == 0;
}
''')
called = []
for index, (result, function, args) in enumerate(HEADER.functions):
    body = "\n".join(cases(result, function, args))
    if body:
        called.append(index)
        print(f"static void case_{index}(void) {{\n{body}\n}}\n")
print("int main(int count, char **arguments) {\n  require(count == 2, \"arguments BASE_URL\");\n  make_handles(arguments[1]);")
print("\n".join(f"  case_{index}();" for index in called))
print(f'  free_handles();\n  printf("%d arguments of {len(HEADER.functions)} functions\\n", cases);\n  return 0;\n}}')
