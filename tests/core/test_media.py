"""Media in a bucket, at a real server of S3's protocol."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import boto3
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.management import CommandError, call_command
from django.utils import timezone
from moto.server import ThreadedMotoServer
from pytest_django import Settings

from accounts.models import Profile, User
from backend.environment import s3_options
from core import images, leftovers
from core.images import THUMBNAILS, thumbnail_name
from core.leftovers import delete_leftovers
from core.waiting import all_places
from tests.conftest import GraphQLClient
from tests.core.drawing import encode, flag, prepare
from tests.factories import make_picture, make_user

pytestmark = pytest.mark.slow

PUBLIC = "https://cdn.example.com/shop/"
UPDATE_AVATAR = """
    mutation($avatar: Upload) {
      updateProfile(input: {avatar: $avatar}) {
        __typename ... on User { profile { avatar { url thumbnail(size: SMALL) } } }
      }
    }
"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(address: str) -> Iterator[str]:
    """The URL of a bucket, which is new."""
    key = {"aws_access_key_id": "a key", "aws_secret_access_key": "a/secret", "region_name": "eu-central-1"}
    made = boto3.resource("s3", endpoint_url=address, **key).create_bucket(
        Bucket="media", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    options = f"endpoint_url={address}&region_name=eu-central-1"
    yield f"s3://{quote('a key')}:{quote('a/secret', safe='')}@media/shop?{options}"
    made.objects.delete()
    made.delete()


@pytest.fixture
def _in_bucket(bucket: str, settings: Settings) -> None:
    settings.STORAGES = {**settings.STORAGES, "default": storage_of(bucket)}


def storage_of(bucket: str) -> dict[str, object]:
    return {
        "BACKEND": "core.media.Bucket",
        "OPTIONS": {"public_url": PUBLIC, **s3_options("MEDIA_STORAGE", bucket)},
    }


def set_avatar(client: GraphQLClient) -> Any:
    answer = client.run(UPDATE_AVATAR, files={"avatar": make_picture()})
    return answer["updateProfile"]


@pytest.mark.usefixtures("_in_bucket")
class TestBucket:
    def test_a_picture_has_all_files_and_their_addresses(self) -> None:
        stored = images.store(prepare(encode(flag(), "PNG")), folder="pictures")
        names = [stored.name, *(thumbnail_name(stored.name, *kind) for kind in THUMBNAILS)]
        assert all(default_storage.exists(name) for name in names)
        assert images.url(stored.name) == f"{PUBLIC}{stored.name}"
        assert default_storage.listdir("pictures")[1] == sorted(
            name.removeprefix("pictures/") for name in names
        )

    def test_what_is_deleted_is_gone(self) -> None:
        stored = images.store(prepare(encode(flag(), "PNG")), folder="pictures")
        images.delete(stored.name)
        assert default_storage.listdir("pictures") == ([], [])

    @pytest.mark.django_db
    def test_leftovers_that_another_run_has_deleted_meanwhile(self, monkeypatch: pytest.MonkeyPatch) -> None:
        picture = images.store(images.prepare(make_picture()), folder="products")
        read = leftovers.read_stems

        def read_while_another_deletes(*given: Any, **named: Any) -> set[str]:
            images.delete(picture.name)
            return read(*given, **named)

        monkeypatch.setattr(leftovers, "read_stems", read_while_another_deletes)
        delete_leftovers(now=timezone.now() + timedelta(days=2))
        assert default_storage.listdir("products")[1] == []

    def test_missing_thumbnails_are_made(self) -> None:
        stored = images.store(prepare(encode(flag(), "PNG")), folder="pictures")
        default_storage.delete(thumbnail_name(stored.name, *THUMBNAILS[0]))
        assert images.complete(stored.name) == 1
        assert default_storage.exists(thumbnail_name(stored.name, *THUMBNAILS[0]))
        with pytest.raises(FileNotFoundError):
            images.complete(
                "pictures/none.jpg",
            )

    @pytest.mark.django_db
    def test_an_avatar(self, signed_in: Callable[[User], GraphQLClient]) -> None:
        user = make_user()
        client = signed_in(user)
        shown = set_avatar(client)["profile"]["avatar"]
        name = Profile.objects.get(user=user).avatar.name or ""
        assert shown["url"] == f"{PUBLIC}{name}"
        assert default_storage.exists(name)
        set_avatar(client)
        assert not default_storage.exists(name)  # the new one took its place

    @pytest.mark.django_db
    def test_too_many_that_wait_are_refused(self, signed_in: Callable[[User], GraphQLClient]) -> None:
        user = make_user()
        client = signed_in(user)
        with ExitStack() as held:
            while all_places().acquire(blocking=False):
                held.callback(all_places().release)
            [error] = client.send(UPDATE_AVATAR, files={"avatar": make_picture()})["errors"]
        assert error["extensions"]["code"] == "RATE_LIMITED"
        assert not Profile.objects.get(user=user).avatar
        assert default_storage.listdir("") == ([], [])


class TestMoveMedia:
    def test_there_and_back(self, bucket: str, tmp_path: Path) -> None:
        folder, back = tmp_path / "media", tmp_path / "back"
        storage = FileSystemStorage(location=folder)
        for name in ("one.jpg", "products/two.webp", "products/deep/thrée.avif", ".hidden"):
            storage.save(name, ContentFile(name.encode()))
        assert move(folder, bucket) == "Copied 3 of 3 files. The others were there.\n"
        assert move(folder, bucket) == "Copied 0 of 3 files. The others were there.\n"
        assert move(bucket, back) == "Copied 3 of 3 files. The others were there.\n"
        copied = {str(path.relative_to(back)): path.read_text() for path in back.rglob("*.*")}
        names = ("one.jpg", "products/two.webp", "products/deep/thrée.avif")
        assert copied == {name: name for name in names}

    def test_what_was_interrupted_is_copied_again(self, tmp_path: Path) -> None:
        here, there = tmp_path / "here", tmp_path / "there"
        FileSystemStorage(location=here).save("one.jpg", ContentFile(b"whole"))
        FileSystemStorage(location=there).save("one.jpg", ContentFile(b"wh"))
        assert move(here, there) == "Copied 1 of 1 files. The others were there.\n"
        assert (there / "one.jpg").read_bytes() == b"whole"

    @pytest.mark.parametrize(
        ("source", "reason"),
        [
            ("nowhere/", "There is no folder nowhere/."),
            ("s3:bucket", "must begin with s3://"),
            ("s3://bucket?colour=red", "colour"),
        ],
    )
    def test_what_is_refused(self, source: str, reason: str, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match=reason):
            move(source, tmp_path)
        assert list(tmp_path.iterdir()) == []


def move(source: object, target: object) -> str:
    output = StringIO()
    call_command("move_media", str(source), str(target), stdout=output)
    return output.getvalue()
