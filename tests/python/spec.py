"""`spec/openapi.yaml` as Python data, and validators for the schemas inside it."""

from pathlib import Path

import jsonschema_rs
import yaml

PATH = Path(__file__).resolve().parents[2] / "spec" / "openapi.yaml"
METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")


def load(path=PATH):
    with open(path, encoding="utf-8") as file:
        return yaml.safe_load(file)


def resolve(document, node):
    """Resolves `$ref`, also repeatedly."""
    while isinstance(node, dict) and "$ref" in node:
        target = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def operations(document):
    """Every operation as (id, METHOD, path, operation object)."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield item[method]["operationId"], method.upper(), path, item[method]


def needs_secret_key(operation):
    return not any("publicKey" in alternative for alternative in operation["security"])


def validator(document, schema):
    """A validator that also checks formats and resolves `#/components/...`."""
    return jsonschema_rs.Draft202012Validator(
        {**schema, "components": {"schemas": document["components"]["schemas"]}}, validate_formats=True
    )
