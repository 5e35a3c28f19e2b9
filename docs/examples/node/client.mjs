// Asks for a customer's score over gRPC, by the descriptors of the server's own protos:
//
//   npm ci && node client.mjs 127.0.0.1:50051 C00000001
//
// With TIERWISE_TOKEN (an API key) it speaks TLS, without it in the clear to a server of this machine.
import { readFileSync } from "node:fs";
import grpc from "@grpc/grpc-js";
import { loadFileDescriptorSetFromBuffer } from "@grpc/proto-loader";

const DESCRIPTORS = new URL("../../../protos/released.binpb", import.meta.url);
const DEADLINE_MS = 5_000;
// As the Python client does: asked again while the server is away, because a score changes nothing.
const SERVICE_CONFIG = {
  methodConfig: [
    {
      name: [{ service: "tierwise.v1.ScoringService", method: "Score" }],
      retryPolicy: {
        maxAttempts: 4,
        initialBackoff: "0.05s",
        maxBackoff: "1s",
        backoffMultiplier: 3,
        // CANCELLED is what a server says to calls that it has no time to take up.
        retryableStatusCodes: ["UNAVAILABLE", "CANCELLED"],
      },
    },
  ],
};

const [address, customer] = process.argv.slice(2);
if (!address || !customer) {
  console.error("usage: node client.mjs ADDRESS CUSTOMER");
  process.exit(2);
}
const token = process.env.TIERWISE_TOKEN;

const loaded = loadFileDescriptorSetFromBuffer(readFileSync(DESCRIPTORS), {
  defaults: true,
  enums: String,
  keepCase: true,
  longs: Number,
});
const { ScoringService } = grpc.loadPackageDefinition(loaded).tierwise.v1;
const client = new ScoringService(
  address,
  token ? grpc.credentials.createSsl() : grpc.credentials.createInsecure(),
  {
    "grpc.keepalive_time_ms": 20_000,
    "grpc.max_reconnect_backoff_ms": 1_000,
    "grpc.service_config": JSON.stringify(SERVICE_CONFIG),
  },
);

const metadata = new grpc.Metadata();
if (token) metadata.set("authorization", `Bearer ${token}`);

const call = client.Score(
  { customer: `customers/${customer}` },
  metadata,
  { deadline: Date.now() + DEADLINE_MS },
  (error, answer) => {
    if (error) {
      console.error(`${grpc.status[error.code]}: ${error.details}`);
      process.exitCode = 1;
    } else {
      const { customer, model, purchase_probabilities: chances } = answer.score;
      console.log(JSON.stringify({ customer, model, horizons: chances.map((each) => each.horizon_days) }));
    }
    client.close();
  },
);
call.on("status", ({ metadata: trailers }) => {
  const [queue, compute] = ["queue", "compute"].map((part) => trailers.get(`tierwise-${part}-ms`)[0]);
  if (queue !== undefined) console.error(`waited ${queue} ms, computed in ${compute} ms`);
});
