"""`spec.py SPEC OUT`: the specification as the generators can read it, as JSON. Tells what it changed."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

METHODS = {"get", "post", "put", "delete"}


def schemas(of: Any) -> Iterator[dict[str, Any]]:
    """Every object in the document."""
    if isinstance(of, dict):
        yield of
        for value in of.values():
            yield from schemas(value)
    elif isinstance(of, list):
        for value in of:
            yield from schemas(value)


source, out = map(Path, sys.argv[1:])
document = YAML(typ="safe", pure=True).load(source)
changed = {"properties that can only be null: said to be anything": 0, "operations open to two kinds of key: to one": 0}

# openapi-generator's Python ends at a type that has no value but null.
for schema in schemas(document["paths"]):
    for name, property_ in schema.get("properties", {}).items() if isinstance(schema.get("properties"), dict) else ():
        if property_.get("type") == "null":
            schema["properties"][name] = {}
            changed["properties that can only be null: said to be anything"] += 1

# Both are bearer tokens. openapi-generator's Rust takes "this or that one" for both, and sends two Authorization headers.
for path in document["paths"].values():
    for method in METHODS & path.keys():
        if len(path[method].get("security", [])) > 1:
            del path[method]["security"][1:]
            changed["operations open to two kinds of key: to one"] += 1

for what, count in changed.items():
    print(f"{what}: {count}")
out.write_text(json.dumps(document, ensure_ascii=False, default=str), encoding="utf-8")
