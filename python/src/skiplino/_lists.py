"""Lists and watches, waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ._native import Options, Page, Ticket, Walk

T = TypeVar("T")


class List(Generic[T]):
    """A paged list, as an iterator over its records: pages are fetched when they are needed, as many records each as the API allows.

    A list may change while it is read. Each record that is there throughout comes exactly once, and none comes twice; one that is
    inserted or deleted meanwhile may come or not. ``changed_during_read`` tells whether it changed.
    """

    def __init__(
        self,
        walk: Callable[[Options], Walk[Page[T]]],
        one: Callable[[Options, int], Page[T]],
        options: Options,
    ) -> None:
        self._walk = walk(options)
        self._make = walk
        self._one = one
        self._options = options
        self._records = _each(self._walk)

    def page(self, number: int) -> Page[T]:
        """One page alone, numbered from 1. A page past the end is empty."""
        return self._one(self._options, number)

    def pages(self) -> Iterator[Page[T]]:
        """All pages in order, the first one even when the list is empty. Records that were handed out before do not come again."""
        return iter(self._walk.next, None)

    @property
    def total(self) -> int | None:
        """Records in the list, as of the page read last; None before the first."""
        return self._walk.total

    @property
    def changed_during_read(self) -> bool:
        """Whether the list was seen to change."""
        return self._walk.changed_during_read

    def __iter__(self) -> Iterator[T]:
        return self._records

    def __next__(self) -> T:
        return next(self._records)

    def _responding(self) -> List[T]:
        return List(self._make, self._one, self._options.responding())


# Not a method: a list that its own iterator knows would keep the client's connections until the next collection of garbage.
def _each(walk: Walk[Page[T]]) -> Iterator[T]:
    while (page := walk.next()) is not None:
        yield from page.items


class Watch:
    """The changes of a ticket, its present state first. Ends once it is served or cancelled; dropping it stops looking."""

    def __init__(self, walk: Walk[Ticket]) -> None:
        self._walk = walk

    def __iter__(self) -> Watch:
        return self

    def __next__(self) -> Ticket:
        change = self._walk.next()
        if change is None:
            raise StopIteration
        return change
