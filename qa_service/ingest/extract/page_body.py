"""Which lines of a web page are its main content; the only home of resiliparse."""

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from qa_service.ingest.extract.blocks import levelled, one_line


class PageBody:
    """What resiliparse takes for the main content of a page."""

    def __init__(self, html: str) -> None:
        tree = HTMLTree.parse(html)
        found = extract_plain_text(
            tree, main_content=True, list_bullets=False, alt_texts=False, preserve_formatting=True
        )
        found = levelled(found)
        self._lines = {one_line(line) for line in found.splitlines()}
        self._text = one_line(found)

    def holds(self, block: str) -> bool:
        """Does a block of the page stand in it?"""
        block = one_line(levelled(block))
        return block in self._lines or block in self._text
