// TypeScript SDK v1 against ../servers/oauth.mjs: refused, finds its way to a token, is let in. `token` as the second argument: only the
// way to the token, which it reports.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { logged, report } from "./log.mjs";

const url = new URL(process.argv[2]);
const messages = [];
const saw = [];
const kept = {};
let code;
const authProvider = {
  redirectUrl: "http://127.0.0.1:1/callback",
  clientMetadata: {
    client_name: "oauth-client",
    redirect_uris: ["http://127.0.0.1:1/callback"],
    grant_types: ["authorization_code"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
  },
  clientInformation: () => kept.client,
  saveClientInformation: (client) => void (kept.client = client),
  tokens: () => kept.tokens,
  saveTokens: (tokens) => void (kept.tokens = tokens),
  codeVerifier: () => kept.verifier,
  saveCodeVerifier: (verifier) => void (kept.verifier = verifier),
  // A user with a browser would agree here; nobody listens at the callback.
  redirectToAuthorization: async (page) => {
    const answer = await fetch(page, { redirect: "manual" });
    code = new URL(answer.headers.get("location")).searchParams.get("code");
  },
};
const transport = () => new StreamableHTTPClientTransport(url, { authProvider });
const first = transport();
try {
  await new Client({ name: "oauth-client", version: "1" }).connect(logged(first, messages));
} catch (error) {
  saw.push(error instanceof UnauthorizedError ? "unauthorized" : `${error}`);
}
await first.finishAuth(code);
// Whoever asks for a token alone: `wiretape verify` takes none from a tape.
if (process.argv[3] === "token") {
  await first.close();
  report([kept.tokens.access_token], []);
  process.exit();
}
const client = new Client({ name: "oauth-client", version: "1" });
const second = transport();
await client.connect(logged(second, messages));
saw.push(await client.callTool({ name: "whoami", arguments: {} }));
await second.terminateSession();
await client.close();
report(saw, messages);
