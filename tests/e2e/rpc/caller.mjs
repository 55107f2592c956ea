// A Worker with a service binding to edgegate. `POST /` with `{ binding, method, args }` makes this
// Worker call a method. An argument `{ $: name }` stands for one of the values below, most of which
// JSON can't express. `{ set: [...] }` stands for a Set. The answer is `{ value, type }`, or
// `{ error }` with everything that a caller can see of the error.
import { RpcTarget } from "cloudflare:workers";

class Target extends RpcTarget {
  ip() {
    return "203.0.113.9";
  }
  toJSON() {
    return "admin";
  }
}

const VALUES = {
  undefined: () => undefined,
  function: () => () => "admin",
  target: () => new Target(),
  date: () => new Date(0),
  map: () => new Map([["ip", "203.0.113.9"]]),
  bigint: () => 10n ** 30n,
  nan: () => NaN,
  bytes: () => new TextEncoder().encode("admin"),
  error: () => new Error("admin"),
  request: () => new Request("https://example.com/"),
  long: () => "a".repeat(5_000_000),
  surrogate: () => "\ud800",
  nul: () => "a\0b",
  sparse: () => Object.assign([], { length: 2 ** 32 - 1 }),
  cyclic: () => {
    const cycle = {};
    cycle.ip = cycle;
    return cycle;
  },
  many: () => Array.from({ length: 100_000 }, () => "admin"),
  // The platform itself refuses to pass on a value that is nested several thousand levels deep.
  deep: () => Array.from({ length: 1_000 }).reduce((inner) => [inner], "admin"),
  proto: () => JSON.parse('{"__proto__": {"ip": "203.0.113.9"}}'),
};

const built = (value) => {
  if (Array.isArray(value)) return value.map(built);
  if (value === null || typeof value !== "object") return value;
  if (value.set) return new Set(value.set.map(built));
  if (value.$) return VALUES[value.$]();
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, built(member)]));
};

const seen = (error) => ({
  isError: error instanceof Error,
  name: error?.name,
  message: error?.message,
  own: Object.fromEntries(
    Object.getOwnPropertyNames(error)
      .filter((name) => name !== "stack")
      .map((name) => [name, error[name]]),
  ),
  stack: error?.stack,
});

export default {
  async fetch(request, env) {
    const { binding = "AUTH", method, args } = await request.json();
    try {
      const value = await env[binding][method](...args.map(built));
      return Response.json({ value, type: typeof value });
    } catch (error) {
      return Response.json({ error: seen(error) });
    }
  },
};
