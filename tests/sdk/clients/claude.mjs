// TypeScript SDK v1 speaking as Claude Code does: its name, its lists after `initialize`, a progress
// token and a `claudecode/toolUseId` on each call, roots and answers to the server's questions.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema, ListRootsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { logged, report } from "./log.mjs";

const [url] = process.argv.slice(2);
const messages = [];
const saw = [];
const client = new Client(
  { name: "claude-code", version: "2.1.197" },
  { capabilities: { roots: {}, elicitation: {} } },
);
let asked;
const roots = new Promise((done) => (asked = done));
client.setRequestHandler(ListRootsRequestSchema, async () => {
  asked();
  return { roots: [{ uri: "file:///home/ada/project", name: "project" }] };
});
client.setRequestHandler(ElicitRequestSchema, async () => ({
  action: "accept",
  content: { name: "Ada", check: true, integer: 42 },
}));
const transport = new StreamableHTTPClientTransport(new URL(url), {
  requestInit: { headers: { "user-agent": "claude-code/2.1.197 (cli)" } },
});
let uses = 0;
const call = async (name, args, onprogress = () => {}) => {
  uses += 1;
  const _meta = { "claudecode/toolUseId": `toolu_${String(uses).padStart(4, "0")}` };
  const answer = await client.callTool({ name, arguments: args, _meta }, undefined, { onprogress });
  saw.push(answer.isError === true);
};
await client.connect(logged(transport, messages));
saw.push((await client.listTools()).tools.length > 5);
saw.push((await client.listPrompts()).prompts.length > 0);
saw.push((await client.listResources()).resources.length > 0);
// The server asks for them a moment after `initialized`.
await roots;
await call("echo", { message: "grüße 👋" });
await call("get-sum", { a: 19, b: 23 });
await call("get-structured-content", { location: "Chicago" });
await call("trigger-long-running-operation", { duration: 0.8, steps: 4 });
await call("trigger-elicitation-request", {});
await call("get-sum", { a: "nineteen", b: 23 });
await transport.terminateSession();
await client.close();
report(saw, messages);
