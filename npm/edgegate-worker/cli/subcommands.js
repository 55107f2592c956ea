// All subcommands of `edgegate`. Each has a file of its own beside this one, and what several of them
// need is in lib/.
import { clients } from "./clients.js";
import { completion } from "./completion.js";
import { deploy } from "./deploy.js";
import { dev } from "./dev.js";
import { doctor } from "./doctor.js";
import { keys } from "./keys.js";
import { mail } from "./mail.js";
import { prepare } from "./prepare.js";
import { pseudonym } from "./pseudonym.js";
import { restored } from "./restored.js";
import { sessions } from "./sessions.js";
import { upgrade } from "./upgrade.js";
import { users } from "./users.js";

/** @type {import("./lib/program.js").Register[]} */
export const SUBCOMMANDS = [
  ...[clients, completion, deploy, dev, doctor, keys, mail, prepare, pseudonym],
  ...[restored, sessions, upgrade, users],
];
