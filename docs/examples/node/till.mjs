// What a checkout asks, and what it does about each refusal:
//
//   npm ci && node till.mjs 127.0.0.1:50051 C00000001 order-17 59.90 GBP
//
// It quotes the customer's offers, holds the best one, uses it, gives the discount back, and follows an operation.
import { randomUUID } from "node:crypto";
import { SECONDS, ask, connect, detailsOf, loaded, money, written } from "./tierwise.mjs";

const [address, customer, orderId, amount, currency] = process.argv.slice(2);
const services = ["OfferService", "CouponService", "google.longrunning.Operations"];
const clients = services.map((service) => connect(address, service));
const [offers, coupons, operations] = clients;

try {
  const order = { customer: `customers/${customer}`, order_id: orderId, order_amount: money(amount, currency) };
  const quoted = await ask(offers, "GetOffers", order);
  const best = quoted.offers.find((each) => each.worth.refusal === "ERROR_REASON_UNSPECIFIED");
  if (best) {
    const asked = { ...order, code: best.coupon.code };
    const { reservation } = await ask(coupons, "ReserveCoupon", { ...asked, request_id: randomUUID() });
    const { redemption } = await ask(coupons, "RedeemCoupon", {
      ...asked,
      reservation: reservation.name,
      request_id: randomUUID(),
    });
    console.log(`${best.description}: ${written(redemption.discount_amount)} off ${orderId}`);
    const refund = { name: redemption.name, refund_id: `return-of-${orderId}`, request_id: randomUUID() };
    const { refunded_amount: back } = await ask(coupons, "RefundRedemption", refund);
    console.log(`${written(back)} given back`);
    await ask(coupons, "RedeemCoupon", { ...asked, order_id: `${orderId}-again`, request_id: randomUUID() });
  } else {
    console.log("no offer");
  }
} catch (error) {
  const { status, reason, facts } = detailsOf(error);
  if (!status) throw error;
  console.log(`${status} ${reason} ${JSON.stringify(facts)}`);
}

const { operations: newest } = await ask(operations, "ListOperations", { filter: "kind = LAUNCH_CAMPAIGN", page_size: 1 });
for (const { name } of newest) {
  // Answers when the work is over, or with how far it is when the time is up.
  let operation;
  do operation = await ask(operations, "WaitOperation", { name, timeout: { seconds: SECONDS / 2 } });
  while (!operation.done);
  const [kind] = operation.metadata.type_url.split("/").slice(-1);
  const { done_count: done } = loaded[kind].deserialize(operation.metadata.value);
  console.log(`${kind} ${operation.error ? operation.error.message : `done: ${done}`}`);
}
clients.forEach((each) => each.close());
