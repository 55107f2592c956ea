// The work that is timed: what it is called in the table, over how many connections, and for how long a round.
const CHECK = { connections: 16, seconds: 2, unit: "requests/s" };

/** By the name that subjects offer it under. */
export const WORKS = {
  "empty": { ...CHECK, title: "answer nothing" },
  "check-eddsa-repeated": { ...CHECK, title: "check a role, token seen before, EdDSA" },
  "check-hs256-repeated": { ...CHECK, title: "check a role, token seen before, HS256" },
  "check-es256-repeated": { ...CHECK, title: "check a role, token seen before, ES256" },
  "check-eddsa-new": { ...CHECK, title: "check a role, every token new, EdDSA" },
  "check-hs256-new": { ...CHECK, title: "check a role, every token new, HS256" },
  "check-es256-new": { ...CHECK, title: "check a role, every token new, ES256" },
  "check-session": { ...CHECK, title: "check by looking the session up" },
  "login": { connections: 8, seconds: 3, title: "log in" },
  "renew": { connections: 8, seconds: 3, title: "renew, each client its own chain" },
  "revoke": { connections: 8, seconds: 3, title: "log out" },
  "reset": { connections: 8, seconds: 3, title: "ask for a reset link" },
};
