// TypeScript SDK v2, both eras at one URL.
import { createServer } from "node:http";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { McpServer, createMcpHandler } from "@modelcontextprotocol/server";
import * as z from "zod";

function build() {
  const server = new McpServer({ name: "ts2-server", version: "1" });
  const text = (text, isError = false) => ({ content: [{ type: "text", text }], isError });
  server.registerTool("add", { inputSchema: z.object({ a: z.number(), b: z.number() }) }, async ({ a, b }) => text(String(a + b)));
  server.registerTool("fail", { inputSchema: z.object({}) }, async () => text("it fails on purpose", true));
  server.registerTool("count", { inputSchema: z.object({ to: z.number() }) }, async ({ to }, context) => {
    const token = context.mcpReq?._meta?.progressToken;
    for (let step = 1; step <= to; step++) {
      await new Promise((done) => setTimeout(done, 30));
      if (token !== undefined) {
        await context.mcpReq.notify({ method: "notifications/progress", params: { progressToken: token, progress: step, total: to } });
      }
    }
    return text(`counted to ${to}`);
  });
  return server;
}

const handler = createMcpHandler(() => build());
const http = createServer(toNodeHandler(handler));
http.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => console.log(`listening ${http.address().port}`));
