"""Search in many languages and scripts, in one shop that sells things in all of them."""

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker, Settings

from catalog.search import NoProductMatches, completions, search
from tests.catalog.searching import open_shop

SPOKEN = ["en", "de", "fr", "es", "da", "pl", "tr"]
NAMES = (
    *(
        "Bücherregal Eiche",
        "Winterjacke Herren",
        "Straßenschuhe",
        "Fußball",
        "Gläser mit Deckel",
        "Stühle für die Küche",
    ),
    *("Lampe à huile", "L'huile d'olive", "Théière en fonte", "Chaussures légères", "Œuvre d'art"),
    *("Iluminación de jardín", "Camisetas de algodón", "Muñeca", "Cafetera pequeña"),
    *(
        "Smørrebrød",
        "Rødvin",
        "Børnesko",
        "Łóżko dębowe",
        "Kryształowy żyrandol",
        "Işık kaynağı",
        "Çaydanlık",
    ),
    *("Þingvellir Kerze", "Æbleskivepande", "Đồng hồ treo tường", "Žlutá lampa"),
    *("Белая футболка", "Зимние сапоги", "Ёлочные игрушки", "Чайник электрический", "Зелёный чай"),
    *("Γυαλιά ηλίου", "Καφετιέρα", "Ξύλινη καρέκλα"),
    *("القميص الأزرق", "حقيبة جلدية", "ساعات حائط", "أحذية رياضية", "کتاب آشپزی"),
    *("חולצה לבנה", "הכיסאות שלנו", "שולחן עץ"),
    *("काला कमीज", "लाल कुर्ता", "चाय की केतली", "সুতির শাড়ি", "பட்டு புடவை", "చీర పట్టు"),
    *("赤いワンピース", "抹茶 100g", "りんごジュース", "革の靴", "ガラスのコップ", "ﾃﾚﾋﾞ台"),
    *("香港罗汉果", "无线蓝牙降噪耳机", "iPhone手机壳", "绿茶", "不锈钢保温杯"),
    *("여행가방", "한국 인삼차", "LED조명", "아이들을 위한 장난감", "무선 이어폰"),
    *("เสื้อยืดสีขาว", "รองเท้าผ้าใบ", "ชาเขียว", "ເສື້ອຜ້າໄໝ", "អាវយឺតពណ៌ស", "ရှပ်အင်္ကျီ"),
    *("Cotton shirt", "Leather shoes", "Rug", "Desk lamp"),
)
# A term, and the name of the product that comes first.
FIRST = (
    # German: plurals, umlauts in each spelling, compounds.
    *(("bücherregale", "Bücherregal Eiche"), ("bucherregal", "Bücherregal Eiche")),
    *(("buecherregal", "Bücherregal Eiche"), ("BÜCHERREGAL", "Bücherregal Eiche")),
    *(
        ("Bu\u0308cherregal", "Bücherregal Eiche"),
        ("regal", "Bücherregal Eiche"),
        ("jacke", "Winterjacke Herren"),
    ),
    *(
        ("jacke herren", "Winterjacke Herren"),
        ("strassenschuhe", "Straßenschuhe"),
        ("straßenschuh", "Straßenschuhe"),
    ),
    *(("fussball", "Fußball"), ("glas", "Gläser mit Deckel"), ("stuhl", "Stühle für die Küche")),
    *(("stuehle", "Stühle für die Küche"), ("kuche stuhle", "Stühle für die Küche")),
    # French and Spanish: elisions, ligatures, accents.
    *(("huile d'olive", "L'huile d'olive"), ("olive", "L'huile d'olive"), ("theiere", "Théière en fonte")),
    *(
        ("théières", "Théière en fonte"),
        ("chaussure legere", "Chaussures légères"),
        ("oeuvre", "Œuvre d'art"),
    ),
    *(("iluminacion", "Iluminación de jardín"), ("iluminaciones", "Iluminación de jardín")),
    *(
        ("camiseta", "Camisetas de algodón"),
        ("camiseta de algodon", "Camisetas de algodón"),
        ("muneca", "Muñeca"),
    ),
    *(("cafeteras", "Cafetera pequeña"), ("muñecas", "Muñeca")),
    # Letters that no decomposition gives.
    *(("smørrebrød", "Smørrebrød"), ("smorrebrod", "Smørrebrød"), ("smoerrebroed", "Smørrebrød")),
    *(("rodvin", "Rødvin"), ("roedvin", "Rødvin"), ("bornesko", "Børnesko")),
    *(("lozko", "Łóżko dębowe"), ("łóżka", "Łóżko dębowe"), ("zyrandol", "Kryształowy żyrandol")),
    *(("isik", "Işık kaynağı"), ("IŞIK", "Işık kaynağı"), ("caydanlik", "Çaydanlık")),
    *(("thingvellir", "Þingvellir Kerze"), ("aebleskivepande", "Æbleskivepande")),
    *(("dong ho", "Đồng hồ treo tường"), ("đồng hồ", "Đồng hồ treo tường"), ("zluta", "Žlutá lampa")),
    # Russian and Greek: cases and plurals.
    *(("белые футболки", "Белая футболка"), ("футболку", "Белая футболка"), ("сапог", "Зимние сапоги")),
    *(
        ("елочная игрушка", "Ёлочные игрушки"),
        ("ёлочные", "Ёлочные игрушки"),
        ("чайники", "Чайник электрический"),
    ),
    *(("зеленый чай", "Зелёный чай"), ("футблока", "Белая футболка"), ("ЧАЙНИК", "Чайник электрический")),
    *(("γυαλια", "Γυαλιά ηλίου"), ("ΓΥΑΛΙΆ", "Γυαλιά ηλίου"), ("καρέκλες", "Ξύλινη καρέκλα")),
    # Arabic, Persian and Hebrew: the article, the forms of letters.
    *(("قميص", "القميص الأزرق"), ("قميص ازرق", "القميص الأزرق"), ("القميص", "القميص الأزرق")),
    *(
        ("حقيبه", "حقيبة جلدية"),
        ("الحقيبة", "حقيبة جلدية"),
        ("احذية", "أحذية رياضية"),
    ),
    *(("حَقِيبَة", "حقيبة جلدية"), ("قمـيص", "القميص الأزرق"), ("كتاب", "کتاب آشپزی"), ("کتاب", "کتاب آشپزی")),
    *(("החולצה", "חולצה לבנה"), ("חולצות", "חולצה לבנה"), ("כיסא", "הכיסאות שלנו"), ("שולחנות", "שולחן עץ")),
    # Indic scripts: marks belong to the letter.
    *(("काला", "काला कमीज"), ("कमीज़", "काला कमीज"), ("कमीजें", "काला कमीज"), ("कुर्ते", "लाल कुर्ता")),
    *(("केतली", "चाय की केतली"), ("শাড়ি", "সুতির শাড়ি"), ("புடவை", "பட்டு புடவை"), ("చీర", "చీర పట్టు")),
    # Chinese and Japanese: no spaces.
    *(("罗汉果", "香港罗汉果"), ("蓝牙耳机", "无线蓝牙降噪耳机"), ("降噪蓝牙", "无线蓝牙降噪耳机")),
    *(
        ("手机壳", "iPhone手机壳"),
        ("iphone 手机", "iPhone手机壳"),
        ("绿茶", "绿茶"),
        ("保温杯", "不锈钢保温杯"),
    ),
    *(
        ("ワンピース", "赤いワンピース"),
        ("ワンピース 赤", "赤いワンピース"),
        ("赤いワンピース", "赤いワンピース"),
    ),
    *(
        ("りんご", "りんごジュース"),
        ("リンゴ", "りんごジュース"),
        ("ｼﾞｭｰｽ", "りんごジュース"),
    ),
    *(("靴", "革の靴"), ("コップ", "ガラスのコップ"), ("テレビ", "ﾃﾚﾋﾞ台"), ("抹茶１００ｇ", "抹茶 100g")),
    # Korean: particles, compounds.
    *(
        ("가방", "여행가방"),
        ("가방을", "여행가방"),
        ("여행가방은", "여행가방"),
        ("조명", "LED조명"),
        ("led 조명", "LED조명"),
    ),
    *(("아이들", "아이들을 위한 장난감"), ("장난감이", "아이들을 위한 장난감"), ("이어폰", "무선 이어폰")),
    # Thai, Lao, Khmer, Burmese.
    *(("เสื้อ", "เสื้อยืดสีขาว"), ("สีขาว", "เสื้อยืดสีขาว"), ("ผ้าใบ", "รองเท้าผ้าใบ"), ("ชา", "ชาเขียว")),
    *(("เขียว", "ชาเขียว"), ("ຜ້າໄໝ", "ເສື້ອຜ້າໄໝ"), ("យឺត", "អាវយឺតពណ៌ស"), ("အင်္ကျီ", "ရှပ်အင်္ကျီ")),
    # English goes on as before.
    *(
        ("shirts", "Cotton shirt"),
        ("the lamps", "Desk lamp"),
        ("rug", "Rug"),
        ("lether shoe", "Leather shoes"),
    ),
)
SORT = ("-rank", "slug")
NOTHING = ("कमल", "茶壶盖", "мат", "가구", "ผม")


@pytest.fixture(scope="module")
def _opened(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with open_shop(NAMES, spoken=SPOKEN, blocker=django_db_blocker):
        yield


@pytest.fixture
def _shop(_opened: None, settings: Settings, db: None) -> None:
    settings.STORE_SEARCH_LANGUAGES = SPOKEN


def find(term: str) -> list[str]:
    """Return the names of the products found, the best first."""
    try:
        return list(search(term).best.order_by(*SORT).values_list("name", flat=True))
    except NoProductMatches:
        return []


@pytest.mark.usefixtures("_shop")
class TestLanguages:
    @pytest.mark.parametrize(("term", "name"), FIRST)
    def test_finds_first(self, term: str, name: str) -> None:
        assert find(term)[:1] == [name]

    @pytest.mark.parametrize("term", NOTHING)
    def test_finds_nothing(self, term: str) -> None:
        assert find(term) == []

    @pytest.mark.parametrize(
        ("prefix", "expected"),
        [
            *(
                ("büch", ["Bücherregal"]),
                ("smor", ["Smørrebrød"]),
                ("कम", ["कमीज"]),
                ("काला क", ["काला कमीज"]),
            ),
            *(
                ("赤", ["赤いワンピース"]),
                ("ワンピ", ["ワンピース"]),
                ("香港", ["香港罗汉果"]),
                ("iph", ["iPhone手机壳"]),
            ),
            *(("футб", ["футболка"]), ("여행", ["여행가방"]), ("เสื้อ", ["เสื้อยืดสีขาว"]), ("חול", ["חולצה"])),
        ],
    )
    def test_completes(self, prefix: str, expected: list[str]) -> None:
        assert completions(prefix) == expected

    def test_reports_what_it_corrected_as_it_is_spelt(self) -> None:
        assert search("bucherregla").read_corrected_term() == "Bücherregal"
        assert search("футблока").read_corrected_term() == "футболка"
        assert search("jacke").read_corrected_term() is None
