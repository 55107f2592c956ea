// Faults in tickets, in their keys, and in how secrets are compared and printed.
import { lib, service } from "./commands.mjs";

/** @type {import("./index.mjs").Fault[]} */
export const secrets = [
  {
    id: "mac-not-checked",
    promise: "A forged ticket is rejected before any storage is touched.",
    file: "src/domain/ticket.rs",
    search: ".verify_slice(mac)\n                        .is_ok()",
    replace: ".verify_slice(mac)\n                        .is_ok()\n                        | true",
    command: lib("domain::session::refresh_token"),
    killers: ["any_flipped_bit_is_refused"],
  },
  {
    id: "purpose-not-in-the-key",
    promise: "A ticket of one kind is not valid as another.",
    file: "src/domain/ticket.rs",
    search: ".chain_update(purpose)\n",
    replace: '.chain_update(if purpose.is_empty() { purpose } else { "" })\n',
    command: lib("domain::link_tests"),
    killers: ["a_link_opens_as_its_own_kind_and_here_only"],
  },
  {
    id: "secret-compared-byte-by-byte",
    promise: "Secrets are compared in constant time: the compiler enforces it.",
    file: "src/domain/secret.rs",
    search: "#[derive(Clone)]\npub struct Secret(",
    replace: "#[derive(Clone, PartialEq, Eq)]\npub struct Secret(",
    command: ["cargo", "check", "--lib"],
    killers: ["E0119"],
  },
  {
    id: "secret-without-its-comparison",
    promise:
      "Secrets are compared in constant time: a type without that comparison does not compile.",
    file: "src/domain/link.rs",
    search: "constant_time_eq!(State => |it| &it.0);",
    replace:
      "impl PartialEq for State {\n    fn eq(&self, other: &Self) -> bool {\n        self.0 == other.0\n    }\n}\nimpl Eq for State {}",
    command: ["cargo", "check", "--lib", "--profile", "test"],
    killers: ["E0277"],
  },
  {
    id: "secret-printed",
    promise: "Debug output contains no secret.",
    file: "src/domain/secret.rs",
    search:
      'impl fmt::Debug for Secret {\n    fn fmt(&self, f: &mut fmt::Formatter<\'_>) -> fmt::Result {\n        f.write_str("_")',
    replace:
      "impl fmt::Debug for Secret {\n    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {\n        f.write_str(self.expose())",
    command: service("nothing_secret_in_debug"),
    killers: ["nothing_secret_in_debug"],
  },
];
