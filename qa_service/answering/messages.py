"""What the service says in its own words, in the language of the question; English where it knows no better."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Messages:
    """`not_answerable`: the documents don't hold the answer. `related`: heads the nearest passages."""

    language: str
    not_answerable: str
    related: str


_ENGLISH = Messages("en", "These documents don’t hold an answer to this question.", "Nearest passages")
_BY_LANGUAGE = {
    messages.language: messages
    for messages in (
        _ENGLISH,
        Messages("zh", "这些文档中没有这个问题的答案。", "意思最接近的段落"),
        Messages("ru", "В этих документах нет ответа на этот вопрос.", "Ближайшие по смыслу отрывки"),
        Messages("kk", "Бұл құжаттарда бұл сұраққа жауап жоқ.", "Мағынасы жақын үзінділер"),
        Messages("ky", "Бул документтерде бул суроого жооп жок.", "Мааниси жакын үзүндүлөр"),
        Messages("uz", "Bu hujjatlarda bu savolga javob yoʻq.", "Maʼnosi yaqin parchalar"),
        Messages("tg", "Дар ин ҳуҷҷатҳо ба ин савол ҷавоб нест.", "Порчаҳои аз ҷиҳати маъно наздик"),
        Messages("tk", "Bu resminamalarda bu soraga jogap ýok.", "Manysy ýakyn bölekler"),
    )
}


def messages_in(language: str) -> Messages:
    """`language` is a BCP 47 tag; only its first part counts (zh-Hant is zh)."""
    return _BY_LANGUAGE.get(language.partition("-")[0].casefold(), _ENGLISH)
