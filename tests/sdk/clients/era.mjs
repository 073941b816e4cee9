// TypeScript SDK v1 as it was when a revision was the newest: `era.mjs URL REVISION sse|http`, against
// ../servers/ts1.mjs; everything that the revision's SDK can do over it.
import { logged, report } from "./log.mjs";

const [url, revision, kind] = process.argv.slice(2);
const name = revision === "2025-11-25" ? "@modelcontextprotocol/sdk" : `sdk-${revision}`;
const sdk = (path) => import(`${name}/${path}`);
const { Client } = await sdk("client/index.js");
const types = await sdk("types.js");
const messages = [];
const saw = [];
const capabilities = { sampling: {} };
const canAsk = types.ElicitRequestSchema !== undefined;
if (canAsk) capabilities.elicitation = {};
const client = new Client({ name: `era-${revision}`, version: "1" }, { capabilities });
client.setRequestHandler(types.CreateMessageRequestSchema, () => ({
  model: "none",
  role: "assistant",
  content: { type: "text", text: "yes" },
}));
if (canAsk) client.setRequestHandler(types.ElicitRequestSchema, () => ({ action: "accept", content: { name: "a tape" } }));
const { SSEClientTransport, StreamableHTTPClientTransport } =
  kind === "sse" ? await sdk("client/sse.js") : await sdk("client/streamableHttp.js");
const transport = new (SSEClientTransport ?? StreamableHTTPClientTransport)(new URL(url));
await client.connect(logged(transport, messages));
const call = (name, args = {}, options = undefined) => client.callTool({ name, arguments: args }, undefined, options);
saw.push((await client.listTools()).tools.map((tool) => tool.name));
saw.push(await call("add", { a: 19, b: 23 }));
let progress = 0;
saw.push(await call("count", { to: 3 }, { onprogress: () => progress++ }));
saw.push({ progress: progress > 0 });
saw.push(await call("fail"));
// A server without sessions cannot ask: the answer would reach another instance.
if (kind !== "stateless" && kind !== "json") {
  saw.push(await call("sample"));
  if (canAsk) saw.push(await call("ask"));
}
saw.push(await call("nonesuch").catch((error) => ({ code: error.code })));
if (revision === "2025-03-26" && kind === "http") {
  // Batches are of this revision alone. The SDK's transport sends them, its client has no call for it.
  const answered = (id) => messages.some(({ from, message }) => from === "server" && message.id === id);
  await transport.send([
    { jsonrpc: "2.0", id: "batch-1", method: "ping" },
    { jsonrpc: "2.0", id: "batch-2", method: "tools/list" },
  ]);
  while (!answered("batch-1") || !answered("batch-2")) await new Promise((done) => setTimeout(done, 5));
}
await transport.terminateSession?.();
await client.close();
report(saw, messages);
