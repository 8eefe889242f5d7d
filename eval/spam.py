"""How much made spam is found, and how much harmless text is taken for it: `python -m eval.spam [--half test]`."""

import argparse
import hashlib
import json
import logging
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from embeddings.encoder import Encoder
from embeddings.model_choice import load_encoder
from eval.cache import CachedEncoder
from eval.harmless_texts import Harmless, harmless_texts
from eval.made_spam import Positive, host_articles, made_positives, sold_by
from qa_service.ingest import clean_promotions, clean_spam
from qa_service.ingest.clean import find_quarantined
from qa_service.ingest.clean_meaning import AdvertisementRule, shipped_rule
from qa_service.ingest.clean_words import VOCABULARY, any_of
from qa_service.ingest.document import make_document
from qa_service.records import Quarantined, RawFile
from qa_service.store.encoding import encode_document

_FOLDER = Path(__file__).parent / "spam"
_EVALSETS = Path(__file__).parents[2] / "shared" / "evalsets"
_FOUND_SHARE = 0.6
"""A positive is found when this much of its spam is under suspicion."""
Suspect = Callable[[str], Sequence[Quarantined]]


def words_of(vocabulary: Path) -> set[str]:
    """All that the made spam of a vocabulary sells and calls."""
    calls = json.loads(vocabulary.read_text(encoding="utf-8"))["calls"]
    return sold_by(vocabulary) | {word.casefold() for words in calls.values() for word in words}


def forget(is_known: Callable[[str], bool]) -> None:
    """Takes words out of the rules: a vocabulary that is measured on has none in common with them."""
    for name, words in VOCABULARY.items():
        others = [word for word in words if not is_known(word)]
        pattern = any_of(others) if others else re.compile(r"(?!)")
        for rules in (clean_spam, clean_promotions):
            if name in vars(rules):
                vars(rules)[name] = pattern


def covered(entries: Sequence[Quarantined], start: int, end: int, states: tuple[str, ...]) -> int:
    """How many characters of [start, end) lie in entries of these states."""
    kept_out = [entry.span for entry in entries if entry.state in states]
    return sum(max(0, min(end, span.end) - max(start, span.start)) for span in kept_out)


def suspected(encoder: Encoder, rule: AdvertisementRule | None, text: str) -> Sequence[Quarantined]:
    """What the service has under suspicion in a text file."""
    document, found = make_document(RawFile("text.txt", text.encode(), {}))
    if document.text != text:
        raise ValueError(f"a text is not read as it stands: {text[:80]!r}")
    with tempfile.TemporaryDirectory() as folder:
        return encode_document(encoder, document, found, rule, Path(folder))[1]


def judge(positive: Positive, suspect: Suspect) -> tuple[str, int, int]:
    """Whether the spam is "quarantined", "flagged" or "missed", and how much of the host is quarantined or flagged."""
    entries = suspect(positive.text)
    length, verdict = positive.end - positive.start, "missed"
    if covered(entries, positive.start, positive.end, ("quarantined", "flagged")) >= _FOUND_SHARE * length:
        verdict = "flagged"
    if covered(entries, positive.start, positive.end, ("quarantined",)) >= _FOUND_SHARE * length:
        verdict = "quarantined"
    harm = [
        covered(entries, 0, len(positive.text), (state,)) - covered(entries, positive.start, positive.end, (state,))
        for state in ("quarantined", "flagged")
    ]
    return verdict, harm[0], harm[1]


def report_positives(positives: Sequence[Positive], suspect: Suspect, show: int) -> dict[str, object]:
    judged = [(each, *judge(each, suspect)) for each in positives]
    groups: dict[str, Callable[[Positive], str]] = {
        "category": lambda each: each.category,
        "language": lambda each: each.language,
        "place": lambda each: each.place,
        "layout": lambda each: each.layout,
        "zero-width": lambda each: str(each.has_zero_width),
        "host": lambda each: each.host_language,
    }
    shares = {}
    for name, of in groups.items():
        for value in sorted({of(each) for each in positives}):
            verdicts = Counter(verdict for each, verdict, *_ in judged if of(each) == value)
            found = verdicts["quarantined"] + verdicts["flagged"]
            shares[f"{name} {value}"] = f"{found}/{verdicts.total()} ({verdicts['quarantined']} quarantined)"
    missed = [each for each, verdict, *_ in judged if verdict == "missed"]
    for each in missed[:show]:
        print(f"MISSED {each.category} {each.language} {each.layout}: {each.text[each.start : each.end][:200]!r}")
    for each, _, harmed, flagged in sorted(judged, key=lambda found: -found[2] - found[3])[:show]:
        print(f"HARMED {harmed} + {flagged} of {each.host_language} {each.place} {each.layout} {each.language}")
    verdicts = Counter(verdict for _, verdict, *_ in judged)
    return {
        "positives": len(positives),
        **verdicts,
        "found": round((verdicts["quarantined"] + verdicts["flagged"]) / len(positives), 4),
        "hosts harmed by quarantine": sum(harmed > 0 for _, _, harmed, _ in judged),
        "hosts harmed by flags": sum(flagged > 0 for *_, flagged in judged),
        "by": shares,
    }


def report_harmless(texts: Sequence[Harmless], suspect: Suspect, show: int) -> dict[str, object]:
    found = [(each, suspect(each.text)) for each in texts]
    begin = time.process_time()
    for each in texts:
        find_quarantined(each.text)
    seconds = time.process_time() - begin
    states: dict[str, dict[str, Counter[str]]] = {}
    for each, entries in found:
        for kind in ("spam", "boilerplate"):
            of_kind = {entry.state for entry in entries if entry.kind == kind}
            state = "quarantined" if "quarantined" in of_kind else "flagged" if of_kind else "clean"
            states.setdefault(kind, {}).setdefault(state, Counter())[each.kind] += 1
    shown = [(each, entry) for each, entries in found for entry in entries]
    shown.sort(key=lambda pair: pair[1].state, reverse=True)
    for each, entry in shown[:show]:
        print(f"{entry.state} {entry.kind} {each.kind} {each.name}: {entry.reason}")
        print(f"    {each.text[entry.span.start : entry.span.end][:160]!r}")
    characters = sum(len(each.text) for each in texts)
    return {
        "harmless": len(texts),
        "by kind": Counter(each.kind for each in texts),
        "documents with wrong quarantine": sum(
            any(entry.state == "quarantined" for entry in entries) for _, entries in found
        ),
        "documents with a wrong flag": sum(any(entry.state == "flagged" for entry in entries) for _, entries in found),
        **{f"{kind} {state}": counts for kind, by_state in states.items() for state, counts in by_state.items()},
        "characters": characters,
        "characters a second, words and form": round(characters / seconds),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=["development", "test"], default="development")
    parser.add_argument("--vocabulary", type=Path, help="default: that of the half")
    parser.add_argument("--evalsets", type=Path, default=_EVALSETS)
    parser.add_argument("--show", type=int, default=0, help="how many failures of each sort to print")
    parser.add_argument(
        "--without-words", action="store_true", help="by form alone, as for a vocabulary never heard of"
    )
    parser.add_argument("--without-meaning", action="store_true", help="by words and form, without the encoder")
    parser.add_argument("--model-home", type=Path, default=Path("artifacts/model"))
    parser.add_argument("--cache", type=Path, default=Path("eval/cache/vectors.sqlite3"))
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    vocabulary = options.vocabulary or _FOLDER / f"{options.half}.json"
    if options.without_words:
        forget(lambda _word: True)
    elif options.half == "test":
        spoken = words_of(vocabulary)
        forget(lambda word: any(word.strip() in each for each in spoken))
    suspect: Suspect = find_quarantined
    if not options.without_meaning:
        encoder = CachedEncoder(load_encoder(None, options.model_home), options.cache)
        suspect = partial(suspected, encoder, shipped_rule(encoder.spec.weights_sha256))
    hosts = host_articles(options.half, options.evalsets)
    report = {
        "half": options.half,
        "vocabulary": vocabulary.name,
        "sha256": hashlib.sha256(vocabulary.read_bytes()).hexdigest(),
        **report_positives(made_positives(vocabulary, hosts, options.half), suspect, options.show),
        **report_harmless(harmless_texts(options.half, options.evalsets), suspect, options.show),
    }
    print(json.dumps(report, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
