"""Do citations stand where they say they stand?"""

from collections.abc import Sequence

from qa_service.errors import StoreError
from qa_service.records import Citation, Document


def verify_citations(citations: Sequence[Citation], document: Document) -> None:
    """Compares passages and quotes with their document's text. Raises StoreError: the store would be damaged."""
    text, sha256 = document.text, document.text_sha256
    for citation in citations:
        passage, quote = citation.hit.passage.span, citation.quote_span
        if (
            sha256 != citation.hit.text_sha256
            or text[passage.start : passage.end] != citation.hit.text
            or text[quote.start : quote.end] != citation.quote
        ):
            raise StoreError(
                f"the text of document {document.id} was changed behind the service: delete it and add it again"
            )
