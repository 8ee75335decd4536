"""Lists and watches, for event loops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from ._loops import send

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ._native import AsyncWalk, Options, Page, Ticket

T = TypeVar("T")


class AsyncPages(Generic[T]):
    """All pages of a list in order."""

    def __init__(self, walk: AsyncWalk[Page[T]]) -> None:
        self._walk = walk

    def __aiter__(self) -> AsyncPages[T]:
        return self

    async def __anext__(self) -> Page[T]:
        page: Page[T] | None = await send(self._walk.next)
        if page is None:
            raise StopAsyncIteration
        return page


class AsyncList(Generic[T]):
    """A paged list, as an asynchronous iterator over its records: pages are fetched ahead, as many records each as the API allows.

    A list may change while it is read. Each record that is there throughout comes exactly once, and none comes twice; one that is
    inserted or deleted meanwhile may come or not. ``changed_during_read`` tells whether it changed.
    """

    def __init__(
        self,
        walk: Callable[[Options], AsyncWalk[Page[T]]],
        one: Callable[[Options, int, Any], Any],
        options: Options,
    ) -> None:
        self._walk = walk(options)
        self._make = walk
        self._one = one
        self._options = options
        self._records: Iterator[T] = iter(())

    async def page(self, number: int) -> Page[T]:
        """One page alone, numbered from 1. A page past the end is empty."""
        return cast("Page[T]", await send(self._one, self._options, number))

    def pages(self) -> AsyncPages[T]:
        """All pages in order, the first one even when the list is empty. Records that were handed out before do not come again."""
        return AsyncPages(self._walk)

    @property
    def total(self) -> int | None:
        """Records in the list, as of the page read last; None before the first."""
        return self._walk.total

    @property
    def changed_during_read(self) -> bool:
        """Whether the list was seen to change."""
        return self._walk.changed_during_read

    def __aiter__(self) -> AsyncList[T]:
        return self

    async def __anext__(self) -> T:
        while True:
            for record in self._records:
                return record
            page: Page[T] | None = await send(self._walk.next)
            if page is None:
                raise StopAsyncIteration
            self._records = iter(page.items)

    def _responding(self) -> AsyncList[T]:
        return AsyncList(self._make, self._one, self._options.responding())


class AsyncWatch:
    """The changes of a ticket, its present state first. Ends once it is served or cancelled; dropping it stops looking."""

    def __init__(self, walk: AsyncWalk[Ticket]) -> None:
        self._walk = walk

    def __aiter__(self) -> AsyncWatch:
        return self

    async def __anext__(self) -> Ticket:
        change: Ticket | None = await send(self._walk.next)
        if change is None:
            raise StopAsyncIteration
        return change
