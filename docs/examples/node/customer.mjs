// What a shop tells of a customer, from signing up to being forgotten:
//
//   npm ci && node customer.mjs 127.0.0.1:50051 C-new another-customer
//
// It registers the first, records an order of both, recommends, withdraws a consent and erases the customer; what comes
// too late for that one is left out, and the rest is recorded.
import { randomUUID } from "node:crypto";
import { ask, connect, detailsOf, money, timestamp } from "./tierwise.mjs";

const [address, ...ids] = process.argv.slice(2);
const [customer, another] = ids.map((id) => `customers/${id}`);
const services = ["CustomerService", "ScoringService", "RecommendationService"];
const clients = services.map((service) => connect(address, service));
const [customers, scoring, items] = clients;

// One event for each line of an order. Its id is made of the shop's own keys, so that it is the same when it is sent again.
function bought(parent, orderId, time, itemId, quantity, unitPrice) {
  const event = {
    event_time: timestamp(time),
    type: "PURCHASE",
    order_id: orderId,
    item_id: itemId,
    quantity,
    unit_price: money(unitPrice, "GBP"),
    channel: "web",
  };
  return { parent, event_id: `${orderId}-${itemId}`, event };
}

// A batch is recorded whole or not at all, so that one who was erased is left out and the others are sent again.
async function record(requests) {
  try {
    const batch = { parent: "customers/-", requests, request_id: randomUUID() };
    return (await ask(customers, "BatchCreateEvents", batch)).created_count;
  } catch (error) {
    const { reason, facts } = detailsOf(error);
    if (reason !== "CUSTOMER_ERASED") throw error;
    const erased = facts.customers.split(", ");
    const others = requests.filter(({ parent }) => !erased.includes(parent));
    if (others.length === requests.length) throw error;
    return others.length ? record(others) : 0;
  }
}

// The fields that change stand in the mask: without it an empty list would change nothing.
async function consent(channels, allowMissing = false) {
  return ask(customers, "UpdateCustomer", {
    customer: { name: customer, country: "GB", consented_channels: channels },
    update_mask: { paths: ["consented_channels"] },
    allow_missing: allowMissing,
    request_id: randomUUID(),
  });
}

const { consented_channels: agreed, country } = await consent(["email"], true);
console.log(`${customer} of ${country} agreed to ${agreed}`);
const now = new Date();
const lines = [
  bought(customer, `${customer}-1`.replace("/", "-"), now, "mug", 2, "9.99"),
  bought(another, `${another}-1`.replace("/", "-"), now, "mug", 1, "9.99"),
];
console.log(`${await record(lines)} recorded, ${await record(lines)} when sent again`);
const { score } = await ask(scoring, "Score", { customer });
const { recommendations } = await ask(items, "Recommend", { customer, count: 2, context_item_ids: ["mug"] });
console.log(`scored by ${score.model}, ${recommendations.length} items recommended`);
console.log(`agreed to ${(await consent([])).consented_channels.length} channels`);

await ask(customers, "DeleteCustomer", { name: customer, request_id: randomUUID() });
const late = [customer, another].map((each) => bought(each, `${each}-2`.replace("/", "-"), now, "cup", 1, "4.50"));
console.log(`erased: ${await record(late)} of ${late.length} recorded`);
clients.forEach((each) => each.close());
