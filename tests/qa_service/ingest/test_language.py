"""The language of a short text is that of the longer ones before it, in its script."""

import pytest

from qa_service.ingest.language import detect_language, language_of_last

KAZAKH = "Қытайда Қазақстаннан қанша студент оқиды және олар қайда тұрады?"


@pytest.mark.parametrize(
    ("texts", "language"),
    [
        (["How large was the trade between the two countries?"], "en"),
        ([KAZAKH, "а 2016?"], "kk"),
        (["Қанша студент?", "ал Қазақстанда неше Конфуций институты бар?"], "kk"),
        ([KAZAKH, "а 2016?", "ал 2017?"], "kk"),
        ([KAZAKH, "那中国呢？"], "zh"),
        ([KAZAKH, "Сколько студентов из Казахстана учится в Китае?"], "ru"),
        (["How large was the trade between the two countries?", "а сколько?"], detect_language("а сколько?")),
        (["?", "", "Почему это произошло?"], "ru"),
        (["?"], "und"),
    ],
)
def test_a_short_text_takes_the_language_of_longer_ones_in_its_script(texts: list[str], language: str) -> None:
    assert language_of_last(texts) == language
