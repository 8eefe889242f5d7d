"""What is printed is what the documents say."""

import pytest

from qa_service.cli.output import print_ranking
from qa_service.web.responses import HitOut, SearchOut


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
