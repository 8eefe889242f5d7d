"""A follow-up takes what it lacks from the questions before it; a complete question takes nothing."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_service.retrieval.history import MAX_QUERY, IsAbout, complete, leans
from tests.qa_service.ingest.texts import any_texts

FOLLOW_UPS = {
    "en": ["Why?", "and when?", "And in 2023?", "What about Luther?", "Who built it?", "Which satellite was used?"],
    "zh": ["为什么？", "在哪里？", "那法国呢？", "2023年呢？", "它的英文名是什么？", "這個多少錢？"],
    "ru": ["Почему?", "а когда?", "А в Германии?", "Кто его построил?", "Какой спутник использовался?", "а Лютер?"],
    "kk": ["Неге?", "қашан?", "ал Германияда ше?", "Оны кім салды?", "Ол қайда?", "ал 2023 жылы ше?"],
    "ky": ["Эмнеге?", "качан?", "ал Германияда чы?", "Аны ким курган?"],
    "uz": ["Nega?", "qachon?", "va Germaniyada?", "Uni kim qurgan?", "Germaniyada-chi?"],
    "tg": ["Чаро?", "кай?", "ва дар Олмон?", "Онро кӣ сохт?"],
    "tk": ["Näme üçin?", "haçan?", "emma Germaniýada?", "Ony kim gurdy?"],
    "without a word list": ["Neden?", "¿Por qué?", "¿y en 2023?", "متى؟", "كيف؟", "왜?", "ทำไม"],
}
COMPLETE = {
    "en": [
        *(
            "How large was the trade between France and Germany in 2024?",
            "Who is Martin Luther?",
            "Where is Jacksonville?",
        ),
        *("What is photosynthesis?", "And what did Martin Luther write about the freedom of Christians in 1520?"),
        *(
            "What did Luther say about his translation of the Bible into German?",
            "Did the Normans build castles in Italy?",
        ),
    ],
    "zh": ["什么是质数？", "马丁·路德在哪一年翻译了《圣经》？", "第七次大选在哪里举行？", "张伟是谁？"],
    "ru": ["Кто такой Мартин Лютер?", "Что такое сепсис?", "Где родился Фридрих Ратцель?", "Сколько лет было Лютеру?"],
    "kk": ["Ирония дегеніміз не?", "Джексонвилл Майамиден қанша шақырым қашықта орналасқан?"],
    "without a word list": [
        *("Wann entdeckte Carl Wilhelm Scheele den Sauerstoff?", "متى اكتشف كارل فيلهلم شيل الأكسجين؟"),
        *("¿Cuántos premios Grammy ha ganado Lady Gaga?", "ทีมบรอนคอสทำคะแนนได้เท่าไรในสามนาทีสุดท้ายของการแข่งขัน"),
    ],
}


def related(_completed: str, _question: str) -> bool:
    return True


def unrelated(_completed: str, _question: str) -> bool:
    return False


@pytest.mark.parametrize("question", [each for of_language in FOLLOW_UPS.values() for each in of_language])
def test_a_follow_up_leans_on_what_was_asked_before(question: str) -> None:
    assert leans(question) != "not"
    query = complete(["Charlemagne 查理曼 Карл Шарлемань?", question], related)
    assert query.startswith("Charlemagne 查理曼 Карл Шарлемань")
    assert query[1:].endswith(question[1:])


@pytest.mark.parametrize("question", [each for of_language in COMPLETE.values() for each in of_language])
def test_a_complete_question_stays_as_it_is(question: str) -> None:
    assert complete(["How many jobs has Volvo created?", question], related) == question


@pytest.mark.parametrize(
    ("earlier", "question", "query"),
    [
        ("When was Sky launched?", "Which satellite was used?", "was Sky launched which satellite was used?"),
        ("How many people lived there in 2010?", "And in 2023?", "How many people lived there in and in 2023?"),
        ("How old is Ann?", "What about Bob Lee?", "How old is Ann what about Bob Lee?"),
        ("谁建立了西医机构？", "什么时候？", "建立了西医机构 什么时候？"),
        ("Кто учредил Управление?", "а когда?", "учредил Управление а когда?"),
        ("Ли Бо қашан туған?", "қайда?", "Ли Бо туған қайда?"),
    ],
)
def test_what_is_asked_anew_replaces_what_was_asked(earlier: str, question: str, query: str) -> None:
    assert complete([earlier, question], related) == query


def test_a_follow_up_to_a_follow_up_knows_what_both_are_about() -> None:
    query = complete(["Where was Martin Luther born?", "And when did he marry?", "Why?"], related)
    assert query == "was Martin Luther born and did he marry why?"


def test_a_complete_question_ends_what_came_before() -> None:
    assert (
        complete(["Where was Martin Luther born?", "Who is Friedrich Ratzel?", "when?"], related)
        == "is Friedrich Ratzel when?"
    )


def test_what_pronouns_point_to_may_stand_in_the_question_itself() -> None:
    assert leans("What did Luther call the mass before he left Wittenberg?") == "not"


@pytest.mark.parametrize("question", ["?", "🙂", "…", ""])
def test_what_says_nothing_asks_nothing_of_its_history(question: str) -> None:
    assert complete(["Where was Martin Luther born?", question], related) == question


def test_there_may_be_nothing_to_take() -> None:
    assert complete([], related) == ""
    assert complete(["why?"], related) == "why?"
    assert complete(["who?", "why?"], related) == "why?"


@given(st.lists(st.one_of(any_texts(), st.text()), max_size=12))
@settings(deadline=None)
def test_any_questions_give_a_query_that_ends_with_the_last(questions: list[str]) -> None:
    query = complete(questions, related)
    last = " ".join(questions[-1].split()) if questions else ""
    assert query.endswith(last[1:])
    assert len(query) <= max(MAX_QUERY, len(last))
    assert query[-len(last) :] == last or leans(last) != "not"
    assert query == complete(questions, related)


def test_long_questions_leave_room_for_the_last() -> None:
    query = complete(["слово " * 400, "word " * 400, "字" * 2_000, "why?"], related)
    assert len(query) == MAX_QUERY
    assert query.endswith(" why?")


def test_it_takes_less_than_two_milliseconds() -> None:
    questions = [
        "How many jobs has the company created in Kazakhstan since 2013?",
        "А в Узбекистане?",
        "那哈萨克斯坦呢？",
    ]
    times = []
    for _ in range(20):
        start = time.perf_counter()
        complete(questions, related)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.002


@pytest.mark.parametrize(
    ("is_about", "query"),
    [(related, "was Sky launched which satellite was used?"), (unrelated, "Which satellite was used?")],
)
def test_a_short_question_is_completed_if_what_that_finds_is_about_it(is_about: IsAbout, query: str) -> None:
    assert complete(["When was Sky launched?", "Which satellite was used?"], is_about) == query


@pytest.mark.parametrize("question", ["And when?", "Who built it?", "Why?", "那法国呢？", "А в Германии?"])
def test_what_points_back_is_completed_whatever_it_finds(question: str) -> None:
    assert complete(["When was Sky launched?", question], unrelated) != question


@pytest.mark.parametrize(
    "question",
    ["Thanks!", "Thank you very much.", "Спасибо", "Рақмет!", "谢谢", "Hello", "你好！", "Rahmat", "рахмет!"],
)
def test_a_pleasantry_asks_nothing_of_what_came_before(question: str) -> None:
    assert complete(["When was Sky launched?", question], related) == question
    assert (
        complete(["When was Sky launched?", question, "And in 2023?"], related) == "When was Sky launched and in 2023?"
    )
