import os

from pyspark.sql import SparkSession

from skiplino.spark import SkiplinoDataSource, companies
from skiplino.testing import Sandbox

# Three companies to try it with. Each row has the name of a secret, not the key.
sandboxes = [Sandbox(seed=seed) for seed in range(3)]
names = ["Bahrain", "Kuwait", "Qatar"]
rows = [
    {"name": name, "baseUrl": sandbox.base_url, "secret": "QUEUE_KEY"}
    for name, sandbox in zip(names, sandboxes, strict=True)
]
os.environ["QUEUE_KEY"] = sandboxes[0].secret_key

spark = SparkSession.builder.master("local[2]").getOrCreate()
spark.dataSource.register(SkiplinoDataSource)
customers = spark.read.format("skiplino").option("companies", companies(rows)).load()
customers.write.mode("overwrite").parquet("customers.parquet")
spark.read.parquet("customers.parquet").groupBy("company").count().orderBy("company").show()
spark.stop()
