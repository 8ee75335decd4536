"""How far a long job is, shown or told."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self, TypeAlias

    #: Whether to show a bar, or whom to tell: records so far, and in all where that is known.
    Progress: TypeAlias = bool | Callable[[int, int | None], object]


class Meter:
    """Told how far a job is. As a context manager it ends what it shows."""

    def __init__(self, progress: Progress, unit: str) -> None:
        self._shown: Any = None
        self.tell: Callable[[int, int | None], object] | None = None
        if callable(progress):
            self.tell = progress
        elif progress:
            self._shown = _bar(unit)
            self.tell = self._show

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown is not None:
            self._shown.close()

    def _show(self, done: int, total: int | None) -> None:
        shown = self._shown
        if shown.total != total:
            shown.total = total
            shown.refresh()
        shown.update(done - shown.n)


def _bar(unit: str) -> Any:
    try:
        # Chooses by itself between a terminal and a notebook.
        from tqdm.auto import tqdm
    except ImportError:
        return _Line(unit)
    return tqdm(unit=f" {unit}")


class _Line:
    """What tqdm would show, where it is not installed: numbers, on a terminal."""

    def __init__(self, unit: str) -> None:
        self.n = 0
        self.total: int | None = None
        self._unit = unit
        self._is_seen = sys.stderr is not None and sys.stderr.isatty()
        self._percent = -1

    def refresh(self) -> None:
        self._percent = -1

    def update(self, more: int) -> None:
        self.n += more
        percent = self.n * 100 // self.total if self.total else self.n // 100
        # Written seldom: a terminal is slower than a sync.
        if self._is_seen and percent != self._percent:
            self._percent = percent
            of = "" if self.total is None else f" of {self.total:,}"
            print(f"\r{self.n:,}{of} {self._unit}", end="", file=sys.stderr, flush=True)

    def close(self) -> None:
        if self._is_seen and self._percent >= 0:
            of = "" if self.total is None else f" of {self.total:,}"
            print(f"\r{self.n:,}{of} {self._unit}", file=sys.stderr, flush=True)
