"""`python -m eval.follow_ups`: how well the service completes a follow-up from its history.

Each question is asked three ways: bare, bare with its history, and written out by hand. `--development` asks the pairs
on XQuAD that the completion was tuned on instead of the frozen ones over the seed documents.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from eval.bootstrap import differences, intervals, means
from eval.check_questions import DEFAULT_DOCUMENTS, DEFAULT_FILE
from eval.evidence import ranking, wanted
from eval.measures import ranking_values
from eval.models import open_encoder, open_reranker
from eval.outcomes import Outcome
from eval.run import CACHE, DEFAULT_EVALSETS, progress_bars
from eval.service import ServiceSystem, retrieved
from eval.sets import CorpusDocument, Evidence, Question, SetError, SetFolder, read_folder, read_lines, read_questions
from qa_service.records import Ranking, Turn
from qa_service.service import Service

FROZEN = DEFAULT_FILE.with_name("follow_ups.jsonl")
DEVELOPMENT = DEFAULT_FILE.with_name("follow_ups_xquad.jsonl")
MEASURES = ("R@1", "R@5", "MRR@10")
_LANGUAGES = ("en", "zh", "ru", "tr", "ar")
_PAIR = ("first", "second")
_DEPTH = 10
_AROUND = 20
"""Characters on both sides of an XQuAD answer that make its evidence."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """`bare` carries the judgements; `written_out` asks the same without a history."""

    bare: Question
    kind: str
    history: tuple[Turn, ...]
    written_out: str


WAYS: Mapping[str, Callable[[Service, FollowUp], Ranking]] = {
    "bare": lambda service, asked: service.search(asked.bare.text, _DEPTH),
    "with history": lambda service, asked: service.search(asked.bare.text, _DEPTH, history=asked.history),
    "written out": lambda service, asked: service.search(asked.written_out, _DEPTH),
}


def read_follow_ups(path: Path) -> tuple[FollowUp, ...]:
    """The pairs of a file over the seed documents. Raises SetError."""
    lines = list(read_lines(path))
    return tuple(
        FollowUp(
            bare=question,
            kind=line["kind"],
            history=tuple(Turn(turn["role"], turn["content"]) for turn in line["history"]),
            written_out=line["full_question"],
        )
        for line, question in zip(lines, read_questions(path), strict=True)
    )


def open_development(evalsets: Path) -> tuple[tuple[CorpusDocument, ...], tuple[FollowUp, ...]]:
    """The articles of XQuAD, one after the other in each language, and follow-ups on them. Raises SetError."""
    folder = SetFolder(evalsets / "xquad")
    articles, begins = _articles(folder)
    questions = {lang: {question.id: question for question in folder.questions(lang, lang)} for lang in _LANGUAGES}

    def evidence(id_: str) -> Evidence:
        (paragraph,) = questions["en"][id_].relevant
        article = articles[paragraph.rpartition("-")[0]]
        answer = questions[article.language][id_].answers[0]
        start = article.text.index(answer, begins[paragraph])
        around = article.text[max(begins[paragraph], start - _AROUND) : start + len(answer) + _AROUND]
        return Evidence(article.id, around.strip())

    def read() -> Iterator[FollowUp]:
        for line in read_lines(DEVELOPMENT):
            for language, text in line["follow_up"].items():
                both = [questions[language][line[name]].text for name in _PAIR] if language in questions else []
                first, second = both or line["written_out"][language]
                between = line.get("between", {}).get(language)
                history = tuple(Turn("user", asked) for asked in (first, between) if asked)
                bare = Question(line["id"], text, language, True, (), (evidence(line["second"]),), (), ())
                yield FollowUp(bare, "two turns" if between else "one turn", history, second)

    return tuple(articles.values()), tuple(read())


def _articles(folder: SetFolder) -> tuple[dict[str, CorpusDocument], dict[str, int]]:
    """Each article in one language, its paragraphs joined, and where each paragraph begins."""
    corpora = {lang: {document.id: document.text for document in folder.corpus(lang)} for lang in _LANGUAGES}
    articles: dict[str, CorpusDocument] = {}
    begins: dict[str, int] = {}
    for number, article in enumerate(sorted({id_.rpartition("-")[0] for id_ in corpora["en"]})):
        language, text = _LANGUAGES[number % len(_LANGUAGES)], ""
        for id_, paragraph in sorted(corpora[language].items()):
            if id_.startswith(f"{article}-"):
                begins[id_] = len(text)
                text += f"{paragraph}\n\n"
        articles[article] = CorpusDocument(article, "", text, language)
    return articles, begins


def judge(
    service: Service, follow_ups: Sequence[FollowUp], documents: Sequence[CorpusDocument], way: str
) -> tuple[list[Outcome], list[str]]:
    """The outcome of each, asked in one of the ways, and what was searched."""
    texts = {document.id: document.text for document in documents}
    found = [WAYS[way](service, asked) for asked in follow_ups]
    rankings = {
        str(i): ranking([retrieved(hit) for hit in each.hits], wanted(asked.bare, texts))
        for i, (each, asked) in enumerate(zip(found, follow_ups, strict=True))
    }
    values = ranking_values(rankings)
    outcomes = [Outcome(each.bare.id, each.kind, True, values[str(i)], None) for i, each in enumerate(follow_ups)]
    return outcomes, [each.search_query for each in found]


def print_figures(judged: Mapping[str, Sequence[Outcome]], console: Console) -> None:
    """R@1, R@5, MRR@10 with 95 % intervals, paired differences, and R@5 by kind."""
    table = Table("", *MEASURES, title=f"{len(judged['bare'])} follow-ups")
    for way, outcomes in judged.items():
        point, ci = means(outcomes, MEASURES), intervals(outcomes, MEASURES)
        table.add_row(way, *(f"{point[name]:.3f} [{ci[name].low:.3f}, {ci[name].high:.3f}]" for name in MEASURES))
    for one, other in (("with history", "bare"), ("written out", "with history")):
        found = differences(judged[one], judged[other], MEASURES)
        cells = [f"{each.value:+.3f} [{each.interval.low:+.3f}, {each.interval.high:+.3f}]" for each in found.values()]
        table.add_row(f"{one} - {other}", *cells[: len(MEASURES)])
    console.print(table)
    by_kind = Table("R@5", "n", *judged)
    for kind in dict.fromkeys(outcome.pair for outcome in judged["bare"]):
        of_kind = [[each for each in outcomes if each.pair == kind] for outcomes in judged.values()]
        by_kind.add_row(kind, str(len(of_kind[0])), *(f"{means(each, ['R@5'])['R@5']:.3f}" for each in of_kind))
    console.print(by_kind)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0; 2 where something could not be read."""
    parser = argparse.ArgumentParser(prog="python -m eval.follow_ups", description="Measure follow-up questions.")
    parser.add_argument("--development", action="store_true", help="the pairs on XQuAD, for tuning")
    parser.add_argument("--evalsets", type=Path, default=DEFAULT_EVALSETS, help="folder of the public sets")
    parser.add_argument("--model", default="", help="as in eval.run")
    parser.add_argument("--verbose", action="store_true", help="print what was searched, and what was not found")
    options = parser.parse_args(arguments)
    console, errors = Console(), Console(stderr=True)
    try:
        if options.development:
            documents, follow_ups = open_development(options.evalsets)
        else:
            documents, follow_ups = read_folder(DEFAULT_DOCUMENTS), read_follow_ups(FROZEN)
    except SetError as error:
        errors.print(f"error: {error}", markup=False, soft_wrap=True)
        return 2
    with (
        progress_bars(errors) as progress,
        closing(open_encoder(options.model, CACHE, progress)) as encoder,
        closing(ServiceSystem(encoder, open_reranker(encoder))) as system,
    ):
        system.index(documents)
        judged = {way: judge(system.service, follow_ups, documents, way) for way in WAYS}
    print_figures({way: outcomes for way, (outcomes, _) in judged.items()}, console)
    if options.verbose:
        for outcome, query in zip(*judged["with history"], strict=True):
            console.print(f"{outcome.question_id} R@5 {outcome.values['R@5']:.0f}: {query}", markup=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
