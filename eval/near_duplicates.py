"""Are near duplicates named, and nothing else? `python -m eval.near_duplicates [--evalsets DIR]`

Every text of a public corpus becomes a document of one store: whom the receipts name is looked at (different articles
should not be named). Then copies of some, edited in 5 to 30 % of their words or in one stretch of that length, are
taken in: how many receipts name the text that they were made from?
"""

import argparse
import logging
import random
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import regex

from embeddings.hashing import HashingEncoder
from eval.run import DEFAULT_EVALSETS
from eval.sets import read_corpus
from qa_service.app import open_service
from qa_service.config import read_settings
from qa_service.errors import BadInput
from qa_service.records import RawFile, Receipt
from qa_service.service import Service

_SETS = (
    *("xquad/corpus.en", "xquad/corpus.zh", "xquad/corpus.ru", "xquad/corpus.th", "ntrex/corpus.kk", "ntrex/corpus.zh"),
    *("drcd_dev/corpus", "clapnq_dev/corpus"),
)
_WORD = regex.compile(r"\p{Han}{1,2}|[\p{Thai}]{4}|\w+")
_SHARES = (0.05, 0.1, 0.2, 0.3)


def with_other_words(text: str, share: float, chance: random.Random) -> str:
    """That share of its words, here and there, are others of the same text."""
    words = _WORD.findall(text)
    return str(_WORD.sub(lambda match: chance.choice(words) if chance.random() < share else match[0], text))


def with_other_stretch(text: str, share: float, other: str, chance: random.Random) -> str:
    """One stretch of that length is another text's."""
    length = int(len(text) * share)
    start = chance.randrange(len(text) - length + 1)
    return text[:start] + other[:length] + text[start + length :]


def add(service: Service, text: str) -> Receipt | None:
    """None for a text that is refused."""
    try:
        return service.add(RawFile("text.txt", text.encode(), {}))
    except BadInput:
        return None


def measure(name: str, texts: Sequence[str], copies: int) -> None:
    chance = random.Random(7)
    with tempfile.TemporaryDirectory() as folder:
        settings = read_settings(data_dir=Path(folder))
        with closing(open_service(settings, HashingEncoder())) as service:
            ids = {text: receipt for text in texts if (receipt := add(service, text)) is not None}
            named = [(text, near) for text, receipt in ids.items() for near in receipt.near_duplicates]
            print(f"{name}: {len(ids)} documents, {len({text for text, _ in named})} name another one", flush=True)
            for text, near in named[:3]:
                print(f"  {near.share:.2f}: {text[:60]!r} - {service.document(near.document_id).document.text[:60]!r}")
            for share in _SHARES:
                sample = chance.sample(list(ids), min(copies, len(ids)))
                words = [with_other_words(text, share, chance) for text in sample]
                stretches = [with_other_stretch(text, share, chance.choice(texts), chance) for text in sample]
                found = [
                    _recall(service, [ids[text].document_id for text in sample], made) for made in (words, stretches)
                ]
                print(f"  {share:.0%} of the words: {found[0]:.2f} named; one stretch: {found[1]:.2f}", flush=True)


def _recall(service: Service, originals: Sequence[str], copies: Sequence[str]) -> float:
    found = []
    for original, copy in zip(originals, copies, strict=True):
        receipt = add(service, copy)
        if receipt is not None and receipt.document_id != original:
            found.append(original in {near.document_id for near in receipt.near_duplicates})
            service.delete(receipt.document_id)
    return sum(found) / max(len(found), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--evalsets", type=Path, default=DEFAULT_EVALSETS, help="folder of the public sets")
    parser.add_argument("--copies", type=int, default=60, help="edited copies of each set, share and kind")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    for name in _SETS:
        path = options.evalsets / f"{name}.jsonl"
        if path.is_file():
            measure(name, list(dict.fromkeys(document.text for document in read_corpus(path))), options.copies)
        else:
            print(f"{path}: not there, left out")


if __name__ == "__main__":
    main()
