"""The checkers of the workflows, and what a release offers for download."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tools import c_package, native_dist
from tools.native_smoke import unpacked
from tools.release_files import MissingFile, checksums, collected, filled, notes
from tools.reproducible_archive import pack
from tools.workspace import ROOT, version

WORKFLOW = """
name: planted
on: issues
permissions: {}
jobs:
  planted:
    runs-on: ubuntu-24.04
    steps:
      - STEP
"""
ACTIONLINT = ["target/tools/actionlint"]
ZIZMOR = ["target/workflows/bin/zizmor", "--offline", "--quiet", "--no-config"]


def checked(checker: list[str], folder: Path, step: str) -> tuple[int, str]:
    file = folder / "planted.yml"
    file.write_text(WORKFLOW.replace("STEP", step), encoding="utf-8")
    command = [str(ROOT / checker[0]), *checker[1:], str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("checker", "step", "finding"),
    [
        (ACTIONLINT, 'run: echo "${{ github.event.issue.title }}"', "potentially untrusted"),
        (ZIZMOR, 'run: echo "${{ github.event.issue.title }}"', "template-injection"),
        (ZIZMOR, "uses: actions/setup-python@v7", "unpinned-uses"),
        (ACTIONLINT, "run: echo $TITLE", "SC2086"),
    ],
)
def test_the_checkers_find_a_planted_fault(
    tmp_path: Path, checker: list[str], step: str, finding: str
) -> None:
    assert checked(checker, tmp_path, "run: echo hello")[0] == 0
    status, printed = checked(checker, tmp_path, step)
    assert status != 0 and finding in printed


def test_a_recipe_names_the_checksum_of_every_archive(tmp_path: Path) -> None:
    archive = f"skiplino-{version()}-linux-x86_64.tar.gz"
    template = f"@VERSION@ @URL:{archive}@ @SHA256:{archive}@"
    with pytest.raises(MissingFile, match=archive):
        filled(template, "https://example.com", tmp_path)
    assert filled(template, "x", tmp_path, partial=True).endswith(" " + "0" * 64)
    (tmp_path / archive).write_bytes(b"content")
    sha256 = hashlib.sha256(b"content").hexdigest()
    text = filled(template, "https://example.com", tmp_path)
    assert text == f"{version()} https://example.com/{archive} {sha256}"


def test_the_manifest_of_scoop_is_complete(tmp_path: Path) -> None:
    template = (ROOT / "packaging/scoop/skiplino.json.in").read_text(encoding="utf-8")
    for processor in ("x86_64", "arm64"):
        (tmp_path / f"skiplino-{version()}-windows-{processor}.zip").write_bytes(b"")
    manifest = json.loads(filled(template, "https://example.com", tmp_path))
    assert set(manifest) >= {"version", "description", "homepage", "license", "architecture", "bin"}
    for build in manifest["architecture"].values():
        assert build["url"].startswith("https://example.com/skiplino-")
        assert build["url"].endswith(f"{build['extract_dir']}.zip")
        assert build["hash"] == hashlib.sha256(b"").hexdigest()


def test_files_of_all_parts_come_into_one_folder(tmp_path: Path) -> None:
    for name in ("c/a.tar.gz", "command/b.tar.gz", "jvm/linux/lib.so", "Skiplino/Package.swift"):
        (tmp_path / "dist" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "dist" / name).write_text(name)
    (tmp_path / "dist/SHA256SUMS").write_text("")
    collected(tmp_path / "dist", tmp_path / "out")
    sums = [line.split() for line in checksums(tmp_path / "out").splitlines()]
    assert [name for _, name in sums] == ["a.tar.gz", "b.tar.gz"]
    assert sums[0][0] == hashlib.sha256(b"c/a.tar.gz").hexdigest()
    (tmp_path / "dist/python").mkdir()
    (tmp_path / "dist/python/a.tar.gz").write_text("another")
    with pytest.raises(FileExistsError, match="a.tar.gz"):
        collected(tmp_path / "dist", tmp_path / "again")


def test_the_notes_of_a_version() -> None:
    changelog = (
        "# Changelog\n\n## Unreleased\n\n- new\n\n## 1.2.3 - 2026\n\n### Added\n\n- a\n\n## 1.2\n"
    )
    assert notes(changelog, "1.2.3") == "### Added\n\n- a"
    with pytest.raises(SystemExit, match="no heading for 7.0.0"):
        notes(changelog, "7.0.0")


def test_a_tag_has_to_name_the_version() -> None:
    command = ["python3", "-m", "tools.versions", "--tag"]
    for tag, status in ((f"v{version()}", 0), ("v9.9.9", 1), ("", 1)):
        done = subprocess.run([*command, tag], cwd=ROOT, capture_output=True, check=False)
        assert done.returncode == status


@pytest.mark.parametrize(
    ("system", "shared", "import_library"),
    [
        ("Darwin", "lib/libskiplino.dylib", ""),
        ("Windows", "bin/skiplino.dll", "lib/skiplino.lib"),
    ],
)
def test_cmake_finds_the_library_of_other_systems(
    tmp_path: Path, system: str, shared: str, import_library: str
) -> None:
    c_package.cmake(tmp_path / "package", shared, import_library)
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.16)\n"
        "project(consumer NONE)\n"
        "set(CMAKE_SIZEOF_VOID_P 8)\n"
        f"set(WIN32 {int(system == 'Windows')})\n"
        "find_package(skiplino 0.1 REQUIRED)\n"
        "foreach(name IMPORTED_LOCATION IMPORTED_IMPLIB INTERFACE_INCLUDE_DIRECTORIES)\n"
        "  get_target_property(value skiplino::skiplino ${name})\n"
        '  message("${name}=${value}")\n'
        "endforeach()\n"
    )
    command = ["cmake", "-S", ".", "-B", "build", f"-DCMAKE_PREFIX_PATH={tmp_path}/package"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"IMPORTED_LOCATION={tmp_path}/package/{shared}\n" in done.stderr
    assert f"INTERFACE_INCLUDE_DIRECTORIES={tmp_path}/package/include\n" in done.stderr
    wanted = f"{tmp_path}/package/{import_library}" if import_library else "value-NOTFOUND"
    assert f"IMPORTED_IMPLIB={wanted}\n" in done.stderr


@pytest.mark.parametrize(
    ("system", "processor", "host", "name"),
    [
        ("linux", "x86_64", "x86_64-unknown-linux-gnu", "linux-x86_64"),
        ("linux", "aarch64", "aarch64-unknown-linux-musl", "linux-musl-aarch64"),
        ("darwin", "arm64", "", "macos-arm64"),
        ("win32", "AMD64", "", "windows-x86_64"),
        ("win32", "ARM64", "", "windows-arm64"),
    ],
)
def test_names_of_platforms(
    monkeypatch: pytest.MonkeyPatch, system: str, processor: str, host: str, name: str
) -> None:
    monkeypatch.setattr(native_dist, "MAC", system == "darwin")
    monkeypatch.setattr(native_dist, "WINDOWS", system == "win32")
    monkeypatch.setattr(native_dist, "host", lambda: host)
    monkeypatch.setattr("platform.machine", lambda: processor)
    assert native_dist.machine() == name


@pytest.mark.parametrize("windows", [True, False])
def test_an_archive_has_one_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, windows: bool
) -> None:
    monkeypatch.setattr(native_dist, "WINDOWS", windows)
    monkeypatch.setattr(native_dist, "ROOT", tmp_path)
    monkeypatch.setattr(native_dist, "OUT", tmp_path / "out")
    monkeypatch.setattr(native_dist, "WORK", tmp_path / "work")
    folder = tmp_path / "work/skiplino-1.0.0"
    (folder / "lib").mkdir(parents=True)
    (folder / "lib/file").write_text("content")
    native_dist.archived(folder, "c")
    archive = tmp_path / "out/c" / f"skiplino-1.0.0{'.zip' if windows else '.tar.gz'}"
    shutil.unpack_archive(archive, tmp_path / "unpacked")
    assert (tmp_path / "unpacked/skiplino-1.0.0/lib/file").read_text() == "content"


def test_an_archive_with_a_path_of_its_builder_is_rejected(tmp_path: Path) -> None:
    folder = tmp_path / "skiplino"
    folder.mkdir()
    (folder / "README.md").write_text("read me " * 20)
    pack(0, folder, tmp_path / "good.tar.gz")
    unpacked(tmp_path / "good.tar.gz", tmp_path / "good", "README.md")
    with pytest.raises(SystemExit, match="good.tar.gz has no LICENSE-MIT"):
        unpacked(tmp_path / "good.tar.gz", tmp_path / "good", "LICENSE-MIT")
    (folder / "program").write_text(f"built in {ROOT}/target")
    pack(0, folder, tmp_path / "bad.tar.gz")
    with pytest.raises(SystemExit, match="program contains the path"):
        unpacked(tmp_path / "bad.tar.gz", tmp_path / "bad")
