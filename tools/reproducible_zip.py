"""Packs a folder into a ZIP archive whose bytes depend on the files and one time alone.

python3 -m tools.reproducible_zip SECONDS-SINCE-1970 FOLDER ARCHIVE
"""

from __future__ import annotations

import sys
import time
import zipfile
from pathlib import Path


def pack(seconds: int, folder: Path, archive: Path) -> None:
    """Packs all files of the folder, sorted by name, each as old as the given time."""
    files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    year, month, day, hour, minute, second = time.gmtime(seconds)[:6]
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, (year, month, day, hour, minute, second))
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(entry, files[name].read_bytes())


def main() -> int:
    """Packs the folder that the command line names."""
    seconds, folder, archive = sys.argv[1:]
    pack(int(seconds), Path(folder), Path(archive))
    return 0


if __name__ == "__main__":
    sys.exit(main())
