// A client in the form that the documentation of openapi-typescript and openapi-fetch shows. The
// test copies this file next to the generated file `schema.ts`.
import assert from "node:assert/strict";
import createClient, { type Middleware } from "openapi-fetch";
import type { paths } from "./schema.ts";

const { ORIGIN, ADA, ROOT, PASSWORD } = process.env as Record<string, string>;
const client = createClient<paths>({ baseUrl: ORIGIN });

const signedInAs = (token: string) => {
  const signed = createClient<paths>({ baseUrl: ORIGIN });
  const bearer: Middleware = {
    onRequest({ request }) {
      request.headers.set("Authorization", `Bearer ${token}`);
      return request;
    },
  };
  signed.use(bearer);
  return signed;
};

const login = async (email: string) => {
  const { data } = await client.POST("/auth/login", { body: { email, password: PASSWORD } });
  assert(data);
  return data;
};

const { user, access_token, refresh_token } = await login(ADA);
const ada = signedInAs(access_token);
const root = signedInAs((await login(ROOT)).access_token);

const wrong = await client.POST("/auth/login", { body: { email: ADA, password: "wrong" } });
const long = await client.POST("/auth/login", {
  body: { email: ADA, password: "x".repeat(129) },
});
const weak = await ada.POST("/auth/password/change", {
  body: { current_password: PASSWORD, new_password: "password" },
});

const asks = (role: string) => ada.GET("/auth/authorized", { params: { query: { role: [role] } } });
const anonymous = await client.GET("/auth/authorized", { params: { query: { role: ["user"] } } });
const allowed = await asks("user");
const denied = await asks("admin");
const authorized = [allowed.data?.authorized, (denied.error as { authorized: boolean }).authorized];

const renew = (token?: string) =>
  client.POST("/auth/token", { body: { grant_type: "refresh_token", refresh_token: token } });
const renewed = await renew(refresh_token);
const refused = await renew("nonsense");
const sessions = await ada.GET("/auth/sessions");

const found = await root.GET("/auth/users", { params: { query: { email: ADA } } });
const id = found.data?.users[0]?.id;
assert(id);
const patched = await root.PATCH("/auth/users/{id}", {
  params: { path: { id } },
  body: { first_name: "Augusta Ada" },
});

const out = await client.POST("/auth/revoke", { body: { token: refresh_token } });
assert.equal(out.response.status, 200);
const ended = await renew(refresh_token);

const errorOf = (answer: { error?: unknown }) => (answer.error as { error: string }).error;
console.log(
  JSON.stringify({
    login: user.email,
    refresh_token: refresh_token !== undefined,
    wrong: wrong.error?.code,
    field: [long.error?.errors?.[0]?.field, long.error?.errors?.[0]?.reason],
    weak: weak.error?.reasons,
    anonymous: anonymous.error && "code" in anonymous.error && anonymous.error.code,
    authorized,
    renewed: renewed.data?.token_type,
    refused: errorOf(refused),
    current: sessions.data?.sessions.filter(({ current }) => current).length,
    patched: patched.data?.first_name,
    ended: errorOf(ended),
  }),
);
