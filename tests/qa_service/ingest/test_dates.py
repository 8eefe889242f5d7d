"""The date of a text: many ways to write one, none that cannot be."""

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_service.ingest.dates import find_date
from qa_service.ingest.describe import is_date
from tests.qa_service.ingest.texts import any_texts

BODY = "The members met on Monday and agreed on a plan for the year, which is to be carried out by spring. "


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2025-06-14", "2025-06-14"),
        ("Updated: 2025-06-14 07:22", "2025-06-14"),
        ("2025/6/14", "2025-06-14"),
        ("2025.06.14", "2025-06-14"),
        ("14.06.2025", "2025-06-14"),
        ("3.4.2025", "2025-04-03"),
        ("2025年6月14日", "2025-06-14"),
        ("2025 年 06 月 14 日", "2025-06-14"),
        ("2025년 6월 14일", "2025-06-14"),
        ("二〇二五年六月十四日", "2025-06-14"),
        ("二○二四年十二月三十一日", "2024-12-31"),
        ("二〇二三年十月二十一号", "2023-10-21"),
        ("2024年6月", "2024-06"),
        ("24 October 2016 19:12", "2016-10-24"),
        ("October 24, 2016", "2016-10-24"),
        ("24th of October 2016", "2016-10-24"),
        ("Oct. 24, 2016", "2016-10-24"),
        ("Sept 3, 2024", "2024-09-03"),
        ("June 2025", "2025-06"),
        ("24 октября 2016 года", "2016-10-24"),
        ("1 мая 2020 г.", "2020-05-01"),
        ("14 сент. 2024", "2024-09-14"),
        ("Октябрь 2016", "2016-10"),
        ("2025 жылғы 14 маусым", "2025-06-14"),
        ("2025 ж. 14 маусымда", "2025-06-14"),
        ("14 маусым 2025", "2025-06-14"),
        ("2025-жылдын 14-июну", "2025-06-14"),
        ("2025-ж., 14-июль", "2025-07-14"),
        ("2025-yil 14-iyun", "2025-06-14"),
        ("14-iyul, 2025", "2025-07-14"),
        ("2025 йил 14 июнь", "2025-06-14"),
        ("14 июни соли 2025", "2025-06-14"),
        ("2025-nji ýylyň 14-nji iýuny", "2025-06-14"),
        ("14 iýul 2025", "2025-07-14"),
        ("Date: 2024", "2024"),
    ],
)
@pytest.mark.parametrize("form", ["{}", "A headline\n{}\n\n" + BODY, "A headline\n\n" + BODY * 30 + "\n\n{}\n"])
def test_a_date_on_a_line_of_its_own_is_read(text: str, date: str, form: str) -> None:
    assert find_date(form.format(text), "en") == date


@pytest.mark.parametrize(
    "text",
    [
        *(
            "31.02.2025",
            "2025-13-01",
            "2025年13月1日",
            "32 October 2016",
            "February 30, 2024",
            "0000-00-00",
            "99.99.9999",
            "15.00.2024",
            "00.05.2024",
            "2024-00-15",
        ),
        *("2199-01-01", "14 June 2199", "2199", "1.2.2025.4", "192.168.2025.1", "555-2025-06-141", "2025", "12:30", ""),
        *("in May 2020", "may 14", "He waited 14 marshals 2020 men", "2013年9月，主席提出倡议，各方积极响应。"),
        "page 14 of 2016",
    ],
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert find_date(text, "en") is None


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("03/04/2025", "2025"),
        ("03-04-2025", "2025"),
        ("14/06/2025", "2025-06-14"),
        ("06/14/2025", "2025-06-14"),
        ("05/05/2025", "2025-05-05"),
        ("13/13/2025", None),
        ("03/04/2025, that is 3 April 2025", "2025-04-03"),
    ],
)
def test_of_a_date_that_may_be_two_only_the_year_is_told(text: str, date: str | None) -> None:
    assert find_date(text, "en") == date


def test_the_line_of_a_date_comes_before_running_text() -> None:
    body = f"On 1 May 1999 the bridge was opened. {BODY}"
    assert find_date(f"A headline\n\n{body}\n\nPublished: 2 June 2024", "en") == "2024-06-02"
    assert find_date(f"A headline\n\n{body}", "en") is None
    assert find_date(f"A headline\n\n{BODY * 10}\n\n{body}\n\n{BODY}", "en") is None


@pytest.mark.parametrize(
    ("text", "date"),
    [
        (f"ASTANA, June 14, 2025 (Xinhua) -- {BODY}", "2025-06-14"),
        (f"Астана. 14 июня 2025 г. /ТАСС/ – {BODY}", "2025-06-14"),
        (f"АСТАНА, 14 июня 2025 года. {BODY}", "2025-06-14"),
        ("新华社北京2025年6月14日电（记者张三）会议于周一举行，与会代表讨论并通过了全年的工作计划。", "2025-06-14"),
        (f"In Astana on June 14, 2025 the bridge was opened. {BODY}", None),
        (f"{BODY}It ended on June 14, 2025 (Sunday) -- too late.", None),
    ],
)
def test_of_running_text_only_a_dateline_counts(text: str, date: str | None) -> None:
    assert find_date(text, "en") == date


def test_a_date_shortly_ahead_is_one_and_a_later_one_is_not() -> None:
    today = datetime.date.today()
    soon, later = today + datetime.timedelta(days=3), today + datetime.timedelta(days=90)
    assert find_date(soon.isoformat(), "en") == soon.isoformat()
    assert find_date(later.isoformat(), "en") is None


def test_months_of_the_documents_language_are_known() -> None:
    assert find_date("12 mars 2024", "fr") == "2024-03-12"
    assert find_date("12 de marzo de 2024", "es") == "2024-03-12"
    assert find_date("3. Dezember 2024", "de") == "2024-12-03"


@given(
    st.dates(datetime.date(1600, 1, 1), datetime.date.today()),
    st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%Y年%m月%d日"]),
)
def test_every_day_is_read_as_it_is_written(day: datetime.date, form: str) -> None:
    assert find_date(day.strftime(form), "und") == day.isoformat()


_PIECES = st.sampled_from(
    ["2025", "06", "14", "3", "-", "/", ".", "年", "月", "日", "June", "мая", "二", "十", " ", "\n", ","]
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(any_texts(), st.lists(_PIECES, max_size=20).map("".join)), st.sampled_from(["en", "zh", "und", "xx"]))
def test_what_is_found_is_a_date(text: str, language: str) -> None:
    date = find_date(text, language)
    assert date is None or is_date(date)
