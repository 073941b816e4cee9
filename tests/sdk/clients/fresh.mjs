// TypeScript SDK v1 against ../servers/fresh.mjs: brings again what it is given.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { logged, report } from "./log.mjs";

const messages = [];
const capabilities = { elicitation: { url: {} } };
const client = new Client({ name: "fresh-client", version: "1" }, { capabilities });
client.setRequestHandler(ElicitRequestSchema, () => ({ action: "accept" }));
const transport = new StreamableHTTPClientTransport(new URL(process.argv[2]));
await client.connect(logged(transport, messages));
for (let cursor; ; ) {
  const page = await client.listTools(cursor === undefined ? undefined : { cursor });
  cursor = page.nextCursor;
  if (cursor === undefined) break;
}
const call = (name, args = {}) => client.callTool({ name, arguments: args });
const { structuredContent: opened } = await call("open");
await call("read", { given: opened.account });
await call("read", { given: opened.url });
await call("redeem", { voucher: opened.voucher });
await call("ship", { orderId: opened.orderId });
const { resources } = await client.listResources();
await client.readResource({ uri: resources[0].uri });
await call("report", { given: opened.account });
await call("confirm");
const saw = [];
const task = { task: { ttl: 60_000 } };
for await (const { type } of client.experimental.tasks.callToolStream({ name: "slow", arguments: {} }, undefined, task)) {
  saw.push(type);
}
await transport.terminateSession();
await client.close();
report([saw.at(-1)], messages);
