"""What the service says in its own words, in the language of the question; English where it knows no better."""

from dataclasses import dataclass

OneOrMore = tuple[str, str]
"""The forms for one and for two or three; numbers of quotes go no further."""


@dataclass(frozen=True, slots=True)
class Messages:
    """`not_answerable`: the documents don't hold the answer. `related` heads the nearest passages, `quotes` the quotes
    of an answer (`{quotes}` is their number, `{documents}` the phrase of `documents`), `differ` values that
    contradict each other."""

    language: str
    not_answerable: str
    related: str
    quotes: OneOrMore
    documents: OneOrMore
    differ: str

    def heading(self, quotes: int, documents: int) -> str:
        """`2 passages from 1 document:`"""
        return self.quotes[quotes > 1].format(quotes=quotes, documents=self.documents[documents > 1].format(documents))


def _always(form: str) -> OneOrMore:
    """For languages that do not change the noun after a number."""
    return form, form


_ENGLISH = Messages(
    "en",
    not_answerable="These documents don’t hold an answer to this question.",
    related="Nearest passages",
    quotes=("{quotes} passage from {documents}:", "{quotes} passages from {documents}:"),
    documents=("{} document", "{} documents"),
    differ="The documents differ:",
)
_BY_LANGUAGE = {
    messages.language: messages
    for messages in (
        _ENGLISH,
        Messages(
            "zh",
            not_answerable="这些文档中没有这个问题的答案。",
            related="意思最接近的段落",
            quotes=_always("{documents}中的{quotes}个段落："),
            documents=_always("{}份文档"),
            differ="各文档说法不一：",
        ),
        Messages(
            "ru",
            not_answerable="В этих документах нет ответа на этот вопрос.",
            related="Ближайшие по смыслу отрывки",
            quotes=("{quotes} отрывок из {documents}:", "{quotes} отрывка из {documents}:"),
            documents=("{} документа", "{} документов"),
            differ="Документы расходятся:",
        ),
        Messages(
            "kk",
            not_answerable="Бұл құжаттарда бұл сұраққа жауап жоқ.",
            related="Мағынасы жақын үзінділер",
            quotes=_always("{documents} {quotes} үзінді:"),
            documents=_always("{} құжаттан"),
            differ="Құжаттардағы деректер әртүрлі:",
        ),
        Messages(
            "ky",
            not_answerable="Бул документтерде бул суроого жооп жок.",
            related="Мааниси жакын үзүндүлөр",
            quotes=_always("{documents} {quotes} үзүндү:"),
            documents=_always("{} документтен"),
            differ="Документтердеги маалыматтар ар башка:",
        ),
        Messages(
            "uz",
            not_answerable="Bu hujjatlarda bu savolga javob yoʻq.",
            related="Maʼnosi yaqin parchalar",
            quotes=_always("{documents} {quotes} ta parcha:"),
            documents=_always("{} ta hujjatdan"),
            differ="Hujjatlardagi maʼlumotlar har xil:",
        ),
        Messages(
            "tg",
            not_answerable="Дар ин ҳуҷҷатҳо ба ин савол ҷавоб нест.",
            related="Порчаҳои аз ҷиҳати маъно наздик",
            quotes=_always("{quotes} порча аз {documents}:"),
            documents=_always("{} ҳуҷҷат"),
            differ="Маълумоти ҳуҷҷатҳо гуногун аст:",
        ),
        Messages(
            "tk",
            not_answerable="Bu resminamalarda bu soraga jogap ýok.",
            related="Manysy ýakyn bölekler",
            quotes=_always("{documents} {quotes} bölek:"),
            documents=_always("{} resminamadan"),
            differ="Resminamalardaky maglumatlar dürli:",
        ),
    )
}


def messages_in(language: str) -> Messages:
    """`language` is a BCP 47 tag; only its first part counts (zh-Hant is zh)."""
    return _BY_LANGUAGE.get(language.partition("-")[0].casefold(), _ENGLISH)
