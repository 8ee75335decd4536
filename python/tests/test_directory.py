"""The whole directory: tables, exports and syncs, with both clients."""

from __future__ import annotations

import asyncio
import errno
import json
import pickle
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import skiplino
from conftest import LAYLA, PUBLIC, SWIFT, Both, writes
from skiplino import (
    AsyncClient,
    Client,
    DecodeError,
    InvalidRequestError,
    SecretKeyRequiredError,
    SkiplinoError,
    SyncIncompleteError,
    SyncReport,
    UnauthorizedError,
)
from skiplino.testing import Sandbox
from tables import duckdb, pandas, polars, pyarrow

if sys.platform != "win32":
    import resource

COLUMNS = ["externalId", "name", "email", "mobile", "metadata", "_id", "companyId", "createdAt", "updatedAt"]


def test_a_table_is_what_records_say(sandbox: Sandbox, customers: Both, client: Client) -> None:
    sandbox.generate(17_000)
    client.customers.create(external_id="bare")
    table = customers.to_arrow()
    rows = pyarrow.table(table).to_pylist()
    assert len(table) == len(rows) == client.customers.list().page(1).pagination.total
    assert table.column_names == COLUMNS
    assert not table.changed_during_read
    records = {record.id: record for record in client.customers.list()}
    assert len(records) == len(rows)
    for row in rows:
        record = records[row["_id"]]
        assert row["createdAt"] == record.created_at
        assert row["updatedAt"] == record.updated_at
        metadata = row["metadata"]
        assert (None if metadata is None else json.loads(metadata)) == record.metadata
        for column, value in [
            ("externalId", record.external_id),
            ("name", record.name),
            ("email", record.email),
            ("mobile", record.mobile),
            ("companyId", record.company_id),
        ]:
            assert row[column] == value
    assert rows[0]["externalId"] == "bare", "newest first"
    assert rows[0]["email"] is None


def test_everybody_takes_the_table_again_and_again(sandbox: Sandbox, client: Client) -> None:
    sandbox.generate(250)
    table = client.customers.to_arrow()
    several = pyarrow.table(table)
    assert several.schema.field("createdAt").type == pyarrow.timestamp("us", "UTC")
    frame = polars.DataFrame(table)
    assert frame.height == len(table)
    assert frame["createdAt"].dtype == polars.Datetime("us", "UTC")
    panda = pandas.DataFrame.from_arrow(table)
    assert list(panda.columns) == COLUMNS
    assert panda["_id"].tolist() == frame["_id"].to_list() == several["_id"].to_pylist()
    assert pyarrow.schema(table) == several.schema


def test_duckdb_takes_the_table(sandbox: Sandbox, client: Client) -> None:
    sandbox.generate(250)
    directory = client.customers.to_arrow()
    relation = duckdb.sql("select count(*), count(distinct _id) from directory")
    assert relation is not None
    assert relation.fetchall() == [(len(directory), len(directory))]


def test_an_empty_directory_is_a_table_with_columns(sandbox: Sandbox, customers: Both, client: Client) -> None:
    for customer in list(client.customers.list()):
        client.customers.delete(customer)
    table = customers.to_arrow()
    assert len(table) == 0
    assert pyarrow.table(table).column_names == COLUMNS
    assert customers.export(lambda page: None) == (0, False)


def test_a_table_outlives_its_client(sandbox: Sandbox) -> None:
    with Client(**sandbox.settings()) as client:
        table = client.customers.to_arrow()
    assert len(pyarrow.table(table)) == len(table) > 0
    assert repr(table).startswith(f"ArrowTable(rows={len(table)}, ")


def test_errors_of_a_table_are_those_of_a_list(sandbox: Sandbox, customers: Both) -> None:
    sandbox.generate(1_000)
    sandbox.fault("listCustomers", "status", status=401, when={"nth": 7})
    with pytest.raises(UnauthorizedError) as raised:
        customers.to_arrow()
    assert raised.value.operation == "listCustomers"


def test_an_export_gives_each_page_once(sandbox: Sandbox, customers: Both, client: Client) -> None:
    sandbox.generate(1_000)
    ids: list[str] = []
    seen: list[tuple[int, int | None]] = []

    def sink(page: skiplino.Page[skiplino.Customer]) -> None:
        ids.extend(customer.id for customer in page)

    exported = customers.export(sink, progress=lambda done, total: seen.append((done, total)))
    assert exported.records == len(ids) == len(set(ids))
    assert not exported.changed_during_read
    assert set(ids) == {customer.id for customer in client.customers.list()}
    assert seen[-1] == (len(ids), len(ids))
    assert seen == sorted(seen)


def test_what_a_sink_raises_ends_the_export(sandbox: Sandbox, customers: Both) -> None:
    sandbox.generate(5_000)
    pages = 0

    def sink(_: object) -> None:
        nonlocal pages
        pages += 1
        if pages == 2:
            raise LookupError("no more")

    with pytest.raises(LookupError, match="no more"):
        customers.export(sink)
    assert pages == 2
    assert sandbox.idle() == {"connections": 0, "requests": 0}
    assert sandbox.received("listCustomers") < 10


def test_an_async_sink_is_awaited(sandbox: Sandbox) -> None:
    async def main() -> None:
        lengths: list[int] = []

        async def sink(page: skiplino.Page[skiplino.Customer]) -> None:
            await asyncio.sleep(0)
            lengths.append(len(page))

        async with AsyncClient(**sandbox.settings()) as client:
            assert (await client.customers.export(sink)).records == sum(lengths) > 0

    asyncio.run(main())


def test_files_hold_the_directory(sandbox: Sandbox, customers: Both, client: Client, tmp_path: Path) -> None:
    sandbox.generate(1_000)
    table = pyarrow.table(client.customers.to_arrow())
    ids = table["_id"].to_pylist()
    seen: list[tuple[int, int | None]] = []
    formats: list[tuple[str, str | None, Callable[[Path], list[str]]]] = [
        ("c.csv", None, lambda path: pandas.read_csv(path, dtype=str)["_id"].tolist()),
        ("c.jsonl", None, lambda path: [json.loads(line)["_id"] for line in path.read_text().splitlines()]),
        ("c.parquet", None, lambda path: polars.read_parquet(path)["_id"].to_list()),
        ("customers", "csv", lambda path: pandas.read_csv(path, dtype=str)["_id"].tolist()),
    ]
    for name, format, read in formats:
        path = tmp_path / name
        exported = customers.export(path, format=format, progress=lambda *counts: seen.append(counts))
        assert exported == (len(ids), False)
        assert read(path) == ids
        assert seen[-1] == (len(ids), len(ids))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.csv", "c.jsonl", "c.parquet", "customers"]
    # Back into the directory.
    back = pandas.read_csv(tmp_path / "c.csv", dtype=str).dropna(subset="externalId")
    assert customers.sync(back).unchanged == len(back)
    assert customers.sync(polars.read_parquet(tmp_path / "c.parquet").drop_nulls("externalId")).unchanged == len(back)


def test_an_incomplete_list_replaces_no_file(sandbox: Sandbox, customers: Both, client: Client, tmp_path: Path) -> None:
    path = tmp_path / "all.csv"
    path.write_text("yesterday's", encoding="utf-8")
    pagination = {"total": 1000, "totalPages": 10, "hasNextPage": True, "hasPrevPage": False}
    body = {"message": "m", "data": [], "pagination": pagination}
    sandbox.fault("*", "status", status=200, body=body)
    text = "the list is incomplete: the server counts 1000 records, but returned 0"
    for call in (
        lambda: customers.export(path),
        customers.to_arrow,
        lambda: list(client.customers.list()),
        lambda: list(client.customers.tickets(external_id="crm-7741").pages()),
    ):
        with pytest.raises(DecodeError, match=text) as raised:
            call()
        assert raised.value.path == "pagination.total"
    assert path.read_text(encoding="utf-8") == "yesterday's"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("fails", [False, True], ids=["end", "error"])
def test_an_ended_list_keeps_no_connections(sandbox: Sandbox, fails: bool) -> None:
    sandbox.generate(500)
    with sandbox.client(**SWIFT) as client:
        records = client.customers.list()
        next(records)
    if fails:
        sandbox.fault("listCustomers", "status", status=401)
        with pytest.raises(UnauthorizedError):
            list(records)
    else:
        assert sum(1 for _ in records) == 502
    assert sandbox.idle() == {"connections": 0, "requests": 0}
    assert next(records, None) is None


@pytest.mark.parametrize("fails", [False, True], ids=["end", "error"])
def test_an_ended_list_of_an_event_loop_keeps_no_connections(sandbox: Sandbox, fails: bool) -> None:
    sandbox.generate(500)

    async def read() -> None:
        async with sandbox.async_client(**SWIFT) as client:
            records = client.customers.list()
            await anext(records)
        if fails:
            sandbox.fault("listCustomers", "status", status=401)
            with pytest.raises(UnauthorizedError):
                [record async for record in records]
        else:
            assert len([record async for record in records]) == 502
        assert await asyncio.to_thread(sandbox.idle) == {"connections": 0, "requests": 0}
        assert await anext(records, None) is None

    asyncio.run(read())


def test_a_file_that_cannot_be_written_is_an_error_of_files(sandbox: Sandbox, customers: Both, tmp_path: Path) -> None:
    missing = tmp_path / "missing" / "c.csv"
    with pytest.raises(FileNotFoundError) as raised:
        customers.export(missing)
    reason = raised.value.strerror
    assert (raised.value.filename, raised.value.errno) == (str(missing), errno.ENOENT)
    if sys.platform == "win32":
        assert raised.value.winerror == 3
    else:
        assert reason == "No such file or directory"
    for wrong in ({"to": tmp_path / "c.xlsx"}, {"to": tmp_path / "c.csv", "format": "xlsx"}):
        with pytest.raises(InvalidRequestError) as rejected:
            customers.export(**wrong)
        assert list(rejected.value.fields) == ["format"]
    sandbox.generate(1_000)
    if sys.platform != "win32":
        _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, most))
        try:
            with pytest.raises(OSError, match="File too large") as full:
                customers.export(tmp_path / "c.csv")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        assert full.value.filename == str(tmp_path / "c.csv")
    sandbox.fault("listCustomers", "status", nth=5, status=401)
    with pytest.raises(UnauthorizedError):
        customers.export(tmp_path / "c.csv")
    assert [path.name for path in tmp_path.iterdir()] == []


ROWS: list[dict[str, Any]] = [
    {"external_id": "crm-7741", "name": "Layla A. Hassan"},
    {
        "externalId": "new-1",
        "name": "فاطمة",
        "email": "f@example.com",
        "metadata": {"tier": "gold", "n": [1, 2.5, None]},
    },
    {"external_id": 7742, "mobile": "+97333000000", "name": None, "email": float("nan")},
    {"external_id": "new-2", "metadata": '{"tier": "silver"}', "_id": "not mine", "createdAt": "then"},
]


def test_rows_are_brought_in(sandbox: Sandbox, customers: Both, stored: Any) -> None:
    seen: list[tuple[int, int | None]] = []
    rows: list[skiplino.SyncedRow] = []
    report = customers.sync(ROWS, progress=lambda done, total: seen.append((done, total)), on_row=rows.append)
    sent = sandbox.received("getCustomer") + writes(sandbox)
    assert report.requests == sent
    assert str(report) == f"4 rows: 3 created, 1 updated, 0 unchanged; {sent} requests"
    assert (report.rows, report.created, report.updated, report.failed) == (4, 3, 1, 0)
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert sorted(row.index for row in rows) == [0, 1, 2, 3]
    changed = next(row for row in rows if row.outcome == "updated")
    assert (changed.index, changed.changed, changed.external_id) == (0, ("name",), "crm-7741")
    assert changed.customer is not None
    assert changed.customer.id == LAYLA
    there = stored()
    assert there["crm-7741"]["email"] == "layla.hassan@example.com"
    assert there["new-1"]["metadata"] == {"tier": "gold", "n": [1, 2.5, None]}
    assert there["7742"]["mobile"] == "+97333000000"
    assert "email" not in there["7742"]
    assert there["new-2"]["metadata"] == {"tier": "silver"}
    before = writes(sandbox)
    assert customers.sync(ROWS).unchanged == 4
    assert writes(sandbox) == before


def test_a_large_sync_reads_the_directory_by_pages(sandbox: Sandbox, client: Client, customers: Both) -> None:
    sandbox.generate(1000)
    rows = [customer for customer in client.customers.list() if customer.external_id is not None]
    pages = sandbox.received("listCustomers")
    synced: dict[str | None, skiplino.SyncedRow] = {}
    changed = [*rows[:-1], {"externalId": rows[-1].external_id, "name": "New"}]
    report = customers.sync(changed, on_row=lambda row: synced.update({row.external_id: row}))
    assert (report.unchanged, report.updated) == (len(rows) - 1, 1)
    # 8 lookups make the sync read the directory; 10 rows are in flight.
    lookups = sandbox.received("getCustomer")
    assert 8 <= lookups <= 18
    assert report.requests == lookups + sandbox.received("listCustomers") - pages + 1
    last = synced[rows[-1].external_id]
    assert last.changed == ("name",)
    assert last.customer is not None
    assert last.customer.name == "New"
    assert synced[rows[-2].external_id].customer is None
    # A generator does not say how many rows it has.
    again = customers.sync(row for row in changed)
    assert again.unchanged == len(rows)
    assert again.requests < 100


def test_an_aborted_sync_says_how_many_requests_it_took(sandbox: Sandbox, customers: Both) -> None:
    sandbox.fault("createCustomer", "status", nth=5, status=401)
    with pytest.raises(SyncIncompleteError) as raised:
        customers.sync([{"externalId": f"row-{n}"} for n in range(100)])
    report = raised.value.report
    assert report.requests == sandbox.received("getCustomer") + sandbox.received("createCustomer")


def test_a_dry_run_writes_nothing(sandbox: Sandbox, customers: Both) -> None:
    report = customers.sync(ROWS, dry_run=True)
    assert str(report) == "dry run: 4 rows: 3 created, 1 updated, 0 unchanged; 4 requests"
    assert writes(sandbox) == 0


def test_rows_that_are_not_done_are_not_passed_over(sandbox: Sandbox, customers: Both, stored: Any) -> None:
    sandbox.fault("createCustomer", "status", status=400, when={"nth": 1})
    rows: list[dict[str, Any]] = [
        {"external_id": "a", "phone": "+97333000000"},
        {"name": "nobody"},
        {"external_id": "b", "mobile": 97333000000},
        {"external_id": "c", "metadata": [1]},
        {"external_id": "d", "metadata": "{"},
        {"external_id": "e", "metadata": {"at": datetime.now(UTC)}},
        {"external_id": True},
        {"external_id": 1.5},
        {"external_id": "rejected"},
        {"external_id": "f", "name": "F"},
    ]
    with pytest.raises(SyncIncompleteError) as raised:
        customers.sync(rows, concurrency=1)
    error = raised.value
    report: SyncReport = error.report
    assert (report.rows, report.created, report.failed, report.unknown) == (10, 1, 9, 0)
    by_index = {row.index: row.error for row in report.not_done}
    assert all(isinstance(error, SkiplinoError) for error in by_index.values())
    texts = {index: str(error) for index, error in by_index.items()}
    rejected = "create the customer: invalid input: "
    assert texts.pop(8).startswith("create the customer: ")
    assert texts == {
        0: rejected + "phone: is not a field of a customer: use externalId, name, email, mobile or metadata",
        1: rejected + "externalId: is required, because rows and customers are matched by it",
        2: rejected + "mobile: must be text, not int",
        3: rejected + "metadata: must be a JSON object",
        4: rejected + "metadata: is not JSON: it ends too early, at column 1",
        5: rejected + "metadata: holds a datetime, which JSON does not have",
        6: rejected + "externalId: must be text, not bool",
        7: rejected + "externalId: must be text, not float",
    }
    first = by_index[0]
    assert isinstance(first, InvalidRequestError)
    assert (list(first.fields), first.operation, first.outcome) == (["phone"], "createCustomer", "NotApplied")
    assert (error.kind, error.outcome) == ("InvalidRequest", "NotApplied")
    assert str(error) == f"9 of 10 rows were not done: row 0: {texts[0]}"
    assert report.not_done[0].external_id == "a"
    assert customers.sync(rows, concurrency=1, check=False).failed == 8, "the fault is gone"
    assert {"f", "rejected"} <= set(stored())


def test_a_row_that_may_have_been_done_is_unknown(sandbox: Sandbox) -> None:
    sandbox.fault("createCustomer", "status", status=500)
    customers = Both(sandbox.settings(max_attempts=1), is_async=False)
    with pytest.raises(SyncIncompleteError) as raised:
        customers.sync([{"external_id": "x"}])
    assert (raised.value.report.unknown, raised.value.outcome) == (1, "Unknown")


def test_a_key_that_ends_a_sync_says_how_far_it_was(sandbox: Sandbox, customers: Both) -> None:
    sandbox.fault("getCustomer", "status", status=401)
    rows = [{"external_id": f"r{number}"} for number in range(1000)]
    with pytest.raises(SyncIncompleteError) as raised:
        customers.sync(rows, concurrency=2)
    error = raised.value
    assert isinstance(error.__cause__, UnauthorizedError)
    assert error.kind == "Unauthorized"
    assert 0 < error.report.rows < 10
    assert str(error).startswith(f"aborted after {error.report.rows} rows: ")
    public = Both(sandbox.settings(api_key=PUBLIC), is_async=False)
    with pytest.raises(SecretKeyRequiredError):
        public.sync(rows)


def test_what_a_source_raises_comes_out(sandbox: Sandbox, customers: Both) -> None:
    def rows() -> Iterator[dict[str, str]]:
        yield {"external_id": "first"}
        raise LookupError("the database is gone")

    with pytest.raises(LookupError, match="the database is gone"):
        customers.sync(rows())
    for wrong in ([["a"]], {"external_id": "x"}, pandas.DataFrame({"externalId": ["a"]}).values):
        with pytest.raises(TypeError, match="expected rows that are mappings or customers"):
            customers.sync(wrong)
    with pytest.raises(TypeError):
        customers.sync(5)
    assert writes(sandbox) <= 1


def test_rows_may_come_from_calls(sandbox: Sandbox, client: Client, stored: Any) -> None:
    sandbox.generate(300)
    report = client.customers.sync(
        ({"external_id": f"copy-{customer.id}", "name": "Copy"} for customer in client.customers.list()), rate=10_000
    )
    # New customers are inserted at the front of the list that is read.
    assert report.created == report.rows >= 303
    assert sum(customer.name == "Copy" for customer in client.customers.list()) == report.rows

    def rows() -> Iterator[dict[str, str]]:
        for number in range(20):
            tickets = list(client.customers.tickets(external_id="crm-7741"))
            yield {"external_id": f"n{number}", "name": f"{len(tickets)} tickets"}

    dry = client.customers.sync(rows(), dry_run=True, on_row=lambda _: client.branches.list())
    assert (dry.created, sandbox.received("listBranches")) == (20, 20)
    client.customers.sync(rows(), progress=lambda *_: client.branches.list())
    assert "n19" in stored()


def test_a_sink_and_a_progress_callback_make_calls(sandbox: Sandbox, client: Client, tmp_path: Path) -> None:
    sandbox.generate(300)
    names: list[str | None] = []

    def sink(page: skiplino.Page[skiplino.Customer]) -> None:
        names.append(client.customers.get(page[0].id).name)

    def progress(*_: object) -> None:
        assert len(list(client.branches.list())) == 2

    assert client.customers.export(sink, progress=progress).records == 303
    assert len(names) == 4
    assert client.customers.export(tmp_path / "all.csv", progress=progress).records == 303
    assert len(client.customers.to_arrow(progress=progress)) == 303


def test_a_sync_is_resumed_from_its_checkpoint(sandbox: Sandbox, customers: Both, tmp_path: Path) -> None:
    checkpoint = tmp_path / "customers.checkpoint"
    rows = [{"external_id": f"r{number}", "name": "N"} for number in range(40)]
    sandbox.fault("createCustomer", "status", status=401, when={"nth": 30})
    # Resumes inside the handler, while the exception and its traceback still exist.
    try:
        customers.sync(rows, checkpoint=checkpoint)
    except SyncIncompleteError:
        sandbox.control("DELETE /faults")
        report = customers.sync(rows, checkpoint=str(checkpoint))
    else:
        pytest.fail("nothing was raised")
    assert report.already_done >= 20
    assert report.rows == 40
    assert report.already_done + report.created == 40
    rows[0] = {"external_id": "r0", "name": "other"}
    report = customers.sync(rows, checkpoint=checkpoint)
    assert (report.updated, report.already_done) == (1, 39)
    before = writes(sandbox) + sandbox.received("getCustomer")
    for source in (rows[1:], polars.DataFrame(rows[1:])):
        with pytest.raises(InvalidRequestError, match="row 1 of an earlier run is done, but no row") as raised:
            customers.sync(source, checkpoint=checkpoint)
        assert "checkpoint" in raised.value.fields
    assert writes(sandbox) + sandbox.received("getCustomer") == before


@pytest.mark.parametrize("kind", ["list", "generator", "frame"])
def test_a_sync_of_mended_rows_is_resumed(
    sandbox: Sandbox, customers: Both, stored: Any, tmp_path: Path, kind: str
) -> None:
    make: dict[str, Callable[[Any], Any]] = {"list": list, "generator": iter, "frame": polars.DataFrame}
    checkpoint = tmp_path / "customers.checkpoint"
    rows = [{"external_id": f"r{number}", "name": f"N{number}"} for number in range(40)]
    rows[7]["external_id"] = ""
    rows[9]["name"] = "x" * 10_001
    report = customers.sync(make[kind](rows), checkpoint=checkpoint, check=False)
    assert (report.created, report.failed) == (38, 2)
    # A failed row is deleted, the other is corrected; further rows are changed, moved and added.
    del rows[7]
    rows[8]["name"] = "short"
    rows[20]["name"] = "changed"
    rows = [{"external_id": "new", "name": "new"}, *reversed(rows)]
    report = customers.sync(make[kind](rows), checkpoint=checkpoint)
    assert (report.created, report.updated, report.already_done) == (2, 1, 37)
    now = stored()
    for row in rows:
        assert now[row["external_id"]]["name"] == row["name"]


def test_a_dry_run_counts_rows_of_one_customer_as_a_real_run(customers: Both) -> None:
    rows = [{"external_id": "one", "name": name} for name in ("Old", "New", "Old", "Old")]
    for dry_run in (True, False):
        report = customers.sync(rows, dry_run=dry_run)
        assert (report.created, report.updated, report.unchanged) == (1, 2, 1)


FRAMES: dict[str, Callable[[], Any]] = {
    "pandas": lambda: (
        pandas.DataFrame(ROWS[:2] + ROWS[3:])
        .drop(columns=["external_id", "externalId"])
        .assign(externalId=["crm-7741", "new-1", "new-2"], metadata=[None, '{"tier": "gold"}', '{"tier": "silver"}'])
    ),
    "pandas filtered": lambda: pandas.DataFrame(
        {"external_id": ["gone", "crm-7741", "new-1", "new-2"], "name": ["x", "Layla A. Hassan", "فاطمة", None]}
    ).iloc[1:],
    "pandas categories": lambda: pandas.DataFrame(
        {"external_id": ["crm-7741", "new-1", "new-2"], "name": pandas.Categorical(["Layla A. Hassan", "فاطمة", None])}
    ),
    "polars": lambda: polars.DataFrame(
        {
            "external_id": ["crm-7741", "new-1", "new-2"],
            "name": ["Layla A. Hassan", "فاطمة", None],
            "metadata": [None, {"tier": "gold", "n": 1}, {"tier": "silver", "n": None}],
        }
    ),
    "pyarrow": lambda: pyarrow.table(
        {
            "externalId": pyarrow.array(["crm-7741", "new-1", "new-2"], pyarrow.large_string()),
            "name": pyarrow.array(["Layla A. Hassan", "فاطمة", None]).dictionary_encode(),
            "updatedAt": pyarrow.array([0, 0, 0], pyarrow.timestamp("ms")),
        }
    ),
}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_frames_are_brought_in(sandbox: Sandbox, customers: Both, stored: Any, frame: Callable[[], Any]) -> None:
    report = customers.sync(frame())
    assert str(report).startswith("3 rows: 2 created, 1 updated, 0 unchanged; ")
    there = stored()
    assert there["crm-7741"]["name"] == "Layla A. Hassan"
    assert there["new-1"]["name"] == "فاطمة"
    assert "name" not in there["new-2"]
    if "metadata" in there["new-2"]:
        assert there["new-2"]["metadata"] == {"tier": "silver"}
    assert customers.sync(frame()).unchanged == 3


def test_integers_tell_customers_apart(sandbox: Sandbox, customers: Both, stored: Any) -> None:
    customers.sync(pandas.DataFrame({"external_id": [1, 18446744073709551615]}, dtype="uint64"))
    assert {"1", "18446744073709551615"} <= set(stored())


def test_a_frame_with_a_wrong_column_is_rejected_before_anything_is_sent(sandbox: Sandbox, customers: Both) -> None:
    ids = ["a", "b"]
    for columns, field, reason in [
        ({"external_id": ids, "phone": ids}, "phone", "is not a field of a customer"),
        ({"external_id": ids, "externalId": ids}, "externalId", "appears in two columns"),
        ({"name": ids}, "externalId", "is missing: rows and customers are matched by"),
        ({"external_id": ids, "mobile": [97333000000, 1]}, "mobile", "must be a column of text, not Int64: read it"),
        ({"external_id": [1.0, 2.0]}, "externalId", "must be a column of text, not Float64: read it"),
    ]:
        with pytest.raises(InvalidRequestError) as raised:
            customers.sync(pandas.DataFrame(columns))
        assert raised.value.fields[field][0].startswith(reason)
    assert sum(sandbox.received(operation) for operation in ("getCustomer", "createCustomer")) == 0


def test_a_directory_goes_round(sandbox: Sandbox, customers: Both) -> None:
    sandbox.generate(300)
    table = customers.to_arrow()
    whole = [row for row in pyarrow.table(table).to_pylist() if row["externalId"] is not None]
    report = customers.sync(pyarrow.Table.from_pylist(whole, schema=pyarrow.schema(table)))
    assert (report.unchanged, report.rows) == (len(whole), len(whole))
    customer = next(iter(Client(**sandbox.settings()).customers.list()))
    assert customers.sync([customer]).unchanged == 1


def test_a_bar_is_shown_and_closed(sandbox: Sandbox, customers: Both, capsys: pytest.CaptureFixture[str]) -> None:
    sandbox.generate(250)
    customers.to_arrow(progress=True)
    shown = capsys.readouterr().err
    assert "customers" in shown
    assert shown.endswith("\n")
    customers.sync(iter(ROWS), progress=True)
    assert "4 rows" in capsys.readouterr().err


def test_what_a_callback_raises_ends_the_job(sandbox: Sandbox, customers: Both) -> None:
    sandbox.generate(3_000)

    def stop(*_: object) -> None:
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        customers.to_arrow(progress=stop)
    with pytest.raises(LookupError, match="enough"):
        customers.sync(ROWS, on_row=stop)
    assert sandbox.idle() == {"connections": 0, "requests": 0}


def test_reports_and_rows_print_nothing_private(sandbox: Sandbox, customers: Both) -> None:
    rows: list[skiplino.SyncedRow] = []
    row = {"external_id": "crm-7741", "name": "Private", "email": "private@example.com", "mobile": 5}
    report = customers.sync([row], check=False, on_row=rows.append)
    shown = f"{report!r} {report} {rows[0]!r} {rows!r} {report.not_done[0].error!r}"
    for private in ("Private", "private@", "crm-7741", "Layla", "+973"):
        assert private not in shown
    assert shown.startswith("<SyncReport 1 row: 0 created, 0 updated, 0 unchanged, 1 failed; 0 requests> ")


def test_what_was_not_done_goes_to_other_processes(sandbox: Sandbox, customers: Both) -> None:
    with pytest.raises(SyncIncompleteError) as raised:
        customers.sync([{"external_id": "crm-7741", "mobile": 5}])
    error = pickle.loads(pickle.dumps(raised.value))
    assert (str(error), str(error.report)) == (str(raised.value), str(raised.value.report))
    [row] = error.report.not_done
    assert (row.index, row.external_id, row.outcome, row.changed) == (0, "crm-7741", "failed", ())
    assert list(row.error.fields) == ["mobile"]
