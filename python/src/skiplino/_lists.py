# generated from _async_lists.py by python/tools/generate_sync.py: edit that file, then regenerate
"""Lists and watches that block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ._native import NativeIterator, Options, Page, Ticket

T = TypeVar("T")


class Pages(Generic[T]):
    """The pages of a list, in order."""

    def __init__(self, iterator: NativeIterator[Page[T]]) -> None:
        self._iterator = iterator

    def __iter__(self) -> Iterator[Page[T]]:
        return self

    def __next__(self) -> Page[T]:
        page = self._iterator.next()
        if page is None:
            raise StopIteration
        return page


class List(Generic[T]):
    """A paged list, as an iterator over its records.

    It fetches pages ahead, each as large as the API allows.

    A list may change while it is read. Records that exist for the whole read are returned exactly
    once. Records that are created or deleted during the read are returned once or not at all.
    ``changed_during_read`` says whether the list changed.
    """

    def __init__(
        self,
        iterate: Callable[[Options], NativeIterator[Page[T]]],
        fetch_page: Callable[..., Page[T]],
        options: Options,
    ) -> None:
        self._iterator = iterate(options)
        self._iterate = iterate
        self._fetch_page = fetch_page
        self._options = options
        self._records: Iterator[T] = iter(())

    def page(self, number: int) -> Page[T]:
        """One page, numbered from 1. A page past the end is empty."""
        return self._fetch_page(self._options, page=number)

    def pages(self) -> Iterator[Page[T]]:
        """The pages in order.

        An empty list has one empty page. Pages that were read before are not returned again.
        """
        return Pages(self._iterator)

    @property
    def total(self) -> int | None:
        """The number of records in the list, as of the last page read; None before the first page."""
        return self._iterator.total

    @property
    def changed_during_read(self) -> bool:
        """Whether the list changed while it was read."""
        return self._iterator.changed_during_read

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        while True:
            for record in self._records:
                return record
            page = self._iterator.next()
            if page is None:
                raise StopIteration
            self._records = iter(page.items)

    def _with_full_response(self) -> List[T]:
        return List(self._iterate, self._fetch_page, self._options.with_full_response())


class Watch:
    """The changes of a ticket, starting with its current state.

    Ends when the ticket is served or cancelled.

    Dropping the watch stops the polling.
    """

    def __init__(self, iterator: NativeIterator[Ticket]) -> None:
        self._iterator = iterator

    def __iter__(self) -> Watch:
        return self

    def __next__(self) -> Ticket:
        change = self._iterator.next()
        if change is None:
            raise StopIteration
        return change
