"""The changes to the code that UniFFI generates for Kotlin."""

from __future__ import annotations

import pytest

from tools.kotlin_bindings import adapted


@pytest.mark.parametrize(
    ("generated", "expected"),
    [
        ("public data class A(val x: Int)", "internal data class A(val x: Int)"),
        ("typealias B = Int", "internal typealias B = Int"),
        ("private object C", "private object C"),
        ("    fun close() {", "    fun close() {"),
        ("    suspend fun `testingWait`() {", "    internal suspend fun `testingWait`() {"),
        (
            "open class RustBuffer : Structure() {",
            "internal open class RustBuffer : PooledStructure() {",
        ),
    ],
)
def test_declarations(generated: str, expected: str) -> None:
    assert list(adapted([generated])) == [expected]


def test_unused_futures_are_removed() -> None:
    lines = [
        "    external fun ffi_skiplino_uniffi_rust_future_poll_u8(handle: Long,",
        "        data: Long,",
        "    ): Unit",
        "    external fun ffi_skiplino_uniffi_other(handle: Long,",
        "    ): Unit",
    ]
    assert list(adapted(lines)) == lines[3:]
