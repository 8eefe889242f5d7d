"""Articles of five lines in two languages in the layout of three public sets, with a question on each."""

from pathlib import Path

from tests.eval.parallel_set import write_lines

LANGUAGES = ("en", "ru")
ARTICLES = 24


def line(article: int, number: int, language: str) -> str:
    if language == "en":
        return f"Line {number} of the long report {article} speaks of rivers."
    return f"Строка {number} длинного отчёта {article} говорит о реках."


def _write_set(folder: Path, prefix: str, per_pair: bool) -> None:
    for language in LANGUAGES:
        texts = [(f"{prefix}{a}-p1", "\n".join(line(a, n, language) for n in range(5))) for a in range(ARTICLES)]
        rows = [{"id": name, "title": "", "text": text, "language": language} for name, text in texts]
        write_lines(folder / f"corpus.{language}.jsonl", rows)
        write_lines(folder / f"passages.{language}.jsonl", [row | {"id": f"{row['id']}-s1"} for row in rows])
        questions = [
            {
                "id": f"q{a}",
                "question": f"rivers {a}?" if language == "en" else f"реки {a}?",
                "language": language,
                "relevant": [name],
                "answers": [str(a)],
                "answerable": True,
            }
            for a, (name, _) in enumerate(texts)
        ]
        write_lines(folder / f"queries.{language}.jsonl", questions)
        for other in LANGUAGES if per_pair else ():
            write_lines(folder / f"queries.{language}-on-{other}.jsonl", questions)


def write_articles(evalsets: Path) -> None:
    for name, prefix, per_pair in (("ntrex", "n", False), ("xquad", "x", False), ("mlqa_dev", "m", True)):
        _write_set(evalsets / name, prefix, per_pair)
