pip install ./python ./python/sandbox polars
python python/examples/first.py
