import { graphql } from "../gql";

export const OrderParts = graphql(`
  fragment OrderParts on Order {
    id
    uuid
    number
    status
    note
    createdAt
    paidAt
    shippedAt
    cancelledAt
    expiresAt
    pricesIncludeTax
    discountCode
    subtotal { amount currency }
    discountTotal { amount currency }
    deliveryTotal { amount currency }
    taxTotal { amount currency }
    amount { amount currency }
    delivery { name }
    shipping { id email firstName lastName company address address2 buildingNumber city zipCode state country }
    billing { company vatId }
    items {
      id
      name
      variantTitle
      quantity
      total { amount currency }
      product { id slug }
      variant { id image { ...PictureParts } }
    }
    payment { id status failure clientSecret refunded { amount currency } }
    documents { kind number url }
  }
`);

/** What has left, and what comes back. Checkout needs none of it. */
export const MovedParts = graphql(`
  fragment MovedParts on Order {
    id
    fulfilments {
      id
      carrier
      trackingNumber
      trackingUrl
      shippedAt
      items { quantity item { id name variantTitle } }
    }
    returns {
      id
      status
      createdAt
      items { quantity item { id name variantTitle } }
    }
  }
`);

export const ORDER = graphql(`
  query Order($uuid: UUID!, $token: String!, $byLink: Boolean!) {
    order(uuid: $uuid) { ...OrderParts ...MovedParts }
    orderByToken(token: $token) @include(if: $byLink) { ...OrderParts ...MovedParts }
  }
`);

export const CHECKOUT = graphql(`
  mutation Checkout($input: CheckoutInput!) {
    checkout(input: $input) {
      ... on Order { id ...OrderParts uuid payment { id clientSecret } }
      ... on TotalChanged { actual { amount currency } }
      ... on InsufficientStock { available product { id name } }
      ... on TooManyOpenOrders { orders { id uuid number } }
      ... on ValidationError { fields { field message } }
      ... on UserError { code message }
    }
  }
`);

export const REFRESH_PAYMENT = graphql(`
  mutation RefreshPayment($uuid: UUID!, $token: String) {
    refreshPayment(input: { uuid: $uuid, token: $token }) {
      ... on Order { ...OrderParts ...MovedParts }
      ... on UserError { code message }
    }
  }
`);

export const RETRY_PAYMENT = graphql(`
  mutation RetryPayment($uuid: UUID!, $token: String) {
    retryPayment(input: { uuid: $uuid, token: $token }) {
      ... on Order { ...OrderParts }
      ... on UserError { code message }
    }
  }
`);

export const CANCEL_ORDER = graphql(`
  mutation CancelOrder($uuid: UUID!, $token: String) {
    cancelOrder(input: { uuid: $uuid, token: $token }) {
      ... on Order { ...OrderParts }
      ... on UserError { code message }
    }
  }
`);

export const REQUEST_LINK = graphql(`
  mutation RequestOrderLink($number: String!, $email: String!) {
    requestOrderLink(input: { number: $number, email: $email }) {
      ... on Done { ok }
      ... on UserError { code message }
      ... on ValidationError { fields { field message } }
    }
  }
`);

export const REQUEST_RETURN = graphql(`
  mutation RequestReturn($input: RequestReturnInput!) {
    requestReturn(input: $input) {
      ... on Order { ...MovedParts }
      ... on UserError { code message }
      ... on ValidationError { fields { field message } }
    }
  }
`);
