"""Holds a host's public API against that of the last release, which may only be added to until a release that may break.

Usage: api.py python FOLDER-OF-THE-SOURCES | kotlin DUMP | swift SYMBOL-GRAPH [--write]

`api/HOST.txt` has the API of a release, a line for each thing that a program can lean on, and is written anew (`--write`) with the next
one. So this needs neither tags nor the release itself; where the tag is there, its own file has to hold as well. Before 1.0 a minor
release may break, after it a major one.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


def python(folder: str) -> Iterator[str]:
    import griffe

    package = griffe.load("skiplino", search_paths=[folder], resolve_aliases=True)
    found: dict[str, Any] = {}
    exported = [package[name] for name in package.exports] + [package["testing"][name] for name in package["testing"].exports]
    public = {item.final_target.path if item.is_alias else item.path for item in exported}
    waiting = list(exported)

    def mentioned(expression: Any) -> list[Any]:
        """What of the package is in an annotation."""
        parts = expression.iterate(flat=True) if isinstance(expression, griffe.Expr) else ()
        names = [part for part in parts if isinstance(part, griffe.ExprName) and not part.name.startswith("_")]
        paths = [name.canonical_path.removeprefix("skiplino.") for name in names if name.canonical_path.startswith("skiplino.")]
        items = [package[path] for path in paths if path.split(".")[0] in package.members and path.split(".")[-1] != "T"]
        return [item.final_target if item.is_alias else item for item in items]

    def parameters(path: str, function: Any) -> Iterator[str]:
        yield f"{'async ' * ('async' in function.labels)}{path} -> {function.returns}"
        # What it gives can be used, whether it is exported or not: the resources of a client are not.
        waiting.extend(mentioned(function.returns))
        for place, parameter in enumerate(function.parameters):
            if parameter.name in ("self", "cls"):
                continue
            # By what it is given: a place, a name, or either.
            kind = parameter.kind.value if parameter.kind else ""
            at = "" if kind == "keyword-only" else f" {place}"
            default = ", required" if parameter.required else f" = {parameter.default}"
            yield f"{path}({kind}{at} {parameter.name}: {parameter.annotation}{default})"

    while waiting:
        item = waiting.pop()
        item = item.final_target if item.is_alias else item
        path = re.sub(r"\._\w+", "", item.path)
        if path in found:
            continue
        found[path] = item
        if item.is_attribute:
            yield f"{path}: {item.annotation}"
        elif item.is_function:
            yield from parameters(path, item)
        elif item.is_class:
            yield f"class {path}({', '.join(str(base) for base in item.bases)})"
            for name, member in item.all_members.items():
                member = member.final_target if member.is_alias else member
                if name.startswith("_") and not re.fullmatch("__(?!doc__|slots__|module__)[a-z]+__", name):
                    continue
                if name == "__init__" and any(one.path not in public for given in member.parameters for one in mentioned(given.annotation)):
                    continue  # only the package itself has what it takes
                if member.is_function:
                    yield from parameters(f"{path}.{name}", member)
                elif member.is_attribute:
                    waiting.extend(mentioned(member.annotation))
                    yield f"{path}.{name}: {member.annotation}"


def kotlin(dump: str) -> Iterator[str]:
    """As the compiler's own tool prints it: a class, and what it has, indented."""
    inside = ""
    for line in Path(dump).read_text(encoding="utf-8").splitlines():
        if line.startswith("\t") and not re.search(r"\$skiplino |com/skiplino/internal", line):
            # What is left out are remains of what is internal, which no program can call.
            yield f"{inside}: {line.strip()}"
        elif line.endswith("{"):
            inside = re.search(r"\bcom/skiplino/[\w$/]+", line).group()
            yield line.removesuffix(" {")


def swift(graph: str) -> Iterator[str]:
    told = json.loads(Path(graph).read_text(encoding="utf-8"))
    names = {symbol["identifier"]["precise"]: ".".join(symbol["pathComponents"]) for symbol in told["symbols"]}
    for symbol in told["symbols"]:
        if "::SYNTHESIZED::" not in symbol["identifier"]["precise"]:
            declared = "".join(fragment["spelling"] for fragment in symbol["declarationFragments"])
            yield f"{names[symbol['identifier']['precise']]}: {' '.join(declared.split())}"
    for relation in told["relationships"]:
        if relation["kind"] == "conformsTo" and relation["source"] in names:
            yield f"{names[relation['source']]} is a {names.get(relation['target'], relation.get('targetFallback'))}"


def may_break(before: str, now: str) -> bool:
    """Whether a program for the one release may not fit the other."""
    (major, minor, _), (was_major, was_minor, _) = (map(int, version.split(".")) for version in (now, before))
    return major != was_major or (major == 0 and minor != was_minor)


def read(text: str) -> tuple[str, set[str]]:
    head, *lines = text.splitlines()
    return head.split()[1], set(lines)


def main() -> None:
    host, source, *options = sys.argv[1:]
    version = re.search(r'^version = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.MULTILINE).group(1)
    now = set({"python": python, "kotlin": kotlin, "swift": swift}[host](source))
    assert len(now) > 100, f"{source} has only {len(now)} lines of an API"
    kept = ROOT / "api" / f"{host}.txt"
    if options == ["--write"]:
        kept.write_text(f"# {version}\n" + "".join(f"{line}\n" for line in sorted(now)), encoding="utf-8")
    releases = [kept.read_text(encoding="utf-8")]
    last = subprocess.run(["git", "describe", "--tags", "--abbrev=0", "--match", "v[0-9]*"], cwd=ROOT, capture_output=True, text=True)
    tagged = subprocess.run(["git", "show", f"{last.stdout.strip()}:api/{host}.txt"], cwd=ROOT, capture_output=True, text=True)
    if last.returncode == 0 and tagged.returncode == 0:
        releases.append(tagged.stdout)
    for release, before in map(read, releases):
        if may_break(release, version):
            print(f"{host}: {version} may break what programs for {release} use")
            continue
        gone = sorted(before - now)
        # A function of theirs that wants more than they give it.
        functions = {line.removeprefix("async ").split(" -> ")[0] for line in before}
        wants = sorted(line for line in now - before if line.endswith(", required)") and line.split("(")[0] in functions)
        for line in gone:
            print(f"- {line}")
        for line in wants:
            print(f"+ {line}")
        if gone or wants:
            sys.exit(f"{host}: programs for {release} use what is not there or not as it was, in {version}")
        print(f"{host}: the API of {release} is there, {len(before)} lines; {len(now - before)} came since")


main()
