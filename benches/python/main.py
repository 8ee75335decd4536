"""The Python part of `make bench`: `main.py CANNED`, with the server with canned responses."""

from __future__ import annotations

import sys

from calls import all_calls
from separate_processes import CUSTOMERS, frames, imports
from worker import Server

with Server(sys.argv[1], CUSTOMERS) as server:
    all_calls(server)
    imports()
    frames(server.base_url)
