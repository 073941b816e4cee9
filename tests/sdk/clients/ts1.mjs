// TypeScript SDK v1 against server-everything: tools, progress, a sampling request by the server, a
// failing call, the standalone stream, DELETE; over HTTP+SSE where the second argument says `sse`.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { CreateMessageRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { logged, report } from "./log.mjs";

const [url, kind] = process.argv.slice(2);
const messages = [];
const saw = [];
const client = new Client({ name: "ts1", version: "1" }, { capabilities: { sampling: {} } });
client.setRequestHandler(CreateMessageRequestSchema, async () => ({
  model: "none",
  role: "assistant",
  content: { type: "text", text: "a sampled answer" },
}));
const Transport = kind === "sse" ? SSEClientTransport : StreamableHTTPClientTransport;
const transport = new Transport(new URL(url));
await client.connect(logged(transport, messages));
saw.push(client.getServerVersion().name);
saw.push((await client.listTools()).tools.map((tool) => tool.name).sort());
saw.push(await client.callTool({ name: "echo", arguments: { message: "grüße 👋" } }));
saw.push(await client.callTool({ name: "get-sum", arguments: { a: 19, b: 23 } }));
saw.push(await client.callTool({ name: "get-tiny-image", arguments: {} }));
let progress = 0;
saw.push(
  await client.callTool({ name: "trigger-long-running-operation", arguments: { duration: 0.3, steps: 3 } }, undefined, {
    onprogress: () => progress++,
  }),
);
// How many come before the answer is the SDK's race when both are in one packet; that some come is not.
saw.push({ progress: progress > 0 });
saw.push(await client.callTool({ name: "trigger-sampling-request", arguments: { prompt: "hello", maxTokens: 5 } }));
saw.push(await client.callTool({ name: "nonesuch", arguments: {} }).catch((error) => ({ code: error.code })));
saw.push((await client.listResources()).resources.length);
saw.push((await client.listPrompts()).prompts.map((prompt) => prompt.name).sort());
await transport.terminateSession?.();
await client.close();
report(saw, messages);
