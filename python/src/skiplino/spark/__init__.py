"""A data source for Apache Spark: the customers and tickets of many companies.

``pip install "skiplino[spark]"`` installs PySpark; Spark itself needs Java 17 or later. The guide
"Fleets" of the documentation has complete programs.

Call ``spark.dataSource.register(SkiplinoDataSource)`` once for each Spark session. Then
``spark.read.format("skiplino")`` reads, with one task for each company, and
``df.write.format("skiplino").mode("append")`` creates and updates customers by their ``externalId``.
"""

from __future__ import annotations

try:
    import pyarrow
    import pyspark.sql.datasource
except ImportError as _error:
    raise ImportError('skiplino.spark needs PySpark 4.1 or later: pip install "skiplino[spark]"') from _error

from ._companies import companies
from ._source import SkiplinoDataSource

__all__ = ["SkiplinoDataSource", "companies"]

del pyarrow, pyspark
