"""The tools that `make dist` uses: licences, bills of materials, archives, versions."""

from __future__ import annotations

import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from tools.reproducible_archive import pack
from tools.sbom import reduced
from tools.third_party import Crate, notice
from tools.versions import PLACES, repeated


def crate(folder: Path, name: str, files: dict[str, str]) -> Crate:
    for path, text in files.items():
        file = folder / name / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (folder / name).mkdir(exist_ok=True)
    author = f"The {name} developers <{name}@example.com>"
    return Crate(name, "1.0.0", "MPL-2.0", (author,), f"https://{name}.example", folder / name)


def test_licences_are_found_in_all_folders_that_are_compiled(tmp_path: Path) -> None:
    files = {
        "LICENSE": "the licence\nof both",
        "third_party/c/LICENSE": "the licence of the C code",
        "tests/data/LICENSE": "a test's",
        "src/license.rs": "code",
    }
    ring = crate(tmp_path, "ring", files)
    other = crate(tmp_path, "other", {"COPYING": "the  licence of both\n"})
    text = "\n".join(notice([other, ring]))
    assert "other, ring\n\nthe  licence of both" in text
    assert "\nring\n\nthe licence of the C code" in text
    assert "a test's" not in text and "code\n" not in text.replace("C code", "")


def test_a_crate_without_a_text_is_described(tmp_path: Path) -> None:
    text = "\n".join(notice([crate(tmp_path, "bare", {})]))
    assert "bare has no licence file. It is by The bare developers, under MPL-2.0:" in text
    assert "https://spdx.org/licenses/MPL-2.0.html; its source is at https://bare.example." in text


def test_a_bill_keeps_only_what_is_in_the_build() -> None:
    def part(name: str) -> dict[str, str]:
        return {"name": name, "version": "1", "bom-ref": name}

    bill = {
        "metadata": {"component": part("own")},
        "components": [part("kept"), part("dropped")],
        "dependencies": [
            {"ref": "own", "dependsOn": ["kept", "dropped"]},
            {"ref": "kept"},
            {"ref": "dropped"},
        ],
    }
    wanted = {("own", "1"), ("kept", "1")}
    small = reduced(bill, wanted)
    assert small["components"] == [part("kept")]
    assert small["dependencies"] == [
        {"ref": "own", "dependsOn": ["kept"]},
        {"ref": "kept", "dependsOn": []},
    ]
    with pytest.raises(ValueError, match="lacks .*absent"):
        reduced(bill, wanted | {("absent", "1")})


@pytest.mark.parametrize("suffix", [".zip", ".jar", ".tar.gz"])
def test_an_archive_has_the_same_bytes_on_every_day(tmp_path: Path, suffix: str) -> None:
    archives = []
    for day, order in ((1, ["b/two", "a"]), (2, ["a", "b/two"])):
        folder = tmp_path / str(day) / "folder"
        for name in order:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(name)
            os.utime(folder / name, (day * 86400, day * 86400))
        (folder / "a").chmod(0o700)
        pack(1_700_000_000, folder, tmp_path / f"{day}{suffix}")
        archives.append((tmp_path / f"{day}{suffix}").read_bytes())
    assert archives[0] == archives[1]
    if suffix != ".tar.gz":
        with zipfile.ZipFile(tmp_path / f"1{suffix}") as archive:
            assert archive.namelist() == ["a", "b/two"]
            assert archive.getinfo("a").date_time == (2023, 11, 14, 22, 13, 20)
        return
    with tarfile.open(tmp_path / "1.tar.gz") as content:
        entries = {entry.name: (entry.mode, entry.mtime, entry.uname) for entry in content}
    assert entries["folder/a"] == (0o755, 1_700_000_000, "")
    assert entries["folder/b/two"][0] == 0o644


@pytest.mark.parametrize(
    ("place", "text", "line"),
    [
        (0, 'a = 1\nskiplino = { path = "crates/skiplino", version = "1.2.3" }', 2),
        (1, "<artifactId>skiplino-parent</artifactId>\n  <version>1.2.3</version>", 2),
        (2, "target/dist/skiplino-1.2.3.aar", 1),
        (2, "com.skiplino:skiplino:1.2.3", 1),
        (3, '.package(url: "https://x/skiplino-swift", from: "1.2.3")', 1),
    ],
)
def test_versions_are_found(place: int, text: str, line: int) -> None:
    assert [found[:2] for found in repeated(text, PLACES[place].pattern)] == [(line, "1.2.3")]
