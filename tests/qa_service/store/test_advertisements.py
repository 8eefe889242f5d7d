"""What advertises is flagged when a document is taken in, by the meaning of its sentences; nothing of it is lost."""

from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from embeddings.encoder import Encoder
from embeddings.hashing import HashingEncoder
from qa_service.errors import StoreError
from qa_service.ingest.chunk import make_passages
from qa_service.ingest.clean_meaning import REASON, SHIPPED, AdvertisementRule, shipped_rule
from qa_service.ingest.document import make_document
from qa_service.records import Document, Quarantined, RawFile, Span
from qa_service.store.encoding import encode_document, encode_passages
from qa_service.store.indexer import Indexer
from tests.qa_service.ingest.texts import document_of
from tests.qa_service.store.opened import assert_store_is_whole, made_text, opened

SEEDS = Path(__file__).parents[3] / "seeds"
ENCODER = HashingEncoder()
OFFER = "Blue widgets at half the price for everybody who writes today."
SECOND = "Blue widgets for everybody, at half the price, only today."


def rule_on(*sentences: str) -> AdvertisementRule:
    """One that knows these sentences, and what is much like them."""
    hidden = ENCODER.encode_passages(sentences).T
    return AdvertisementRule(
        "", hidden, np.zeros(len(sentences)), np.full(len(sentences), 100.0), len(sentences) * 80.0, {}
    )


RULE = rule_on(OFFER, SECOND)


def encoded(text: str, tmp_path: Path, *decided: Quarantined) -> list[tuple[str, str, str]]:
    """What is under suspicion in a text: the words, the state and who decided."""
    document, entries, passages = encode_document(ENCODER, document_of(text), decided, RULE, tmp_path)
    assert [each.passage for each in passages] == list(make_passages(document, entries))
    for each in passages:
        anew = encode_passages(ENCODER, [each.passage], tmp_path)[0]
        assert each.vector.tobytes() == anew.vector.tobytes()
        assert each.sentence_vectors.tobytes() == anew.sentence_vectors.tobytes()
    return [(text[each.span.start : each.span.end], each.state, each.by) for each in entries]


def test_sentences_that_advertise_are_flagged_and_neighbours_are_one(tmp_path: Path) -> None:
    story = made_text(1)
    text = f"{story}\n{OFFER} {SECOND}\n{made_text(2)}\n{OFFER}"
    assert encoded(text, tmp_path) == [(f"{OFFER} {SECOND}", "flagged", "rules"), (OFFER, "flagged", "rules")]
    assert encoded(story, tmp_path) == []
    _, entries, passages = encode_document(ENCODER, document_of(text), (), RULE, tmp_path)
    assert {entry.reason for entry in entries} == {REASON}
    flagged = [each.passage for each in passages if each.passage.flagged]
    assert [text[each.span.start : each.span.end] for each in flagged] == [f"{OFFER} {SECOND}", OFFER]


def test_a_sentence_inside_a_paragraph_is_cut_out_of_its_passage(tmp_path: Path) -> None:
    before, after = made_text(3, sentences=2).replace("\n", " "), made_text(4, sentences=2).replace("\n", " ")
    assert encoded(f"{before} {OFFER} {after}", tmp_path) == [(OFFER, "flagged", "rules")]


MARGINS = {"Sure.": 1.0, "Near.": -4.5, "Nearer.": -3.5, "nearly": -4.5, "Hardly.": -7.0, "Far off.": -15.0}
MARGINS |= {"as it seems.": -20.0}


def found(text: str) -> list[str]:
    """What is flagged where sentences have the margins above, others -9."""
    passages = []
    for passage in make_passages(document_of(text), ()):
        words = [text[span.start : span.end] for span in passage.sentences]
        margins = [next((MARGINS[each] for each in MARGINS if word.endswith(each)), -9.0) for word in words]
        passages.append((passage, np.array(margins)[:, np.newaxis]))
    rule = AdvertisementRule("", np.ones((1, 1)), np.full(1, 100.0), np.ones(1), 100.0, {})
    return [text[each.span.start : each.span.end] for each in rule.find(text, passages)]


def test_what_nearly_advertises_is_flagged_beside_what_does() -> None:
    sure, near, nearer, hardly, far = (
        f"This one, which is as long as the sentences of a story are, is {each}"
        for each in ("Sure.", "Near.", "Nearer.", "Hardly.", "Far off.")
    )
    assert found(f"{far} {near} {sure} {near} {near} {far}") == [f"{near} {sure} {near} {near}"]
    assert found(f"{near} {far} {sure} {far} {near}") == [sure]
    assert found(f"{near}\n\n{sure}\n\n{near}") == [sure]
    assert found(f"{near}\n{near}\n{near}") == []
    assert found(f"{far} {nearer} {nearer} {far}") == [f"{nearer} {nearer}"]
    assert found(f"{far} {nearer}\n\n{nearer} {far}") == []
    assert found(f"{far} {hardly} {sure} {hardly} {hardly} {far}") == [f"{hardly} {sure} {hardly} {hardly}"]
    assert found(f"{hardly}\n{sure}\n\n{hardly}") == [f"{hardly}\n{sure}"]


def test_a_short_sentence_that_is_left_of_a_paragraph_is_flagged_with_it() -> None:
    sure = "This one, which is as long as the sentences of a story are, is Sure."
    assert found(f"Is it so? {sure} {sure}") == [f"Is it so? {sure} {sure}"]
    assert found(f"Is it so? {sure} Is it so?") == [sure]
    assert found(f"Is it so?\n{sure}") == [sure]
    assert found(f"{sure} It is Far off.") == [sure]
    assert found(
        f"{sure} It goes on for so long that nobody would call it a short sentence any more, nor nearly so."
    ) == [sure]


def test_a_list_that_nearly_advertises_is_flagged() -> None:
    story = "The story begins here, and it is a long one, as it seems."
    assert found(f"{story}\n\none | two | three | four | nearly") == ["one | two | three | four | nearly"]
    assert found(f"{story}\n\none | two | nearly") == []


def test_what_nearly_advertises_and_says_whom_to_turn_to_is_flagged() -> None:
    story = "The story begins here, and it is a long one, as it seems."
    assert found(f"{story}\n\nWrite to t.me/abcdef, it is Near.") == ["Write to t.me/abcdef, it is Near."]
    assert found(f"{story}\n\nWrite to t.me/abcdef, it is Far off.") == []


def test_short_lines_that_nearly_advertise_are_found_together() -> None:
    assert found("The story begins here, and it is a long one, as it seems.\n\nNear.\n\nNear.\n\nNear.") == [
        "Near.\n\nNear.\n\nNear."
    ]
    assert found("The story begins here, and it is a long one, as it seems.\n\nNear.\n\nNear.\n\nFar off.") == []
    assert found("The story begins here, and it is a long one, as it seems. Near. Near. Near.") == []
    assert found("This is Sure.\nFar off.\nFar off.") == ["This is Sure."]


def test_a_list_line_by_line_is_one_whatever_its_single_lines_say() -> None:
    story = "The story begins here, and it is a long one, as it seems."
    lines = ["First nearly", "Second", "Third nearly", "Fourth nearly", "Fifth"]  # -6.3 in the mean
    keywords = "\n".join(lines)
    assert found(f"{story}\n\n{keywords}\n\n{story}") == [keywords]
    assert found(f"{story}\n\n{keywords}\n\nA headline\n\n{story}") == [keywords]
    parted = "\n\n".join(lines)
    assert found(f"{story}\n\n{parted}") == []
    assert found("\n".join([*lines[1:3], *"ABCDE"])) == []  # -8.4
    assert found("\n".join(lines[:4])) == []
    assert found("\n".join([*lines[:2], "Third, it is Far off.", *lines[3:]])) == []


def test_what_an_operator_decided_stays(tmp_path: Path) -> None:
    text = f"{OFFER}\n{made_text(1)}\n{OFFER}"
    last = len(text) - len(OFFER)
    kept = Quarantined(Span(last, len(text)), "spam", "restored", "kept", "operator")
    out = Quarantined(Span(0, len(OFFER)), "spam", "by the operator", "quarantined", "operator")
    assert encoded(text, tmp_path, out, kept) == [
        (OFFER, "quarantined", "operator"),
        (OFFER, "kept", "operator"),
    ]


def test_only_what_is_cut_otherwise_is_encoded_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    paragraphs = "\n\n\n\n".join(made_text(number) for number in range(9))
    document = document_of(f"{OFFER}\n\n\n\n{paragraphs}")
    texts = Mock(wraps=ENCODER.encode_passages)
    monkeypatch.setattr(ENCODER, "encode_passages", texts)
    encode_document(ENCODER, document, (), RULE, tmp_path)
    first, again = (len(call.args[0]) for call in texts.call_args_list)
    assert 0 < again < first / 5


def test_a_service_without_a_rule_flags_nothing_by_meaning(tmp_path: Path) -> None:
    document = document_of(f"{OFFER}\n{made_text(1)}")
    same, entries, _ = encode_document(ENCODER, document, (), None, tmp_path)
    assert (same, entries) == (document, ())


def described(text: str) -> Document:
    return make_document(RawFile("a.txt", text.encode(), {}))[0]


def test_an_advertisement_gives_a_document_neither_its_title_nor_its_language(tmp_path: Path) -> None:
    story = "Сегодня в столице открылась новая станция метро.\n\nЕё строили семь лет."
    document = described(f"{OFFER}\n{SECOND}\n{OFFER}\n{SECOND}\n\n{story}")
    assert (document.metadata.title[:12], document.metadata.language) == ("Blue widgets", "en")
    found, _, _ = encode_document(ENCODER, document, (), RULE, tmp_path)
    assert found.metadata.title == "Сегодня в столице открылась новая станция метро."
    assert found.metadata.language == "ru"
    assert (found.origins["title"], found.origins["language"]) == ("text", "detected")
    given = replace(
        document, metadata=replace(document.metadata, title="Metro"), origins={**document.origins, "title": "given"}
    )
    found, _, _ = encode_document(ENCODER, given, (), RULE, tmp_path)
    assert (found.metadata.title, found.origins["title"]) == ("Metro", "given")
    alone, _, _ = encode_document(ENCODER, described(f"{OFFER} {SECOND}"), (), RULE, tmp_path)
    assert alone.metadata.title[:12] == "Blue widgets"  # there is nothing else to call it by


def test_the_store_holds_what_was_found(tmp_path: Path) -> None:
    with opened(tmp_path) as each:
        indexer = Indexer(each.store, each.index, ENCODER, RULE)
        text = f"{made_text(1)}\n{OFFER}\n{made_text(2)}"
        receipt = indexer.add(RawFile("a.txt", text.encode(), {}))
        (entry,) = receipt.quarantined
        assert (text[entry.span.start : entry.span.end], entry.state) == (OFFER, "flagged")
        assert any(passage.flagged for passage in each.store.passages(receipt.document_id))
        assert_store_is_whole(each.store, ENCODER)
        indexer.restore(receipt.document_id, entry.span.start)
        assert not any(passage.flagged for passage in each.store.passages(receipt.document_id))
        again = indexer.add(RawFile("b.txt", text.encode(), {}))
        assert [found.state for found in again.quarantined] == ["kept"]
        assert_store_is_whole(each.store, ENCODER)


def test_a_rule_is_kept_in_a_file(tmp_path: Path) -> None:
    path, vectors = tmp_path / "rules" / "rule.npz", ENCODER.encode_passages([OFFER, made_text(1)])
    rule = AdvertisementRule("ab" * 32, RULE.hidden, RULE.hidden_bias, RULE.out, 0.125, {"date": "2026-11-23"})
    rule.save(path)
    again = AdvertisementRule.load(path)
    assert (again.encoder, again.limit, again.record) == (rule.encoder, rule.limit, rule.record)
    assert np.allclose(again.scores(vectors), rule.scores(vectors), rtol=1e-3)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(StoreError, match="no rule on advertisements"):
        AdvertisementRule.load(path)
    assert shipped_rule("00" * 32) is None


ADVERTISING = {
    "en": "Play blackjack with live dealers and cash out whenever you like, new members double their first deposit.",
    "ru": "Мгновенный кредит пенсионерам и студентам, решение за две минуты, звоните менеджеру прямо сейчас.",
    "zh": "全网最全高清影视资源，手机就能看，点击下载客户端免费畅享。",
    "ja": "他社で断られた方も安心、スマホだけで今日中にお金が借りられます。",
    "ko": "첫 가입자에게 보너스 포인트 지급, 실시간 게임에서 대박을 터뜨리세요.",
    "kk": "Несие тарихың нашар болса да, ақшаны бес минутта картаңа аударамыз, қазір өтінім қалдыр.",
    "it": "Incontra stasera donne sexy nella tua città, iscrizione gratuita e senza impegno.",
}
HONEST = {
    "en": "The casino's owner was fined after inspectors found that minors had been playing at its tables.",
    "ru": "Суд признал незаконным кредитный договор, по которому пенсионерка заплатила тройную сумму.",
    "zh": "影视行业协会公布，去年全国票房收入达到五百亿元，其中国产影片占六成。",
    "ja": "多重債務の相談は昨年より増え、県は無料の法律相談の窓口を設けた。",
    "ko": "게임 업계는 확률형 상품의 확률을 공개하라는 정부의 방침에 반발했다.",
    "kk": "Ұлттық банк несие беру талаптарын қатаңдатты, жаңа ереже қаңтардан бастап күшіне енеді.",
    "it": "Il comune ha chiuso due sale da gioco vicino alla scuola dopo le proteste dei genitori.",
}


@pytest.mark.model
@pytest.mark.parametrize("language", ADVERTISING)
def test_the_shipped_rule_tells_advertisements_from_reports(language: str, encoder: Encoder, tmp_path: Path) -> None:
    rule = shipped_rule(encoder.spec.weights_sha256)
    assert rule is not None
    assert len(rule.hidden) == encoder.spec.dimension
    text = f"{HONEST[language]}\n\n{ADVERTISING[language]}\n\n{HONEST[language]}"
    _, entries, _ = encode_document(encoder, document_of(text), (), rule, tmp_path)
    assert [text[each.span.start : each.span.end] for each in entries] == [ADVERTISING[language]]


@pytest.mark.model
@pytest.mark.parametrize("path", sorted(SEEDS.glob("*.txt")), ids=lambda path: path.name[:3])
def test_the_shipped_rule_finds_no_advertisement_in_a_seed(path: Path, encoder: Encoder, tmp_path: Path) -> None:
    rule = shipped_rule(encoder.spec.weights_sha256)
    assert rule is not None
    document, quarantined = make_document(RawFile(path.name, path.read_bytes(), {}))
    _, entries, passages = encode_document(encoder, document, quarantined, rule, tmp_path)
    assert passages
    assert [document.text[each.span.start : each.span.end] for each in entries if each.reason == REASON] == []


def test_the_shipped_rules_are_named_after_their_encoders() -> None:
    paths = list(SHIPPED.glob("*.npz"))
    assert paths
    for path in paths:
        assert AdvertisementRule.load(path).encoder[:16] == path.stem
        assert np.isfinite(AdvertisementRule.load(path).hidden).all()
