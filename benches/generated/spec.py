"""`spec.py SPEC OUT`: writes the specification as JSON in a form that the generators can read.

Prints the number of changes."""

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
changed = {"properties that can only be null, changed to any type": 0, "operations with two kinds of key, changed to one": 0}

# openapi-generator for Python fails on a type whose only value is null.
for schema in schemas(document["paths"]):
    for name, property_ in schema.get("properties", {}).items() if isinstance(schema.get("properties"), dict) else ():
        if property_.get("type") == "null":
            schema["properties"][name] = {}
            changed["properties that can only be null, changed to any type"] += 1

# Both are bearer tokens. openapi-generator for Rust reads "one of two keys" as both, and sends two
# Authorization headers.
for path in document["paths"].values():
    for method in METHODS & path.keys():
        if len(path[method].get("security", [])) > 1:
            del path[method]["security"][1:]
            changed["operations with two kinds of key, changed to one"] += 1

for change, count in changed.items():
    print(f"{change}: {count}")
out.write_text(json.dumps(document, ensure_ascii=False, default=str), encoding="utf-8")
