"""The operations of accounts as a front end sends them, and readers of their answers."""

from typing import Any

from django.core.mail import EmailMessage

from tests.conftest import GraphQLClient

NEW_PASSWORD = "an entirely new password"

FIELDS = {
    "Done": "ok",
    "User": """
        id email emailVerified firstName lastName
        profile { id name slug joinedAt avatar { url width height placeholder thumbnail } }
    """,
    "InvalidCredentials": "code message",
    "TooManyAttempts": "code message retryAfterSeconds",
    "ValidationError": "code message fields { field message }",
}


def mutation(name: str, *members: str) -> str:
    """Build a document that selects every field of each member of the mutation's union."""
    fragments = " ".join(f"... on {member} {{ {FIELDS[member]} }}" for member in members)
    input_type = f"{name[0].upper()}{name[1:]}Input"
    return f"mutation($input: {input_type}!) {{ {name}(input: $input) {{ __typename {fragments} }} }}"


REGISTER = mutation("register", "User", "ValidationError", "TooManyAttempts")
LOGIN = mutation("login", "User", "InvalidCredentials", "TooManyAttempts")
LOGOUT = "mutation { logout }"
UPDATE_PROFILE = mutation("updateProfile", "User", "ValidationError")
CHANGE_PASSWORD = mutation("changePassword", "User", "ValidationError")
REQUEST_PASSWORD_RESET = mutation("requestPasswordReset", "Done", "ValidationError", "TooManyAttempts")
RESET_PASSWORD = mutation("resetPassword", "Done", "ValidationError", "TooManyAttempts")
CHANGE_EMAIL = mutation("changeEmail", "Done", "ValidationError", "TooManyAttempts")
DELETE_ACCOUNT = mutation("deleteAccount", "Done", "ValidationError", "TooManyAttempts")
RESEND_VERIFICATION = f"""mutation {{ resendVerification {{
    __typename ... on Done {{ ok }} ... on TooManyAttempts {{ {FIELDS["TooManyAttempts"]} }}
}} }}"""
EXPORT_MY_DATA = f"""mutation {{ exportMyData {{
    __typename ... on MyData {{ data }} ... on TooManyAttempts {{ {FIELDS["TooManyAttempts"]} }}
}} }}"""
VERIFY_EMAIL = mutation("verifyEmail", "Done", "ValidationError")
ME = f"{{ me {{ {FIELDS['User']} }} }}"
PROFILE = "query($slug: String!) { profile(slug: $slug) { id name slug } }"


def answer_of(
    browser: GraphQLClient, query: str, files: dict[str, Any] | None = None, /, **input: Any
) -> Any:
    [answer] = browser.run(query, files, input=input).values()
    return answer


def wrong_fields(answer: Any) -> list[str]:
    assert answer["__typename"] == "ValidationError"
    assert answer["code"] == "INVALID"
    return [error["field"] for error in answer["fields"]]


def email_of(browser: GraphQLClient) -> str | None:
    me = browser.run("{ me { email } }")["me"]
    return me["email"] if me else None


def session_key(browser: GraphQLClient) -> str | None:
    cookie = browser.cookies.get("sessionid")
    return cookie.value if cookie else None


def token_in(mail: EmailMessage) -> str:
    return str(mail.body).partition("token=")[2].split()[0]
