"""How far down should a flagged passage go? `python -m eval.flag_penalty --questions 100`

XQuAD in two languages. `alone`: a third of the English documents is flagged and asked about: the share of questions
whose document is among the first five. `beside`: English is flagged and its Russian translation is not: the share of
questions in English whose Russian document comes before the English one.
"""

import argparse
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from embeddings.encoder import Encoder
from embeddings.model_choice import load_encoder
from eval.sets import CorpusDocument, Question, SetFolder
from qa_service.app import choose_reranker, open_service
from qa_service.config import read_settings
from qa_service.records import RawFile
from qa_service.retrieval import first_stage
from qa_service.service import Service
from qa_service.store.database import FILE_NAME, Database

_EVALSETS = Path(__file__).parents[2] / "shared" / "evalsets"
_PENALTIES = (0.0, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3)
_THIRD = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--evalsets", type=Path, default=_EVALSETS)
    parser.add_argument("--model-home", type=Path, default=Path("artifacts/model"))
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--rerank", default=None, help="off: the first stage alone")
    options = parser.parse_args()
    encoder = load_encoder(None, options.model_home)
    folder = SetFolder(options.evalsets / "xquad")
    english, russian = folder.corpus("en"), folder.corpus("ru")
    asked = folder.questions("en", "en")
    third = {each.id for each in english[::_THIRD]}
    of_third = [each for each in asked if each.relevant[0] in third][: options.questions]

    def is_among_five(question: Question, names: Sequence[str]) -> bool:
        return question.relevant[0] in [name.removeprefix("en-") for name in names]

    def is_russian_first(question: Question, names: Sequence[str]) -> bool:
        own = [name for name in names if name.endswith(question.relevant[0])]
        return bool(own) and own[0].startswith("ru-")

    corpus = {"en-": english}
    both = {"en-": english, "ru-": russian}
    _measure("alone", encoder, options.rerank, corpus, lambda name: name[3:] in third, of_third, 5, is_among_five)
    _measure(
        *("beside", encoder, options.rerank, both, lambda name: name.startswith("en-")),
        *(asked[:: max(1, len(asked) // options.questions)], 20, is_russian_first),
    )


def _measure(  # noqa: PLR0917  one call a row of the table
    name: str,
    encoder: Encoder,
    rerank: str | None,
    corpora: dict[str, tuple[CorpusDocument, ...]],
    is_flagged: Callable[[str], bool],
    questions: Sequence[Question],
    top_k: int,
    succeeds: Callable[[Question, Sequence[str]], bool],
) -> None:
    with tempfile.TemporaryDirectory() as data_dir:
        settings = read_settings(data_dir=Path(data_dir), rerank=rerank)
        service: Service = open_service(settings, encoder, choose_reranker(settings, encoder))
        for prefix, documents in corpora.items():
            for each in documents:
                file_name = prefix + each.id
                document_id = service.add(RawFile(file_name, each.text.encode(), {})).document_id
                if is_flagged(file_name):
                    _flag(Path(data_dir) / FILE_NAME, document_id)
        service.settle()
        for penalty in _PENALTIES:
            first_stage.FLAG_PENALTY = penalty
            good = sum(
                succeeds(question, [hit.file_name for hit in service.search(question.text, top_k).hits])
                for question in questions
            )
            print(f"{name}: penalty {penalty}: {good / len(questions):.3f} of {len(questions)}", flush=True)
        service.close()


def _flag(path: Path, document_id: str) -> None:
    database = Database(path)
    with database.writing() as connection:
        connection.execute("UPDATE passages SET flagged = 1 WHERE document_id = ?", [document_id])
    database.close()


if __name__ == "__main__":
    main()
