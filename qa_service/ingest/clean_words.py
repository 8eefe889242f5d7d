"""The words and signs by which spam and boilerplate are known."""

import re
from collections.abc import Mapping, Sequence


def _each(words: str) -> list[str]:
    return words.split("|")


# What search spam sells. Unmistakable words only: what a cinema, a bank or a hospital says too is a call.
_TOPICS: Sequence[str] = (
    *(
        "无码",
        "無碼",
        "毛片",
        "黄片",
        "乱码",
        "亂碼",
        "人妻",
        "熟妇",
        "熟婦",
        "自拍",
        "东京热",
        "色情",
        "情色",
        "成人",
        "乱伦",
        "亂倫",
    ),
    *(
        "无修正",
        "無修正",
        "アダルト",
        "エロ",
        "出会い系",
        "中出し",
        "痴女",
        "성인",
        "섹스",
        "포르노",
        "야사",
        "음란",
        "애인대행",
    ),
    *("порно", "секс", "эскорт", "porn", "xxx", "escort", "sex", "erotic", "nsfw"),
    *("博彩", "赌场", "賭場", "赌博", "賭博", "彩票", "娱乐城", "娛樂城", "百家乐", "百家樂", "时时彩", "彩金"),
    *(
        "カジノ",
        "スロット",
        "ギャンブル",
        "入金不要",
        "オンカジ",
        "ジャックポット",
        "카지노",
        "도박",
        "슬롯",
        "베팅",
        "잭팟",
        "놀이터",
    ),
    *("казино", "ставк", "слоты", "джекпот", "азартн", "бездепозит"),
    *("casino", "slot", "jackpot", "betting", "gambling", "free spins"),
    *("伟哥", "偉哥", "春药", "春藥", "代孕", "性药", "性藥", "早泄", "早洩", "勃起", "個人輸入", "精力増強", "痩せ薬"),
    *("성기능", "흥분제", "조루", "살빼는", "виагр", "импотенц", "без рецепта", "viagra", "cialis", "erectile"),
    *("no prescription", "weight loss", "贷款", "貸款", "借贷", "借貸", "高利贷", "高利貸", "秒批", "无抵押", "無抵押"),
    *(
        "ローン",
        "借入",
        "金貸し",
        "ファクタリング",
        "대출",
        "카드깡",
        "무담보",
        "당일승인",
        "займ",
        "кредитк",
        "микрокредит",
    ),
    *("без справок", "payday", "loan", "unsecured", "fast cash", "影院", "字幕", "無料動画", "putlocker"),
    *("六合彩", "老虎机", "老虎機", "裸聊", "约炮", "約炮", "代开发票", "代開發票", "办证", "刻章", "1xbet", "mostbet"),
    *("фрибет", "фриспин", "букмекер", "hookup", "hot singles", "bitcoin trading", "forex signals"),
)
# How it calls: each stands in honest texts too, many of them beside each other only there.
_CALLS: Sequence[str] = (
    *(
        "免费",
        "免費",
        "在线",
        "線上",
        "高清",
        "下载",
        "下載",
        "观看",
        "觀看",
        "注册",
        "註冊",
        "平台",
        "最新",
        "网址",
        "網址",
        "精品",
        "国产",
        "國產",
    ),
    *(
        "电影",
        "電影",
        "大片",
        "播放",
        "無料",
        "おすすめ",
        "ランキング",
        "登録",
        "激安",
        "通販",
        "オンライン",
        "動画",
        "ストリーミング",
    ),
    *("무료", "추천", "사이트", "주소", "가입", "보너스", "온라인", "동영상", "스트리밍", "고화질"),
    *("бесплатн", "онлайн", "скача", "купить", "регистрац", "дешев", "срочно", "смотреть", "видео", "субтитр"),
    *("free", "online", "best", "cheap", "buy", "download", "bonus", "sign up", "watch", "movie", "streaming"),
)
# What a whole sentence may sell, beside those: too common in honest texts to tell spam by their number alone.
_WARES = (
    *_each("roulette|poker|baccarat|bookmaker|sportsbook|lottery|bets |cams|webcam|naked|sexy|girls|singles|pharmacy"),
    *_each("pills|levitra|xanax|tramadol|prescription|diet |credit|borrow|movies|episodes|seasons|torrent"),
    *_each("blockbusters|рулетк|игровые автомат|вулкан|ставки на спорт|депозит|проститут|индивидуал|интим|эротик"),
    *_each("видеочат|знакомств|потенци|похуден|таблет|дженерик|кредит|поручител|торрент|сериал|фильм|все серии"),
    *_each("投注|荷官|轮盘|輪盤|老虎|棋牌|真人视讯|真人視訊|体验金|體驗金|提款|返利|偷拍|素人|美女|上门服务|上門服務"),
    *_each("一条龙|空姐|壮阳|壯陽|神油|男性持久|犀利士|威而鋼|威而钢|发票|借钱|借錢|借款|撥款|拨款|放款|征信|下款"),
    *_each("急用錢|急用钱|院线|院線|韩剧|韓劇|美剧|美劇|全集|蓝光|藍光|迅雷|bt种子|高画质|高畫質|a片|新葡京|赛车"),
    *_each("パチンコ|競馬|的中率|バカラ|ルーレット|巨乳|人妻|素人|セフレ|デリヘル|風俗|見放題|バイアグラ|シアリス"),
    *_each("処方箋|ダイエット|サプリ|融資|キャッシング|審査なし|ブラックok|保証人不要|現金化|フル動画|ドラマ"),
    *_each("바카라|토토|먹튀|환전|배팅|룰렛|야동|출장안마|출장마사지|조건만남|여대생|채팅|비아그라|시알리스|레비트라"),
    *_each(
        "발기부전|처방전|현금화|급전|신용불량|영화|드라마|토렌트|다시보기|무료보기|несие|кепілсіз|анықтамасыз|бәс тіг"
    ),
    *_each("レビトラ|ed治療薬|ハメ撮り|媚薬|套现|套現|黑户|延时喷剂|增大丸|催情|一夜情|激情|主播|特码|pk10|棋牌"),
    *_each("오피|밤문화|웹툰|최음제|소액대출|무직자|milf|full movie|followers|сиалис|левитра|完整版|大片"),
)
# What it bids the reader do.
_IMPERATIVES: Sequence[str] = (
    *("register now", "sign up now", "sign up today", "apply now", "apply today", "order now", "order today"),
    *("play now", "join now", "join our", "join today", "call now", "click here", "buy now", "claim your"),
    *("get an instant", "bet now", "download now", "chat now", "meet hot", "text us"),
    *("переходи", "регистрируй", "жми", "играй", "оформи", "заходи", "звони", "пиши", "закажи", "получи", "скачай"),
    *("立即", "点击", "點擊", "加微信", "加qq", "联系qq", "联系微信", "聯繫", "注册即送", "註冊即送"),
    *("马上", "馬上", "扫码", "领取", "領取"),
    *("今すぐ", "クリック", "登録はこちら", "お申し込み", "지금 가입", "지금 바로", "클릭", "문의", "상담"),
    *_each("register today|register and|bets now|cash out|chat with|play slots|win big|borrow up|watch full"),
    *_each("download all|in your area|near you|делай|скачать|скачай|смотреть|выигр|купить|заявк"),
    *_each("来电|來電|预约|預約|联系电话|聯繫電話|马上申请|馬上申請|首选|首選|はこちら|会員登録|完全無料登録"),
    *_each("推荐|推薦|추천|바로|만나보세요|구매|판매|다운로드|링크|전화 한통|тіркел|өтінім|ойна"),
)
# What it promises.
_OFFERS: Sequence[str] = (
    *("no credit check", "no deposit", "instant approval", "approval in", "guaranteed", "welcome bonus"),
    *("real money", "discount", "promo code", "cheap", "best price", "worldwide delivery", "from home"),
    *("без отказа", "без проверки", "бонус", "за регистрацию", "на деньги", "зеркало", "промокод"),
    *("под 0%", "прямо сейчас", "гарантия", "скидк", "анонимно", "秒到账", "秒到賬", "即送", "免费试看"),
    *("诚信", "随叫随到", "高薪", "日结", "凭身份证", "当日", "無料", "保証", "보너스", "무료", "당일", "첫충"),
    *("免费领", "免費領", "注册送", "註冊送", "送彩金", "首存", "プレゼント", "가입 즉시", "즉시 지급", "쿠폰 지급"),
    *_each("bonus|free spins|deposit match|for free|online free|free live|without registration|without sign-up"),
    *_each("without prescription|no rx|no ads|overnight delivery|discreet|instantly|in one hour|win rate"),
    *_each("bad credit|no problem|tonight|full hd|in hd|double your|fast cash|бесплатн|без регистрации"),
    *_each("no sign up|buy real|без депозита|без справок|наличными|деньги за|за минуту|решение за|удвоим"),
    *_each("круглосуточно|недорого"),
    *_each("с доставкой|оплата при получении|для взрослых|в hd|качестве hd|хорошем качестве|вывод за"),
    *_each("免费|免費|免求人|无需会员|無需會員|免注册|免註冊|保真可查|正规|原装|原裝|货到付款|貨到付款|保密"),
    *_each(
        "厂家直销|廠家直銷|秒批|秒到|当天|當日|高清|在线播放|線上看|在线观看|不看征信|利息低|就送|審査なし|即日|即振込|最短"
    ),
    *_each("最安値|送料|半額|返金|進呈|今だけ|放題|首充|즉시|최저|정품|비밀|고화질|회원가입 없이|후불제|전지역"),
    *_each("안전놀이터|검증|лезде|минутта|бонус ал"),
)
# Who reports on it.
_REPORTS = (
    *_each("said|says|told|promised|according to|reported|announced|warned|police|court|ministry|study|researchers"),
    *_each(
        "arrested|fined|the victims|regulator|сообщ|заявил|заявля|заявлен|рассказ|по данным|полици|суд |министерств"
    ),
    *_each("исследован|задерж|предупре|мошенни|表示|据报|據報|报道|報導|指出|警方|法院|公安|记者|記者|研究|宣布"),
    *_each("透露|警告|述べ|によると|発表|警察|裁判|報じ|調査|研究|逮捕|注意|밝혔|따르면|경찰|법원|보도|발표"),
    *_each("law|illegal|banned|закон|штраф|违法|違法|犯罪|法律|불법|법률|заң"),
    *_each("조사|연구|전했|말했|경고|деді|мәлімде|хабарла|полиция|министр|зертте"),
)
_FUNCTION_WORDS = (
    *(
        "the",
        "of",
        "and",
        "to",
        "in",
        "is",
        "are",
        "that",
        "a",
        "for",
        "with",
        "by",
        "as",
        "or",
        "be",
        "this",
        "it",
        "from",
    ),
    *("и", "в", "не", "на", "что", "с", "по", "для", "как", "это", "из", "к", "от", "или", "но", "его"),
    *("мен", "және", "бұл", "үшін", "да", "бойынша", "менен", "va", "bu", "bilan", "дар", "аз", "ва"),
    *("de", "la", "el", "les", "der", "die", "und", "den", "et", "en", "que", "bir", "ve"),
)


def any_of(words: Sequence[str]) -> re.Pattern[str]:
    """Letters of an alphabet begin a word: "sex" is not in "Essex", nor "slot" in "timeslot"."""
    ordered = sorted(words, key=len, reverse=True)
    spaced = [word for word in ordered if word[0] < "\u3000"]
    others = [word for word in ordered if word[0] >= "\u3000"]
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(map(re.escape, spaced))})|{'|'.join(map(re.escape, others))}")


VOCABULARY: Mapping[str, Sequence[str]] = {
    "TOPICS": _TOPICS,
    "WARES": (*_TOPICS, *_WARES),
    "CALLS": _CALLS,
    "IMPERATIVES": _IMPERATIVES,
    "OFFERS": _OFFERS,
}
"""The words of spam by the name of the pattern that they make."""
TOPICS, WARES, CALLS = (any_of(VOCABULARY[name]) for name in ("TOPICS", "WARES", "CALLS"))
IMPERATIVES, OFFERS, REPORTS = any_of(_IMPERATIVES), any_of(_OFFERS), any_of(_REPORTS)
"""They match casefolded text."""
FUNCTION_WORDS = re.compile(
    rf"[的了是和与與有也这這那及为為对對之其]|在(?![线線])|\b(?:{'|'.join(_FUNCTION_WORDS)})\b"
    r"|[가-힣](?:은|는|을|를|에|의|로|에서|으로|하는|합니다|이다)\b",
    re.IGNORECASE,
)
SENTENCE_MARK = re.compile(r"[.!?…؟।](?:\s|$|[\"”’」』）)])|[。！？]")
_LETTER = "A-Za-zÀ-ɏЀ-ӿ぀-ヿ㐀-鿿가-힣"
# Scripts that need joiners (Arabic, Devanagari, emoji) have them by right; a soft hyphen shows where a word may break.
HIDDEN = re.compile(rf"(?<=[{_LETTER}])[\u200b-\u200d\u2060\ufeff]+(?=[{_LETTER}])")
INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
KEYWORDS = re.compile(
    r"\s*(?:key ?words|index terms|ключевые слова|关键词|關鍵詞|关键字|キーワード|주제어|핵심어|키워드"
    r"|түйін сөздер|кілт сөздер|schlagwörter|mots[- ]clés|palabras clave)\b\s*[:：]"
)
"""How the keywords of a paper begin, in casefolded text."""
CONTACT = re.compile(
    r"(?:微信|威信|薇信|v信|\bvx|\bwx|wechat|\bq{1,2}群?|telegram|\btg|whatsapp|\bline(?: id)?|카톡|카카오톡|텔레그램"
    r"|ライン|電報|电报)"
    r"\s*[:：@+＠号號]?\s*[@＠]?[a-z0-9_\-]{4,}|\bt\.me/|\bwa\.me/|@[a-z_]+bot\b"
    r"|(?:https?://|www\.)[\w.\-]+\.(?:xyz|top|vip|club|icu|cc|bet|win|loan|work|click|site|online|fun|cyou|buzz|tk|ml)\b"
    r"|(?:tel\.?|тел\.?|☎|電話|电话|전화)\s*[:：]?\s*\+?[\d\s()\-]{7,}",
    re.IGNORECASE,
)
ADDRESS = re.compile(
    r"https?://|www\.|\b[a-z0-9\-]{3,}\.(?:com|net|org|info|biz|ru|cc|co|xyz|top|vip|club|icu|bet|win|loan|online|site)\b"
    r"|(?<![a-z])q{2}\s*[:：]?\s*\d{5,}|(?:微信|电话|電話|同号)\D{0,4}\d{7,}|@[a-z_]\w{4,}"
)
"""Of any sort, in casefolded text."""
CHEAP_HOST = re.compile(r"\b[a-z0-9\-]{3,}\.(?:xyz|top|vip|club|icu|bet|win|loan|click|buzz|cyou)\b")
"""Under the endings that cost next to nothing, in casefolded text."""
MARKER = re.compile(
    r"^(?:home|главная|首页|首頁|ホーム|홈|басты бет)\s*[/>›»|]|^share(?:\b|$)|\bwechat$|^follow us$"
    r"|^back to (?:the )?top$|^top$|^©|^copyright(?:$|\W*(?:©|\(c\)|\d{4}|by\b))"
    r"|(?<![\"“«„‘'「《])(?:all rights reserved|版权所有|版權所有|保留所有权利|保留所有權利|無断転載|무단\s?전재"
    r"|все права защищены|барлық құқықтар)(?![\"”»“’'」》])|^registration number\b|^licen[cs]e for\b|^global edition"
    r"|^(?:print|email|subscribe|sign in|log ?in|menu|search)$"
    r"|^(?:поделиться|подписаться|читайте также|分享|打印|返回顶部|返回頂部|回到顶部|上一篇|下一篇|相关阅读"
    r"|相關閱讀)[:：]?$"
    r"|icp备|icp備|公网安备|^cookies?\b|privacy policy|terms of (?:use|service)"
    r"|^(?:关于我们|關於我們|联系我们|聯絡我們|网站地图|友情链接|隐私政策|隱私政策)$"
    r"|^(?:利用規約|お問い合わせ|プライバシーポリシー)$"
    r"|^(?:개인정보처리방침|이용약관|политика конфиденциальности|пользовательское соглашение|о проекте|контакты)$",
    re.IGNORECASE,
)
LEGAL = re.compile(
    r"^(?:copyright|©)\W*(?:\(c\)|\d{4})|all rights reserved\.?$|版权所有|版權所有|icp备|icp備|公网安备"
    r"|無断転載|무단\s?전재|все права защищены\.?$|барлық құқықтар",
    re.IGNORECASE,
)
