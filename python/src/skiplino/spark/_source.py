"""The entry point: the data source that a session registers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from pyspark.sql.datasource import DataSource

from .._errors import InvalidRequestError
from ._options import parse
from ._reader import FilteringReader, Reader
from ._schema import TABLES
from ._writer import Writer

if TYPE_CHECKING:
    from pyspark.sql.types import StructType


class SkiplinoDataSource(DataSource):
    """The format ``skiplino`` of Spark: ``spark.dataSource.register(SkiplinoDataSource)``.

    Options for both directions:

    - ``companies``: the companies, as JSON text (see :func:`companies`), or a CSV, JSON or Parquet
      file. Each row has ``name``, ``baseUrl``, and ``secret``, the *name* of the secret.
    - ``secrets``: where executors look up the key by this name: ``env`` (environment variables, the
      default), ``files:FOLDER``, or ``call:MODULE:FUNCTION``, a function that gets the name.
    - ``onError``: ``fail`` (the default), or ``skip``, which leaves out companies or rows that fail
      and writes them to ``failures``.
    - ``failures``: a folder for Parquet files with what failed, and why.
    - ``rate``: the maximum number of requests a second of the whole job, divided equally among the
      tasks that run at a time.
    - ``runningTasks``: how many tasks run at a time, if the cluster has fewer slots than the job has
      tasks. A data source cannot ask Spark for this number.

    To read:

    - ``table``: ``customers`` (the default) or ``tickets``.
    - ``customers``: the customers whose tickets are read, as JSON text or a file, with ``company``
      and ``externalId``.
    - ``pushFilters``: ``true`` uses equality filters on ``company`` and ``externalId`` to send fewer
      requests. ``spark.sql.python.filterPushdown.enabled`` must also be ``true``.

    To write:

    - ``tasks``: the number of partitions that you passed to ``repartition``; required.
    - ``distribution``: ``company`` (the default) after ``repartition(tasks, "company")``, or
      ``externalId`` after ``repartition(tasks, "company", "externalId")``.
    - ``concurrency``: the number of rows in progress at a time in each task (10).
    - ``erase``: the names of fields, separated by commas, whose stored value an empty value erases.
    - ``report``: a JSON file for the numbers of rows and requests.
    """

    @classmethod
    def name(cls) -> str:
        """The name of the format."""
        return "skiplino"

    def schema(self) -> StructType:
        """The columns of the table: those of ``to_arrow()`` or of a ticket, after the company."""
        return TABLES[parse(self.options).table]

    def reader(self, schema: StructType) -> Reader:
        """Reads those columns of the table that ``schema`` has."""
        options = parse(self.options)
        return (FilteringReader if options.pushes_filters else Reader)(options, schema)

    def writer(self, schema: StructType, overwrite: bool) -> Writer:
        """Creates and updates customers."""
        return Writer(parse(self.options), schema, overwrite=overwrite)

    def streamReader(self, schema: StructType) -> NoReturn:
        """Raises ``InvalidRequestError``, because the API has no list of changes."""
        raise InvalidRequestError(
            "skiplino cannot be read as a stream: the API lists customers by creation, newest first, and has no list"
            " of updated or deleted customers, so a stream would miss changes. Read the whole table again instead"
        )
