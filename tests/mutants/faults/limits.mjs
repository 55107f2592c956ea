// Faults in the rate limits.
import { lib, service } from "./commands.mjs";

/** @type {import("./index.mjs").Fault[]} */
export const limits = [
  ...[
    ["login", "generate_token", "self.admit_on_account(canonical, client).await?;", ""],
    ["registration", "register", "self.admit_client(client).await?;", ""],
    ["resend", "resend_verification", "self.admit_client(client).await?;", ""],
    ["reset", "reset_password", "self.admit_client(client).await?;", ""],
    [
      "reset-of-an-address",
      "reset_password",
      "self.admit_client_on(email.canonical(), client).await?;",
      "",
    ],
    [
      "verification",
      "verify_email",
      "self.admit_client(client).await?;\n        let now",
      "let now",
    ],
    [
      "password-check",
      "passwords",
      "self.admit_on_account(user.email.canonical(), client)\n            .await?;",
      "let _ = client;",
    ],
    [
      "chosen-password",
      "confirm_reset",
      "self.admit_client_on(&link.user.to_string(), client).await?;",
      "",
    ],
    ["new-address", "change_email", "self.admit_client(client).await?;", ""],
    [
      "renewal",
      "limits",
      "self.admit(Limit::ClientRenewals, client, &key, LimitedBy::Client)\n            .await",
      "let _ = key;\n        Ok(())",
    ],
  ].map(([name, module, search, replace]) => ({
    id: `no-limit-on-${name}`,
    promise: "A rate limit rejects a request before anything is hashed, queued or written.",
    file: `src/service/${module}.rs`,
    search,
    replace,
    command: service("where_a_limit_refuses"),
    killers: ["where_a_limit_refuses_nothing_is_hashed_queued_or_written"],
  })),
  {
    id: "limits-by-whole-ipv6-address",
    promise: "Limits count an IPv6 /64 as one client.",
    file: "src/domain/session/client.rs",
    search: "self.masked(32, 64)",
    replace: "self.masked(32, 128)",
    command: lib("domain::session::client"),
    killers: ["addresses_are_masked_and_spelled_one_way"],
  },
];
