"""Changing names and avatar."""

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import Profile, User
from core.text import single_line
from tests.accounts.operations import (
    ME,
    UPDATE_PROFILE,
    answer_of,
    wrong_fields,
)
from tests.conftest import GraphQLClient
from tests.factories import FILES_OF_A_PICTURE, make_user
from tests.hostile import hostile_strings

pytestmark = pytest.mark.django_db

SignedIn = Callable[[User], GraphQLClient]
Picture = Callable[[], SimpleUploadedFile]


class TestUpdateProfile:
    def test_changes_what_is_given_and_keeps_the_rest(self, signed_in: SignedIn) -> None:
        browser = signed_in(make_user(first_name="Ada", last_name="Lovelace"))
        answer = answer_of(browser, UPDATE_PROFILE, lastName="King")
        assert (answer["firstName"], answer["lastName"]) == ("Ada", "King")
        assert answer["profile"]["name"] == "Ada Lovelace"
        answer = answer_of(browser, UPDATE_PROFILE, name="The Countess", firstName="")
        assert (answer["firstName"], answer["lastName"]) == ("", "King")
        assert (answer["profile"]["name"], answer["profile"]["slug"]) == ("The Countess", "ada-lovelace")

    def test_nobody_elses(self, signed_in: SignedIn) -> None:
        ada, bob = make_user(), make_user()
        answer_of(signed_in(ada), UPDATE_PROFILE, name="Changed")
        assert Profile.objects.get(user=bob).name == "Ada Lovelace"

    def test_a_guest_is_refused(self, api: GraphQLClient) -> None:
        assert api.expect_refusal(UPDATE_PROFILE, input={"name": "x"}) == "UNAUTHENTICATED"

    @pytest.mark.parametrize(
        ("input", "fields"),
        [
            ({"name": ""}, ["name"]),
            ({"name": "x" * 201}, ["name"]),
            ({"firstName": "x" * 101, "lastName": "x" * 101, "name": ""}, ["firstName", "lastName", "name"]),
            ({"name": None, "firstName": None, "lastName": "Z"}, ["firstName", "name"]),
        ],
    )
    def test_bad_input_changes_nothing(
        self, signed_in: SignedIn, input: dict[str, str | None], fields: list[str]
    ) -> None:
        browser = signed_in(make_user())
        before = browser.run(ME)
        assert sorted(wrong_fields(answer_of(browser, UPDATE_PROFILE, **input))) == fields
        assert browser.run(ME) == before

    @pytest.mark.slow
    def test_hostile_strings_come_back_in_their_one_spelling(self, signed_in: SignedIn) -> None:
        browser = signed_in(make_user())
        for text in hostile_strings():
            answer = answer_of(browser, UPDATE_PROFILE, firstName=text, lastName=text, name=text)
            if answer["__typename"] == "ValidationError":
                assert not is_name(single_line(text))
            else:
                names = (answer["firstName"], answer["lastName"], answer["profile"]["name"])
                assert set(names) == {single_line(text)}

    def test_an_avatar(self, signed_in: SignedIn, picture: Picture) -> None:
        browser = signed_in(make_user())
        avatar = self.upload(browser, picture())["profile"]["avatar"]
        assert (avatar["width"], avatar["height"]) == (60, 40)
        assert avatar["url"].startswith("/media/avatars/")
        assert "me" not in Path(avatar["url"]).stem
        assert avatar["placeholder"].startswith("data:image/webp;base64,")
        assert self.files() == FILES_OF_A_PICTURE
        assert Path(avatar["thumbnail"]).name in default_storage.listdir("avatars")[1]

    def test_another_avatar_takes_the_place_and_the_files_of_the_first(
        self, signed_in: SignedIn, picture: Picture
    ) -> None:
        browser = signed_in(make_user())
        first = self.upload(browser, picture())["profile"]["avatar"]
        second = self.upload(browser, picture())["profile"]["avatar"]
        assert second["url"] != first["url"]
        assert self.files() == FILES_OF_A_PICTURE
        assert Path(second["url"]).name in default_storage.listdir("avatars")[1]

    def test_null_takes_the_avatar_away(self, signed_in: SignedIn, picture: Picture) -> None:
        user = make_user()
        browser = signed_in(user)
        self.upload(browser, picture())
        assert answer_of(browser, UPDATE_PROFILE, avatar=None)["profile"]["avatar"] is None
        assert self.files() == 0
        profile = Profile.objects.get(user=user)
        assert (profile.avatar_width, profile.avatar_height, profile.avatar_placeholder) == (None, None, "")

    def test_other_changes_leave_the_avatar(self, signed_in: SignedIn, picture: Picture) -> None:
        browser = signed_in(make_user())
        avatar = self.upload(browser, picture())["profile"]["avatar"]
        assert answer_of(browser, UPDATE_PROFILE, name="New")["profile"]["avatar"] == avatar
        assert self.files() == FILES_OF_A_PICTURE

    @pytest.mark.parametrize(
        "data", [b"", b"no picture", b"\x89PNG\r\n\x1a\n", b"<svg xmlns='http://www.w3.org/2000/svg'/>"]
    )
    def test_what_is_no_picture_changes_nothing(
        self, signed_in: SignedIn, picture: Picture, data: bytes
    ) -> None:
        browser = signed_in(make_user())
        self.upload(browser, picture())
        before = browser.run(ME)
        answer = self.upload(browser, SimpleUploadedFile("me.png", data, content_type="image/png"))
        assert wrong_fields(answer) == ["avatar"]
        assert browser.run(ME) == before
        assert self.files() == FILES_OF_A_PICTURE

    def test_a_text_is_no_upload(self, signed_in: SignedIn) -> None:
        browser = signed_in(make_user())
        assert (
            browser.expect_refusal(UPDATE_PROFILE, input={"avatar": "../../etc/passwd"}) == "BAD_USER_INPUT"
        )

    def upload(self, browser: GraphQLClient, file: SimpleUploadedFile) -> Any:
        return answer_of(browser, UPDATE_PROFILE, {"input.avatar": file}, avatar=None)

    def files(self) -> int:
        return len(default_storage.listdir("avatars")[1])


def is_name(text: str) -> bool:
    return 0 < len(text) <= 100 and not any(unicodedata.category(character) == "Cc" for character in text)
