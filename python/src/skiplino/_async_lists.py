"""Lists and watches, for event loops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from ._event_loop import call, next_item

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ._native import NativeAsyncIterator, Options, Page, Ticket

T = TypeVar("T")


class AsyncPages(Generic[T]):
    """The pages of a list, in order."""

    def __init__(self, iterator: NativeAsyncIterator[Page[T]]) -> None:
        self._iterator = iterator

    def __aiter__(self) -> AsyncPages[T]:
        return self

    async def __anext__(self) -> Page[T]:
        page = await next_item(self._iterator)
        if page is None:
            raise StopAsyncIteration
        return page


class AsyncList(Generic[T]):
    """A paged list, as an asynchronous iterator over its records.

    It fetches pages ahead, each as large as the API allows.

    A list may change while it is read. Records that exist for the whole read are returned exactly
    once. Records that are created or deleted during the read are returned once or not at all.
    ``changed_during_read`` says whether the list changed.
    """

    def __init__(
        self,
        iterate: Callable[[Options], NativeAsyncIterator[Page[T]]],
        fetch_page: Callable[..., Page[T]],
        options: Options,
    ) -> None:
        self._iterator = iterate(options)
        self._iterate = iterate
        self._fetch_page = fetch_page
        self._options = options
        self._records: Iterator[T] = iter(())

    async def page(self, number: int) -> Page[T]:
        """One page, numbered from 1. A page past the end is empty."""
        return await call(self._fetch_page, self._options, page=number)

    def pages(self) -> AsyncPages[T]:
        """The pages in order.

        An empty list has one empty page. Pages that were read before are not returned again.
        """
        return AsyncPages(self._iterator)

    @property
    def total(self) -> int | None:
        """The number of records in the list, as of the last page read; None before the first page."""
        return self._iterator.total

    @property
    def changed_during_read(self) -> bool:
        """Whether the list changed while it was read."""
        return self._iterator.changed_during_read

    def __aiter__(self) -> AsyncList[T]:
        return self

    async def __anext__(self) -> T:
        while True:
            for record in self._records:
                return record
            page = await next_item(self._iterator)
            if page is None:
                raise StopAsyncIteration
            self._records = iter(page.items)

    def _with_full_response(self) -> AsyncList[T]:
        return AsyncList(self._iterate, self._fetch_page, self._options.with_full_response())


class AsyncWatch:
    """The changes of a ticket, starting with its current state.

    Ends when the ticket is served or cancelled.

    Dropping the watch stops the polling.
    """

    def __init__(self, iterator: NativeAsyncIterator[Ticket]) -> None:
        self._iterator = iterator

    def __aiter__(self) -> AsyncWatch:
        return self

    async def __anext__(self) -> Ticket:
        change = await next_item(self._iterator)
        if change is None:
            raise StopAsyncIteration
        return change
