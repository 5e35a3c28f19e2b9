// What a checkout asks, and what it does about each refusal:
//
//   npm ci && node till.mjs 127.0.0.1:50051 C00000001 order-17 59.90 GBP
//
// It quotes the customer's offers, holds the best one, uses it, gives the discount back, and follows an operation. Like
// client.mjs it speaks TLS with TIERWISE_TOKEN, and in the clear without.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import grpc from "@grpc/grpc-js";
import { loadFileDescriptorSetFromBuffer } from "@grpc/proto-loader";

const DESCRIPTORS = new URL("../../../protos/released.binpb", import.meta.url);
const SECONDS = 5;
const ATTEMPTS = 4;
// Numbers of 64 bits as strings: money may be more than a number of JavaScript holds exactly.
const loaded = loadFileDescriptorSetFromBuffer(readFileSync(DESCRIPTORS), {
  defaults: true,
  enums: String,
  keepCase: true,
  longs: String,
});
const api = grpc.loadPackageDefinition(loaded);
const { CouponService, OfferService } = api.tierwise.v1;
const [address, customer, orderId, amount, currency] = process.argv.slice(2);
const token = process.env.TIERWISE_TOKEN;
const secure = token ? grpc.credentials.createSsl() : grpc.credentials.createInsecure();
const clients = [OfferService, CouponService, api.google.longrunning.Operations].map((Each) => new Each(address, secure));
const [offers, coupons, operations] = clients;

// "59.90" is 59 units and 900000000 nanos; a float would have no exact pence.
function money(decimal) {
  const [units, fraction = ""] = decimal.split(".");
  return { currency_code: currency, units, nanos: Number(fraction.padEnd(9, "0")) };
}

function written({ currency_code: code, units, nanos }) {
  return `${units}.${String(nanos).padStart(9, "0").slice(0, 2)} ${code}`;
}

// The reason, its facts, and how long to wait, which every error has in its details.
function detailsOf(error) {
  const [packed] = error.metadata?.get("grpc-status-details-bin") ?? [];
  const details = packed ? loaded["google.rpc.Status"].deserialize(packed).details : [];
  const found = (name) => {
    const detail = details.find((each) => each.type_url.endsWith(`/${name}`));
    return detail && loaded[name].deserialize(detail.value);
  };
  // A map that was loaded from descriptors is a list of its entries.
  const { reason = "", metadata = [] } = found("google.rpc.ErrorInfo") ?? {};
  const facts = Object.fromEntries(metadata.map(({ key, value }) => [key, value]));
  const { seconds = "0", nanos = 0 } = found("google.rpc.RetryInfo")?.retry_delay ?? {};
  return { reason, facts, waitMs: Number(seconds) * 1000 + nanos / 1e6 };
}

// Repeats what may be repeated: with the same request_id a write happens once, however often it is asked.
async function ask(client, method, request) {
  const call = promisify(client[method]).bind(client);
  for (let attempt = 1; ; attempt += 1) {
    const metadata = new grpc.Metadata();
    if (token) metadata.set("authorization", `Bearer ${token}`);
    try {
      return await call(request, metadata, { deadline: Date.now() + SECONDS * 1000 });
    } catch (error) {
      const { UNAVAILABLE, RESOURCE_EXHAUSTED, CANCELLED, ABORTED } = grpc.status;
      const { reason, waitMs } = detailsOf(error);
      const again =
        [UNAVAILABLE, CANCELLED].includes(error.code) ||
        (error.code === RESOURCE_EXHAUSTED && waitMs > 0 && waitMs < SECONDS * 1000) ||
        (error.code === ABORTED && reason === "CONFLICT");
      if (!again || attempt === ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, waitMs || 100 * 2 ** attempt));
    }
  }
}

try {
  const order = { customer: `customers/${customer}`, order_id: orderId, order_amount: money(amount) };
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
  const { reason, facts } = detailsOf(error);
  console.log(`${grpc.status[error.code]} ${reason} ${JSON.stringify(facts)}`);
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
