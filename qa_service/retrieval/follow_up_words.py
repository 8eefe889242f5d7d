"""Words by which a question leans on what was asked before, or asks: English, Chinese, Russian, Kazakh, Kyrgyz, Uzbek,
Tajik, Turkmen.

All languages in one set, since three words are too few to tell a language by. A word that means something in another
of them ("men", "bar") is left out.
"""

_CONNECTIVES = """
and but then also so
а и но ну ещё еще тогда также
ал және сонда
жана анда эми
va esa xo'sh unda
ва аммо пас
we emma onda
"""
CONNECTING = frozenset({"what about", "how about", "что насчёт", "что насчет", "как насчёт", "как насчет"})
"""At the head of a question they tie it to the one before."""

_ANAPHORS = """
it its he him his she her hers they them their theirs this that these those there one ones
он она оно они его её ее ей ему им их него неё нее ней нём нем ним ними них этот эта это эти этого этой этому этом этим
этих тот та то те того той тому том тем тех там тут туда
ол оның оны оған онда одан онымен олар олардың оларды оларға оларда бұл бұның мұның осы осының сол соның мұнда сонда
ал анын аны ага анда андан алар алардын аларды аларга бул мунун ушул ошол ошонун мында
u uning uni unga unda undan ular ularning ularni ularga bu buning shu o'sha shuning
вай ӯ онҳо он ин инҳо инро онро вайро
ol onuň ony oňa onda ondan olar olaryň olary olara bu munuň şol şonuň
"""
"""They stand for something named before."""

_ASKING = """
who whom whose what which when where why how many much long far often
кто кого кому кем чей чья чьё чьи что чего чему чем какой какая какое какие какого каком каким каких какую какова каков
каково каковы который которая которое которые которого когда где куда откуда почему зачем сколько как
кім кімнің кімді кімге кімде кімнен кімдер не нені неге неде немен нелер қай қайсы қандай қашан қайда қайдан неліктен
қанша неше қалай
ким кимдин кимди кимге эмне эмнени эмнеге кайсы кандай качан кайда кайдан канча нече кантип эмнеден
kim kimning kimni kimga nima nimani nimaga qaysi qanday qachon qayerda qayerga qayerdan qancha nechta necha nega qanaqa
кӣ кист чӣ чист чиро кай куҷо куҷост чанд кадом
kimiň kimi kime näme nämäni näçe haçan nirede nirä nireden haýsy nähili niçik kaýsy
"""
"""They ask; what else a question says is what it asks about."""

_FUNCTION = """
a an the is are was were be been do does did has have had can could will would should may of in on at to for from by
with about as or not than if into during after before between what's who's where's when's
в во на у о об по из от до для к ко с со за при над под же бы был была было были есть будет быть или не
туралы үшін мен бен пен және бар болды болған еді
жөнүндө үчүн менен бар болду болгон эле
haqida uchun bilan edi bo'ldi ham
дар ба аз бо барои аст буд шуд ки
barada üçin bilen boldy hem
"""
"""They carry no topic."""

PARTICLES = frozenset({"ли", "ма", "ме", "ба", "бе", "па", "пе", "бы"})
"""They ask too, but never at the head of a question, where they are names (Ли, Ма)."""

TRAILING = frozenset({"ше", "чи", "чы", "чу", "чү", "chi", "çi", "чӣ", "too"})
"""At the end they ask the same of something else ("ал Жаңатаста ше?")."""

HAN_CONNECTIVES = ("那么", "那", "还有", "另外", "而", "至于", "和")
_HAN_ANAPHORS = """
他们 她们 它们 他 她 它 这个 那个 这些 那些 这 那里 那时 那次 该 其 此 当时 当地
"""
_HAN_ASKING = """
什么时候 为什么 为何 什么 多少 多大 多久 多远 多长 几 哪里 哪儿 哪 谁 怎么样 怎么 怎样 如何
何时 何地 吗 是否 什麼 為什麼 哪裡 誰 嗎
"""
_HAN_FUNCTION = """
的 了 是 在 有 被 把 和 与 对 从 于 将 会 过 着 又 也 都
"""

PLEASANTRIES = (
    *("thanks?(?: you| a lot)?(?: very much| so much)?", "hello", "hi", "good (?:morning|day|evening)", "ok(?:ay)?"),
    *("(?:good ?)?bye", "большое спасибо", "спасибо(?: большое)?", "благодарю(?: вас)?", "привет", "здравствуйте?"),
    *("добрый день", "до свидания", "пока", "(?:көп )?ра[қх]мет(?: сізге)?", "сәлем(?:етсіз бе)?"),
    *("сау бол(?:ыңыз)?", "(?:чоң )?рахмат", "салам", "салом", "ташаккур", "раҳмат", "хайр", "(?:katta )?rahmat"),
    *("salom", "xayr", "sag boluň", "salam", "谢谢(?:你|您)?", "謝謝(?:你|您)?", "多谢", "你好", "您好", "好的"),
    "再见",
)
"""They ask nothing and lean on nothing, short as they are."""

DEFINING = (
    *("что такое", "кто такой", "кто такая", "кто такие", "деген не", "дегеніміз не", "деген кім"),
    *("деген эмне", "деген ким", "nima degani", "чист", "кист"),
)
HAN_DEFINING = ("什么是", "是什么", "谁是", "是谁", "甚麼是", "什麼是", "是什麼", "誰是", "是誰")
"""They ask what something is that the question names: complete, however short."""

CONNECTIVES = frozenset(_CONNECTIVES.split())
KINDS = {
    **dict.fromkeys(_FUNCTION.split(), "function"),
    **dict.fromkeys(_ANAPHORS.split(), "anaphor"),
    **dict.fromkeys((*_ASKING.split(), *PARTICLES), "asking"),
}
HAN_KINDS = {
    **dict.fromkeys(_HAN_FUNCTION.split(), "function"),
    **dict.fromkeys(_HAN_ANAPHORS.split(), "anaphor"),
    **dict.fromkeys(_HAN_ASKING.split(), "asking"),
    "呢": "trailing",
}
