"""The check of Spark's hash partitioning, against Spark."""

from __future__ import annotations

from pyspark.sql import SparkSession
from pyspark.sql.functions import spark_partition_id

from skiplino.spark._distribution import task_of


def test_rows_are_where_spark_sends_them(spark: SparkSession) -> None:
    texts = ["", "a", "ab", "abc", "abcd", "crm-7741", "Qatar", "شركة", "é", "🦀", None, *(str(n) for n in range(200))]
    pairs = [(first, second) for first in ("Qatar", "شركة", None) for second in texts]
    frame = spark.createDataFrame(pairs, "company string, externalId string")
    for tasks in (1, 2, 7):
        for columns in (["company"], ["company", "externalId"]):
            placed = frame.repartition(tasks, *columns).withColumn("task", spark_partition_id()).collect()
            assert len(placed) == len(pairs)
            for row in placed:
                assert task_of([row[column] for column in columns], tasks) == row["task"]
