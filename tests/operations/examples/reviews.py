"""A comment on what was bought."""

from tests.operations.examples.example import Example, first_found

REVIEWS = [
    Example(
        operation="createComment",
        document="""
mutation CreateComment($input: CreateCommentInput!) {
  createComment(input: $input) {
    __typename
    ... on Comment { id body rating author { name } product { rating { count } } }
    ... on UserError { code message }
    ... on ValidationError { fields { field message } }
  }
}
""",
        variables=lambda answers: {
            "input": {"productId": first_found(answers), "body": "Just what I wanted.", "rating": 5}
        },
    ),
    Example(
        operation="updateComment",
        document="""
mutation UpdateComment($input: UpdateCommentInput!) {
  updateComment(input: $input) {
    __typename
    ... on Comment { body rating }
    ... on UserError { code message }
  }
}
""",
        variables=lambda answers: {"input": {"id": answers["createComment"]["id"], "rating": None}},
    ),
    Example(
        operation="reportComment",
        document="""
mutation ReportComment($input: ReportCommentInput!) {
  reportComment(input: $input) {
    __typename
    ... on Comment { id active }
    ... on UserError { code message }
  }
}
""",
        variables=lambda answers: {
            "input": {"id": answers["createComment"]["id"], "reason": "It advertises another shop."}
        },
    ),
    Example(
        operation="deleteComment",
        document="""
mutation DeleteComment($id: ID!) {
  deleteComment(input: {id: $id}) {
    __typename
    ... on Deleted { id product { id rating { average count } } }
    ... on UserError { code message }
  }
}
""",
        variables=lambda answers: {"id": answers["createComment"]["id"]},
    ),
]
