"""Untrusted text into HTML, and the few forms that the pages share: places, dates, names of languages."""

from urllib.parse import quote

from qa_service.answering.export.text import STEERING
from qa_service.records import Metadata, Span

_LANGUAGES = {
    "en": "English",
    "zh": "Chinese",
    "zh-Hans": "Chinese (simplified)",
    "zh-Hant": "Chinese (traditional)",
    "ru": "Russian",
    "kk": "Kazakh",
    "ky": "Kyrgyz",
    "uz": "Uzbek",
    "tg": "Tajik",
    "tk": "Turkmen",
    "ar": "Arabic",
    "de": "German",
    "es": "Spanish",
    "fa": "Persian",
    "fr": "French",
    "ja": "Japanese",
    "ko": "Korean",
    "mn": "Mongolian",
    "tr": "Turkish",
    "ug": "Uyghur",
    "und": "Language unknown",
}
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def escape(text: str) -> str:
    """Text that neither HTML nor a Markdown or formula renderer behind it takes for markup, without what steers it.

    Every ASCII character but letters, digits and the space becomes a reference, so that no address is linked either.
    """
    return "".join(
        character if character == " " or character.isalnum() or character > "\x7f" else f"&#{ord(character)};"
        for character in STEERING.sub("", text)
    )


def source_url(document_id: str, span: Span | None) -> str:
    """The source page, relative to the chat, opened at the highlighted span."""
    page = f"./source/{quote(document_id, safe='')}"
    return page if span is None else f"{page}?start={span.start}&end={span.end}#quote"


def language_name(language: str) -> str:
    return _LANGUAGES.get(language) or _LANGUAGES.get(language.partition("-")[0]) or language


def readable_date(date: str) -> str:
    """`2025-06-14` as 14 June 2025, `2025-06` as June 2025; anything else as it is."""
    parts = date.split("-")
    if not all(part.isascii() and part.isdigit() for part in parts) or not 2 <= len(parts) <= 3:
        return date
    year, month, *day = (int(part) for part in parts)
    if not 1 <= month <= 12:
        return date
    return " ".join([*(str(each) for each in day), _MONTHS[month - 1], str(year)])


def provenance(metadata: Metadata) -> str:
    """Source, author, date and language, escaped, those that are known, as spans."""
    facts = [metadata.source, metadata.author, metadata.date and readable_date(metadata.date)]
    known = [fact for fact in facts if fact] + [language_name(metadata.language)]
    return "".join(f'<span dir="auto">{escape(fact)}</span>' for fact in known)
