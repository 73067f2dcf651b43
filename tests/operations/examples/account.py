"""An account: opening it, its addresses and favourites, and leaving."""

from tests.operations.examples.example import EMAIL, Example, first_found

OLD, NEW = "a long password of hers", "an entirely new password"
HOME = {
    "firstName": "Nora",
    "phone": "030 123456",
    "address": "Hauptstraße",
    "buildingNumber": "12",
    "city": "Berlin",
    "zipCode": "D-10115",
    "country": "DE",
}

ACCOUNT = [
    Example(
        operation="register",
        document="""
mutation Register($input: RegisterInput!) {
  register(input: $input) {
    __typename
    ... on User { id email emailVerified profile { name slug } }
    ... on UserError { code message }
    ... on ValidationError { fields { field message } }
  }
}
""",
        variables=lambda answers: {"input": {"email": EMAIL, "password": OLD, "firstName": "Nora"}},
    ),
    Example(
        operation="resendVerification",
        document="""
mutation ResendVerification {
  resendVerification {
    __typename
    ... on TooManyAttempts { message retryAfterSeconds }
  }
}
""",
    ),
    Example(
        operation="verifyEmail",
        document="""
mutation VerifyEmail($token: String!) {
  verifyEmail(input: {token: $token}) {
    __typename
    ... on UserError { code message }
  }
}
""",
        variables=lambda answers: {"token": answers["mail"]},
    ),
    Example(
        operation="me", document="{ me { email emailVerified firstName orders(first: 5) { totalCount } } }"
    ),
    Example(
        operation="updateProfile",
        document="""
mutation UpdateProfile($input: UpdateProfileInput!) {
  updateProfile(input: $input) {
    __typename
    ... on User { firstName profile { name avatar { url } } }
    ... on ValidationError { fields { field message } }
  }
}
""",
        variables=lambda answers: {"input": {"name": "Nora N."}},
    ),
    Example(
        operation="createAddress",
        document="""
mutation CreateAddress($input: AddressInput!) {
  createAddress(input: $input) {
    __typename
    ... on Address { id firstName phone address zipCode country isDefault }
    ... on UserError { code message }
    ... on ValidationError { fields { field message } }
  }
}
""",
        variables=lambda answers: {"input": HOME},
    ),
    Example(
        operation="updateAddress",
        document="""
mutation UpdateAddress($input: UpdateAddressInput!) {
  updateAddress(input: $input) {
    __typename
    ... on Address { id company isDefault }
    ... on UserError { code message }
    ... on ValidationError { fields { field message } }
  }
}
""",
        variables=lambda answers: {
            "input": {"id": answers["createAddress"]["id"], "address": {**HOME, "company": "Nora Ltd"}}
        },
    ),
    Example(
        operation="deleteAddress",
        document="""
mutation DeleteAddress($input: DeleteAddressInput!) {
  deleteAddress(input: $input) {
    __typename
    ... on Deleted { id }
    ... on UserError { code message }
  }
}
""",
        variables=lambda answers: {"input": {"id": answers["updateAddress"]["id"]}},
    ),
    Example(
        operation="changePassword",
        document="""
mutation ChangePassword($input: ChangePasswordInput!) {
  changePassword(input: $input) {
    __typename
    ... on ValidationError { fields { field message } }
  }
}
""",
        variables=lambda answers: {"input": {"oldPassword": OLD, "newPassword": "as good as the old one"}},
    ),
    Example(
        operation="requestPasswordReset",
        document="""
mutation ForgotPassword($email: String!) {
  requestPasswordReset(input: {email: $email}) {
    __typename
    ... on UserError { code message }
  }
}
""",
        variables=lambda answers: {"email": EMAIL},
    ),
    Example(
        operation="resetPassword",
        document="""
mutation ResetPassword($input: ResetPasswordInput!) {
  resetPassword(input: $input) {
    __typename
    ... on ValidationError { fields { field message } }
  }
}
""",
        variables=lambda answers: {"input": {"token": answers["mail"], "newPassword": NEW}},
    ),
    Example(operation="logout", document="mutation { logout }"),
    Example(
        operation="login",
        document="""
mutation Login($input: LoginInput!) {
  login(input: $input) {
    __typename
    ... on User { email }
    ... on UserError { code message }
    ... on TooManyAttempts { retryAfterSeconds }
  }
}
""",
        variables=lambda answers: {"input": {"email": EMAIL, "password": NEW}},
    ),
    Example(
        operation="addFavourite",
        document="""
mutation AddFavourite($id: ID!) {
  addFavourite(input: {productId: $id}) {
    __typename
    ... on Product { id isFavourite }
    ... on UserError { code message }
  }
}
""",
        variables=lambda answers: {"id": first_found(answers)},
    ),
    Example(
        operation="removeFavourite",
        document="""
mutation RemoveFavourite($id: ID!) {
  removeFavourite(input: {productId: $id}) {
    __typename
    ... on Product { id isFavourite }
    ... on UserError { code message }
  }
}
""",
        variables=lambda answers: {"id": first_found(answers)},
    ),
]

LEAVING = [
    Example(
        operation="exportMyData",
        document="""
mutation ExportMyData {
  exportMyData {
    __typename
    ... on MyData { data }
    ... on TooManyAttempts { message retryAfterSeconds }
  }
}
""",
    ),
    Example(
        operation="changeEmail",
        document="""
mutation ChangeEmail($input: ChangeEmailInput!) {
  changeEmail(input: $input) {
    __typename
    ... on UserError { code message }
    ... on ValidationError { fields { field message } }
  }
}
""",
        variables=lambda answers: {"input": {"password": NEW, "newEmail": "nora@example.org"}},
    ),
    Example(
        operation="deleteAccount",
        document="""
mutation DeleteAccount($input: DeleteAccountInput!) {
  deleteAccount(input: $input) {
    __typename
    ... on UserError { code message }
    ... on ValidationError { fields { field message } }
  }
}
""",
        variables=lambda answers: {"input": {"password": NEW}},
    ),
]
