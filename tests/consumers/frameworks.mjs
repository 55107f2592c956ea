// The frameworks that have a server of their own. For each framework, the test makes a production
// build and starts the server as the framework's documentation says.
import { once } from "node:events";
import { createServer } from "node:http";
import { node } from "../../scripts/project/tools.mjs";

async function freePort() {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  server.close();
  await once(server, "close");
  return String(port);
}

const json = async (url) => {
  const answer = await fetch(url);
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`${url}: ${answer.status} ${text}`);
  return JSON.parse(text);
};

const next = (major, gate) => ({
  name: `next-${major}`,
  title: `Next.js ${major}`,
  group: `next-${major}`,
  tool: "next",
  how: 'import "edgegate"',
  isWhole: true,
  isWide: major !== 16,
  async run(project) {
    project.clear(".next", "app", "proxy.js", "middleware.js");
    project.copy("next");
    project.clear(gate === "proxy" ? "middleware.js" : "proxy.js");
    await project.tool("next/dist/bin/next", "build");
    const port = await freePort();
    const next = project.module("next/dist/bin/next");
    await project.start(
      node(),
      [next, "start", "--hostname", "127.0.0.1", "--port", port],
      /Ready in/,
    );
    const origin = `http://127.0.0.1:${port}`;
    const answer = await fetch(`${origin}/node`);
    return {
      "a route handler": await answer.json(),
      [gate === "proxy" ? "the proxy" : "the middleware"]: JSON.parse(
        answer.headers.get("x-outcome") ?? "",
      ),
      "an edge route handler": await json(`${origin}/edge`),
      "a client component": await project.open(`${origin}/`),
    };
  },
});

const sveltekit = {
  name: "sveltekit",
  title: "SvelteKit",
  group: "sveltekit",
  tool: "@sveltejs/kit",
  how: 'import "edgegate"; its server is bundled, as for a development dependency',
  isWhole: true,
  async run(project) {
    project.clear(".svelte-kit", "build", "src");
    project.copy("sveltekit");
    await project.tool("vite/bin/vite.js", "build");
    const port = await freePort();
    const origin = `http://127.0.0.1:${port}`;
    await project.start(node(), ["build/index.js"], /Listening on/, {
      HOST: "127.0.0.1",
      PORT: port,
      ORIGIN: origin,
    });
    return {
      "a server route": await json(`${origin}/api`),
      "a page": await project.open(`${origin}/`),
    };
  },
};

const astro = {
  name: "astro",
  title: "Astro",
  group: "astro",
  tool: "astro",
  how: 'import "edgegate"',
  isWhole: true,
  isWide: true,
  async run(project) {
    project.clear(".astro", "dist", "src");
    project.copy("astro");
    await project.tool("astro/bin/astro.mjs", "build");
    const port = await freePort();
    const origin = `http://127.0.0.1:${port}`;
    await project.start(node(), ["dist/server/entry.mjs"], /listening/i, {
      HOST: "127.0.0.1",
      PORT: port,
    });
    return {
      "a server route": await json(`${origin}/api`),
      "a page": await project.open(`${origin}/`),
    };
  },
};

export const frameworks = [next(16, "proxy"), next(15, "middleware"), sveltekit, astro];
