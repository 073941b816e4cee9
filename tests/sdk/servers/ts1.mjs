// TypeScript SDK v1 as it was when a revision was the newest: `ts1.mjs REVISION sse|http|json|stateless`.
// Older ones are installed beside the newest as `sdk-REVISION`.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";

const [revision, kind] = process.argv.slice(2);
const name = revision === "2025-11-25" ? "@modelcontextprotocol/sdk" : `sdk-${revision}`;
const sdk = (path) => import(`${name}/${path}`);
const { Server } = await sdk("server/index.js");
const types = await sdk("types.js");

const schema = (properties = {}) => ({ type: "object", properties, required: Object.keys(properties) });
const text = (text, isError = false) => ({ content: [{ type: "text", text }], isError });
const number = { type: "number" };
const tools = {
  add: [schema({ a: number, b: number }), ({ a, b }) => text(String(a + b))],
  fail: [schema(), () => text("it fails on purpose", true)],
  count: [
    schema({ to: number }),
    async ({ to }, { progressToken }, extra) => {
      for (let progress = 1; progress <= to; progress++) {
        await new Promise((done) => setTimeout(done, 30));
        const params = { progressToken, progress, total: to };
        if (progressToken !== undefined) await extra.notify({ method: "notifications/progress", params });
      }
      return text(`counted to ${to}`);
    },
  ],
  sample: [
    schema(),
    async (_, __, extra) => {
      const messages = [{ role: "user", content: { type: "text", text: "a word, please" } }];
      const request = { method: "sampling/createMessage", params: { messages, maxTokens: 5 } };
      const { content } = await extra.ask(request, types.CreateMessageResultSchema);
      return text(`the model says ${content.text}`);
    },
  ],
};
// Elicitation came with 2025-06-18.
if (types.ElicitResultSchema) {
  tools.ask = [
    schema(),
    async (_, __, extra) => {
      const requestedSchema = schema({ name: { type: "string" } });
      const request = { method: "elicitation/create", params: { message: "Who is it?", requestedSchema } };
      const { action, content } = await extra.ask(request, types.ElicitResultSchema);
      return text(`${action}: ${content?.name}`);
    },
  ];
}

function build() {
  const server = new Server({ name: "ts1-server", version: "1" }, { capabilities: { tools: {} } });
  server.setRequestHandler(types.ListToolsRequestSchema, () => ({
    tools: Object.entries(tools).map(([name, [inputSchema]]) => ({ name, inputSchema })),
  }));
  server.setRequestHandler(types.CallToolRequestSchema, ({ params }, extra) => {
    if (!tools[params.name]) throw new types.McpError(types.ErrorCode.InvalidParams, `no tool ${params.name}`);
    // The first SDKs hand over no way to speak on the request's own stream.
    const ask = extra.sendRequest ?? ((request, result) => server.request(request, result));
    const notify = extra.sendNotification ?? ((notification) => server.notification(notification));
    return tools[params.name][1](params.arguments, params._meta ?? {}, { ask, notify });
  });
  return server;
}

const sessions = new Map();

async function bySse(request, response) {
  const { SSEServerTransport } = await sdk("server/sse.js");
  if (request.method === "GET") {
    const transport = new SSEServerTransport("/messages", response);
    sessions.set(transport.sessionId, transport);
    await build().connect(transport);
  } else {
    const id = new URL(request.url, "http://localhost").searchParams.get("sessionId");
    await sessions.get(id).handlePostMessage(request, response);
  }
}

async function streamable(request, response) {
  const { StreamableHTTPServerTransport } = await sdk("server/streamableHttp.js");
  let transport = sessions.get(request.headers["mcp-session-id"]);
  if (!transport) {
    transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: kind === "stateless" ? undefined : randomUUID,
      enableJsonResponse: kind === "json",
      onsessioninitialized: (id) => sessions.set(id, transport),
    });
    await build().connect(transport);
  }
  await transport.handleRequest(request, response);
}

const http = createServer((request, response) => (kind === "sse" ? bySse : streamable)(request, response));
http.listen(0, "127.0.0.1", () => console.log(`listening ${http.address().port}`));
