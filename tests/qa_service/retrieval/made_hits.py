"""Hits as a search makes them, of one sentence each."""

from qa_service.ingest.terms import make_terms
from qa_service.records import Explanation, Hit, Metadata, Passage, Span

EXPLANATION = Explanation(1, 1.0, 1, 1.0, 1.0, 1, 0.0, 0.0, 0.0, (), 1, 1.0, None, None)


def hit(text: str, number: int, language: str = "en") -> Hit:
    span = Span(0, len(text))
    return Hit(
        passage_id=number,
        passage=Passage(f"{number:032x}", 0, span, language, text, (span,), (span,)),
        sentence_scores=(1.0,),
        answer=None,
        text=text,
        text_sha256="",
        document_sha256="",
        file_name=f"{number}.txt",
        metadata=Metadata(f"Title {number}", None, None, None, None, language),
        score=1 / number,
        scores={},
        explanation=EXPLANATION,
    )


def folded(hit: Hit) -> str:
    return make_terms(hit.passage.search_text).folded
