"""Whether a sentence denies, and whether what it speaks of grows or shrinks: by words and endings of 14 languages.

Two reports of one number may say opposite things: "grew by 14 percent", "сократился на 14 процентов". A word that is
not known here tells nothing; one that is taken for another costs a mark, and sets none. The agglutinative languages
deny by endings, which other words share: those that news are full of are excepted.
"""

import re
from dataclasses import dataclass

_APOSTROPHE = "['ʻʼ’‘]"
_DENYING = {
    "en": r"not(?! only)|never|no(?!\.?\s?\d)|nor|neither|without|cannot|\w+n['’]t|den(?:y|ies|ied)|fail(?:s|ed)?"
    r"|refus(?:e|es|ed)|reject\w*|innocent|acquitt\w*|unable|unsuccessful\w*|ineffective\w*|invalid",
    "de": r"nicht(?! nur| zuletzt)|kein\w*|nie|niemals|ohne|weder|bestr[ei]+tt?\w*|dementier\w*"
    r"|abgelehnt|lehn(?:t|te|ten)\b.*\bab|unschuldig\w*|freigesprochen|ungültig\w*|unwirksam\w*",
    "fr": r"pas(?! moins)|jamais|aucune?|sans|ni|dément\w*|nie(?:nt)?|rejet\w*|innocent\w*|acquitt\w*|inefficace\w*",
    "es": r"no(?! (?:s[oó]lo|solamente|obstante)|\.? ?\d)|nunca|jamás|ningun[oa]?|ningún|sin(?! embargo)|tampoco|nadie"
    r"|desm(?:ent|int|ient)\w+|niegan?|neg(?:ó|aron|ado|ar)|rechaz\w+|inocente\w*|absuel\w+|ineficaz\w*",
    "tr": r"değil\w*|reddet\w*|reddedil\w*|suçsuz\w*|beraat|etkisiz\w*|geçersiz\w*"
    r"|yok(?:tu\w*|muş|sa|luk|luğ\w*)?|hiç|asla|(?!umuyor)\w+m[ıiuü]yor\w*"
    r"|(?!hükmedi|muhammedi|ahmedi|namaz)\w+m[ae](?:d[ıi](?!r\b)\w*|m[ıi]ş\w*|z|yacak\w*|yecek\w*|y[ae]n\w*)",
    "ru": r"не(?! только| менее)|ни|нет|без|никогда|отриц\w+|опроверг\w*|отклон\w+|отверг\w*|оправда\w+"
    r"|не(?:эффектив|виновн|виновен|действит|законн|удач|успешн|возможн|способн|состоя|достат)\w*",
    "kk": r"емес\w*|ақтал\w+|жарамсыз\w*|жоқ(?!ары)\w*|ешқашан|(?!көбей(?!м)|сыбай|жұбай|жанармай|абай)\w+[мбп][ае]"
    r"(?:д[ыі]\w*|ған\w*|ген\w*|й(?:ды|ді|м[ыі]н|м[ыі]з|с[ыі]ң|с[ыі]з|т[ыі]н\w*))",
    "ky": r"эмес\w*|жок(?:ко|тон|туг\w*|тур)?|эч|(?!көбөй(?!б)|жубай|убайым|абай|упай|аябай|сыбай|пропаганда)\w+[бп]"
    r"[аеоө](?:д[ыиуү]\w*|г[аеоө]н\w*|й(?:т\w*|м|с[ыиуү]\w*|быз|биз)?)",
    "uz": rf"emas\w*|yo{_APOSTROPHE}q(?!ot|ol|la)\w*|hech|rad et\w*|oqlan\w+|aybsiz\w*"
    r"|(?!kamay(?!ma)|nimadi|omad[il])\w+ma"
    r"(?:d[iu]\w*|gan\w*|y(?!don|sh)\w{0,6}|yot\w*|s(?:lig\w*|dan|di))"
    r"|эмас\w*|йўқ\w*|(?!камай(?!ма))\w+ма(?:ди|ган|й\w{2,4})\w*",
    "tg": r"на(?:ме|м?шуд|шав|кард|кун|дод|диҳ|буд|бо[шя]|тавон|дор|дошт|рас|раф|рав|гирифт|гардид|гашт|ёфт|омад|хоҳ"
    r"|хост|гуфт|супор)\w*|на|не|нест\w*|ҳеҷ|бе|(?:рад|инкор) (?:кард|мекун|намуд)\w*",
    "tk": r"däl\w*|ýok(?:dy|dur|dug\w*|luk\w*|lug\w*|sa|mu)?|hiç|inkär et\w*|\w+(?:zok|enok|anok|emok|amok)"
    r"|(?!hökümed|komed|paramed|türkmendir|namaz)\w+m[ae]"
    r"(?:d[yi]\w*|n(?:dyr|dir|dig|dyg)\w*|ýar\w*|ýär\w*|ýän\w*|r[iy]s|z|zok|jak\w*|jek\w*)",
    "ar": r"[وف]?(?:لا(?! سيما| [يت]زال)|لم|لن|ليس(?:ت|وا)?|بدون|نفى|نفت|رفض\w*|براءة|بريء)",
}
_GROWING = {
    "en": r"grow(?:s|n|ing|th)?|grew|rise[sn]?|rose|rising|increas\w+|gain(?:s|ed|ing)?|climb\w*|jump\w*|soar\w*"
    r"|surg(?:e[sd]?|ing)|higher|doubl(?:e[sd]?|ing)|expan(?:d\w*|sion)|up(?= \d)|open(?:s|ed|ing)?",
    "de": r"wuchs\w*|wachs\w*|wächst|gewachsen|stieg\w*|steig\w*|gestiegen|anstieg\w*|zuwachs|zuwächs\w*|zugenommen"
    r"|zunahm\w*|erhöh\w+|höher\w*|(?:nahm|nahmen|nimmt|nehmen|legte|legten|legt|legen)\b.*\bzu|eröffn\w+|geöffnet",
    "fr": r"augment\w+|cro(?:ît\w*|iss\w+)|crû|accr(?:u|oi|oî)\w*|hausse\w*|progress\w+|grimp\w+",
    "es": r"aument\w+|crec\w+|sub(?:ió|ieron|e|en)|increment\w+|alza",
    "tr": r"art(?:tı|mış|ış|ıyor|ar|acak|an|t?ır)\w*|yüksel\w+|büyü(?:dü|me|müş|yor)\w*",
    "ru": r"вырос\w*|вырас\w+|возр(?:ос|ас)\w*|раст(?:[уе]т|ёт|ущ\w*|и)|рост(?:а|у|ом|е|ы)?|увелич\w+|повы[сш]\w+"
    r"|подня\w+|прирост\w*|выше|откры\w+|открое\w+",
    "kk": r"өс(?:ті|кен|іп|уі?|е[дт]і|ірд|ім(?!дік|тал))\w*|көбей\w+|арт(?:ты|қан|ып|ады)\w*|ұлғай\w+|жоғарыла\w+"
    r"|үдей\w*|көтеріл\w+",
    "ky": r"өс(?:тү|көн|үп|үш|үүсү|үүдө|өт)\w*|көбөй\w+|арт(?:ты|кан|ып)\w*|жогорула\w+",
    "uz": rf"o{_APOSTROPHE}s(?:di|gan|ib|ish|adi)\w*|ko{_APOSTROPHE}(?:pay\w+|taril\w+)|ort(?:di|gan|ib)\w*"
    r"|osh(?:di|gan|ib|ir\w+)\w*|ўс(?:ди|ган|иш)\w*",
    "tg": r"афзо\w+|зиёд (?:шуд|гардид|кард)\w*|меафзояд|боло (?:раф|шуд)\w*|рушди?",
    "tk": r"ös(?:di|üp|üş|en|ýär)\w*|köpel\w+|art(?:dy|yp|an)\w*|ýokarlan\w+",
    "ar": r"[وفبلكس]{0,2}(?:ال)?(?:[يت]?رتفع\w*|ارتف[عا]\w*|زاد\w*|[يت]زداد\w*|ازداد\w*|زيادة|نما|نمت|نمو)",
}
_SHRINKING = {
    "en": r"fall\w*|fell|drop\w*|declin\w+|decreas\w+|shr[aiu]nk\w*|reduc\w+|lower\w*|los[est]+|cut\w*|slump\w*"
    r"|halv\w+|contracted|down(?= \d)|clos(?:e[sd]?|ing)|shut",
    "de": r"fiel(?:en)?|fällt|fallen|gefallen|sank(?:en)?|sink(?:en|t|end\w*)|gesunken|senk\w+|gesenkt|reduzier\w+"
    r"|zurückg(?:eh|ing|egangen)\w*|(?:ging|gingen|geht|gehen)\b.*\bzurück|abgenommen|abnahm\w*"
    r"|(?:nahm|nahmen|nimmt|nehmen)\b.*\bab|geschlossen|schließ\w+|schrumpf\w+|verringer\w+|rückg[aä]ng\w*",
    "fr": r"diminu\w+|baiss\w+|recul\w*|chut\w+|rédu[ic]\w+",
    "es": r"disminu\w+|baj[óa]\w*|cay[óe]\w*|ca(?:e|en|ído)|redu\w+|descen\w+|caída",
    "tr": r"azal\w+|düş(?:tü|müş|üş|üyor|er|ür)\w*|geriled\w*|küçül\w+",
    "ru": r"сократ\w+|сокращ\w+|сни[зж]\w+|упал\w*|пада\w+|паден\w+|уменьш\w+|спад\w*|ниже|закры\w+|закрое\w+",
    "kk": r"азай\w+|төменде(?!гі)\w+|қысқар\w+|кемі(?:ді|ген|п)\w*",
    "ky": r"азай\w+|төмөндө\w+|кыскар\w+|кеми(?:ди|ген|п)\w*|түш(?:тү(?!к|г)|көн|үп)\w*",
    "uz": r"kamay\w+|pasay\w+|qisqar\w+|tush(?:di|gan|ib)\w*|камай\w+|пасай\w+|қисқар\w+",
    "tg": r"кам (?:шуд|гардид|кард)\w*|кам(?:ш|т(?!ар))\w*|коҳиш\w*|паст (?:шуд|раф|гардид)\w*|поин (?:раф|омад)\w*",
    "tk": r"azal\w+|peseld?\w*|kemel\w+|gysgal\w+",
    "ar": r"[وفبلكس]{0,2}(?:ال)?(?:[يت]نخفض\w*|انخف[ضا]\w*|[يت]?تراجع\w*|هبط\w*|هبوط|نقص\w*)",
}
_CHINESE = {
    "denying": r"[没沒](?!收)|并非|並非|否[认認决決]|驳回|駁回|[无無](?:罪|效)|拒[绝絕]|[无無][法力暇]"
    r"|[不未](?![断斷仅僅但少同久来來过過足论論管只單单止乏锈鏽动動产產丹列料禁时時幸惜慎满滿良佳明等错錯愧妨])",
    "growing": r"增(?:[长長加至产產多幅]|\s?\d)|[涨漲]|上升|[攀回]升|升[至高]"
    r"|开[放通业幕]|開[放通業幕]|提[高升]|[扩擴]大",
    "shrinking": r"关[闭停]|關[閉停]|下[降跌滑调調挫]|回落|[減减](?:[少至产產]|\s?\d)|[锐銳]减|降(?:[低至幅]|\s?\d)"
    r"|[缩縮][小减減]|萎[缩縮]|跌",
}


@dataclass(frozen=True, slots=True)
class Polarity:
    """`direction` is 1 for what grows, -1 for what shrinks, 0 for neither and for both."""

    denies: bool
    direction: int

    def may_contradict(self, other: "Polarity") -> bool:
        """To deny that it shrank need not mean that it grew, but it is no confirmation of that."""
        return self.denies != other.denies or self.direction * other.direction < 0


def polarity(sentence: str, language: str) -> Polarity:
    """By the words of the language; neither denying nor turning where they are not known."""
    patterns = _PATTERNS.get(language.partition("-")[0])
    if patterns is None:
        return Polarity(False, 0)
    denies, grows, shrinks = (bool(pattern.search(sentence)) for pattern in patterns)
    return Polarity(denies, grows - shrinks)


def _of_words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE)


_PATTERNS = {
    language: tuple(map(_of_words, (_DENYING[language], _GROWING[language], _SHRINKING[language])))
    for language in _DENYING
} | {"zh": tuple(re.compile(_CHINESE[kind]) for kind in ("denying", "growing", "shrinking"))}
