"""Spam and boilerplate are kept out; nothing that only looks like them is."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_service.ingest.chunk import make_passages, searched_stretches
from qa_service.ingest.clean import find_quarantined
from qa_service.records import Quarantined, Span
from tests.qa_service.ingest.texts import any_texts, quoted, seed


def of_kind(entries: tuple[Quarantined, ...], kind: str) -> list[Quarantined]:
    return [entry for entry in entries if entry.kind == kind]


@settings(max_examples=300, deadline=None)
@given(any_texts())
def test_what_is_quarantined_lies_in_the_text_in_order_and_apart(text: str) -> None:
    entries = find_quarantined(text)
    assert all(entry.span.end <= len(text) and entry.reason for entry in entries)
    assert all(a.span.end <= b.span.start for a, b in pairwise(entries))


def test_the_spam_of_seed_003_is_quarantined_in_full_and_nothing_else_is_spam() -> None:
    document, entries = seed("003")
    [spam] = of_kind(entries, "spam")
    line = document.text.splitlines()[-1].strip()
    assert quoted(document, spam) == line
    assert line.startswith("久久亚洲精品无码")
    assert line.endswith("成人免费视频|")
    assert spam.span.end == len(document.text)
    assert spam.reason.startswith("search spam: ")
    assert "words of search spam" in spam.reason


def test_navigation_and_footer_of_seed_003_are_boilerplate_and_the_article_is_kept() -> None:
    document, entries = seed("003")
    out = "\n".join(quoted(document, entry) for entry in of_kind(entries, "boilerplate"))
    lines = [line.strip() for line in document.text.split("\n")]
    first, last = lines.index("C. Asia ties to get new boost"), lines.index("Top") - 2
    navigation, footer = ["Share", "Share - WeChat"], lines[last + 2 : -2]
    assert [line.strip() for line in out.split("\n")] == lines[: first - 1] + navigation + footer
    assert (footer[0], footer[-1]) == ("Top", "FOLLOW US")
    kept = "".join(document.text[p.span.start : p.span.end] for p in make_passages(document, entries))
    article = [line for line in lines[first : last + 1] if line not in navigation]
    assert "".join("".join(article).split()) == "".join(kept.split())


@pytest.mark.parametrize("number", ["000", "001", "002"])
def test_nothing_of_the_clean_seeds_is_quarantined(number: str) -> None:
    assert seed(number)[1] == ()


SPAM = "免费在线观看无码影院|" + "|".join(f"国产精品无码{a}字幕{b}" for a in "一二三四五" for b in "甲乙丙丁") + "|"
CASINO = (
    " | ".join(f"online casino {a} slot jackpot betting bonus" for a in ("free", "best", "top", "new", "vip")) + " |"
)
ARTICLE = "The forum opened in Astana on Monday. Journalists from six countries spoke about the trade.\n" * 12


@pytest.mark.parametrize("text", [f"{SPAM}\n{ARTICLE}", f"{ARTICLE}{SPAM}", f"{ARTICLE}\n{SPAM}\n{ARTICLE}{ARTICLE}"])
def test_injected_spam_is_found_at_either_end_and_between(text: str) -> None:
    [entry] = find_quarantined(text)
    assert (entry.kind, text[entry.span.start : entry.span.end]) == ("spam", SPAM)


def test_spam_in_the_script_of_the_document_is_found_at_its_end() -> None:
    text = ARTICLE + CASINO * 2
    [entry] = find_quarantined(text)
    assert (entry.kind, text[entry.span.start : entry.span.end]) == ("spam", CASINO * 2)


def test_spam_at_both_ends_is_listed_in_order() -> None:
    entries = find_quarantined(f"{SPAM}\n{ARTICLE}{SPAM}")
    assert [entry.kind for entry in entries] == ["spam", "spam"]
    assert entries[0].span.end < entries[1].span.start


GLOSSARY = [("无码", "没有编码"), ("字幕", "屏幕上的文字"), ("乱码", "显示错误的字符")]
TERMS = (
    "字幕|影院|下载|成人教育|编码|电台|电视|报纸|记者|编辑|新闻稿|通讯社|直播|"
    "专栏|评论|采访|头条|版面|发行|广告|纪录片|主持人|摄影|录音"
)
MENU = "News | Sport | Culture | Business | Travel | Science | Health | Video | Photo | Podcasts | Weather\n"
CHINESE_MENU = (
    "首页新闻|国际|财经|体育|文化|科技|教育|军事|娱乐|图片|视频|专题|论坛|"
    "博客|健康|旅游|汽车|房产|招聘|天气|电台|直播\n"
)
CHINESE_ARTICLE = "论坛本周在阿斯塔纳开幕，许多国家的代表出席了会议。\n" * 10
COUNTRIES = ["Kazakhstan", "Kyrgyzstan", "Tajikistan", "Turkmenistan", "Uzbekistan"]
FILM_PAGE = """影院指南
本片在多家影院上映，配有中文字幕，成人票五十元。观众可以在线观看预告片，也可以下载海报。
"""
ENGLISH_POEM = """The woods are lovely, dark and deep,
But I have promises to keep,
And miles to go before I sleep
"""
MEDICAL_PAGE = """Viagra (sildenafil) and Cialis (tadalafil) are medicines for men. Ask a doctor for a loan of it.
The betting on a cure is over: xxx marks the dose.
"""
CHINESE_MEDICAL_PAGE = "伟哥是治疗男性疾病的药物，成人每日一次。代孕在许多国家是被禁止的。患者可下载说明书。\n"
LAW_PAGE = "The casino law limits betting and slot machines; a jackpot is taxed, a payday loan is not. "
NAMES = "、".join(["习近平", "方江山", "孙玮东", "韩春霖"] * 6)
CODE = "def slot(x):\n    return a | b | c | d\n\nflags = READ | WRITE | EXEC | NOW | LAZY | LOCAL | GLOBAL | DEEP\n"
FILMS = [
    "羅生門",
    "七人の侍",
    "東京物語",
    "雨月物語",
    "生きる",
    "秋刀魚の味",
    "浮雲",
    "天国と地獄",
    "晩春",
    "麦秋",
    "影武者",
    "乱",
    "蜘蛛巣城",
]

HARMLESS = {
    "a Chinese glossary": "术语表\n" + "\n".join(f"{word}：{meaning}" for word, meaning in GLOSSARY * 8),
    "a Chinese glossary on one line": f"媒体术语：{TERMS}",
    "a Chinese glossary on one line after an English article": f"{ARTICLE}媒体术语：{TERMS}",
    "a film page": FILM_PAGE * 6,
    "a menu with bars": MENU + ARTICLE,
    "a Chinese menu with bars": CHINESE_MENU + CHINESE_ARTICLE,
    "a Chinese menu with bars before an English article": CHINESE_MENU + ARTICLE,
    "a table": "\n".join(
        f"| {c} | {n} | {n * 3} | {n * 7} | {n / 3:.2f} | yes | no | - | - |" for n, c in enumerate(COUNTRIES)
    ),
    "a table in an article": ARTICLE + "| year | trade | share |\n|---|---|---|\n" + "| 2024 | 94.8 | 12 |\n" * 20,
    "a poem": "床前明月光，\n疑是地上霜。\n举头望明月，\n低头思故乡。\n" * 4,
    "an English poem": ENGLISH_POEM * 5,
    "a price list": "\n".join(f"{item} .......... {price} тг" for item, price in [("Нан", 120), ("Сүт", 450)] * 10),
    "a medical page": MEDICAL_PAGE * 6,
    "a Chinese medical page": CHINESE_MEDICAL_PAGE * 6,
    "a page on gambling law": LAW_PAGE * 8,
    "code": CODE * 6,
    "a list of links": "\n".join(f"https://example.org/{i}/download?loan=casino" for i in range(30)),
    "a Kazakh text": "Форум Астанада ашылды. Оған алты елден журналистер қатысты, олар сауда туралы айтты.\n" * 10,
    "Chinese names in an English article": ARTICLE
    + "、".join(["习近平", "方江山", "孙玮东", "韩春霖"] * 6)
    + "。\n"
    + ARTICLE,
    "a Japanese programme": "上映作品一覧（字幕）：" + "｜".join(FILMS * 2),
    "a text on copyright": f"Copyright law in Asia.\n{ARTICLE}All rights reserved, said he.\n{ARTICLE}",
    "one footer line": ARTICLE + "Copyright 2025 Kazinform",
    "a report on copyright": "Copyright reform in Kazakhstan\n"
    f'The words "All rights reserved" have had no legal effect since 2000, the ministry said on Tuesday.\n{ARTICLE}',
    "a heading of one word": "Search\n" + ARTICLE,
}


FLAGGED = {"Chinese names in an English article", "one footer line"}
"""What is doubtful enough to be ranked down: the same four names six times, and a line on rights at the end."""


@pytest.mark.parametrize("name", HARMLESS)
def test_what_only_looks_like_spam_is_not_quarantined(name: str) -> None:
    states = {entry.state for entry in find_quarantined(HARMLESS[name])}
    assert states == ({"flagged"} if name in FLAGGED else set())


@pytest.mark.parametrize(
    ("line", "state"),
    [
        (
            "Best online casino! 200 free spins and a $500 welcome bonus. Register now at lucky-777.xyz",
            "quarantined",
        ),
        ("Need cash? An instant payday loan, no credit check. Apply now at https://fast-cash.biz", "quarantined"),
        ("Казино — играть онлайн на деньги! Бонус 1000 рублей за регистрацию: vulkan-zerkalo.top", "quarantined"),
        ("Срочный займ на карту без отказа, без проверки кредитной истории! Оформите прямо сейчас.", "flagged"),
        ("正规贷款，无抵押，秒到账，凭身份证即可办理，联系QQ 888866661。", "quarantined"),
        ("代开发票，办证刻章，微信电话同号13800138000，诚信第一，随叫随到。", "quarantined"),
        ("加微信 abc12345 领取免费彩金，澳门赌场线上娱乐注册送888元！", "quarantined"),
        ("온라인 카지노 가입 즉시 5만원 쿠폰 지급! 카톡 abc123 문의", "quarantined"),
        ("今すぐ登録で無料ポイント5000円分プレゼント！オンラインカジノはこちら http://lucky.example", "quarantined"),
    ],
)
def test_an_advertisement_in_sentences_is_kept_apart_from_the_article(line: str, state: str) -> None:
    text = f"{ARTICLE}\n{line}\n\n{ARTICLE}"
    assert [(entry.kind, entry.state, text[entry.span.start : entry.span.end]) for entry in find_quarantined(text)] == [
        ("spam", state, line)
    ]


@pytest.mark.parametrize(
    "line",
    [
        "The web site, luckyspin.com, promised players a welcome bonus and 200 free spins with no deposit, the police"
        " said. Players never saw real money.",
        "По данным следствия, сайт vulkan-bet.com обещал бонус за регистрацию и ставки на деньги; казино закрыто.",
    ],
)
def test_a_report_on_a_fraud_is_at_most_flagged(line: str) -> None:
    text = f"{ARTICLE}\n{line}\n\n{ARTICLE}"
    assert {entry.state for entry in find_quarantined(text)} == {"flagged"}


@pytest.mark.parametrize(
    "line",
    [
        "A casino that offers a welcome bonus, free spins or a no deposit bonus breaks article 15 of the gambling law.",
        "Банк выдал заводу займ под 5 процентов, подробнее на сайте bank.ru.",
        "Students may apply for loans at www.bank.com by May.",
        "年末贷款余额为3万亿元，详情见 www.boc.cn。",
    ],
)
def test_a_report_on_what_spam_sells_is_none(line: str) -> None:
    assert find_quarantined(f"{ARTICLE}\n{line}\n\n{ARTICLE}") == ()


@pytest.mark.parametrize(
    "line", ["免费在线观看无码影院", "online casino jackpot free bonus", "казино ставки онлайн бесплатно"]
)
@pytest.mark.parametrize("place", ["head", "tail"])
def test_equal_short_lines_of_spam_are_found(line: str, place: str) -> None:
    spam = "\n".join([line] * 3)
    text = f"{spam}\n{ARTICLE}" if place == "head" else f"{ARTICLE}{spam}"
    [entry] = find_quarantined(text)
    assert (entry.kind, text[entry.span.start : entry.span.end]) == ("spam", spam)


def test_characters_hidden_in_words_do_not_hide_spam() -> None:
    hidden = CASINO.replace("casino", "cas\u200bino").replace("jackpot", "jack\u2060pot")
    [entry] = find_quarantined(ARTICLE + hidden)
    assert (entry.kind, entry.state, entry.span.end) == ("spam", "quarantined", len(ARTICLE + hidden.rstrip()))


def test_spam_in_words_never_heard_of_is_flagged_by_its_form() -> None:
    spam = " | ".join(
        f"{a} wuzzle {b} florp" for a in ("grom", "blick", "zonk", "plim") for b in ("trask", "quon", "dalp")
    )
    [entry] = find_quarantined(ARTICLE + spam)
    assert (entry.state, ARTICLE + spam)[0] == "flagged"
    assert entry.span.start == len(ARTICLE)


def test_the_title_beside_spam_is_kept() -> None:
    spam = "\n".join(SPAM.strip("|").split("|"))
    text = f"{spam}\n中亚媒体论坛开幕\n{CHINESE_ARTICLE}"
    [entry] = find_quarantined(text)
    assert (entry.state, text[entry.span.start : entry.span.end]) == ("quarantined", spam)


def test_what_the_format_marks_as_furniture_is_kept_out() -> None:
    text = f"News Sport Culture\n{ARTICLE}About us"
    furniture = [Span(0, 19), Span(len(text) - 8, len(text))]
    entries = find_quarantined(text, furniture)
    assert [text[e.span.start : e.span.end] for e in entries] == ["News Sport Culture", "About us"]
    assert {(entry.kind, entry.state) for entry in entries} == {("boilerplate", "quarantined")}


@settings(max_examples=300, deadline=None)
@given(any_texts(), st.lists(st.tuples(st.integers(0, 400), st.integers(1, 100)), max_size=4))
def test_kept_flagged_and_quarantined_are_the_whole_text(text: str, marked: list[tuple[int, int]]) -> None:
    entries = find_quarantined(text, [Span(start, start + length) for start, length in marked])
    assert all(a.span.end <= b.span.start for a, b in pairwise(entries))
    out = [(entry.span, entry.state) for entry in entries if entry.state == "quarantined"]
    searched = [(stretch.span, "flagged" if stretch.flagged else "") for stretch in searched_stretches(text, entries)]
    stretches = sorted([*out, *searched], key=lambda each: each[0].start)
    assert "".join(text[span.start : span.end] for span, _ in stretches) == text
    flagged = "".join(text[span.start : span.end] for span, state in searched if state)
    assert flagged == "".join(text[e.span.start : e.span.end] for e in entries if e.state == "flagged")


def test_a_page_of_boilerplate_only_keeps_its_text() -> None:
    assert find_quarantined("Home / News\nShare\nShare - WeChat\nFollow us\nTop") == ()


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_boilerplate_is_found_with_any_line_end(line_end: str) -> None:
    text = line_end.join(["Home / World", "Share", *ARTICLE.splitlines(), "Top", "Back to top", "© 2025 Kazinform"])
    entries = find_quarantined(text)
    assert [text[e.span.start : e.span.end] for e in entries] == [
        f"Home / World{line_end}Share",
        f"Top{line_end}Back to top{line_end}© 2025 Kazinform",
    ]


SENTENCES = {
    "en": "Spin the roulette and double your deposit: join today and get free spins!",
    "ru": "Кредит наличными без справок и поручителей, решение за 15 минут.",
    "zh": "手机投注平台，真人荷官发牌，充值返利，提款秒到，注册就送88元体验金。",
    "ja": "即日融資、審査なし、ブラックOKのキャッシング、今すぐお申し込みを。",
    "ko": "발기부전 치료제 레비트라 정품 구매, 비밀 포장 무료 배송.",
}
PARAGRAPHS = {
    "en": ["The council approved the canals.", "Engineers measured the water.", "A hearing follows in May."],
    "ru": ["Совет одобрил новые каналы.", "Инженеры измерили потери воды.", "Слушание пройдёт в мае."],
    "zh": ["市议会周一批准了新的灌溉渠道计划。", "工程师测量了水的损失。", "听证会将在五月举行。"],
    "ja": ["市議会は月曜日、新しい用水路の計画を承認した。", "技術者は水の損失を測った。", "公聴会は五月に開かれる。"],
    "ko": ["시의회는 새로운 관개 계획을 승인했다.", "기술자들은 물의 손실을 측정했다.", "공청회는 5월에 열린다."],
}


@pytest.mark.parametrize("language", SENTENCES)
@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("break_", ["\n\n", " "])
def test_one_sentence_that_advertises_is_found_and_nothing_beside_it(language: str, place: int, break_: str) -> None:
    own = PARAGRAPHS[language]
    text = break_.join([*own[:place], SENTENCES[language], *own[place:]])
    [found] = find_quarantined(text)
    assert text[found.span.start : found.span.end] == SENTENCES[language]


@pytest.mark.parametrize(
    "line",
    [
        "Lenders promised instant approval and no credit check, and many who borrowed could not pay the loans back.",
        "Police warned of messages such as 'Best online casino bonus, register today', which led to stolen accounts.",
        "Members borrow up to ten books and five films at a time for free; register at the desk with your card.",
        "Фильм можно смотреть бесплатно в музее каждую среду, билеты не нужны, показ начинается в 18:00.",
        "图书馆提供免费电影放映，市民可在线预约，每周六晚上七点，当天可领取门票。",
        "図書館では毎週土曜日に無料で映画とドラマを上映し、会員登録後すぐに予約できます。",
        "도서관은 매주 토요일 무료 영화를 상영하며, 회원 가입 후 바로 예약할 수 있다.",
    ],
)
def test_who_warns_of_it_or_gives_something_for_free_does_not_advertise(line: str) -> None:
    assert find_quarantined(f"{ARTICLE}\n{line}\n\n{ARTICLE}") == ()


KEYWORDS = {
    "en": "buy viagra / cheap cialis / levitra online / no prescription / tramadol",
    "ru": "займ онлайн • кредит без справок • деньги на карту срочно • без отказа",
    "zh": "百家乐_澳门赌场_六合彩开奖_时时彩计划_真人娱乐城_棋牌下载",
    "ja": "無修正動画|アダルト動画|人妻|素人ハメ撮り|巨乳|無料エロ動画",
    "ko": "비아그라 구매,시알리스 판매,정품 비아그라,레비트라,최음제",
}


@pytest.mark.parametrize("language", KEYWORDS)
@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("break_", ["\n\n", " "])
def test_a_short_line_of_keywords_is_found_too(language: str, place: int, break_: str) -> None:
    own = [*PARAGRAPHS[language][:place], KEYWORDS[language]]
    text = "\n\n".join([break_.join(own), *PARAGRAPHS[language][place:]])
    [found] = find_quarantined(text)
    assert text[found.span.start : found.span.end] == KEYWORDS[language]


@pytest.mark.parametrize(
    "line",
    [
        "Keywords: online gambling; sports betting; advertising; minors; social media; casino bonus; regulation",
        "Keywords: pornography, sexual behaviour, young adults, survey, escort services, prostitution, casino, porn",
        "关键词：色情网站；网络赌博；赌场；彩票；成人；贷款；博彩；治理",
        "Ключевые слова: онлайн-казино, ставки, порно, займы, бездепозитный бонус, слоты, секс, эскорт",
    ],
)
def test_the_keywords_of_a_paper_are_at_most_flagged(line: str) -> None:
    text = f"{line.split(maxsplit=1)[0]} of the paper were chosen by its authors, who teach in Almaty.\n\n{line}"
    assert "quarantined" not in {entry.state for entry in find_quarantined(text)}


def test_keywords_line_by_line_are_found_together() -> None:
    lines = "best online casino\nno deposit bonus\nfree slots\nroulette real money"
    text = "\n\n".join([PARAGRAPHS["en"][0], lines, PARAGRAPHS["en"][1]])
    [found] = find_quarantined(text)
    assert text[found.span.start : found.span.end] == lines


@pytest.mark.parametrize(
    "lines",
    [
        "轮盘：一种赌博游戏\n百家乐：一种纸牌游戏\n老虎机：投币式赌博机",
        "viagra: sildenafil\ncialis: tadalafil\nlevitra: vardenafil",
        "WORDS = ['casino', 'viagra', 'free', 'click here', 'loan']",
        "The Venetian Macao, the largest casino in the world, has 640 slots and offers free shows.",
    ],
)
def test_a_glossary_or_a_program_of_such_words_is_no_list_of_keywords(lines: str) -> None:
    assert find_quarantined(f"{ARTICLE}\n{lines}\n\n{ARTICLE}") == ()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([*SENTENCES.values(), *KEYWORDS.values(), "Order now!", *PARAGRAPHS["en"], "免费。"]),
            st.sampled_from([" ", "", "\n", "\n\n"]),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_whatever_advertises_beside_each_other_is_kept_apart(parts: list[tuple[str, str]]) -> None:
    found = find_quarantined("".join(part for each in parts for part in each))
    assert all(before.span.end <= after.span.start for before, after in pairwise(found))
