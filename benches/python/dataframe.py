"""Reads all customers into a dataframe with one library: `dataframe.py WAY URL COUNT`

Prints the duration in seconds and the peak memory of this process. The peak is from /proc, because
`ru_maxrss` starts with the memory of the parent process.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

import pandas

way, base_url, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
KEY = "sk_bench"
if way == "skiplino":
    import pyarrow

    from skiplino import Client

    def frame() -> pandas.DataFrame:
        with Client(KEY, base_url=base_url) as client:
            return pyarrow.table(client.customers.to_arrow()).to_pandas()
else:
    import httpx

    async def customers() -> list[dict[str, object]]:
        headers = {"Authorization": f"Bearer {KEY}"}
        async with httpx.AsyncClient(headers=headers) as client:
            limit = asyncio.Semaphore(8)

            async def page(number: int) -> dict[str, object]:
                async with limit:
                    response = await client.get(f"{base_url}/customers/getAll?page={number}&limit=100")
                return response.json()

            first = await page(1)
            rest = await asyncio.gather(*(page(number) for number in range(2, first["pagination"]["totalPages"] + 1)))
            return [customer for page in (first, *rest) for customer in page["data"]]

    def frame() -> pandas.DataFrame:
        return pandas.DataFrame(asyncio.run(customers()))


began = time.perf_counter()
if count:
    rows = len(frame())
    if rows != count:
        sys.exit(f"{way} found {rows} customers")
seconds = time.perf_counter() - began
status = Path("/proc/self/status").read_text(encoding="utf-8")
peak = int(next(line for line in status.splitlines() if line.startswith("VmHWM:")).split()[1])
print(json.dumps({"seconds": seconds, "peak": peak}))
