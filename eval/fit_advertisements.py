"""Fits the rule that tells advertisements by their meaning: `python -m eval.fit_advertisements [--out FILE]`.

It learns made advertisements (`eval/spam/sentences.json`, with and without a contact), lists of keywords made of the
development vocabulary, honest sentences on the same topics, and the harmless texts of the development half. None of
them holds a word that the test vocabulary sells. The limit is where `_WRONG` of the harmless sentences lie above it,
each judged by a rule that its document took no part in.
"""

import argparse
import json
import logging
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from warnings import catch_warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GroupKFold
from sklearn.neural_network import MLPClassifier

from embeddings.model_choice import load_encoder
from eval.cache import CachedEncoder
from eval.harmless_texts import harmless_texts
from eval.made_spam import keyword_lists, sold_by
from qa_service.ingest.chunk import find_sentences
from qa_service.ingest.clean_meaning import SHIPPED, AdvertisementRule, Floats
from qa_service.ingest.language import UNDETERMINED

_FOLDER = Path(__file__).parent / "spam"
_EVALSETS = Path(__file__).parents[2] / "shared" / "evalsets"
_LISTS, _OF_A_DOCUMENT, _LONGEST = 1_500, 40, 400
_SHORTEST = 8
_NETWORKS, _HIDDEN, _DECAY, _ROUNDS = 5, 16, 0.03, 30
_WEIGHTS = {"advertisement": 3, "keywords": 1, "honest": 30, "harmless": 1}
_WRONG = 2e-5
_FOLDS = 5


@dataclass(frozen=True, slots=True)
class Taught:
    """A text with the name of what it comes from: those of one name are not parted."""

    text: str
    kind: str
    group: str

    @property
    def advertises(self) -> bool:
        return self.kind in {"advertisement", "keywords"}


def taught_texts(evalsets: Path) -> list[Taught]:
    made = json.loads((_FOLDER / "sentences.json").read_text(encoding="utf-8"))
    held_out = sold_by(_FOLDER / "test.json")
    texts = [*_advertisements(made), *_honest(made), *_keywords(made), *_harmless(evalsets)]
    return [each for each in texts if not (each.advertises and any(word in each.text.casefold() for word in held_out))]


def _advertisements(made: Mapping[str, Any]) -> Iterator[Taught]:
    chance = random.Random("contacts")
    for language, kinds in made["advertisements"].items():
        contacts = made["contacts"].get(language, [])
        for text in (text for texts in kinds.values() for text in texts):
            yield Taught(text, "advertisement", text)
            if contacts:
                yield Taught(f"{text} {chance.choice(contacts)}", "advertisement", text)


def _honest(made: Mapping[str, Any]) -> Iterator[Taught]:
    for texts in made["honest"].values():
        yield from (Taught(text, "honest", text) for text in texts)


def _keywords(made: Mapping[str, Any]) -> Iterator[Taught]:
    development = json.loads((_FOLDER / "development.json").read_text(encoding="utf-8"))
    others = {"topics": made["keywords"], "calls": development["calls"]}
    for words, name in ((development, "development"), (others, "sentences")):
        yield from (Taught(text, "keywords", text) for text in keyword_lists(words, _LISTS, name))


def _harmless(evalsets: Path) -> Iterator[Taught]:
    for each in harmless_texts("development", evalsets):
        sentences = [
            sentence.strip()[:_LONGEST]
            for line in each.text.splitlines()
            for sentence in find_sentences(line, UNDETERMINED)
            if len(sentence.strip()) >= _SHORTEST
        ]
        random.Random(each.name).shuffle(sentences)
        yield from (Taught(text, "harmless", each.name) for text in sentences[:_OF_A_DOCUMENT])


def fit(vectors: Floats, texts: Sequence[Taught]) -> AdvertisementRule:
    """A rule whose scores less its limit are log-odds. Those of a weight are shown the network as often as it says.

    The mean of networks that begin otherwise is one wider network.
    """
    shown = [i for i, each in enumerate(texts) for _ in range(_WEIGHTS[each.kind])]
    middle, spread = vectors.mean(axis=0), float(vectors.std())  # e5's vectors lie close together
    given, advertises = (vectors[shown] - middle) / spread, [texts[i].advertises for i in shown]
    models = [_network(given, advertises, seed) for seed in range(_NETWORKS)]
    hidden = np.hstack([each.coefs_[0] for each in models]) / spread
    hidden = hidden.astype(np.float16).astype(np.float32)  # as it is kept
    hidden_bias = np.hstack([each.intercepts_[0] for each in models]) - middle @ hidden
    out = np.hstack([each.coefs_[1][:, 0] for each in models]) / _NETWORKS
    limit = -float(np.mean([each.intercepts_[1] for each in models]))
    return AdvertisementRule("", hidden, hidden_bias.astype(np.float32), out.astype(np.float32), limit, {})


def _network(vectors: Floats, advertises: Sequence[bool], seed: int) -> MLPClassifier:
    network = MLPClassifier(
        (_HIDDEN,), alpha=_DECAY, max_iter=_ROUNDS, learning_rate_init=2e-3, batch_size=256, random_state=seed
    )
    with catch_warnings(action="ignore", category=ConvergenceWarning):  # it stops where more would be too much
        return network.fit(vectors, advertises)


def scores_by_others(vectors: Floats, texts: Sequence[Taught]) -> Floats:
    """Log-odds of each text by a network that nothing of its group took part in."""
    scores = np.empty(len(texts), dtype=np.float32)
    for own, other in GroupKFold(_FOLDS).split(vectors, groups=[each.group for each in texts]):
        rule = fit(vectors[own], [texts[i] for i in own])
        scores[other] = rule.scores(vectors[other]) - rule.limit
    return scores


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m eval.fit_advertisements", description=__doc__)
    parser.add_argument("--model", default="", help="model folder or name [QA_MODEL]")
    parser.add_argument("--model-home", type=Path, default=Path("artifacts/model"))
    parser.add_argument("--evalsets", type=Path, default=_EVALSETS)
    parser.add_argument("--cache", type=Path, default=Path("eval/cache/vectors.sqlite3"))
    parser.add_argument("--out", type=Path, help="default: where the service looks for the rule of this model")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    encoder = CachedEncoder(load_encoder(options.model or None, options.model_home), options.cache)
    texts = taught_texts(options.evalsets)
    vectors = encoder.encode_passages([each.text for each in texts])
    scores = scores_by_others(vectors, texts)
    kinds = np.array([each.kind for each in texts])
    limit = float(np.quantile(scores[kinds == "harmless"], 1 - _WRONG))
    record = {
        "command": "python -m eval.fit_advertisements",
        "date": datetime.now(UTC).date().isoformat(),
        "texts": {kind: int((kinds == kind).sum()) for kind in _WEIGHTS},
        "above the limit, by rules that the text took no part in": {
            kind: round(float((scores[kinds == kind] > limit).mean()), 4) for kind in _WEIGHTS
        },
    }
    rule = fit(vectors, texts)
    rule = replace(rule, encoder=encoder.spec.weights_sha256, limit=rule.limit + limit, record=record)
    path = options.out or SHIPPED / f"{rule.encoder[:16]}.npz"
    rule.save(path)
    print(json.dumps({**record, "file": str(path)}, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
