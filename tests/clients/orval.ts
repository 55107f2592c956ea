// A client in the form that orval's documentation shows, generated with the option
// `client: "fetch"`. The test copies this file next to the generated file `edgegate.ts`.
import assert from "node:assert/strict";
import {
  amendUser,
  changePassword,
  generateToken,
  isAuthorized,
  listSessions,
  listUsers,
  logOut,
  renewToken,
} from "./edgegate.ts";

const { ADA, ROOT, PASSWORD } = process.env as Record<string, string>;
const bearer = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } });

const login = async (email: string) => {
  const answer = await generateToken({ email, password: PASSWORD });
  assert(answer.status === 200);
  return answer.data;
};

const { user, access_token, refresh_token } = await login(ADA);
const ada = bearer(access_token);
const root = bearer((await login(ROOT)).access_token);

const wrong = await generateToken({ email: ADA, password: "wrong" });
assert(wrong.status === 401);
const long = await generateToken({ email: ADA, password: "x".repeat(129) });
assert(long.status === 422);
const weak = await changePassword({ current_password: PASSWORD, new_password: "password" }, ada);
assert(weak.status === 422);

const anonymous = await isAuthorized({ role: ["user"] });
assert(anonymous.status === 401);
const allowed = await isAuthorized({ role: ["user"] }, ada);
const denied = await isAuthorized({ role: ["admin"] }, ada);
assert(allowed.status === 200 && denied.status === 403);

const renew = (token?: string) => renewToken({ grant_type: "refresh_token", refresh_token: token });
const renewed = await renew(refresh_token);
const refused = await renew("nonsense");
assert(renewed.status === 200 && refused.status === 400);
const sessions = await listSessions(ada);
assert(sessions.status === 200);

const found = await listUsers({ email: ADA }, root);
assert(found.status === 200);
const id = found.data.users[0]?.id;
assert(id);
const patched = await amendUser(id, { first_name: "Augusta Ada" }, root);
assert(patched.status === 200);

const out = await logOut({ token: refresh_token });
assert.equal(out.status, 200);
const ended = await renew(refresh_token);
assert(ended.status === 400);

console.log(
  JSON.stringify({
    login: user.email,
    refresh_token: refresh_token !== undefined,
    wrong: wrong.data.code,
    field: [long.data.errors?.[0]?.field, long.data.errors?.[0]?.reason],
    weak: weak.data.reasons,
    anonymous: anonymous.data.code,
    authorized: [allowed.data.authorized, denied.data.authorized],
    renewed: renewed.data.token_type,
    refused: "error" in refused.data && refused.data.error,
    current: sessions.data.sessions.filter(({ current }) => current).length,
    patched: patched.data.first_name,
    ended: "error" in ended.data && ended.data.error,
  }),
);
