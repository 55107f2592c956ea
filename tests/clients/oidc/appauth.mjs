// Uses AppAuth for JavaScript, a library for programs on the user's own machine. It opens the
// user's browser and listens on a loopback port for the answer. The package `opener`, which would
// open a real browser, is replaced by a function of the test.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { freePort } from "../../browser/edgegate.mjs";

let bundled;

/**
 * Bundles AppAuth. Its modules import each other without file extensions, and Node rejects such
 * imports.
 */
async function bundle() {
  const folder = await mkdtemp(join(tmpdir(), "edgegate-appauth-"));
  try {
    const opener = join(folder, "opener.mjs");
    await writeFile(opener, "export default (url) => globalThis.openBrowser(url);");
    const { outputFiles } = await build({
      stdin: {
        contents: `export * from "@openid/appauth";
          export * from "@openid/appauth/built/src/node_support/index.js";`,
        resolveDir: import.meta.dirname,
      },
      alias: { opener },
      bundle: true,
      format: "esm",
      platform: "node",
      banner: {
        js: 'import { createRequire } from "node:module"; const require = createRequire("/");',
      },
      logLevel: "silent",
      write: false,
    });
    const path = join(folder, "appauth.mjs");
    await writeFile(path, outputFiles[0].contents);
    return await import(pathToFileURL(path).href);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** @type {import("./apps.mjs").SignIn} */
export async function signIn(app) {
  bundled ??= bundle();
  const auth = await bundled;
  auth.setFlag?.("IS_LOG", false);
  const port = await freePort();
  const requestor = new auth.NodeRequestor();
  const service = await auth.AuthorizationServiceConfiguration.fetchFromIssuer(
    app.issuer,
    requestor,
  );
  const redirect_uri = `http://127.0.0.1:${port}/callback`;
  const request = new auth.AuthorizationRequest(
    {
      client_id: app.id,
      redirect_uri,
      scope: app.scope,
      response_type: auth.AuthorizationRequest.RESPONSE_TYPE_CODE,
      extras: { nonce: crypto.randomUUID() },
    },
    new auth.NodeCrypto(),
  );
  const answered = new Promise((resolve, reject) => {
    const notifier = new auth.AuthorizationNotifier();
    notifier.setAuthorizationListener((_request, response, error) =>
      response ? resolve(response.code) : reject(error),
    );
    const handler = new auth.NodeBasedHandler(port);
    handler.setAuthorizationNotifier(notifier);
    Object.assign(globalThis, {
      openBrowser: (url) => app.browse(url).then(fetch).catch(reject),
    });
    handler.performAuthorizationRequest(service, request);
  });
  const code = await answered;
  const tokens = new auth.BaseTokenRequestHandler(requestor);
  const ask = (grant_type, more) =>
    tokens.performTokenRequest(
      service,
      new auth.TokenRequest({ client_id: app.id, redirect_uri, grant_type, ...more }),
    );
  const given = await ask(auth.GRANT_TYPE_AUTHORIZATION_CODE, {
    code,
    extras: { code_verifier: request.internal.code_verifier },
  });
  const renewed = await ask(auth.GRANT_TYPE_REFRESH_TOKEN, { refresh_token: given.refreshToken });
  const userinfo = await requestor.xhr({
    url: service.userInfoEndpoint,
    method: "GET",
    headers: { Authorization: `Bearer ${renewed.accessToken}` },
    dataType: "json",
  });
  await tokens.performRevokeTokenRequest(
    service,
    new auth.RevokeTokenRequest({ token: renewed.refreshToken, client_id: app.id }),
  );
  return {
    sub: userinfo.sub,
    email: userinfo.email,
    userinfo: userinfo.email,
    renewal: userinfo.sub,
    revocation: renewed.refreshToken,
  };
}
