"""What advertises is flagged when a document is taken in, by the meaning of its sentences; nothing of it is lost."""

from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from embeddings.encoder import Encoder
from embeddings.hashing import HashingEncoder
from qa_service.errors import StoreError
from qa_service.ingest.chunk import make_passages
from qa_service.ingest.clean_meaning import REASON, SHIPPED, AdvertisementRule, shipped_rule
from qa_service.records import Quarantined, RawFile, Span
from qa_service.store.encoding import encode_document, encode_passages
from qa_service.store.indexer import Indexer
from tests.qa_service.ingest.texts import document_of
from tests.qa_service.store.opened import assert_store_is_whole, made_text, opened

ENCODER = HashingEncoder()
OFFER = "Blue widgets at half the price for everybody who writes today."
SECOND = "Blue widgets for everybody, at half the price, only today."


def rule_on(*sentences: str) -> AdvertisementRule:
    """One that knows these sentences, and what is much like them."""
    hidden = ENCODER.encode_passages(sentences).T
    return AdvertisementRule("", hidden, np.zeros(len(sentences)), np.ones(len(sentences)), len(sentences) * 0.8, {})


RULE = rule_on(OFFER, SECOND)


def encoded(text: str, tmp_path: Path, *decided: Quarantined) -> list[tuple[str, str, str]]:
    """What is under suspicion in a text: the words, the state and who decided."""
    entries, passages = encode_document(ENCODER, document_of(text), decided, RULE, tmp_path)
    assert [each.passage for each in passages] == list(make_passages(document_of(text), entries))
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
    entries, passages = encode_document(ENCODER, document_of(text), (), RULE, tmp_path)
    assert {entry.reason for entry in entries} == {REASON}
    flagged = [each.passage for each in passages if each.passage.flagged]
    assert [text[each.span.start : each.span.end] for each in flagged] == [f"{OFFER} {SECOND}", OFFER]


def test_a_sentence_inside_a_paragraph_is_cut_out_of_its_passage(tmp_path: Path) -> None:
    before, after = made_text(3, sentences=2).replace("\n", " "), made_text(4, sentences=2).replace("\n", " ")
    assert encoded(f"{before} {OFFER} {after}", tmp_path) == [(OFFER, "flagged", "rules")]


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
    entries, _ = encode_document(ENCODER, document_of(f"{made_text(1)}\n{OFFER}"), (), None, tmp_path)
    assert entries == ()


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
    assert np.allclose(again.scores(vectors), rule.scores(vectors), atol=1e-3)
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
    entries, _ = encode_document(encoder, document_of(text), (), rule, tmp_path)
    assert [text[each.span.start : each.span.end] for each in entries] == [ADVERTISING[language]]


def test_the_shipped_rules_are_named_after_their_encoders() -> None:
    paths = list(SHIPPED.glob("*.npz"))
    assert paths
    for path in paths:
        assert AdvertisementRule.load(path).encoder[:16] == path.stem
        assert np.isfinite(AdvertisementRule.load(path).hidden).all()
