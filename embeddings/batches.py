"""Which texts an encoder reads together."""

from bisect import bisect_left
from collections.abc import Sequence


def batches(lengths: Sequence[int], most: int, at_once: int = 1) -> list[list[int]]:
    """Rows of about one length: `most` together with the padding, in the unit of the lengths, or one row alone.

    Where `at_once` of them are read side by side, the largest is as small as it can be without a further round.
    """
    order = sorted(range(len(lengths)), key=lambda i: lengths[i])
    made = _cut(order, lengths, most)
    if at_once == 1 or not made:
        return made
    count = -(-len(made) // at_once) * at_once
    limits = range(lengths[order[-1]], most)
    least = bisect_left(limits, True, key=lambda limit: len(_cut(order, lengths, limit)) <= count)
    return made if least == len(limits) else _cut(order, lengths, limits[least])


def _cut(order: Sequence[int], lengths: Sequence[int], most: int) -> list[list[int]]:
    cut: list[list[int]] = []
    for i in order:
        if not cut or lengths[i] * (len(cut[-1]) + 1) > most:
            cut.append([])
        cut[-1].append(i)
    return cut
