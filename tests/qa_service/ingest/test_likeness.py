"""What two texts share, whatever their script, and that it is found by a few hashes."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_service.ingest.likeness import NEAR, Shingled, find_tokens, fingerprints, shared_share

ENGLISH = "The media forum of China and Central Asia opened in Astana with guests from five states and many editors."
CHINESE = "中国与中亚国家媒体合作论坛在阿斯塔纳开幕，来自五个国家的编辑和记者出席了会议并就未来的合作交换了意见。"
THAI = "การประชุมสื่อมวลชนของจีนและเอเชียกลางเปิดขึ้นที่อัสตานาโดยมีบรรณาธิการจากห้าประเทศเข้าร่วม"
KAZAKH = "Астанада Қытай мен Орталық Азия елдерінің медиа форумы ашылды, оған бес елдің редакторлары қатысты."


def share(text: str, other: str) -> float:
    return shared_share(Shingled.of(text), Shingled.of(other))


@pytest.mark.parametrize("text", [ENGLISH, CHINESE, THAI, KAZAKH])
def test_form_and_white_space_make_no_difference(text: str) -> None:
    changed = " \u200b" + text.upper().replace(" ", "\r\n\t") + "!!!"
    assert share(text, changed) == 1.0
    assert fingerprints(Shingled.of(text)) == fingerprints(Shingled.of(changed))


def test_line_breaks_inside_chinese_make_no_difference() -> None:
    assert share(CHINESE, "\n".join(CHINESE)) == 1.0


@pytest.mark.parametrize(("text", "other"), [(ENGLISH, KAZAKH), (CHINESE, THAI)])
def test_different_texts_share_nothing(text: str, other: str) -> None:
    assert share(text, other) == 0.0


def test_the_share_is_that_of_the_smaller_text() -> None:
    assert share(ENGLISH, f"{KAZAKH} {ENGLISH} {CHINESE}") == 1.0
    half = ENGLISH[: ENGLISH.index("opened")]
    assert share(half + KAZAKH, ENGLISH) == share(ENGLISH, half + KAZAKH)
    assert 0.2 < share(half + KAZAKH, ENGLISH) < 0.5


def test_tokens_are_words_or_characters() -> None:
    assert find_tokens("Ｆorum, 论坛 2-nd") == ["forum", "论", "坛", "2", "nd"]


def test_a_share_of_three_words_in_runs_is_counted() -> None:
    assert share("a b c d x", "q a b c r d x") == 0.6  # a b c stand in a row there, d x do not


@pytest.mark.parametrize("separator", [" ", ""])
def test_a_copy_with_scattered_changes_shares_fingerprints(separator: str) -> None:
    chance = random.Random(5)
    words = [
        chr(0x4E00 + chance.randrange(3000)) if not separator else f"w{chance.randrange(3000)}" for _ in range(900)
    ]
    for changed in (0.05, 0.3):
        edited = [
            chance.choice(words) if i % 10 == 0 and chance.random() < changed * 10 else w for i, w in enumerate(words)
        ]
        text, other = Shingled.of(separator.join(words)), Shingled.of(separator.join(edited))
        assert shared_share(text, other) > NEAR
        assert len(set(fingerprints(text)) & set(fingerprints(other))) > 10


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_two_texts_have_a_share(text: str, other: str) -> None:
    assert 0 <= share(text, other) <= 1
    assert share(text, other) == share(other, text)
    prints = fingerprints(Shingled.of(text))
    assert list(prints) == sorted(set(prints))
    assert all(0 <= each < 2**63 for each in prints)


def test_the_share_of_two_texts_of_one_size_is_the_same_either_way() -> None:
    repeating, other = "one two six one two six ten", "one two six ten fox box red"
    assert Shingled.of(repeating).size == Shingled.of(other).size
    assert share(repeating, other) == share(other, repeating)
