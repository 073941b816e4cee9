// TypeScript SDK v1 behind OAuth: resource server and authorization server at one origin, the SDK's own
// router and demo provider.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { DemoInMemoryAuthProvider } from "@modelcontextprotocol/sdk/examples/server/demoInMemoryOAuthProvider.js";
import { requireBearerAuth } from "@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js";
import { getOAuthProtectedResourceMetadataUrl, mcpAuthRouter } from "@modelcontextprotocol/sdk/server/auth/router.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import express from "express";

const app = express();
const http = createServer(app);
http.listen(0, "127.0.0.1", () => {
  const issuer = new URL(`http://127.0.0.1:${http.address().port}`);
  const resource = new URL("/mcp", issuer);
  const provider = new DemoInMemoryAuthProvider();
  app.use(mcpAuthRouter({ provider, issuerUrl: issuer, resourceServerUrl: resource, scopesSupported: ["mcp:tools"] }));
  const resourceMetadataUrl = getOAuthProtectedResourceMetadataUrl(resource);
  const sessions = new Map();
  app.all("/mcp", requireBearerAuth({ verifier: provider, resourceMetadataUrl }), async (request, response) => {
    let transport = sessions.get(request.headers["mcp-session-id"]);
    if (!transport) {
      transport = new StreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (id) => sessions.set(id, transport),
      });
      const server = new McpServer({ name: "oauth-server", version: "1" });
      server.registerTool("whoami", { description: "Who is asking" }, ({ authInfo }) => ({
        content: [{ type: "text", text: `scopes: ${authInfo.scopes.join(" ")}` }],
      }));
      await server.connect(transport);
    }
    await transport.handleRequest(request, response);
  });
  console.log(`listening ${issuer.port}`);
});
