"""The libraries of tables. Where Windows does not have one, the tests that use it are skipped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conftest import library

if TYPE_CHECKING:
    import duckdb
    import numpy
    import pandas
    import polars
    import pyarrow
    import pyarrow.parquet
else:
    duckdb = library("duckdb")
    numpy = library("numpy")
    pandas = library("pandas")
    polars = library("polars")
    pyarrow = library("pyarrow")
    library("pyarrow.parquet")

__all__ = ["duckdb", "numpy", "pandas", "polars", "pyarrow"]
