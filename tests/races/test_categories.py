"""Categories are moved, created and deleted at once. The tree stays whole."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from itertools import permutations
from threading import Thread

import pytest
from django.db import connection, connections
from django.utils import timezone

from catalog import categories
from catalog.categories import create_category, delete_category, find_wrong_paths, move_category
from catalog.fields import ProductFields
from catalog.models import Category, Product
from catalog.services import create_product, update_product
from core.errors import NotFound, ValidationError
from tests.factories import make_category, make_product, make_staff
from tests.races.conftest import at_once
from tests.races.interleaving import slip_in

pytestmark = pytest.mark.django_db(transaction=True)


def outcome(action: Callable[[], object]) -> str:
    """Return `done`, or the name of the refusal."""
    try:
        action()
    except (NotFound, ValidationError) as error:
        return type(error).__name__
    return "done"


def move(category: Category, parent: Category | None) -> Callable[[], str]:
    parent_pk = parent.pk if parent else None
    return partial(outcome, partial(move_category, category_pk=category.pk, parent_pk=parent_pk))


class TestMoveCategory:
    def test_two_below_each_other(self) -> None:
        for _ in range(10):
            one, two = make_category(), make_category()
            assert sorted(at_once(move(one, two), move(two, one))) == ["ValidationError", "done"]
            assert not list(find_wrong_paths())

    def test_a_ring_of_three(self) -> None:
        for _ in range(5):
            ring = [make_category() for _ in range(3)]
            outcomes = at_once(*(move(ring[index - 1], ring[index]) for index in range(3)))
            assert outcomes.count("done") == 2
            assert not list(find_wrong_paths())

    def test_each_below_each_other_with_children(self) -> None:
        for _ in range(3):
            tops = [make_category() for _ in range(3)]
            for top in tops:
                make_category(parent=make_category(parent=top))
            at_once(*(move(one, other) for one, other in permutations(tops, 2)), move(tops[0], None))
            assert not list(find_wrong_paths())
            assert max(category.level for category in Category.objects.all()) <= 5

    def test_while_a_child_is_created(self) -> None:
        for number in range(5):
            moved, parent = make_category(), make_category()
            below = make_category(parent=moved)
            new = Category(name=f"New {number}", parent=below)
            at_once(move(moved, parent), partial(outcome, partial(create_category, new)))
            assert not list(find_wrong_paths())
            assert Category.objects.get(name=f"New {number}").keys_above == [parent.pk, moved.pk, below.pk]

    def test_the_check_sees_what_was_moved_before_the_lock(self, monkeypatch: pytest.MonkeyPatch) -> None:
        one, two = make_category(), make_category()
        slip_in(monkeypatch, categories, "lock_tree", before=move(two, one))
        assert move(one, two)() == "ValidationError"
        assert not list(find_wrong_paths())


class TestDeleteCategory:
    def test_while_it_gets_a_child(self) -> None:
        for number in range(5):
            category = make_category()
            new = Category(name=f"New {number}", parent=category)
            outcomes = at_once(
                partial(outcome, partial(delete_category, category_pk=category.pk)),
                partial(outcome, partial(create_category, new)),
            )
            assert sorted(outcomes) in (["NotFound", "done"], ["ValidationError", "done"])
            assert not list(find_wrong_paths())

    def test_while_it_gets_a_product(self) -> None:
        """One of them is refused. A product is never without a category."""
        seller = make_staff()
        for number in range(5):
            category = make_category()
            fields: ProductFields = {
                "category": category.slug,
                "name": f"Lamp {number}",
                "description": "It shines.",
                "price": Decimal(1),
                "stock": 1,
            }
            create = partial(create_product, user=seller, fields=fields, now=timezone.now())
            deleted, created = at_once(
                partial(outcome, partial(delete_category, category_pk=category.pk)), partial(outcome, create)
            )
            assert [deleted, created].count("done") == 1
            products = Product.objects.filter(category_id=category.pk).count()
            assert (products, Category.objects.filter(pk=category.pk).count()) in ((1, 1), (0, 0))

    @pytest.mark.skipif(not connection.features.has_select_for_update, reason="One writer at a time.")
    @pytest.mark.parametrize("exists", [False, True])
    def test_a_product_that_comes_after_the_check_waits(
        self, monkeypatch: pytest.MonkeyPatch, exists: bool
    ) -> None:
        """It is refused at its commit, and the category is gone. A product that moves there stays where it was."""
        category, seller = make_category(), make_staff()
        product = make_product(name="Lamp", user=seller) if exists else None
        fields: ProductFields = {
            "category": category.slug,
            "name": "Lamp 2",
            "description": "It shines.",
            "price": Decimal(1),
            "stock": 1,
        }
        write: Callable[[], object] = (
            partial(update_product, user=seller, product_pk=product.pk, changes=fields, now=timezone.now())
            if product
            else partial(create_product, user=seller, fields=fields, now=timezone.now())
        )
        outcomes: list[str] = []

        def create() -> None:
            try:
                outcomes.append(outcome(write))
            finally:
                connections.close_all()

        thread = Thread(target=create)
        check = categories.find_hindrance

        def check_then_create(category: Category) -> str | None:
            found = check(category)
            thread.start()
            thread.join(timeout=2)  # it is done by then, unless it waits for the category
            return found

        before = list(Product.objects.values())
        monkeypatch.setattr(categories, "find_hindrance", check_then_create)
        delete_category(category_pk=category.pk)
        thread.join()
        assert outcomes == ["ValidationError"]
        assert list(Product.objects.values()) == before
        assert not Category.objects.filter(pk=category.pk).exists()
