"""What an index was made with. Passages of different manifests are never mixed."""

import hashlib
import json
from dataclasses import asdict, dataclass

from embeddings.spec import ModelSpec
from qa_service.ingest import chunk, search_form, terms


@dataclass(frozen=True, slots=True)
class IndexManifest:
    """The model and the versions of everything between the text and its vectors."""

    model: ModelSpec
    chunker: str
    search_form: str
    terms: str

    @classmethod
    def current(cls, model: ModelSpec) -> "IndexManifest":
        return cls(model, chunk.VERSION, search_form.VERSION, terms.VERSION)

    def to_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)

    @property
    def digest(self) -> str:
        """A short name for this manifest."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:12]

    def differences(self, other_json: str) -> str:
        """What differs between this manifest and a stored one, for a person."""
        mine, other = _flat(json.loads(self.to_json())), _flat(json.loads(other_json))
        return ", ".join(
            f"{name} {other.get(name)!r} instead of {mine.get(name)!r}"
            for name in sorted(mine.keys() | other.keys())
            if mine.get(name) != other.get(name)
        )


def _flat(manifest: dict[str, object]) -> dict[str, object]:
    flat: dict[str, object] = {}
    for name, value in manifest.items():
        if isinstance(value, dict):
            flat |= {f"{name} {inner}": inner_value for inner, inner_value in value.items()}
        else:
            flat[name] = value
    return flat
