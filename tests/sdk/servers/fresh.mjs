// TypeScript SDK v1, of which nothing is twice the same: sessions, event ids, cursors, tasks, pages to
// visit, handles in texts, URLs and base64, and times.
import { randomBytes, randomInt, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { InMemoryEventStore } from "@modelcontextprotocol/sdk/examples/shared/inMemoryEventStore.js";
import { InMemoryTaskStore } from "@modelcontextprotocol/sdk/experimental/tasks/stores/in-memory.js";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import * as types from "@modelcontextprotocol/sdk/types.js";

const random = () => randomBytes(6).toString("hex");
const now = () => new Date().toISOString();
const text = (text) => ({ content: [{ type: "text", text }] });
const refuse = (what) => {
  throw new types.McpError(types.ErrorCode.InvalidParams, `no such ${what}`);
};
const cursors = new Map();
const accounts = new Map();
const of = (given) => [...accounts].find(([account]) => `${given}`.includes(account)) ?? refuse("account");

const tools = {
  open() {
    const account = `acct_${random()}`;
    const one = { order: randomInt(1_000_000, 9_999_999), statement: `bank://${account}/${randomUUID()}` };
    accounts.set(account, one);
    const url = `http://127.0.0.1:${http.address().port}/accounts/${account}?at=${Date.now()}`;
    const voucher = Buffer.from(`voucher of ${account} at ${Date.now()}`).toString("base64");
    const told = { account, url, voucher, orderId: one.order, at: now(), seconds: Math.floor(Date.now() / 1000) };
    return {
      content: [
        { type: "text", text: `${account} was opened at ${now()}: ${url}` },
        { type: "text", text: JSON.stringify(told) },
        { type: "resource_link", name: "statement", uri: one.statement },
      ],
      structuredContent: told,
    };
  },
  read({ given }) {
    const [account, { order }] = of(given);
    return text(`${account} has 7 at ${now()}, order ${order}`);
  },
  redeem({ voucher }) {
    return text(`${of(Buffer.from(voucher, "base64"))[0]} redeemed at ${new Date().toUTCString()}`);
  },
  ship({ orderId }) {
    const [account] = [...accounts].find(([, one]) => one.order === orderId) ?? refuse("order");
    return text(`order ${orderId} of ${account} left at ${Date.now()}`);
  },
  async report({ given }, extra) {
    const [account] = of(given);
    const params = { level: "info", logger: "desk", data: { run: random(), at: now() } };
    await extra.sendNotification({ method: "notifications/message", params });
    // The client takes the stream up behind the last event (SEP-1699).
    extra.closeSSEStream?.();
    await new Promise((done) => setTimeout(done, 100));
    return text(`report ${account} ${now()}`);
  },
  async confirm(_, extra) {
    const elicitationId = randomUUID();
    const url = `https://bank.example/confirm/${elicitationId}`;
    const params = { mode: "url", message: "Confirm", elicitationId, url };
    const { action } = await extra.sendRequest({ method: "elicitation/create", params }, types.ElicitResultSchema);
    return text(`${action} of ${elicitationId} at ${now()}`);
  },
  async slow(_, extra) {
    const task = await extra.taskStore.createTask({ ttl: 60_000, pollInterval: 50 });
    const done = () => extra.taskStore.storeTaskResult(task.taskId, "completed", text(`done ${task.taskId} at ${now()}`));
    setTimeout(() => void done(), 120);
    return { task };
  },
};

function build(taskStore) {
  const capabilities = {
    tools: {}, resources: {}, logging: {}, tasks: { requests: { tools: { call: {} } } },
  };
  const server = new Server({ name: "fresh-server", version: "1" }, { capabilities, taskStore });
  server.setRequestHandler(types.ListToolsRequestSchema, ({ params }) => {
    const from = params?.cursor === undefined ? 0 : (cursors.get(params.cursor) ?? refuse("cursor"));
    const names = Object.keys(tools).slice(from, from + 3);
    const taskSupport = (name) => (name === "slow" ? "required" : "forbidden");
    const listed = names.map((name) => ({
      name, inputSchema: { type: "object" }, execution: { taskSupport: taskSupport(name) },
    }));
    if (from + 3 >= Object.keys(tools).length) return { tools: listed };
    const nextCursor = Buffer.from(`${from + 3}:${random()}`).toString("base64url");
    cursors.set(nextCursor, from + 3);
    return { tools: listed, nextCursor };
  });
  server.setRequestHandler(types.CallToolRequestSchema, ({ params }, extra) =>
    (tools[params.name] ?? refuse("tool"))(params.arguments ?? {}, extra));
  server.setRequestHandler(types.ListResourcesRequestSchema, () => ({
    resources: [[...accounts].at(-1)].map(([, { statement }]) => ({ uri: statement, name: "statement" })),
  }));
  server.setRequestHandler(types.ReadResourceRequestSchema, ({ params: { uri } }) => {
    const [account] = [...accounts].find(([, one]) => one.statement === uri) ?? refuse("resource");
    return { contents: [{ uri, mimeType: "text/plain", text: `${account} until ${now()}` }] };
  });
  return server;
}

const sessions = new Map();
const http = createServer(async (request, response) => {
  const id = request.headers["mcp-session-id"];
  let transport = sessions.get(id);
  if (!transport && id) {
    response.writeHead(404, { "content-type": "application/json" });
    response.end('{"jsonrpc":"2.0","error":{"code":-32001,"message":"Session not found"},"id":null}');
    return;
  }
  if (!transport) {
    transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      eventStore: new InMemoryEventStore(),
      retryInterval: 50,
      onsessioninitialized: (id) => sessions.set(id, transport),
    });
    await build(new InMemoryTaskStore()).connect(transport);
  }
  await transport.handleRequest(request, response);
});
http.listen(0, "127.0.0.1", () => console.log(`listening ${http.address().port}`));
