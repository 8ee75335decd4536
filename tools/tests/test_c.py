"""How the C header and the sources of its exports are read."""

from __future__ import annotations

from tools.c_abi import empty_functions
from tools.c_header import bodies, changed_numbers, declared, header_codes, listed_codes, unguarded

HEADER = """\
typedef struct {
  size_t size; // of the caller's
  int64_t more;
} skiplino_options;
enum skiplino_code {
  SKIPLINO_OK = 0,
  SKIPLINO_TIMEOUT = 12,
};
void skiplino_free(skiplino_options *options);
const char *skiplino_name(const skiplino_options *options,
                          size_t *length);
"""
SOURCE = """\
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_name(
    options: Option<&skiplino_options>,
) -> *const c_char {
    boundary::get(options, null(), |options| options.name())
}

#[unsafe(no_mangle)]
pub extern "C" fn skiplino_free(options: Option<Box<skiplino_options>>) {
    drop(options)
}
"""


def test_a_library_of_empty_functions() -> None:
    source = empty_functions(HEADER, HEADER)
    assert source.count("__builtin_trap") == 2
    assert "void skiplino_free(skiplino_options *options) { __builtin_trap(); }" in source
    assert "of the caller's" not in source and "int64_t more;" in source


def test_a_struct_that_has_grown_is_cut() -> None:
    before = HEADER.replace("  int64_t more;\n", "")
    source = empty_functions(HEADER, before)
    assert "size_t size;" in source and "int64_t more;" not in source


def test_codes() -> None:
    assert header_codes(HEADER) == ["SKIPLINO_OK 0", "SKIPLINO_TIMEOUT 12"]
    assert listed_codes("# code number\nSKIPLINO_OK 0\n") == ["SKIPLINO_OK 0"]


def test_a_name_never_changes_its_number() -> None:
    codes = ["SKIPLINO_OK 0", "SKIPLINO_TIMEOUT 12"]
    assert changed_numbers(codes, "-SKIPLINO_OK 0\n+SKIPLINO_OK 0\n-SKIPLINO_OLD 3\n") == []
    assert changed_numbers(codes, "-SKIPLINO_TIMEOUT 11\n") == ["SKIPLINO_TIMEOUT was 11"]


def test_exports_and_their_guards() -> None:
    exports = bodies(SOURCE)
    assert exports == ["boundary::get(options, null(), |options| options.name())", "drop(options)"]
    assert unguarded(exports) == ["drop(options)"]
    assert declared(HEADER) == ["skiplino_free", "skiplino_name"]
