"""Rows of every source: files of spreadsheets, tables of each library, and values of numpy."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import Both, writes
from skiplino import Client, InvalidRequestError
from skiplino.testing import Sandbox
from tables import duckdb, numpy, pandas, polars, pyarrow

SCRIPT = str(Path(sysconfig.get_path("scripts"), "skiplino"))

LAYLA = {
    "externalId": "crm-7741",
    "name": "Layla Hassan",
    "email": "layla.hassan@example.com",
    "mobile": "+97333112233",
    "metadata": {"tier": "gold"},
}
WRITTEN = ["externalId", "name", "email", "mobile", "metadata"]


def written(record: dict[str, Any]) -> dict[str, Any]:
    """The fields of a stored record that can be written."""
    return {field: record[field] for field in WRITTEN if record.get(field) not in (None, {})}


def command(sandbox: Sandbox, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the package's command in a folder."""
    environment = {"SKIPLINO_API_KEY": sandbox.secret_key, "SKIPLINO_BASE_URL": sandbox.base_url}
    program = [SCRIPT, "customers", *arguments]
    return subprocess.run(program, cwd=folder, env=environment, text=True, capture_output=True, check=False)


EMPTY = "externalId,name,email,mobile,metadata\ncrm-7741,,,,\n"
EMPTY_SOURCES: dict[str, Callable[[], Any]] = {
    "csv.DictReader": lambda: csv.DictReader(io.StringIO(EMPTY)),
    "pandas": lambda: pandas.read_csv(io.StringIO(EMPTY), dtype=str),
    "pandas as text": lambda: pandas.read_csv(io.StringIO(EMPTY), dtype=str, keep_default_na=False),
    "pandas without types": lambda: pandas.read_csv(io.StringIO(EMPTY)),
    "polars": lambda: polars.read_csv(io.StringIO(EMPTY)),
    "polars as text": lambda: polars.read_csv(io.StringIO(EMPTY), infer_schema=False).fill_null(""),
    "None": lambda: [{"externalId": "crm-7741", "name": None, "email": None, "mobile": None, "metadata": None}],
    "blanks": lambda: [
        {"externalId": "crm-7741", "name": " ", "email": "\u00a0", "mobile": "\u200b", "metadata": None}
    ],
}


@pytest.mark.parametrize("source", EMPTY_SOURCES.values(), ids=EMPTY_SOURCES)
def test_an_empty_value_erases_only_what_is_named(
    sandbox: Sandbox, customers: Both, stored: Any, source: Callable[[], Any]
) -> None:
    assert customers.sync(source()).unchanged == 1
    assert written(stored()["crm-7741"]) == LAYLA
    assert customers.sync(source(), erase=["email", "mobile"]).updated == 1
    without = {field: LAYLA[field] for field in ("externalId", "name", "metadata")}
    assert written(stored()["crm-7741"]) == without
    assert customers.sync(source(), erase=("name", "metadata")).updated == 1
    assert written(stored()["crm-7741"]) == {"externalId": "crm-7741"}


def test_a_field_that_a_row_does_not_have_is_kept(sandbox: Sandbox, customers: Both, stored: Any) -> None:
    rows = [{"external_id": "crm-7741", "name": ""}]
    assert customers.sync(rows, erase=["email", "mobile", "metadata"]).unchanged == 1
    assert written(stored()["crm-7741"]) == LAYLA
    for wrong in (["externalId"], ["phone"], "email"):
        with pytest.raises(InvalidRequestError) as raised:
            customers.sync(rows, erase=wrong)
        assert list(raised.value.fields) == ["erase"]


def test_a_struct_without_values_is_no_metadata(sandbox: Sandbox, customers: Both, stored: Any) -> None:
    struct = pyarrow.struct([("tier", pyarrow.string()), ("deep", pyarrow.struct([("n", pyarrow.float64())]))])
    empty = {"tier": None, "deep": {"n": None}}
    for table in (
        pyarrow.table({"external_id": ["crm-7741"], "metadata": pyarrow.array([empty], struct)}),
        polars.DataFrame({"external_id": ["crm-7741"], "metadata": [{"tier": None, "deep": {"n": None}}]}),
        duckdb.sql("select 'crm-7741' as external_id, {'tier': null::text} as metadata"),
    ):
        assert customers.sync(table).unchanged == 1
    some = [{"tier": None, "deep": {"n": 1.5}}, {"tier": "silver", "deep": {"n": None}}, empty]
    customers.sync(pyarrow.table({"external_id": ["a", "b", "c"], "metadata": pyarrow.array(some, struct)}))
    assert stored()["a"]["metadata"] == {"deep": {"n": 1.5}}
    assert stored()["b"]["metadata"] == {"tier": "silver"}
    assert stored()["c"].get("metadata") is None
    assert written(stored()["crm-7741"]) == LAYLA


def test_values_that_a_spreadsheet_has_damaged_fail_their_rows(sandbox: Sandbox, customers: Both, stored: Any) -> None:
    damaged = [
        ("mobile", "9.73331E+11", "is a number in scientific notation, which has lost digits: format"),
        ("mobile", '="+97333112233"', "is a formula of a spreadsheet: format"),
        ("mobile", "97333112233.0", "is a number with decimals: format"),
        ("externalId", "1.23E+11", "is a number in scientific notation"),
        ("name", "#NAME?", "is an error of a spreadsheet"),
        ("externalId", "'0012", "begins with an apostrophe"),
        ("mobile", "#NV", "is an error of a spreadsheet"),
        ("mobile", "WAHR", "has no digits"),
        ("mobile", "\u202a+97333112233\u202c", "must not begin or end with invisible characters: U+202A, U+202C"),
        ("email", "NaN", "is a word such as null"),
        ("externalId", "External ID", "is the name of its column"),
        ("externalId", "crm-7741\u00a0", "must not begin or end with blanks or invisible characters: U+00A0"),
        (
            "externalId",
            "\u200b\u202acrm-7741",
            "must not begin or end with blanks or invisible characters: U+200B, U+202A",
        ),
        ("externalId", " crm-7741", "must not begin or end with blanks or invisible characters: U+0020"),
    ]
    rows = [{"externalId": "crm-7741"} | {field: text} for field, text, _ in damaged]
    for source in (rows, polars.DataFrame(rows)):
        report = customers.sync(source, check=False)
        assert report.failed == len(rows)
        failed = sorted(report.not_done, key=lambda row: row.index)
        for row, (field, text, reason) in zip(failed, damaged, strict=True):
            error = row.error
            assert isinstance(error, InvalidRequestError)
            assert error.fields[field][0].startswith(reason)
            assert text not in str(error)
    assert writes(sandbox) == 0
    assert written(stored()["crm-7741"]) == LAYLA


def test_a_key_that_appears_twice_fails_its_row(sandbox: Sandbox, customers: Both) -> None:
    pairs = pyarrow.map_(pyarrow.string(), pyarrow.string())
    twice = pyarrow.StructArray.from_arrays([pyarrow.array(["a"]), pyarrow.array(["b"])], ["tier", "tier"])
    for rows in (
        [{"external_id": "a", "metadata": '{"a": [{"tier": 1, "tier": 2}]}'}],
        pyarrow.table({"external_id": ["a"], "metadata": pyarrow.array([[("tier", "a"), ("tier", "b")]], pairs)}),
        pyarrow.table({"external_id": ["a"], "metadata": twice}),
    ):
        [row] = customers.sync(rows, check=False).not_done
        assert row.error.fields == {"metadata": ['holds the key "tier" twice in one object']}
    [row] = customers.sync([{"external_id": "a", "externalId": "b"}], check=False).not_done
    assert row.error.fields == {"externalId": ["appears twice in the row"]}
    assert writes(sandbox) == 0


def test_duckdb_is_read(sandbox: Sandbox, customers: Both, stored: Any) -> None:
    relation = duckdb.sql("select 'd1' as external_id, 'n' as name")
    assert customers.sync(relation, progress=True).created == 1
    connection = duckdb.connect()
    connection.execute("create table people as select 'd' || i as external_id, 'n' as name from range(1, 3001) t(i)")
    seen: list[tuple[int, int | None]] = []
    people = connection.table("people")
    report = customers.sync(people, dry_run=True, progress=lambda *counts: seen.append(counts))
    assert (report.unchanged, report.created) == (1, 2999)
    assert seen[-1] == (3000, 3000)
    assert stored()["d1"]["name"] == "n"


def test_a_column_without_values_is_not_given(sandbox: Sandbox, customers: Both, stored: Any, tmp_path: Path) -> None:
    ids = ["crm-7741"]
    tables: list[Any] = [
        polars.DataFrame({"external_id": ids, "name": [None], "metadata": [None]}),
        polars.DataFrame({"external_id": ids, "mobile": [float("nan")]}),
        polars.DataFrame({"external_id": ids, "name": polars.Series([None], dtype=polars.Date)}),
        pandas.DataFrame({"external_id": ids, "mobile": [float("nan")], "name": [None]}),
        pandas.DataFrame({"external_id": ids, "name": [pandas.NaT]}),
        pyarrow.table({"external_id": ids, "email": pyarrow.nulls(1), "mobile": pyarrow.nulls(1, pyarrow.int64())}),
    ]
    for index, table in enumerate(tables):
        assert customers.sync(table).unchanged == 1, index
        # The same in a file of Parquet, through the command.
        path = tmp_path / f"{index}.parquet"
        renamed = pyarrow.table(table).rename_columns({"external_id": "externalId"})
        pyarrow.parquet.write_table(renamed, path)
        ran = command(sandbox, tmp_path, "import", path.name)
        assert (ran.returncode, ran.stderr) == (0, ""), index
        assert ran.stdout.startswith("1 row: 0 created, 0 updated, 1 unchanged")
    assert written(stored()["crm-7741"]) == LAYLA
    # A value anywhere in the column still rejects it before anything is sent.
    chunks = pyarrow.chunked_array([pyarrow.nulls(2, pyarrow.float64()), pyarrow.array([97333112233.0])])
    table = pyarrow.table({"externalId": ["a", "b", "c"], "mobile": chunks})
    with pytest.raises(InvalidRequestError) as raised:
        customers.sync(table)
    assert list(raised.value.fields) == ["mobile"]
    pyarrow.parquet.write_table(table, tmp_path / "numbers.parquet", row_group_size=1)
    ran = command(sandbox, tmp_path, "import", "numbers.parquet")
    assert ran.returncode == 2
    assert "the column mobile does not hold text" in ran.stderr
    assert not (tmp_path / "numbers.parquet.checkpoint").exists()
    assert writes(sandbox) == 0


def test_values_of_numpy_are_those_of_python(sandbox: Sandbox, customers: Both, stored: Any) -> None:
    missing = [pandas.NaT, pandas.NA, numpy.float32("nan"), numpy.datetime64("NaT"), float("nan"), None]
    rows: list[dict[str, Any]] = [{"external_id": "crm-7741", "name": value, "metadata": value} for value in missing]
    assert customers.sync(rows, erase=[]).unchanged == len(missing)
    metadata = {
        "integer": numpy.int64(5),
        "float": numpy.float32(1.5),
        "bool": numpy.bool_(True),
        "array": numpy.array([[1, 2], [3, 4]]),
        "text": numpy.str_("x"),
    }
    customers.sync([{"external_id": numpy.int64(42), "name": numpy.str_("N"), "metadata": metadata}])
    assert stored()["42"]["name"] == "N"
    plain = {"integer": 5, "float": 1.5, "bool": True, "array": [[1, 2], [3, 4]], "text": "x"}
    assert stored()["42"]["metadata"] == plain
    wrong = [{"external_id": numpy.float64(1.5)}, {"external_id": numpy.bool_(True)}]
    texts = [row.error.fields["externalId"] for row in customers.sync(wrong, concurrency=1, check=False).not_done]
    assert texts == [["must be text, not float"], ["must be text, not bool"]]


def test_lists_of_any_layout_are_lists(sandbox: Sandbox, customers: Both, stored: Any) -> None:
    integers = pyarrow.int64()
    for layout in (
        pyarrow.list_(integers),
        pyarrow.large_list(integers),
        pyarrow.list_(integers, 2),
        pyarrow.list_view(integers),
        pyarrow.large_list_view(integers),
    ):
        values = pyarrow.array([{"v": [1, 2]}, {"v": [3, None]}], pyarrow.struct([("v", layout)]))
        customers.sync(pyarrow.table({"external_id": ["a", "b"], "metadata": values}))
        assert [stored()[id]["metadata"] for id in "ab"] == [{"v": [1, 2]}, {"v": [3, None]}]
        customers.sync([{"external_id": id, "metadata": {}} for id in "ab"])


def test_a_row_with_too_many_cells_fails_alone(sandbox: Sandbox, customers: Both, stored: Any) -> None:
    text = "externalId,name\na,A\nb,B,more\nc,C\n"
    report = customers.sync(csv.DictReader(io.StringIO(text)), check=False)
    assert (report.created, report.failed) == (2, 1)
    [row] = report.not_done
    assert (row.index, row.external_id) == (1, "b")
    assert row.error.fields == {"row": ["has more cells than the heading has columns"]}
    [row] = customers.sync([{"externalId": "d", 5: "x"}], check=False).not_done
    assert row.error.fields == {"row": ["has a key of type int: keys must be str"]}
    assert {"a", "c"} <= set(stored())


def test_half_a_surrogate_pair_fails_its_row_alone(sandbox: Sandbox, customers: Both, stored: Any) -> None:
    text = io.TextIOWrapper(io.BytesIO(b"externalId,name\na,Ren\xe9\nb,B\n"), errors="surrogateescape")
    rows = [
        *csv.DictReader(text),
        {"externalId": "\ud800"},
        {"externalId": "c", "\ud800": "x"},
        {"externalId": 10**5000},
    ]
    report = customers.sync(rows, check=False)
    assert (report.created, report.failed) == (1, 4)
    reasons = {row.index: row.error.fields for row in report.not_done}
    half = ["is not Unicode text: it holds half of a surrogate pair"]
    digits = {"externalId": ["must be text, not int"]}
    assert reasons == {0: {"name": half}, 2: {"externalId": half}, 3: {"row": half}, 4: digits}
    assert "b" in stored()


def test_headings_are_known_by_their_letters(sandbox: Sandbox, customers: Both, stored: Any) -> None:
    text = "External ID, E-Mail ,NAME\na,a@example.com,A\n"
    assert customers.sync(csv.DictReader(io.StringIO(text))).created == 1
    assert customers.sync(polars.read_csv(io.StringIO(text))).unchanged == 1
    assert written(stored()["a"]) == {"externalId": "a", "name": "A", "email": "a@example.com"}


@pytest.mark.parametrize("codec", ["none", "snappy", "gzip", "brotli", "zstd", "lz4"])
def test_parquet_of_every_codec_is_imported(sandbox: Sandbox, tmp_path: Path, client: Client, codec: str) -> None:
    names = [f"Name {number}" for number in range(200)]
    table = pyarrow.table({"externalId": [f"row-{number}" for number in range(200)], "name": names})
    pyarrow.parquet.write_table(table, tmp_path / "rows.parquet", compression=codec)
    ran = command(sandbox, tmp_path, "import", "rows.parquet", "--json")
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout.splitlines()[-1])["created"] == 200
    assert client.customers.get(external_id="row-199").name == "Name 199"
