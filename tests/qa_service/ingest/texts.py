"""Texts in six scripts with all that breaks offsets, and the documents made of them."""

from pathlib import Path

from hypothesis import strategies as st

from qa_service.ingest.document import make_document
from qa_service.records import Document, Metadata, Quarantined, RawFile

SEEDS = Path(__file__).parents[3] / "seeds"

LATIN = ["The", "forum", "opened", "in", "Astana", "naïve", "Zürich", "U.S.", "Dr.", "3.14", "e.g."]
CYRILLIC = ["Қазақстан", "өңір", "ұлт", "үшін", "ғылым", "һәм", "Ілияс", "Форум", "открылся", "в", "Астане"]
HAN = ["论坛", "中亚媒体", "哈萨克斯坦", "2025年", "的", "現代化", "𠮷野", "欧Ⅳ", "人民日报社副总编辑"]
ARABIC = ["مرحبا", "بالعالم", "مُحَمَّد", "آسیای", "می\u200cروم", "٢٠٢٥"]
EMOJI = ["🙂", "👩\u200d👩\u200d👧", "🇰🇿", "👍🏽", "❤\ufe0f", "1\ufe0f\u20e3"]
COMBINING = ["e\u0301te\u0301", "й", "И\u0306", "हिन्दी", "ก\u0e33", "q\u0323\u0307", "\u0301"]
SCRIPTS = {"Latin": LATIN, "Cyrillic": CYRILLIC, "Han": HAN, "Arabic": ARABIC, "emoji": EMOJI, "combining": COMBINING}

STOPS = [
    ". ",
    "! ",
    "? ",
    "。",
    "！",
    "？",
    "；",
    "؟ ",
    "। ",
    "…",
    ": ",
    "，",
    ", ",
    "、",
    '."',
    "。”",
    "»",
    "「",
    "(",
    "“",
]
SPACES = [" ", "  ", "\t", "\u00a0", "\u3000", "\u2009", "", ""]
BREAKS = ["\n", "\r\n", "\n\n", "\r", "\u2028", "\u2029", "\x85", "\v", "\f", "\r\n\r\n", "\n \n", "\n\u200b\n"]
INVISIBLE = [
    "\u200b",
    "\u200c",
    "\u200d",
    "\u2060",
    "\ufeff",
    "\u00ad",
    "\u200e",
    "\u202e",
    "\x01",
    "\x1e",
    "\x1c",
    "\x7f",
]


def texts_of(words: list[str], max_size: int = 60) -> st.SearchStrategy[str]:
    """Words of one script or of all, with punctuation, white space, line breaks and invisible characters between."""
    parts = st.one_of(
        st.sampled_from(words),
        st.sampled_from(words),
        st.sampled_from(SPACES),
        st.sampled_from(SPACES),
        st.sampled_from(STOPS),
        st.sampled_from(BREAKS),
        st.sampled_from(INVISIBLE),
    )
    return st.lists(parts, min_size=1, max_size=max_size).map("".join)


def any_texts() -> st.SearchStrategy[str]:
    """Texts of each script, of all mixed, of any characters, and long ones that fill several passages."""
    every_word = [word for words in SCRIPTS.values() for word in words]
    mixed = texts_of(every_word)
    any_characters = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=80)
    long = st.tuples(mixed, st.integers(2, 12)).map(lambda each: each[0] * each[1])
    glued = st.tuples(st.sampled_from(every_word), st.integers(100, 600)).map(lambda each: each[0] * each[1])
    return st.one_of(*map(texts_of, SCRIPTS.values()), mixed, any_characters, long, glued)


def document_of(text: str, language: str = "en") -> Document:
    metadata = Metadata(title="title", source=None, author=None, date=None, url=None, language=language)
    return Document(id="id", sha256="sha256", file_name="file.txt", text=text, metadata=metadata, origins={})


def made_of(text: str) -> tuple[Document, tuple[Quarantined, ...]]:
    """The document of a file with this text."""
    return make_document(RawFile("file.txt", text.encode(), {}))


def seed(number: str) -> tuple[Document, tuple[Quarantined, ...]]:
    """A document of the corpus by the first digits of its file name."""
    path = next(SEEDS.glob(f"{number}_*.txt"))
    return make_document(RawFile(path.name, path.read_bytes(), {}))


def quoted(document: Document, entry: Quarantined) -> str:
    return document.text[entry.span.start : entry.span.end]
