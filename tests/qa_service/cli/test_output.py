"""What is printed is what the documents say."""

import pytest

from qa_service.cli.output import print_answer, print_ranking
from qa_service.web.responses import AnswerOut, HitOut, SearchOut


def ranking(*texts: str) -> SearchOut:
    hits = [
        HitOut(
            title="Title",
            source="Press",
            author=None,
            date=None,
            url=None,
            language="en",
            document_id="0" * 32,
            file_name="a\nb.txt",
            start_char_index=5,
            end_char_index=5 + len(text),
            text=text,
            text_sha256="",
            score=0.5,
            scores={},
            copies=[],
            corroborating=[],
            differing=[],
        )
        for text in texts
    ]
    return SearchOut(
        question="a", language="en", search_query="a", hits=hits, index_version="1", model="m", timings_ms={}
    )


def test_a_ranking_shows_where_each_passage_stands(capsys: pytest.CaptureFixture[str]) -> None:
    print_ranking(ranking("First\n passage", "Second"))
    assert capsys.readouterr().out.splitlines() == [
        *("1. 0.500 Title, Press, en - a b.txt [5:19]", "First passage"),
        *("2. 0.500 Title, Press, en - a b.txt [5:11]", "Second"),
    ]


def test_an_empty_ranking_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    print_ranking(ranking())
    assert capsys.readouterr().out == "No passages.\n"


def test_a_text_is_printed_as_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    print_ranking(ranking("[bold]at 12:100:30[/bold] :smile: \x1b]0;PWNED\x07"))
    assert capsys.readouterr().out.splitlines()[1].rstrip() == "[bold]at 12:100:30[/bold] :smile:  ]0;PWNED"


def test_a_refusal_is_in_the_language_of_the_question(capsys: pytest.CaptureFixture[str]) -> None:
    question = "Борщ қалай пісіріледі?"
    print_answer(
        AnswerOut(
            id="0" * 32,
            question=question,
            language="kk",
            search_query=question,
            answerable=False,
            confidence=0.22,
            calibrated=True,
            answer=None,
            answer_kind="none",
            citations=[],
            related=[],
            index_version="1",
            model="m",
            timings_ms={},
        )
    )
    assert capsys.readouterr().out == "Бұл құжаттарда бұл сұраққа жауап жоқ.\nconfidence 0.22\n"
