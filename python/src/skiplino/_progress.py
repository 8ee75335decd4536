"""Progress of long operations, as a bar or through a callback."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self, TypeAlias

    #: Whether to show a bar, or a function of the number of records processed and the total, if
    #: known.
    Progress: TypeAlias = bool | Callable[[int, int | None], object]


class Meter:
    """Reports the progress of an operation. Leaving the context closes the bar."""

    def __init__(self, progress: Progress, unit: str) -> None:
        self._bar: Any = None
        #: Called with the number of records processed and the total; None without progress.
        self.update: Callable[[int, int | None], object] | None = None
        if callable(progress):
            self.update = progress
        elif progress:
            self._bar = _make_bar(unit)
            self.update = self._update_bar

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def _update_bar(self, done: int, total: int | None) -> None:
        bar = self._bar
        if bar.total != total:
            bar.total = total
            bar.refresh()
        bar.update(done - bar.n)


def _make_bar(unit: str) -> Any:
    try:
        # tqdm.auto chooses between a terminal and a notebook.
        from tqdm.auto import tqdm
    except ImportError:
        return _Line(unit)
    return tqdm(unit=f" {unit}")


class _Line:
    """A line of numbers on the terminal, where tqdm is not installed.

    It has the part of tqdm's interface that ``Meter`` uses.
    """

    def __init__(self, unit: str) -> None:
        self.n = 0
        self.total: int | None = None
        self._unit = unit
        self._is_terminal = sys.stderr is not None and sys.stderr.isatty()
        self._percent = -1

    def refresh(self) -> None:
        self._percent = -1

    def update(self, more: int) -> None:
        self.n += more
        percent = self.n * 100 // self.total if self.total else self.n // 100
        # Printed once per percent, because a terminal is slower than a sync.
        if self._is_terminal and percent != self._percent:
            self._percent = percent
            of = "" if self.total is None else f" of {self.total:,}"
            print(f"\r{self.n:,}{of} {self._unit}", end="", file=sys.stderr, flush=True)

    def close(self) -> None:
        if self._is_terminal and self._percent >= 0:
            of = "" if self.total is None else f" of {self.total:,}"
            print(f"\r{self.n:,}{of} {self._unit}", file=sys.stderr, flush=True)
