"""Signatures as standardwebhooks.com describes them."""

from datetime import UTC, datetime

from standardwebhooks import Webhook

from hooks.signing import SECRET_BYTES, new_secret, signed_headers

NOW = datetime(2021, 2, 25, 15, 35, 30, tzinfo=UTC)


def test_the_example_of_the_specification() -> None:
    headers = signed_headers(
        '{"test": 2432232314}',
        event="msg_p5jXN8AQM9LWM0D4loKWxJek",  # pragma: allowlist secret
        secrets=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],  # pragma: allowlist secret
        now=datetime.fromtimestamp(1614265330, UTC),
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",  # pragma: allowlist secret
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_each_secret_verifies_what_both_have_signed() -> None:
    secrets = [new_secret(), new_secret()]
    now = datetime.now(UTC)
    headers = signed_headers('{"a":"ä"}', event="1", secrets=secrets, now=now)
    for secret in secrets:
        assert Webhook(secret).verify('{"a":"ä"}', headers) == {"a": "ä"}


def test_secrets_are_long_and_new() -> None:
    assert len({new_secret() for _ in range(10)}) == 10
    assert SECRET_BYTES >= 24  # what the specification asks for
