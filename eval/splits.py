"""Which documents of the public sets may be fitted on, and which stay unseen for the figures.

Split by document, never by question; documents that say the same in several languages go together. NoMIRACL and the
project's own questions stay out of every fit.
"""

import hashlib
from collections.abc import Iterable, Mapping

from eval.sets import Question

HELD_OUT_SHARE = 0.25
NEVER_FITTED_ON = frozenset({"seeds", "nomiracl", "nomiracl-candidates"})


def is_held_out(key: str) -> bool:
    """The same quarter of all keys at each run."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4]) < HELD_OUT_SHARE * 2**32


def document_key(folder: str, document_id: str, families: Mapping[str, str]) -> str:
    """What a document is split by: the article of XQuAD, the family of parallel paragraphs of MLQA, else itself."""
    if folder in {"xquad", "xquad_abstain"}:
        return "xquad/" + document_id.rpartition("-")[0]
    return f"{folder}/{families.get(document_id, document_id)}"


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
