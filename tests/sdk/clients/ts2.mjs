// TypeScript SDK v2, in the era that the second argument names, against the v2 server.
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { logged, report } from "./log.mjs";

const [url, era] = process.argv.slice(2);
const messages = [];
const saw = [];
const negotiation = era === "modern" ? { versionNegotiation: { mode: { pin: "2026-07-28" } } } : {};
const client = new Client({ name: "ts2", version: "1" }, negotiation);
const transport = new StreamableHTTPClientTransport(new URL(url));
await client.connect(logged(transport, messages));
saw.push((await client.listTools()).tools.map((tool) => tool.name).sort());
saw.push(await client.callTool({ name: "add", arguments: { a: 19, b: 23 } }));
let progress = 0;
saw.push(await client.callTool({ name: "count", arguments: { to: 3 } }, { onprogress: () => progress++ }));
// How many come before the answer is the SDK's race when both are in one packet; that some come is not.
saw.push({ progress: progress > 0 });
saw.push(await client.callTool({ name: "fail", arguments: {} }));
saw.push(await client.callTool({ name: "nonesuch", arguments: {} }).catch((error) => ({ code: error.code })));
await client.close();
report(saw, messages);
