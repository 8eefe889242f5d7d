"""The learning rate of a training run: it rises while the run warms up, and falls in a line to the end."""

_LEAST = 0.02
"""Of the full rate."""


def rate_at(step: int, rate: float, warmup: int, steps: int) -> float:
    """`rate` is the full one."""
    return rate * min((step + 1) / warmup, max(_LEAST, (steps - step) / max(1, steps - warmup)))
