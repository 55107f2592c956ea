// An MCP server whose users sign in at edgegate. Each request brings an access token that was made
// for this server. The server has no sessions, so every isolate can answer every request.
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import { protect, resourceMetadata } from "edgegate";

const SCOPE = "notes.read";
const METADATA = "/.well-known/oauth-protected-resource";

export default {
  /**
   * @param {Request} request
   * @param {{ ISSUER: string, RESOURCE: string }} env
   */
  async fetch(request, { ISSUER: issuer, RESOURCE: resource }) {
    const { pathname } = new URL(request.url);
    const path = new URL(resource).pathname;
    // Tells clients where they get tokens for this server, and which scopes they can ask for (RFC
    // 9728).
    if (pathname === `${METADATA}${path}`)
      return resourceMetadata({ issuer, resource, scopes: [SCOPE], name: "Notes" });
    if (pathname !== path) return new Response("not found", { status: 404 });
    const options = { issuer, resource, scope: SCOPE, metadata: true };
    const { claims, response } = await protect(request, options);
    if (response) return response;
    const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
    await serverFor(claims).connect(transport);
    return transport.handleRequest(request);
  },
};

/**
 * An MCP server with the tools of one user.
 *
 * @param {import("edgegate").Claims} claims
 */
function serverFor(claims) {
  const server = new McpServer({ name: "notes", version: "1.0.0" });
  const config = { description: "Whose notes these are, and which app asks" };
  server.registerTool("whoami", config, () => ({
    content: [{ type: "text", text: JSON.stringify({ user: claims.sub, app: claims.client_id }) }],
  }));
  return server;
}
