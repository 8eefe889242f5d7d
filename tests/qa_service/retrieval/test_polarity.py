"""What denies and what turns round, in the languages whose words are known."""

import pytest

from qa_service.retrieval.polarity import Polarity, polarity

GROWS, SHRINKS, DENIES, NEITHER = Polarity(False, 1), Polarity(False, -1), Polarity(True, 0), Polarity(False, 0)


@pytest.mark.parametrize(
    ("language", "sentence", "said"),
    [
        *(("en", "Exports grew by 14 percent.", GROWS), ("en", "Exports were down 14 percent.", SHRINKS)),
        *(("en", "The bridge wasn't finished.", DENIES), ("en", "Brain surgery in Gainesville, contracts.", NEITHER)),
        *(("de", "Der Export nahm um 14 % zu.", GROWS), ("de", "Der Export nahm um 14 % ab.", SHRINKS)),
        *(("de", "Die Exporte sind um 14 Mrd. Euro gesunken.", SHRINKS), ("de", "Er ging um 14 % zurück.", SHRINKS)),
        *(("de", "Es waren nicht 14 Tage.", DENIES), ("de", "Die Sanktionen von Sankt Gallen.", NEITHER)),
        *(("fr", "Le PIB a augmenté de 14 %.", GROWS), ("fr", "Le PIB est en recul de 14 %.", SHRINKS)),
        *(("fr", "Ce n'était pas 14 jours.", DENIES), ("fr", "La Croatie et la Croix-Rouge.", NEITHER)),
        *(("es", "Sin embargo, el PIB aumentó.", GROWS), ("es", "El PIB disminuyó un 14 %.", SHRINKS)),
        *(("es", "No fueron 14 días.", DENIES), ("es", "El campo desminado tiene 14 hectáreas.", NEITHER)),
        *(("tr", "İhracat yüzde 14 arttı.", GROWS), ("tr", "İhracat yüzde 14 azaldı.", SHRINKS)),
        *(("tr", "Köprü 14 günde bitmedi.", DENIES), ("tr", "Namaz için 14 kişi umuyor.", NEITHER)),
        *(("ru", "Экспорт вырастет на 14 процентов.", GROWS), ("ru", "Экспорт сократился.", SHRINKS)),
        *(("ru", "Мост не достроили.", DENIES), ("ru", "Не только Ростов и растения.", NEITHER)),
        *(("kk", "Экспорт 14 пайызға көбейді.", GROWS), ("kk", "Экспорт 14 пайызға азайды.", SHRINKS)),
        *(("kk", "Көпір 14 күнде салынбады.", DENIES), ("kk", "Өскеменде сыбайлас жемқорлық.", NEITHER)),
        *(("kk", "Экспорт көбеймеді.", Polarity(True, 1)), ("kk", "Төмендегі 14 өсімдік.", NEITHER)),
        *(("ky", "Экспорт 14 пайызга көбөйдү.", GROWS), ("ky", "Экспорт 14 пайызга азайды.", SHRINKS)),
        *(("ky", "Көпүрө курулбайт.", DENIES), ("ky", "Түштүктө 14 жубай.", NEITHER)),
        *(("uz", "Eksport 14 foizga oʻsdi.", GROWS), ("uz", "Eksport 14 foizga kamaydi.", SHRINKS)),
        *(("uz", "Koʻprik 14 kunda qurilmadi.", DENIES), ("uz", "Eksport kamaymadi.", Polarity(True, -1))),
        *(("tg", "Содирот 14 фоиз афзоиш ёфт.", GROWS), ("tg", "Содирот 14 фоиз коҳиш ёфт.", SHRINKS)),
        *(("tg", "Пул дар 14 рӯз сохта нашуд.", DENIES), ("tg", "Зиёда аз 14 нафар, наздик ва нахуст.", NEITHER)),
        *(("tk", "Eksport 14 göterim ýokarlandy.", GROWS), ("tk", "Eksport 14 göterim peseldi.", SHRINKS)),
        *(("tk", "Köpri 14 günde gurulmady.", DENIES), ("tk", "Hökümediň ýokary okuw jaýy.", NEITHER)),
        *(("zh-Hans", "出口增长14%。", GROWS), ("zh-Hans", "出口同比降14%。", SHRINKS)),
        *(("zh-Hans", "大桥14天内没能建成。", DENIES), ("zh-Hans", "不仅不丹，还有14吨不锈钢。", NEITHER)),
        *(("zh-Hant", "出口增長14%。", GROWS), ("zh-Hant", "出口減少14%。", SHRINKS)),
        *(("ar", "ارتفع التصدير 14 في المئة.", GROWS), ("ar", "انخفض التصدير 14 في المئة.", SHRINKS)),
        *(("ar", "ولم يكتمل الجسر في 14 يوما.", DENIES), ("ar", "كان التصدير 14 مليونا.", NEITHER)),
        *(("en", "The court rejected it.", DENIES), ("zh-Hans", "议会否决了水法。", DENIES)),
        *(("tr", "Mahkeme onu suçsuz buldu.", DENIES), ("ru", "Вакцина неэффективна.", DENIES)),
        *(("ru", "Недавно нефть и некоторые недели.", NEITHER), ("de", "Die Brücke wurde geschlossen.", SHRINKS)),
        *(("ru", "Мост открыли в марте.", GROWS), ("zh-Hans", "大桥开通。", GROWS)),
        ("ja", "输出は14%増えなかった。", NEITHER),
    ],
)
def test_growth_decline_and_denial_are_told(language: str, sentence: str, said: Polarity) -> None:
    assert polarity(sentence, language) == said


def test_what_may_contradict() -> None:
    assert GROWS.may_contradict(SHRINKS)
    assert Polarity(True, 1).may_contradict(GROWS)
    assert Polarity(True, -1).may_contradict(GROWS)
    assert not GROWS.may_contradict(NEITHER)
    assert not GROWS.may_contradict(GROWS)
