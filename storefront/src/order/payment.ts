/** The page of the store's own fake of Stripe, which plays the bank. It leads back to the order. */
export function paymentPage(uuid: string): string {
  return `/dev/stripe/?order=${uuid}&next=${encodeURIComponent(`/orders/${uuid}`)}`;
}
