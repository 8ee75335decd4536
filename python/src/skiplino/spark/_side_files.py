"""Files beside the result of a job: failures as Parquet, and the report of a write."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pyarrow
import pyarrow.fs
import pyarrow.parquet

from .._errors import InvalidRequestError


def check_location(option: str, location: str) -> None:
    """Raises ``InvalidRequestError`` unless the path means the same on all machines of a cluster."""
    if not os.path.isabs(location) and "://" not in location:
        raise InvalidRequestError(f"{option}: must be an absolute path or a URI that all executors can write")


def write_table(folder: str, name: str, table: pyarrow.Table) -> None:
    """Writes a Parquet file into the folder. It replaces the file of an earlier run of the task."""
    _write(folder, f"{name}.parquet", lambda sink: pyarrow.parquet.write_table(table, sink))


def write_text(location: str, text: str) -> None:
    """Writes or replaces a file of text."""
    folder, name = os.path.split(location)
    _write(folder, name, lambda sink: sink.write(text.encode()))


def _write(folder: str, name: str, write: Callable[[Any], object]) -> None:
    files, path = pyarrow.fs.FileSystem.from_uri(folder)
    files.create_dir(path)
    # Spark ignores names that begin with a dot.
    partial = f"{path}/.{name}.{uuid.uuid4().hex}"
    try:
        if isinstance(files, pyarrow.fs.LocalFileSystem):
            # The rows are personal data, so only the owner can read them.
            with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as sink:
                write(sink)
            os.replace(partial, f"{path}/{name}")
        else:
            with files.open_output_stream(partial) as sink:
                write(sink)
            files.move(partial, f"{path}/{name}")
    except BaseException:
        # A hidden file with personal data must not remain, because nobody would find it.
        with suppress(OSError):
            files.delete_file(partial)
        raise
