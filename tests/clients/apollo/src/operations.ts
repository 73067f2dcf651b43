import { graphql } from "./gql";

export const ProductCard = graphql(`
  fragment ProductCard on Product {
    id
    slug
    name
    stock
    finalPrice { amount currency }
    image { url thumbnail(size: SMALL) }
  }
`);

export const CartContents = graphql(`
  fragment CartContents on Cart {
    id
    totalQuantity
    total { amount currency }
    items { id quantity total { amount currency } product { id name } }
  }
`);

export const OrderState = graphql(`
  fragment OrderState on Order {
    id
    uuid
    status
    amount { amount currency }
    payment { id status clientSecret }
  }
`);

export const PRODUCTS = graphql(`
  query Products($filter: ProductFilter, $sort: ProductSort! = NEWEST, $first: Int, $after: String) {
    products(filter: $filter, sort: $sort, first: $first, after: $after) {
      nodes { ...ProductCard }
      pageInfo { hasNextPage endCursor }
    }
  }
`);

export const SEARCH = graphql(`
  query Search($term: String!, $first: Int, $after: String) {
    search(term: $term, first: $first, after: $after) {
      ... on ProductConnection {
        nodes { ...ProductCard }
        pageInfo { hasNextPage endCursor }
      }
      ... on NoProductMatches { message suggestions }
      ... on ValidationError { message }
    }
  }
`);

export const ME = graphql(`
  query Me {
    me { id email profile { id name avatar { url thumbnail(size: SMALL) } } }
  }
`);

export const REGISTER = graphql(`
  mutation Register($input: RegisterInput!) {
    register(input: $input) {
      ... on User { id }
      ... on UserError { code message }
      ... on ValidationError { fields { field message } }
    }
  }
`);

export const SIGN_IN = graphql(`
  mutation SignIn($input: LoginInput!) {
    login(input: $input) {
      ... on User { id }
      ... on UserError { code message }
      ... on TooManyAttempts { retryAfterSeconds }
    }
  }
`);

export const SIGN_OUT = graphql(`
  mutation SignOut { logout }
`);

export const UPLOAD_AVATAR = graphql(`
  mutation UploadAvatar($avatar: Upload!) {
    updateProfile(input: { avatar: $avatar }) {
      ... on User { id profile { id avatar { url thumbnail(size: SMALL) } } }
      ... on ValidationError { code message fields { field message } }
    }
  }
`);

export const CART = graphql(`
  query Cart {
    cart { ...CartContents }
  }
`);

export const ADD_TO_CART = graphql(`
  mutation AddToCart($productId: ID!, $quantity: Int! = 1) {
    addToCart(input: { productId: $productId, quantity: $quantity }) {
      ... on Cart { ...CartContents }
      ... on InsufficientStock { available product { id stock } }
      ... on UserError { code message }
    }
  }
`);

export const CHECKOUT = graphql(`
  mutation Checkout($input: CheckoutInput!) {
    checkout(input: $input) {
      ... on Order { ...OrderState }
      ... on TotalChanged { actual { amount currency } }
      ... on ValidationError { fields { field message } }
      ... on UserError { code message }
    }
  }
`);

export const ORDER = graphql(`
  query Order($uuid: UUID!) {
    order(uuid: $uuid) { ...OrderState }
  }
`);

export const REFRESH_PAYMENT = graphql(`
  mutation RefreshPayment($uuid: UUID!) {
    refreshPayment(input: { uuid: $uuid }) {
      ... on Order { ...OrderState }
      ... on UserError { code message }
    }
  }
`);
