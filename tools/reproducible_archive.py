"""Packs a folder into an archive whose bytes depend only on the files and on one time.

python3 -m tools.reproducible_archive SECONDS-SINCE-1970 FOLDER ARCHIVE

An archive `….tar.gz` has the folder itself; any other one, such as `….zip` or `….jar`, is a ZIP archive
of the folder's files.
"""

from __future__ import annotations

import gzip
import sys
import tarfile
import time
import zipfile
from pathlib import Path


def pack_zip(seconds: int, folder: Path, archive: Path) -> None:
    """Packs all files of the folder, sorted by name, each as old as the given time."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    year, month, day, hour, minute, second = time.gmtime(seconds)[:6]
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made:
        for name in sorted(name for name, path in files.items() if path.is_file()):
            entry = zipfile.ZipInfo(name, (year, month, day, hour, minute, second))
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(entry, files[name].read_bytes())


def pack_tar(seconds: int, folder: Path, archive: Path) -> None:
    """Packs the folder, sorted by name, without users and times of this machine."""

    def plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        entry.mtime = seconds
        entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
        return entry

    files = {path.relative_to(folder.parent).as_posix(): path for path in folder.rglob("*")}
    files[folder.name] = folder
    with (
        archive.open("wb") as raw,
        gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as made,
    ):
        for name in sorted(files):
            made.add(files[name], name, recursive=False, filter=plain)


def pack(seconds: int, folder: Path, archive: Path) -> None:
    """Packs the folder in the form that the archive's name says."""
    if archive.name.endswith(".tar.gz"):
        pack_tar(seconds, folder, archive)
    else:
        pack_zip(seconds, folder, archive)


def main() -> int:
    """Packs the folder that the command line names."""
    seconds, folder, archive = sys.argv[1:]
    pack(int(seconds), Path(folder), Path(archive))
    return 0


if __name__ == "__main__":
    sys.exit(main())
