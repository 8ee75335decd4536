"""The common part of both clients: settings and options."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, ParamSpec

from ._native import NativeClient

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta
    from typing import Any, Self

    from ._native import CancellationToken, Options

P = ParamSpec("P")

#: The host language, for the ``User-Agent``.
HOST = "python {}.{}.{}".format(*sys.version_info)


class Resource:
    """One of the four resources of a client, with the options of its calls."""

    __slots__ = ("_native", "_options")

    def __init__(self, native: NativeClient, options: Options) -> None:
        self._native = native
        self._options = options

    def _with_full_response(self) -> Self:
        return type(self)(self._native, self._options.with_full_response())


class BaseClient:
    """The settings and options of a client. The subclasses add the resources."""

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        locale: str | None = None,
        connect_timeout: float | timedelta | None = None,
        attempt_timeout: float | timedelta | None = None,
        deadline: float | timedelta | None = None,
        max_attempts: int | None = None,
        backoff: tuple[float | timedelta, float | timedelta] | None = None,
        requests_per_second: float | None = None,
        max_response_bytes: int | None = None,
        proxy: str | None = None,
        root_certificates: bytes | None = None,
        user_agent_suffix: str | None = None,
    ) -> None:
        if root_certificates is None and (file := os.environ.get("SKIPLINO_CA_FILE")):
            with open(file, "rb") as certificates:
                root_certificates = certificates.read()
        native = NativeClient(
            os.environ.get("SKIPLINO_API_KEY", "") if api_key is None else api_key,
            base_url=os.environ.get("SKIPLINO_BASE_URL") if base_url is None else base_url,
            locale=locale,
            connect_timeout=connect_timeout,
            attempt_timeout=attempt_timeout,
            deadline=deadline,
            max_attempts=max_attempts,
            backoff=backoff,
            requests_per_second=requests_per_second,
            max_response_bytes=max_response_bytes,
            proxy=proxy,
            root_certificates=root_certificates,
            user_agent_suffix=user_agent_suffix,
            host=HOST,
        )
        self._bind(native, native.options())

    def _bind(self, native: NativeClient, options: Options) -> None:
        self._native = native
        self._options = options

    def with_options(
        self,
        *,
        locale: str | None = None,
        deadline: float | timedelta | None = None,
        max_attempts: int | None = None,
        cancellation_token: CancellationToken | None = None,
    ) -> Self:
        """This client with other options for its calls.

        The two share their connections; closing one closes both.
        """
        options = self._native.options(
            self._options,
            locale=locale,
            deadline=deadline,
            max_attempts=max_attempts,
            cancellation_token=cancellation_token,
        )
        return self._copy(options)

    def _with_full_response(self) -> Self:
        return self._copy(self._options.with_full_response())

    def _copy(self, options: Options) -> Self:
        copy = object.__new__(type(self))
        copy._bind(self._native, options)
        return copy

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self._native.base_url!r}, key_class={self._native.key_class!r})"


def with_full_response(method: Callable[P, object]) -> Callable[P, Any]:
    """The same method of a resource or a list, returning the full response."""
    of: Any = getattr(method, "__self__", None)
    if not hasattr(of, "_with_full_response"):
        raise TypeError(
            "expected a method of a resource, as in client.tickets.book, the page method of a list, or client.warm_up"
        )
    # The same function, bound to a copy of the object.
    function: Any = getattr(method, "__func__", None)
    bound: Callable[P, Any] = function.__get__(of._with_full_response())
    return bound
