"""Files of pictures that no row names are deleted, and no others."""

import logging
import os
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import InMemoryStorage, Storage, default_storage
from django.core.management import call_command
from django.test import override_settings
from django.utils import timezone

from backend.tasks import delete_leftover_pictures
from catalog.models import Category, Product, ProductImage
from core import images, leftovers
from core.leftovers import delete_leftovers
from tests.factories import FILES_OF_A_PICTURE, make_category, make_picture, make_product, make_user

pytestmark = pytest.mark.django_db

LATER = timedelta(days=1, minutes=1)


@pytest.fixture(autouse=True)
def _media(tmp_path: Path) -> Any:
    with override_settings(MEDIA_ROOT=tmp_path):
        yield


def store(folder: str, **options: Any) -> str:
    return images.store(images.prepare(make_picture()), folder=folder, **options).name


def files(folder: str) -> set[str]:
    return set(default_storage.listdir(folder)[1])


def stem(name: str) -> str:
    return Path(name).stem


def later() -> datetime:
    return timezone.now() + LATER


@pytest.fixture
def named() -> list[str]:
    """Pictures that rows name, one in each folder, and one of a product that is not its first."""
    product, category, user = make_product(), make_category(), make_user()
    first, second = store("products"), store("products")
    Product.objects.filter(pk=product.pk).update(image=first)
    ProductImage.objects.create(product=product, image=first)
    ProductImage.objects.create(product=product, image=second, position=1)
    Category.objects.filter(pk=category.pk).update(image=store("categories"))
    user.profile.avatar.name = store("avatars")
    user.profile.save()
    return [first, second]


class TestDeleteLeftovers:
    @pytest.mark.parametrize("folder", ["products", "categories", "avatars"])
    def test_deletes_what_no_row_names_with_its_thumbnails(
        self, named: list[str], folder: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        before = {each: files(each) for each in ("products", "categories", "avatars")}
        store(folder)
        assert len(files(folder) - before[folder]) == FILES_OF_A_PICTURE
        with caplog.at_level(logging.INFO, "core.leftovers"):
            assert delete_leftovers(now=later()) == 1
        assert {each: files(each) for each in before} == before
        assert caplog.messages == ["1 leftover pictures deleted."]
        assert delete_leftovers(now=later()) == 0

    def test_deletes_thumbnails_alone(self) -> None:
        name = store("products")
        default_storage.delete(name)
        assert delete_leftovers(now=later()) == 1
        assert files("products") == set()

    def test_leaves_what_is_new(self) -> None:
        store("products")
        assert delete_leftovers(now=timezone.now() + timedelta(hours=23)) == 0
        assert len(files("products")) == FILES_OF_A_PICTURE

    def test_leaves_a_picture_with_a_new_file(self) -> None:
        name = store("products")
        old = (timezone.now() - LATER).timestamp()
        for file in files("products"):
            os.utime(default_storage.path(f"products/{file}"), (old, old))
        os.utime(default_storage.path(name))
        assert delete_leftovers(now=timezone.now()) == 0
        assert len(files("products")) == FILES_OF_A_PICTURE

    def test_leaves_what_the_store_has_not_named(self, tmp_path: Path) -> None:
        (tmp_path / "products" / "sub").mkdir(parents=True)
        others = ["logo.png", "a" * 32, f"{'a' * 32}-huge.webp", f"{'a' * 31}.jpg", ".gitignore"]
        for name in others:
            (tmp_path / "products" / name).touch()
        (tmp_path / "products" / "sub" / f"{'a' * 32}.jpg").touch()
        assert delete_leftovers(now=later()) == 0
        assert files("products") == {*others}
        assert (tmp_path / "products" / "sub" / f"{'a' * 32}.jpg").exists()

    def test_without_a_folder(self) -> None:
        assert delete_leftovers(now=later()) == 0

    def test_leaves_what_a_row_names_by_the_time_it_is_deleted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        product, name = make_product(), store("products")
        read = leftovers.read_stems

        def read_and_commit(*args: Any, **options: Any) -> set[str]:
            found = read(*args, **options)
            ProductImage.objects.create(product=product, image=name)
            return found

        monkeypatch.setattr(leftovers, "read_stems", read_and_commit)
        assert delete_leftovers(now=later()) == 0
        assert len(files("products")) == FILES_OF_A_PICTURE

    def test_leaves_a_file_that_is_stored_again_meanwhile(self, monkeypatch: pytest.MonkeyPatch) -> None:
        name = store("products", token="b" * 32)
        old = (timezone.now() - LATER).timestamp()
        for file in files("products"):
            os.utime(default_storage.path(f"products/{file}"), (old, old))
        read = leftovers.read_stems

        def read_and_store(*args: Any, **options: Any) -> set[str]:
            found = read(*args, **options)
            assert store("products", token="b" * 32) == name
            return found

        monkeypatch.setattr(leftovers, "read_stems", read_and_store)
        assert delete_leftovers(now=timezone.now()) == 0
        assert len(files("products")) == FILES_OF_A_PICTURE

    def test_goes_on_in_small_batches_and_with_the_next_run(
        self, named: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(leftovers, "BATCH", 2 * FILES_OF_A_PICTURE)
        monkeypatch.setattr(leftovers, "MOST", 2)
        kept = files("products")
        for _ in range(3):
            store("products")
        runs = 0
        while delete_leftovers(now=later()):
            runs += 1
        assert runs >= 2
        assert files("products") == kept

    def test_of_a_storage_that_is_not_a_folder(self, monkeypatch: pytest.MonkeyPatch) -> None:
        storage: Storage = InMemoryStorage()
        monkeypatch.setattr(leftovers, "default_storage", storage)
        images.store(images.prepare(make_picture()), folder="products", storage=storage)
        for folder in ("categories", "avatars"):
            images.store(images.prepare(make_picture()), folder=folder, storage=storage)
        assert delete_leftovers(now=later()) == 3
        assert storage.listdir("products") == ([], [])


class TestCommand:
    def test_a_dry_run_only_counts(self) -> None:
        store("products")
        old = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
        for file in files("products"):
            os.utime(default_storage.path(f"products/{file}"), (old, old))
        said = StringIO()
        call_command("delete_leftover_pictures", "--dry-run", stdout=said)
        assert said.getvalue() == "1 leftover pictures would be deleted.\n"
        assert len(files("products")) == FILES_OF_A_PICTURE
        call_command("delete_leftover_pictures", stdout=(said := StringIO()))
        assert said.getvalue() == "1 leftover pictures deleted.\n"
        assert files("products") == set()

    def test_the_worker_runs_it(self) -> None:
        assert delete_leftover_pictures.call() == "0 leftover pictures deleted."
