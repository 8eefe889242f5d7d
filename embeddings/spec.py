"""What must be known of a model to use its vectors, as data."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model's facts. Vectors of two specs that differ in anything here must not be mixed.

    `weights_sha256` is over the weights files; `precision` says how they were stored ("q4_0", "float32" ...):
    a quantised copy and the hub's model share a name, not vectors.
    """

    name: str
    weights_sha256: str
    precision: str
    dimension: int
    max_tokens: int
    query_prefix: str
    passage_prefix: str

    def __post_init__(self) -> None:
        if self.dimension < 1 or self.max_tokens < 1:
            raise ValueError(f"{self.name}: dimension and max_tokens must be positive")
