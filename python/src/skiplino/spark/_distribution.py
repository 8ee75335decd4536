"""Spark's hash partitioning, to check that the rows of a company are in one task.

A data source cannot ask Spark how rows are distributed, and cannot demand a distribution.
"""

from __future__ import annotations

from collections.abc import Sequence

#: The seed of Spark's hash of a row.
_SEED = 42
_MASK = 0xFFFFFFFF


def task_of(values: Sequence[str | None], tasks: int) -> int:
    """The task to which ``repartition(tasks, …)`` sends a row with these values."""
    seed = _SEED
    for value in values:
        seed = seed if value is None else _murmur3(value.encode(), seed)
    # The hash is a signed number; Python's remainder is positive, as that of Spark's pmod.
    return (seed - (seed >> 31 << 32)) % tasks


def _murmur3(data: bytes, seed: int) -> int:
    """MurmurHash3 in Spark's variant, which hashes each byte of the rest as a block of its own."""
    hash = seed
    whole = len(data) & ~3
    for at in range(0, whole, 4):
        hash = _mix(hash, int.from_bytes(data[at : at + 4], "little"))
    for byte in data[whole:]:
        hash = _mix(hash, byte if byte < 128 else byte | 0xFFFFFF00)
    hash ^= len(data)
    hash = (hash ^ hash >> 16) * 0x85EBCA6B & _MASK
    hash = (hash ^ hash >> 13) * 0xC2B2AE35 & _MASK
    return hash ^ hash >> 16


def _mix(hash: int, block: int) -> int:
    block = block * 0xCC9E2D51 & _MASK
    block = (block << 15 | block >> 17) & _MASK
    hash ^= block * 0x1B873593 & _MASK
    hash = (hash << 13 | hash >> 19) & _MASK
    return hash * 5 + 0xE6546B64 & _MASK
