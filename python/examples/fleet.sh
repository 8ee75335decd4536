pip install "./python[spark]" ./python/sandbox
