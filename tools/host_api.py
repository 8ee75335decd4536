"""Compares a host's public API with that of the last release, which may only be added to.

    python3 -m tools.host_api python FOLDER-OF-THE-SOURCES [--write]
    python3 -m tools.host_api kotlin DUMP [--write]
    python3 -m tools.host_api swift SYMBOL-GRAPH [--write]

`api/HOST.txt` has the API of the last release, with a line for each item that a program can use.
`--write` writes the file for the next release. So the comparison needs no tag and no released package.
If the release's tag is in this clone, the API is also compared with the file of that tag. A release may
break programs if it is a new minor version before 1.0, or a new major version after it.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tools.workspace import ROOT, file_at, last_release, version

# Fewer lines than any host's API has: a source that was read wrongly.
FEWEST_LINES = 100


def final(item: Any) -> Any:
    """Resolves an alias of griffe; returns any other item unchanged."""
    return item.final_target if item.is_alias else item


class PythonApi:
    """The API of the Python package, read from its sources by griffe."""

    def __init__(self, folder: str) -> None:
        """Loads the package from the folder of its sources."""
        import griffe

        self.griffe = griffe
        package: Any = griffe.load("skiplino", search_paths=[folder], resolve_aliases=True)
        self.package = package
        modules = [package, package["testing"], package["spark"]]
        exported = [module[name] for module in modules for name in module.exports]
        self.public = {final(item).path for item in exported}
        self.waiting = exported
        self.seen: set[str] = set()

    def mentioned(self, expression: Any) -> list[Any]:
        """The package's own items in an annotation."""
        if not isinstance(expression, self.griffe.Expr):
            return []
        found: list[Any] = []
        for part in expression.iterate(flat=True):
            if not isinstance(part, self.griffe.ExprName) or part.name.startswith("_"):
                continue
            package, _, path = part.canonical_path.partition(".")
            names = path.split(".")
            # T is a type variable.
            if package == "skiplino" and names[0] in self.package.members and names[-1] != "T":
                found.append(final(self.package[path]))
        return found

    def function(self, path: str, function: Any) -> Iterator[str]:
        """A function: its result, and each parameter."""
        yield f"{'async ' * ('async' in function.labels)}{path} -> {function.returns}"
        # A program can use the result, whether its class is exported or not.
        self.waiting.extend(self.mentioned(function.returns))
        for place, parameter in enumerate(function.parameters):
            if parameter.name in ("self", "cls"):
                continue
            # A caller passes it by position, by name, or by either.
            kind = parameter.kind.value if parameter.kind else ""
            at = "" if kind == "keyword-only" else f" {place}"
            default = ", required" if parameter.required else f" = {parameter.default}"
            yield f"{path}({kind}{at} {parameter.name}: {parameter.annotation}{default})"

    def is_internal(self, name: str, member: Any) -> bool:
        """Whether no program can use the member of a class."""
        if name == "__init__":
            taken = [
                item for given in member.parameters for item in self.mentioned(given.annotation)
            ]
            # Only the package itself has the arguments.
            return any(item.path not in self.public for item in taken)
        special = re.fullmatch("__(?!doc__|slots__|module__)[a-z]+__", name)
        return name.startswith("_") and not special

    def class_(self, path: str, item: Any) -> Iterator[str]:
        """A class: its bases, and its members with those that it inherits."""
        yield f"class {path}({', '.join(str(base) for base in item.bases)})"
        for name, alias in item.all_members.items():
            member = final(alias)
            if self.is_internal(name, member):
                continue
            if member.is_function:
                yield from self.function(f"{path}.{name}", member)
            elif member.is_attribute:
                self.waiting.extend(self.mentioned(member.annotation))
                yield f"{path}.{name}: {member.annotation}"

    def lines(self) -> Iterator[str]:
        """The exported items, and the items that a program can reach from them."""
        while self.waiting:
            item = final(self.waiting.pop())
            path = re.sub(r"\._\w+", "", item.path)
            if path in self.seen:
                continue
            self.seen.add(path)
            if item.is_attribute:
                yield f"{path}: {item.annotation}"
            elif item.is_function:
                yield from self.function(path, item)
            elif item.is_class:
                yield from self.class_(path, item)


def python(folder: str) -> Iterator[str]:
    """The lines of the Python package."""
    return PythonApi(folder).lines()


def kotlin(dump: str) -> Iterator[str]:
    """The lines of the Kotlin package, as the compiler's tool prints them: a class, and indented members."""
    inside = ""
    for line in Path(dump).read_text(encoding="utf-8").splitlines():
        if line.startswith("\t") and not re.search(r"\$skiplino |com/skiplino/internal", line):
            # Left out: traces of internal declarations, which no program can call.
            yield f"{inside}: {line.strip()}"
        elif line.endswith("{"):
            name = re.search(r"\bcom/skiplino/[\w$/]+", line)
            if name is None:
                raise ValueError(f"{dump}: a class outside com.skiplino: {line}")
            inside = name[0]
            yield line.removesuffix(" {")


def swift(graph: str) -> Iterator[str]:
    """The lines of the Swift package, from the compiler's symbol graph."""
    symbols = json.loads(Path(graph).read_text(encoding="utf-8"))
    names = {
        symbol["identifier"]["precise"]: ".".join(symbol["pathComponents"])
        for symbol in symbols["symbols"]
    }
    for symbol in symbols["symbols"]:
        identifier = symbol["identifier"]["precise"]
        if "::SYNTHESIZED::" not in identifier:
            fragments = symbol["declarationFragments"]
            declared = "".join(fragment["spelling"] for fragment in fragments)
            yield f"{names[identifier]}: {' '.join(declared.split())}"
    for relation in symbols["relationships"]:
        if relation["kind"] == "conformsTo" and relation["source"] in names:
            target = names.get(relation["target"], relation.get("targetFallback"))
            yield f"{names[relation['source']]} is a {target}"


HOSTS: dict[str, Callable[[str], Iterator[str]]] = {
    "python": python,
    "kotlin": kotlin,
    "swift": swift,
}


def may_break(before: str, now: str) -> bool:
    """Whether release `now` is allowed to break programs for release `before`."""
    major, minor, _ = map(int, now.split("."))
    major_before, minor_before, _ = map(int, before.split("."))
    return major != major_before or (major == 0 and minor != minor_before)


def parse(text: str) -> tuple[str, set[str]]:
    """The version and the lines of an API file."""
    head, *lines = text.splitlines()
    return head.split()[1], set(lines)


def breaking_changes(before: set[str], now: set[str]) -> list[str]:
    """Lines that are gone, and new parameters that an existing function requires."""
    functions = {line.removeprefix("async ").split(" -> ")[0] for line in before}
    required = (
        line
        for line in now - before
        if line.endswith(", required)") and line.split("(")[0] in functions
    )
    return [f"- {line}" for line in sorted(before - now)] + [
        f"+ {line}" for line in sorted(required)
    ]


def main() -> int:
    """Compares one host."""
    host, source, *options = sys.argv[1:]
    current = version()
    now = set(HOSTS[host](source))
    if len(now) <= FEWEST_LINES:
        sys.exit(f"{source} has only {len(now)} lines of an API")
    path = f"api/{host}.txt"
    if options == ["--write"]:
        text = f"# {current}\n" + "".join(f"{line}\n" for line in sorted(now))
        (ROOT / path).write_text(text, encoding="utf-8")
    releases = [(ROOT / path).read_text(encoding="utf-8")]
    tag = last_release()
    tagged = file_at(tag, path) if tag else None
    if tagged is not None:
        releases.append(tagged)
    for release, before in map(parse, releases):
        if may_break(release, current):
            print(f"{host}: {current} may break programs for {release}")
            continue
        changes = breaking_changes(before, now)
        if changes:
            print("\n".join(changes))
            sys.exit(f"{host}: {current} breaks programs for {release}: see the lines above")
        added = len(now - before)
        print(f"{host}: the API of {release} is kept, {len(before)} lines; {added} lines are new")
    return 0


if __name__ == "__main__":
    sys.exit(main())
