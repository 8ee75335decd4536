"""`make bench`'s part for Python: `main.py SERVER`, which is the canned server. Ends with 1 where a goal is missed."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request

from apart import CUSTOMERS, frames, imports
from calls import all_calls

# Everyone is used as it comes, which is to look for proxies in the environment. There are none to this machine.
for name in urllib.request.getproxies():
    for variable in (f"{name}_proxy", f"{name}_proxy".upper()):
        os.environ.pop(variable, None)

with subprocess.Popen([sys.argv[1], "--customers", str(CUSTOMERS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
    try:
        assert server.stdout is not None
        base_url = server.stdout.readline().strip() + "/external/v1"
        reached = [all_calls(base_url, server.pid), imports(), frames(base_url)]
    finally:
        # It ends with its input.
        assert server.stdin is not None
        server.stdin.close()
print("all goals reached" if all(reached) else "a goal was missed")
sys.exit(not all(reached))
