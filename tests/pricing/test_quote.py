"""What an order costs: known answers, and what holds for every order."""

import json
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import from_units, to_units
from pricing.quote import Code, Delivery, Line, Quote, Rate, Rates, Tax, allot, quote

DATA = Path(__file__).parents[3] / "shared" / "data" / "pricing" / "known-answers.json"
STANDARD, REDUCED, NONE = 1, 2, 3
GERMAN: Rates = {STANDARD: (Rate("VAT", Decimal(19)),), REDUCED: (Rate("VAT", Decimal(7)),)}


def at(*percents: str) -> Rates:
    """Return the rates of goods that name no class."""
    return {None: [Rate(f"{percent} %", Decimal(percent)) for percent in percents]}


def lines_of(*units: int, tax_class: int | None = None) -> list[Line]:
    return [Line(key=key, unit=unit, quantity=1, tax_class=tax_class) for key, unit in enumerate(units)]


def table_of(taxes: Sequence[Tax]) -> list[tuple[str, int, int]]:
    return [(str(tax.rate.percent), tax.base, tax.amount) for tax in taxes]


class TestKnownAnswers:
    """Worked out by hand, or by the law."""

    def test_ten_of_one_that_include_tax(self) -> None:
        """The net of one unit, rounded and multiplied, would be a cent off."""
        found = quote([Line(key=1, unit=3823, quantity=10)], rates=at("20"), prices_include_tax=True)
        assert (found.total, found.tax_total) == (38230, 6372)

    def test_the_code_lowers_the_base_of_each_rate_in_proportion(self) -> None:
        lines = [*lines_of(10000), Line(key=9, unit=10000, quantity=1, tax_class=NONE)]
        found = quote(lines, code=Code(amount=5000), rates=at("20"), prices_include_tax=True)
        assert (found.total, found.tax_total) == (15000, 1250)
        assert [line.discount for line in found.lines] == [2500, 2500]

    def test_the_delivery_of_goods_that_a_code_made_free_is_taxed_like_them(self) -> None:
        found = quote(
            lines_of(2000, tax_class=STANDARD),
            code=Code(amount=5000),
            delivery=Delivery(price=500),
            rates=GERMAN,
            prices_include_tax=True,
        )
        assert (found.total, found.delivery.tax, found.tax_total) == (500, 80, 80)

    def test_delivery_follows_the_rates_of_the_goods_in_proportion(self) -> None:
        lines = [
            Line(key=1, unit=1000, quantity=1, tax_class=REDUCED),
            Line(key=2, unit=2000, quantity=1, tax_class=STANDARD),
        ]
        found = quote(lines, delivery=Delivery(price=600), rates=GERMAN, prices_include_tax=False)
        assert found.delivery.tax == 90
        assert table_of(found.delivery.taxes) == [("19", 400, 76), ("7", 200, 14)]
        assert found.total == 3600 + 70 + 380 + 90

    def test_delivery_follows_the_goods_as_they_are_charged(self) -> None:
        """The code makes the goods of 19 % free, so none of the delivery is taxed by that."""
        lines = [
            Line(key=1, unit=1000, quantity=1, tax_class=REDUCED, in_scope=False),
            Line(key=2, unit=2000, quantity=1, tax_class=STANDARD),
        ]
        found = quote(
            lines,
            code=Code(percent=Decimal(100)),
            delivery=Delivery(price=100),
            rates=GERMAN,
            prices_include_tax=False,
        )
        assert table_of(found.delivery.taxes) == [("7", 100, 7)]

    def test_delivery_of_free_goods_follows_their_prices_before_the_code(self) -> None:
        lines = [
            Line(key=1, unit=1000, quantity=1, tax_class=REDUCED),
            Line(key=2, unit=3000, quantity=1, tax_class=STANDARD),
        ]
        found = quote(
            lines,
            code=Code(amount=4000),
            delivery=Delivery(price=400),
            rates=GERMAN,
            prices_include_tax=False,
        )
        assert table_of(found.delivery.taxes) == [("19", 300, 57), ("7", 100, 7)]

    def test_delivery_that_costs_nothing_is_not_taxed(self) -> None:
        for delivery in (None, Delivery(price=0), Delivery(price=0, tax_class=STANDARD)):
            found = quote(lines_of(1000), delivery=delivery, rates=at("20"), prices_include_tax=False)
            assert found.delivery.taxes == ()

    def test_delivery_with_a_class_of_its_own(self) -> None:
        found = quote(
            lines_of(1000, tax_class=REDUCED),
            delivery=Delivery(price=500, tax_class=STANDARD),
            rates=GERMAN,
            prices_include_tax=False,
        )
        assert table_of(found.taxes) == [("19", 500, 95), ("7", 1000, 70)]

    def test_two_rates_of_one_place_are_added_to_each_other(self) -> None:
        both = [Rate("County", Decimal(5)), Rate("State", Decimal(10))]
        found = quote(lines_of(2000), rates={None: both}, prices_include_tax=False)
        assert found.total == 2300
        assert found.taxes == (
            Tax(rate=Rate("State", Decimal(10)), base=2000, amount=200),
            Tax(rate=Rate("County", Decimal(5)), base=2000, amount=100),
        )

    def test_rates_of_a_set_get_their_parts_over_all_lines(self) -> None:
        """Each line has a unit of tax. By itself each would give it to the first rate."""
        found = quote(lines_of(*[10] * 10), rates=at("5", "5.0"), prices_include_tax=False)
        assert [tax.amount for tax in found.taxes] == [5, 5]
        assert [line.tax for line in found.lines] == [1] * 10

    def test_two_rates_that_are_included(self) -> None:
        found = quote(lines_of(2300), rates=at("5", "10"), prices_include_tax=True)
        assert [(tax.base, tax.amount) for tax in found.taxes] == [(2000, 200), (2000, 100)]

    def test_four_lines_are_rounded_once(self) -> None:
        found = quote(lines_of(250, 250, 250, 250), rates=at("8.625"), prices_include_tax=False)
        assert (found.total, found.tax_total) == (1086, 86)
        assert [line.tax for line in found.lines] == [22, 22, 21, 21]

    def test_half_a_unit_of_included_tax_rounds_up(self) -> None:
        found = quote(lines_of(299), rates=at("4"), prices_include_tax=True)
        [tax] = found.taxes
        assert (tax.base, tax.amount) == (287, 12)

    def test_half_a_unit_of_added_tax_rounds_up(self) -> None:
        assert quote(lines_of(150), rates=at("1"), prices_include_tax=False).tax_total == 2

    def test_half_a_unit_of_a_percentage_rounds_up(self) -> None:
        found = quote(lines_of(150), code=Code(percent=Decimal(1)), rates={}, prices_include_tax=False)
        assert found.discount_total == 2

    def test_two_classes_with_the_same_rates_are_taxed_together(self) -> None:
        lines = [Line(key=key, unit=1000, quantity=3, tax_class=key) for key in (STANDARD, REDUCED)]
        rate = Rate("VAT", Decimal(5))
        found = quote(lines, rates={STANDARD: [rate], REDUCED: [rate]}, prices_include_tax=True)
        assert found.tax_total == 286

    def test_a_rate_of_zero_is_in_the_table_and_no_rate_is_not(self) -> None:
        lines = [*lines_of(1000), Line(key=9, unit=500, quantity=1, tax_class=NONE)]
        found = quote(lines, rates=at("0"), prices_include_tax=False)
        assert found.taxes == (Tax(rate=Rate("0 %", Decimal(0)), base=1000, amount=0),)
        assert [len(line.taxes) for line in found.lines] == [1, 0]

    def test_a_code_takes_no_more_than_the_goods_and_nothing_off_the_delivery(self) -> None:
        found = quote(
            lines_of(10000),
            code=Code(amount=50000),
            delivery=Delivery(price=1000),
            rates={},
            prices_include_tax=False,
        )
        assert (found.discount_total, found.total) == (10000, 1000)

    def test_a_code_takes_only_from_its_scope(self) -> None:
        lines = [Line(key=1, unit=10000, quantity=1), Line(key=2, unit=10000, quantity=1, in_scope=False)]
        found = quote(lines, code=Code(amount=15000), rates={}, prices_include_tax=False)
        assert [line.discount for line in found.lines] == [10000, 0]

    def test_a_code_without_goods_in_its_scope_takes_nothing(self) -> None:
        lines = [Line(key=1, unit=10000, quantity=1, in_scope=False)]
        found = quote(lines, code=Code(percent=Decimal(50)), rates={}, prices_include_tax=False)
        assert found.discount_total == 0

    def test_a_code_that_pays_for_the_delivery(self) -> None:
        found = quote(
            lines_of(10000),
            code=Code(free_delivery=True),
            delivery=Delivery(price=500),
            rates=at("20"),
            prices_include_tax=False,
        )
        assert (found.delivery_total, found.discount_total, found.delivery.tax) == (500, 500, 0)
        assert found.total == 12000

    def test_ten_of_one_with_a_quarter_off_are_refunded_in_full(self) -> None:
        found = quote(
            [Line(key=1, unit=2390, quantity=10)],
            code=Code(percent=Decimal(25)),
            rates=at("20"),
            prices_include_tax=True,
        )
        assert found.total == 17925
        assert sum(allot(found.total, [1] * 10)) == 17925

    def test_a_refund_of_two_of_three(self) -> None:
        found = quote(
            [Line(key=1, unit=10000, quantity=3)],
            code=Code(percent=Decimal(10)),
            rates={},
            prices_include_tax=True,
        )
        [line] = found.lines
        assert sum(allot(line.total - line.discount, [1] * 3)[:2]) == 18000

    def test_nothing_costs_nothing_and_is_not_delivered(self) -> None:
        found = quote(
            [], code=Code(amount=5), delivery=Delivery(price=500), rates={}, prices_include_tax=False
        )
        assert (found.total, found.taxes) == (0, ())

    def test_goods_for_nothing_are_delivered(self) -> None:
        found = quote(lines_of(0, 0), delivery=Delivery(price=500), rates=at("20"), prices_include_tax=False)
        assert (found.total, found.delivery.tax) == (600, 100)


@pytest.mark.skipif(not DATA.exists(), reason="known answers of other shops are not here")
class TestAnswersOfOtherShops:
    def test_every_case(self) -> None:
        for case in json.loads(DATA.read_text())["cases"]:
            found = quote_case(case)
            assert {"total": found.total, "tax": found.tax_total} == case["expected"], case["name"]

    def test_every_allotment(self) -> None:
        for case in json.loads(DATA.read_text())["allotments"]:
            assert allot(case["total"], case["weights"]) == case["expected"], case


def quote_case(case: dict[str, Any]) -> Quote:
    """Quote a case, where each list of rates is a tax class."""
    classes = list(dict.fromkeys(tuple(line["rates"]) for line in case["lines"]))
    goods = [line for line in case["lines"] if not line.get("delivery")]
    [own] = {line.get("discount", 0) for line in goods}
    lines = [
        Line(
            key=key,
            unit=line["unit"],
            quantity=line["quantity"],
            tax_class=classes.index(tuple(line["rates"])),
        )
        for key, line in enumerate(goods)
    ]
    deliveries = [
        Delivery(price=line["unit"] * line["quantity"], tax_class=classes.index(tuple(line["rates"])))
        for line in case["lines"]
        if line.get("delivery")
    ]
    return quote(
        lines,
        code=Code(amount=case.get("orderDiscount", own)),
        delivery=deliveries[0] if deliveries else None,
        rates={key: at(*percents)[None] for key, percents in enumerate(classes)},
        prices_include_tax=case["pricesIncludeTax"],
    )


# ── What holds for every order ───────────────────────────────────────────────

percents = st.decimals(0, 100, places=3)
rates = st.builds(Rate, st.sampled_from(["State", "County", "City"]), percents)
tables = st.dictionaries(
    st.sampled_from([None, STANDARD, REDUCED]), st.lists(rates, max_size=3, unique=True), max_size=3
)
lines = st.builds(
    Line,
    key=st.integers(),
    unit=st.integers(0, 10**8),
    quantity=st.integers(1, 999),
    tax_class=st.sampled_from([None, STANDARD, REDUCED, NONE]),
    in_scope=st.booleans(),
)
codes = st.one_of(
    st.none(),
    st.builds(Code, amount=st.integers(0, 10**11), free_delivery=st.booleans()),
    st.builds(Code, percent=st.decimals(0, 100, places=2), free_delivery=st.booleans()),
)
deliveries = st.one_of(
    st.none(),
    st.builds(
        Delivery, price=st.integers(0, 10**8), tax_class=st.sampled_from([None, STANDARD, REDUCED, NONE])
    ),
)
orders = st.fixed_dictionaries(
    {
        "lines": st.lists(lines, max_size=12),
        "code": codes,
        "delivery": deliveries,
        "rates": tables,
        "prices_include_tax": st.booleans(),
    }
)


def small(order: dict[str, Any]) -> dict[str, Any]:
    """The same order in units so few that most are left over."""
    cheap = [
        Line(
            key=line.key,
            unit=line.unit % 3,
            quantity=1 + line.quantity % 2,
            tax_class=line.tax_class,
            in_scope=line.in_scope,
        )
        for line in order["lines"]
    ]
    return {**order, "lines": cheap}


class TestEveryOrder:
    @given(orders)
    def test_is_the_sum_of_its_parts(self, order: dict[str, Any]) -> None:
        for found in (quote(**order), quote(**small(order))):
            assert found.subtotal == sum(line.unit * line.quantity for line in found.lines)
            charged = sum(part.total - part.discount for part in found.parts)
            taxes = sum(tax.amount for part in found.parts for tax in part.taxes)
            assert found.total == (charged if found.prices_include_tax else charged + taxes)
            assert found.tax_total == taxes == sum(tax.amount for tax in found.taxes)

    @given(orders)
    def test_has_nothing_below_zero(self, order: dict[str, Any]) -> None:
        for found in (quote(**order), quote(**small(order))):
            for part in found.parts:
                assert 0 <= part.discount <= part.total
                for tax in part.taxes:
                    assert tax.base >= 0
                    assert tax.amount >= 0
            assert found.total >= 0

    @given(orders)
    def test_is_taxed_once_for_each_set_of_rates(self, order: dict[str, Any]) -> None:
        """By definition: each rate of a set times its base, half a unit off at most for each set."""
        found = quote(**order)
        sets = {
            tuple(rate for rate in order["rates"].get(key, ())) for key in (None, STANDARD, REDUCED, NONE)
        }
        exact = sum(tax.base * Fraction(tax.rate.percent) / 100 for tax in found.taxes)
        # Where tax is included, the rounded tax moves the base by as much, and the base the tax by 300 % at most.
        assert -2 * len(sets) <= found.tax_total - exact <= 2 * len(sets)

    @given(orders)
    def test_charges_each_line_in_one_way(self, order: dict[str, Any]) -> None:
        """The taxes of a line have one base, which with them is what the line comes to where they are included."""
        found = quote(**order)
        for line in found.lines:
            for tax in line.taxes:
                net = line.total - line.discount
                assert tax.base == (net - line.tax if found.prices_include_tax else net)

    @given(orders, st.randoms(use_true_random=False))
    def test_does_not_depend_on_the_order_of_its_lines(self, order: dict[str, Any], random: Any) -> None:
        """Ties aside, which the earlier line wins: a code and a following delivery can have some between rates."""
        shuffled = random.sample(order["lines"], k=len(order["lines"]))
        plain = {**order, "code": None, "delivery": None}
        first, second = quote(**plain), quote(**{**plain, "lines": shuffled})
        assert (first.total, first.taxes) == (second.total, second.taxes)
        first, second = quote(**order), quote(**{**order, "lines": shuffled})
        assert first.discount_total == second.discount_total
        assert abs(first.total - second.total) <= len(first.parts)

    @given(orders)
    def test_gives_the_code_to_its_lines_in_proportion(self, order: dict[str, Any]) -> None:
        found, code = quote(**order), order["code"]
        goods = sum(line.total for line in order["lines"] if line.in_scope)
        off = sum(line.discount for line in found.lines)
        if code:
            exact = min(code.amount + goods * Fraction(code.percent) / 100, Fraction(goods))
            assert abs(off - exact) <= Fraction(1, 2)
        for line, charged in zip(order["lines"], found.lines, strict=True):
            share = Fraction(off * line.total, goods) if line.in_scope and goods else Fraction(0)
            assert abs(charged.discount - share) < 1

    @given(orders)
    def test_is_refunded_unit_by_unit(self, order: dict[str, Any]) -> None:
        """Refunds of single units, in any portions, give back all that was paid."""
        found = quote(**order)
        refunded = found.delivery.total - found.delivery.discount
        refunded += 0 if found.prices_include_tax else found.delivery.tax
        for line in found.lines:
            paid = line.total - line.discount + (0 if found.prices_include_tax else line.tax)
            units = allot(paid, [1] * line.quantity)
            assert max(units) - min(units) <= 1
            refunded += sum(units)
        assert refunded == found.total

    @given(orders, st.sampled_from(["USD", "JPY", "KWD", "ISK"]))
    def test_keeps_every_unit_in_every_currency(self, order: dict[str, Any], currency: str) -> None:
        found = quote(**order)
        for units in (found.total, found.tax_total, *(line.discount for line in found.lines)):
            assert to_units(from_units(units, currency), currency) == units


class TestAllot:
    @pytest.mark.parametrize(
        ("total", "weights", "shares"),
        [
            (299, [4300, 1400, 2300], [161, 52, 86]),
            (299, [1, 1, 1], [100, 100, 99]),
            (-299, [1, 1, 1], [-100, -100, -99]),
            (10, [0, 0], [5, 5]),
            (40, [10, 0], [40, 0]),
            (3, [Fraction(1, 3), Fraction(1, 6)], [2, 1]),
            (0, [], []),
        ],
    )
    def test_divides_by_largest_remainder(
        self, total: int, weights: Sequence[int | Fraction], shares: list[int]
    ) -> None:
        assert allot(total, weights) == shares

    def test_has_to_give_to_somebody(self) -> None:
        with pytest.raises(ValueError, match="nobody"):
            allot(5, [])

    @given(
        st.integers(-(10**12), 10**12),
        st.lists(st.integers(0, 10**9) | st.fractions(0, 10**6), min_size=1, max_size=30),
    )
    def test_gives_everything_in_proportion(self, total: int, weights: list[int | Fraction]) -> None:
        shares = allot(total, weights)
        assert sum(shares) == total
        exact = [Fraction(weight) for weight in weights]
        if not any(exact):
            exact = [Fraction(1)] * len(weights)
        for share, weight in zip(shares, exact, strict=True):
            assert -1 < share - total * weight / sum(exact) < 1
            assert weight or not share
