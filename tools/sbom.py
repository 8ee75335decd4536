"""Writes a bill of materials (CycloneDX) for every package that is published.

    python3 -m tools.sbom FOLDER

cargo-cyclonedx describes the workspace as a whole, with all features that any package has: components
that are not in a package's own build are removed here. SOURCE_DATE_EPOCH sets the time in the bills.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from tools.workspace import ROOT, host, packages_in_build

# Package, its folder, and how it is built for users.
PACKAGES = [
    ("skiplino", "crates/skiplino", []),
    ("skiplino-sandbox", "crates/skiplino-sandbox", []),
    ("skiplino-directory", "crates/skiplino-directory", []),
    ("skiplino-doctor", "crates/skiplino-doctor", []),
    ("skiplino-cli", "crates/skiplino-cli", []),
    ("skiplino-c", "bindings/c", []),
    ("skiplino-uniffi", "bindings/uniffi", ["--features=gzip"]),
    ("skiplino-python", "bindings/python", []),
    ("skiplino-python-sandbox", "bindings/python-sandbox", []),
]
# cargo-cyclonedx writes each bill into the folder of its package.
NAME = "bill"


def generate() -> None:
    """Has cargo-cyclonedx write a bill for every package of the workspace."""
    command = ["target/tools/bin/cargo-cyclonedx", "cyclonedx", "--quiet", "--format", "json"]
    command += ["--spec-version", "1.5", "--all-features", "--no-build-deps", "--target", host()]
    subprocess.run([*command, "--override-filename", NAME], cwd=ROOT, check=True)


def reduced(bill: Any, wanted: AbstractSet[tuple[str, str]]) -> Any:
    """The bill with the wanted packages only, by name and version; all of them have to be in it."""
    own = bill["metadata"]["component"]
    components = [part for part in bill["components"] if (part["name"], part["version"]) in wanted]
    missing = wanted - {(part["name"], part["version"]) for part in [*components, own]}
    if missing:
        raise ValueError(f"the bill of {own['name']} lacks {sorted(missing)}")
    references = {part["bom-ref"] for part in [*components, own]}
    dependencies = [part for part in bill["dependencies"] if part["ref"] in references]
    for part in dependencies:
        part["dependsOn"] = [name for name in part.get("dependsOn", []) if name in references]
    return {**bill, "components": components, "dependencies": dependencies}


def main() -> int:
    """Writes all bills into the folder that the command line names."""
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    try:
        generate()
        for package, folder, options in PACKAGES:
            text = (ROOT / folder / f"{NAME}.json").read_text(encoding="utf-8")
            # No path of this machine.
            bill = json.loads(text.replace(f"file://{ROOT}", "file:///skiplino"))
            bill = reduced(bill, packages_in_build(package, "normal", options))
            written = json.dumps(bill, indent=2) + "\n"
            (out / f"{package}.cdx.json").write_text(written, encoding="utf-8")
    finally:
        for folder in ("crates", "bindings", "benches", "tests"):
            for left in (ROOT / folder).rglob(f"{NAME}.json"):
                left.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
