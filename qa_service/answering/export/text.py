"""What the formats share: texts on one line, and addresses without what ends or leaves them."""

import re
import unicodedata

STEERING = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Characters that show text in another order than it is written in: one in a title would turn what follows it."""
_UNSAFE_IN_URL = re.compile(rf"[\s\x00-\x20\x7f\"<>\\^`{{|}}]|{STEERING.pattern}")


def one_line(text: str) -> str:
    """The text with its runs of white space and control characters as one space each."""
    return " ".join("".join(" " if unicodedata.category(each) == "Cc" else each for each in text).split())


def told(text: str) -> str:
    """What is told of a document, on one line and in its own order."""
    return one_line(STEERING.sub("", text))


def place_in_document(section: str | None, speaker: str | None) -> str:
    """`Headline — Speaker`, or what of it is known."""
    return " — ".join(dict.fromkeys(told(part) for part in (section, speaker) if part))


def safe_url(url: str) -> str:
    """The same address; what no address holds as it is, and what could end it in a text, is percent-encoded."""
    return _UNSAFE_IN_URL.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), url)
