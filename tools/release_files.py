"""Collects the files that a release offers for download in target/release-files, with checksums.

    python3 -m tools.release_files [--partial] ADDRESS
    python3 -m tools.release_files --notes VERSION

ADDRESS is where the files will be: the recipes of packaging name it, with the checksums of the
archives. --partial allows recipes to name archives that were not built, as on one machine. --notes
prints the entries of a version in CHANGELOG.md.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
from pathlib import Path

from tools.workspace import ROOT, version

DIST, OUT = ROOT / "target/dist", ROOT / "target/release-files"
# Parts of other files, and folders in place of archives.
LEFT_OUT = {"jvm", "Skiplino"}
# The template of each recipe, and its name among the files.
RECIPES = {
    "homebrew/skiplino.rb.in": "skiplino.rb",
    "scoop/skiplino.json.in": "skiplino.json",
    "vcpkg/portfile.cmake.in": "vcpkg-portfile.cmake",
    "vcpkg/vcpkg.json.in": "vcpkg.json",
    "conan/conandata.yml.in": "conandata.yml",
    "conan/conanfile.py": "conanfile.py",
}


class MissingFile(Exception):
    """A recipe names an archive that was not built."""


def collected(dist: Path, out: Path) -> None:
    """Copies the files of all parts into one folder."""
    out.mkdir(parents=True)
    for file in sorted(dist.rglob("*")):
        part = file.relative_to(dist).parts[0]
        if not file.is_file() or part in LEFT_OUT or file.name == "SHA256SUMS":
            continue
        if (out / file.name).exists():
            raise FileExistsError(f"two files have the name {file.name}")
        shutil.copy2(file, out)


def checksum(file: Path, algorithm: str, partial: bool) -> str:
    """The checksum of a file, which has to exist; with `partial`, zeros in place of a missing one."""
    digest = hashlib.new(algorithm)
    if file.is_file():
        digest.update(file.read_bytes())
        return digest.hexdigest()
    if partial:
        return "0" * digest.digest_size * 2
    raise MissingFile(f"{file.name} was not built")


def filled(template: str, address: str, files: Path, partial: bool = False) -> str:
    """The recipe with the version, and the addresses and checksums of the files that it names."""
    text = template.replace("@VERSION@", version()).replace("@ADDRESS@", address)
    text = re.sub(r"@URL:([\w.-]+)@", rf"{address}/\1", text)

    def sum_of(found: re.Match[str]) -> str:
        return checksum(files / found[2], found[1].lower(), partial)

    return re.sub(r"@(SHA256|SHA512):([\w.-]+)@", sum_of, text)


def checksums(out: Path) -> str:
    """The checksums of all files of a folder, as `sha256sum` writes and checks them."""
    names = sorted(path.name for path in out.iterdir() if path.name != "SHA256SUMS")
    return "".join(f"{checksum(out / name, 'sha256', False)}  {name}\n" for name in names)


def notes(changelog: str, wanted: str) -> str:
    """The entries of a version."""
    found = re.search(
        rf"^## \[?{re.escape(wanted)}\b.*\n((?:(?!## ).*\n?)*)", changelog, re.MULTILINE
    )
    if found is None:
        raise SystemExit(f"CHANGELOG.md has no heading for {wanted}")
    return found[1].strip()


def main() -> int:
    """Writes the files or prints the notes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--partial", action="store_true")
    parser.add_argument("--notes", metavar="VERSION")
    parser.add_argument("address", nargs="?")
    options = parser.parse_args()
    if options.notes:
        print(notes((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), options.notes))
        return 0
    if not options.address:
        parser.error("ADDRESS is missing")
    shutil.rmtree(OUT, ignore_errors=True)
    collected(DIST, OUT)
    for source, name in RECIPES.items():
        template = (ROOT / "packaging" / source).read_text(encoding="utf-8")
        recipe = filled(template, options.address, OUT, options.partial)
        (OUT / name).write_text(recipe, encoding="utf-8")
    (OUT / "SHA256SUMS").write_text(checksums(OUT), encoding="utf-8")
    print(f"{len(list(OUT.iterdir()))} files are in {OUT.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
