import { graphql } from "../gql";

export const CartParts = graphql(`
  fragment CartParts on Cart {
    id
    totalQuantity
    subtotal { amount currency }
    discountTotal { amount currency }
    deliveryTotal { amount currency }
    taxTotal { amount currency }
    total { amount currency }
    destination { country zipCode state }
    deliveryOptions { cost { amount currency } method { id name description minDays maxDays } }
    delivery { cost { amount currency } method { id name } }
    discountCode { code applies message amount { amount currency } }
    items {
      id
      quantity
      unitPrice { amount currency }
      total { amount currency }
      product { id name slug }
      variant {
        id
        title
        stock
        onSale
        price { amount currency }
        finalPrice { amount currency }
        lowestPriorPrice { amount currency }
        image { ...PictureParts }
      }
    }
    changes {
      ... on PriceChanged { item { id product { id name } } before { amount currency } now { amount currency } }
      ... on StockReduced { item { id product { id name } } available }
      ... on ProductRemoved { productId variantId name variantTitle }
    }
  }
`);

export const CART = graphql(`
  query Cart {
    cart { ...CartParts }
  }
`);

export const ADD_TO_CART = graphql(`
  mutation AddToCart($input: CartItemInput!) {
    addToCart(input: $input) {
      ... on Cart { ...CartParts }
      ... on InsufficientStock { available variant { id stock isAvailable } }
      ... on UserError { code message }
    }
  }
`);

export const UPDATE_ITEM = graphql(`
  mutation UpdateCartItem($input: UpdateCartItemInput!) {
    updateCartItem(input: $input) {
      ... on Cart { ...CartParts }
      ... on InsufficientStock { available variant { id stock isAvailable } }
      ... on UserError { code message }
    }
  }
`);

export const REMOVE_ITEM = graphql(`
  mutation RemoveFromCart($input: RemoveFromCartInput!) {
    removeFromCart(input: $input) {
      ... on Cart { ...CartParts }
      ... on UserError { code message }
    }
  }
`);

export const SET_DELIVERY = graphql(`
  mutation SetCartDelivery($input: CartDeliveryInput!) {
    setCartDelivery(input: $input) {
      ... on Cart { ...CartParts }
      ... on UserError { code message }
      ... on ValidationError { fields { field message } }
    }
  }
`);

export const APPLY_CODE = graphql(`
  mutation ApplyDiscountCode($code: String!) {
    applyDiscountCode(input: { code: $code }) {
      ... on Cart { ...CartParts }
      ... on UserError { code message }
    }
  }
`);

export const REMOVE_CODE = graphql(`
  mutation RemoveDiscountCode {
    removeDiscountCode {
      ... on Cart { ...CartParts }
      ... on UserError { code message }
    }
  }
`);
