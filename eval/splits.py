"""Which documents of the public sets may be fitted on, and which stay unseen for the figures.

Split by document, never by question; documents that say the same in several languages go together. NoMIRACL and the
project's own questions stay out of every fit.
"""

import hashlib
from collections.abc import Iterable, Mapping

from eval.sets import Question, SetFolder

HELD_OUT_SHARE = 0.25
_SAME_DOCUMENTS = {"kazqad_abstain": "kazqad_val"}
_SAME_QUESTIONS = {"xquad_abstain": "xquad", "kazqad_abstain": "kazqad_val"}
NEVER_FITTED_ON = frozenset({"seeds", "nomiracl", "nomiracl-candidates"})


def is_held_out(key: str) -> bool:
    """The same quarter of all keys at each run."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4]) < HELD_OUT_SHARE * 2**32


def document_key(folder: str, document_id: str, families: Mapping[str, str]) -> str:
    """What a document is split by: the article of XQuAD, the family of parallel paragraphs of MLQA, else itself."""
    if folder in {"xquad", "xquad_abstain"}:
        return "xquad/" + document_id.rpartition("-")[0]
    return f"{_SAME_DOCUMENTS.get(folder, folder)}/{families.get(document_id, document_id)}"


def families_of(folder: SetFolder) -> dict[str, str]:
    """The families of a set whose languages have documents of their own (MLQA); empty for others."""
    pairs = [(asked, held) for asked in folder.languages for held in folder.languages]
    if not any(folder.pair_file(*pair).is_file() for pair in pairs):
        return {}
    return families(question for pair in pairs for question in folder.questions(*pair))


def answered_elsewhere(folder: SetFolder) -> dict[str, tuple[str, ...]]:
    """Documents that answer the questions of a set, by question id, in the set that it was made from, if any.

    What is unanswerable here, since its document is left out, may have been trained on there.
    """
    origin = folder.path.parent / _SAME_QUESTIONS.get(folder.path.name, "")
    if folder.path.name not in _SAME_QUESTIONS or not origin.is_dir():
        return {}
    made_from = SetFolder(origin)
    language = (made_from.languages or ("",))[0]
    return {question.id: question.relevant for question in made_from.questions(language, language)}


def families(questions: Iterable[Question]) -> dict[str, str]:
    """The first id of all documents that answer the same questions (in other languages), by document id."""
    parent: dict[str, str] = {}

    def root(document: str) -> str:
        while parent.setdefault(document, document) != document:
            document = parent[document]
        return document

    first: dict[str, str] = {}
    for question in questions:
        for document in question.relevant:
            one, other = sorted((root(document), root(first.setdefault(question.id, document))))
            parent[other] = one
    return {document: root(document) for document in parent}
