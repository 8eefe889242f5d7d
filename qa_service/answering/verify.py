"""Does a citation stand where it says it stands?"""

from qa_service.errors import StoreError
from qa_service.records import Citation, Document


def verify_citation(citation: Citation, document: Document) -> None:
    """Compares passage and quote with the document's text. Raises StoreError: the store would be damaged."""
    passage, quote = citation.hit.passage.span, citation.quote_span
    if (
        document.text_sha256 != citation.hit.text_sha256
        or document.text[passage.start : passage.end] != citation.hit.text
        or document.text[quote.start : quote.end] != citation.quote
    ):
        raise StoreError(
            f"the text of document {document.id} was changed behind the service: delete it and add it again"
        )
