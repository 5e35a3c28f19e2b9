// What every program that speaks to Tierwise needs: clients by the released descriptors, money and times as the API has
// them, the reason of a refusal, and calls that are repeated where that does no harm. Copy it into your service.
//
// It speaks TLS with TIERWISE_TOKEN (an API key), and in the clear to a server of this machine without.
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import grpc from "@grpc/grpc-js";
import { loadFileDescriptorSetFromBuffer } from "@grpc/proto-loader";

const DESCRIPTORS = new URL("../../../protos/released.binpb", import.meta.url);
const ATTEMPTS = 4;
export const SECONDS = 5;
// Numbers of 64 bits as strings: money may be more than a number of JavaScript holds exactly.
export const loaded = loadFileDescriptorSetFromBuffer(readFileSync(DESCRIPTORS), {
  defaults: true,
  enums: String,
  keepCase: true,
  longs: String,
});
const api = grpc.loadPackageDefinition(loaded);
const token = process.env.TIERWISE_TOKEN;

// A client of one service, such as CouponService or google.longrunning.Operations.
export function connect(address, service) {
  const path = service.includes(".") ? service : `tierwise.v1.${service}`;
  const Client = path.split(".").reduce((found, part) => found[part], api);
  return new Client(address, token ? grpc.credentials.createSsl() : grpc.credentials.createInsecure());
}

// "59.90" is 59 units and 900000000 nanos; a float would have no exact pence.
export function money(decimal, currency) {
  const [, units, fraction = ""] = /^(\d+)(?:\.(\d{1,9}))?$/.exec(decimal) ?? [];
  if (units === undefined) throw new RangeError(`an amount is written as 59.90, not as ${decimal}`);
  return { currency_code: currency, units, nanos: Number(fraction.padEnd(9, "0")) };
}

// Two digits behind the point, and as many more as there are: 1.255 KWD.
export function written({ currency_code: code, units, nanos }) {
  return `${units}.${String(nanos).padStart(9, "0").replace(/0{1,7}$/, "")} ${code}`;
}

// Date counts milliseconds, a Timestamp seconds and nanoseconds.
export function timestamp(date) {
  const ms = date.getTime();
  return { seconds: String(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1e6 };
}

// The reason, its facts, and how long to wait, which every error has in its details.
export function detailsOf(error) {
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
  return { status: grpc.status[error.code], reason, facts, waitMs: Number(seconds) * 1000 + nanos / 1e6 };
}

// Repeats what may be repeated: with the same request_id a write happens once, however often it is asked.
export async function ask(client, method, request) {
  const call = promisify(client[method]).bind(client);
  for (let attempt = 1; ; attempt += 1) {
    const metadata = new grpc.Metadata();
    if (token) metadata.set("authorization", `Bearer ${token}`);
    try {
      return await call(request, metadata, { deadline: Date.now() + SECONDS * 1000 });
    } catch (error) {
      const { UNAVAILABLE, RESOURCE_EXHAUSTED, CANCELLED, ABORTED, DEADLINE_EXCEEDED } = grpc.status;
      const { reason, waitMs } = detailsOf(error);
      const again =
        [UNAVAILABLE, CANCELLED].includes(error.code) ||
        (error.code === DEADLINE_EXCEEDED && "request_id" in request) ||
        (error.code === RESOURCE_EXHAUSTED && waitMs > 0 && waitMs < SECONDS * 1000) ||
        (error.code === ABORTED && reason === "CONFLICT");
      if (!again || attempt === ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, waitMs || 100 * 2 ** attempt));
    }
  }
}
