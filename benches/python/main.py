"""`make bench`'s part for Python: `main.py CANNED`, with the canned server's program."""

from __future__ import annotations

import sys

from apart import CUSTOMERS, frames, imports
from calls import all_calls
from worker import Server

with Server(sys.argv[1], CUSTOMERS) as server:
    all_calls(server)
    imports()
    frames(server.base_url)
