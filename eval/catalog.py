"""The question sets by the names that `eval.run` takes, each with the pools it is run in."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from eval.pools import Pool, half_unanswerable, limited, mixed_pool, own_candidates, single_corpus, whole_corpora
from eval.sets import Question, SetError, SetFolder, read_folder, read_questions
from eval.splits import NEVER_FITTED_ON, answered_elsewhere, document_key, families_of, is_held_out

OWN_SET = "seeds"


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """A set ready to run. `asks` is false where only the ranking of `search` is judged."""

    name: str
    pools: tuple[Pool, ...]
    asks: bool
    files: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """What the command line may narrow: language pairs (question, corpus), languages, number of rotations.

    `unseen`: only questions on documents that nothing was fitted on; the corpora stay whole.
    """

    pairs: tuple[tuple[str, str], ...] = ()
    languages: tuple[str, ...] = ()
    rotations: int | None = None
    unseen: bool = False


@dataclass(frozen=True, slots=True)
class PublicSet:
    """A set of the public folder: where it lies, how its pools are made, whether answers are judged."""

    folder: str
    pools: Callable[[SetFolder, Choice], tuple[Pool, ...]]
    asks: bool
    default: Choice = Choice()
    halved: bool = False
    """Half of the documents are left out, so that half of the questions have no answer."""


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    return tuple(parse_pair(pair) for pair in text.split())


def parse_pair(text: str) -> tuple[str, str]:
    """`zh>en` or, where a shell is in the way, `zh:en`. Raises ValueError."""
    asked, separator, held = text.replace(">", ":").partition(":")
    if not (asked and separator and held):
        raise ValueError(f"not a language pair: {text!r} (write zh:en or 'zh>en')")
    return asked, held


def _by_corpus(folder: SetFolder, choice: Choice) -> tuple[Pool, ...]:
    """One pool a corpus language, so that each corpus is indexed once, whatever the languages that ask."""
    languages = choice.languages or folder.languages
    pairs = choice.pairs or tuple((asked, held) for held in languages for asked in languages)
    held_languages = tuple(dict.fromkeys(held for _, held in pairs))
    return tuple(
        single_corpus(folder, [asked for asked, held in pairs if held == corpus_language], corpus_language)
        for corpus_language in held_languages
    )


def _whole(folder: SetFolder, choice: Choice) -> tuple[Pool, ...]:
    if choice.pairs:
        return _by_corpus(folder, choice)
    return (whole_corpora(folder, choice.languages or folder.languages),)


def _mixed(folder: SetFolder, choice: Choice) -> tuple[Pool, ...]:
    languages = choice.languages or folder.languages
    rotations = min(choice.rotations or len(languages), len(languages))
    return tuple(mixed_pool(folder, languages, rotation) for rotation in range(rotations))


def _candidates(folder: SetFolder, choice: Choice) -> tuple[Pool, ...]:
    return own_candidates(whole_corpora(folder, choice.languages or folder.languages))


def _only(folder: SetFolder, choice: Choice) -> tuple[Pool, ...]:  # noqa: ARG001 (one signature for all)
    return (single_corpus(folder, [""], ""),)


_CROSS = Choice(pairs=_pairs("en>en zh>en ru>en zh>zh en>zh ru>zh ru>ru en>ru zh>ru"))

PUBLIC_SETS: dict[str, PublicSet] = {
    "xquad": PublicSet("xquad", _by_corpus, asks=True, default=_CROSS),
    "xquad-mixed": PublicSet("xquad", _mixed, asks=False),
    "xquad-abstain": PublicSet("xquad_abstain", _by_corpus, asks=True, default=_CROSS),
    "mlqa": PublicSet("mlqa_dev", _whole, asks=True, default=Choice(languages=("en", "zh"))),
    "mlqa-half": PublicSet(
        "mlqa_dev", _whole, asks=True, halved=True, default=Choice(languages=("en", "zh", "ar", "es"))
    ),
    "kazqad": PublicSet("kazqad_val", _only, asks=True),
    "kazqad-abstain": PublicSet("kazqad_abstain", _only, asks=True),
    "ntrex": PublicSet("ntrex", _by_corpus, asks=False),
    "ntrex-mixed": PublicSet("ntrex", _mixed, asks=False),
    "nomiracl": PublicSet("nomiracl", _whole, asks=True),
    "nomiracl-candidates": PublicSet("nomiracl", _candidates, asks=True),
    "cmrc": PublicSet("cmrc2018_trial", _only, asks=True),
    "drcd": PublicSet("drcd_dev", _only, asks=True),
    "cmrc-half": PublicSet("cmrc2018_trial", _only, asks=True, halved=True),
    "drcd-half": PublicSet("drcd_dev", _only, asks=True, halved=True),
    "clapnq": PublicSet("clapnq_dev", _only, asks=True),
}


def open_public_set(name: str, evalsets: Path, choice: Choice, limit: int | None = None) -> QuestionSet:
    """A public set of the folder `evalsets`. Raises SetError where it is absent."""
    public = PUBLIC_SETS[name]
    folder = SetFolder(evalsets / public.folder)
    if not folder.path.is_dir():
        raise SetError(f"{name}: the folder {folder.path} is absent")
    narrowed = Choice(
        pairs=choice.pairs or (() if choice.languages else public.default.pairs),
        languages=choice.languages or (() if choice.pairs else public.default.languages),
        rotations=choice.rotations,
    )
    pools = public.pools(folder, narrowed)
    if choice.unseen and name not in NEVER_FITTED_ON:
        pools = tuple(_unseen(pool, folder) for pool in pools)
    if public.halved:
        family = families_of(folder)
        pools = tuple(
            half_unanswerable(pool, lambda id_: document_key(folder.path.name, id_, family)) for pool in pools
        )
    files = sorted(path for path in folder.path.glob("*.jsonl") if not path.name.startswith("passages"))
    return _limit(QuestionSet(name, pools, public.asks, tuple(files)), limit)


def open_own_set(name: str, questions: Path, documents: Path, limit: int | None = None) -> QuestionSet:
    """Questions with evidence over a folder of files. Raises SetError."""
    pool = Pool(name, read_folder(documents), read_questions(questions))
    return _limit(QuestionSet(name, (pool,), asks=True, files=(questions,)), limit)


def _unseen(pool: Pool, folder: SetFolder) -> Pool:
    """The same corpus, asked only what documents answer, here or where the set was made from, that nothing was
    fitted on; and what no document of any set answers."""
    family, elsewhere = families_of(folder), answered_elsewhere(folder)

    def is_unseen(question: Question) -> bool:
        answering = question.relevant or elsewhere.get(question.id, ())
        return all(is_held_out(document_key(folder.path.name, id_, family)) for id_ in answering)

    return replace(pool, questions=tuple(filter(is_unseen, pool.questions)))


def _limit(question_set: QuestionSet, limit: int | None) -> QuestionSet:
    """At most `limit` distinct questions, the same ones at each run and in each language and rotation."""
    if limit is None:
        return question_set
    ids = {question.id for pool in question_set.pools for question in pool.questions}
    kept = frozenset(sorted(ids, key=lambda id_: hashlib.sha256(id_.encode()).digest())[:limit])
    pools = (limited(pool, kept) for pool in question_set.pools)
    return replace(question_set, pools=tuple(pool for pool in pools if pool.questions))


def known_sets() -> Sequence[str]:
    return [OWN_SET, *PUBLIC_SETS]
