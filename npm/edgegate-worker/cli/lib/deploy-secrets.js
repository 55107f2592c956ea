// The file .edgegate/secrets.ENV.json: the secrets of a deployed service. Commands on this machine
// made some of them, and the operator added the others. Cloudflare never shows a stored secret, so
// unless the operator keeps another copy, this file is the only one that can be read.
import { randomUUID } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Advice } from "./advice.js";
import { PREPARED } from "./project.js";

/**
 * How often this process tries to take a lock that a killed process left behind, and the time
 * between two tries.
 */
const LOCK_TRIES = 20;
const LOCK_PAUSE_MS = 20;

/** @typedef {Record<string, string>} Secrets */

/**
 * The name of an environment in file names. The top level of the configuration is called
 * production. An environment that is itself named production gets another name, because it has
 * other secrets.
 *
 * @param {string | undefined} environment
 */
const nameOf = (environment) =>
  environment === "production" ? "env.production" : environment || "production";

/**
 * The path of the file with an environment's secrets, relative to the project's folder.
 *
 * @param {string | undefined} environment
 */
export const secretsFile = (environment) => `${PREPARED}/secrets.${nameOf(environment)}.json`;

/**
 * The secrets in the file on this machine; an empty object if there is no file.
 *
 * @param {import("./project.js").Project} project
 * @param {string} [environment]
 * @returns {Secrets}
 */
export function readSecrets({ inProject }, environment) {
  const shown = secretsFile(environment);
  const path = inProject(shown);
  if (!existsSync(path)) return {};
  let secrets;
  try {
    secrets = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    // The message of `JSON.parse` is not shown, because it quotes the text, which contains secrets.
    throw new Advice(`${shown} is not JSON: correct it, as in {"MAIL_API_KEY": "…"}.`);
  }
  const isObject = typeof secrets === "object" && secrets !== null && !Array.isArray(secrets);
  const other = isObject && Object.keys(secrets).find((name) => typeof secrets[name] !== "string");
  if (!isObject || other)
    throw new Advice(
      `${shown} must be an object of texts, as in {"MAIL_API_KEY": "…"}${other ? `; ${other} is not a text` : ""}.`,
    );
  return secrets;
}

/**
 * Adds secrets to the file. Throws if one of them is there already.
 *
 * @param {import("./project.js").Project} project
 * @param {string | undefined} environment
 * @param {Secrets} added
 */
export function addSecrets(project, environment, added) {
  const there = readSecrets(project, environment);
  const taken = Object.keys(added).filter((name) => name in there);
  if (taken.length > 0)
    throw new Advice(`${secretsFile(environment)} has ${taken.join(", ")} already.`);
  writeSecrets(project, environment, { ...there, ...added });
}

/**
 * Replaces the secrets file atomically. Only its owner can read it, and git ignores it.
 *
 * @param {import("./project.js").Project} project
 * @param {string | undefined} environment
 * @param {Secrets} secrets
 */
export function writeSecrets(project, environment, secrets) {
  writePrivate(project, secretsFile(environment), secrets);
}

/**
 * Calls `use` with the path of a file that holds these secrets, and deletes the file afterwards.
 *
 * @template T
 * @param {import("./project.js").Project} project
 * @param {string | undefined} environment
 * @param {Secrets} secrets
 * @param {(path: string) => Promise<T>} use
 */
export async function withUpload(project, environment, secrets, use) {
  const shown = uploadFile(environment);
  const path = project.inProject(shown);
  writePrivate(project, shown, secrets);
  return withoutLeaving(path, () => use(path));
}

/** @param {string | undefined} environment */
const uploadFile = (environment) => `${PREPARED}/upload.${nameOf(environment)}.json`;

/**
 * Runs `work`, then deletes the file. Also deletes it if this process ends during `work`, such as
 * at Ctrl-C.
 *
 * @template T
 * @param {string} path
 * @param {() => Promise<T>} work
 */
async function withoutLeaving(path, work) {
  const clean = () => rmSync(path, { force: true });
  process.on("exit", clean);
  try {
    return await work();
  } finally {
    process.off("exit", clean);
    clean();
  }
}

/**
 * Runs `work` while no other deploy or rotation of the same environment runs in this folder. Two
 * deploys at the same time would make two sets of secrets. The file on this machine could end up
 * with one set, and Cloudflare with the other.
 *
 * @template T
 * @param {import("./project.js").Project} project
 * @param {string | undefined} environment
 * @param {() => Promise<T>} work
 */
export async function alone({ inProject }, environment, work) {
  const path = inProject(PREPARED, `${nameOf(environment)}.lock`);
  mkdirSync(inProject(PREPARED), { recursive: true });
  await takeLock(path);
  // Deletes a file that a killed run has left behind.
  rmSync(inProject(uploadFile(environment)), { force: true });
  return withoutLeaving(path, work);
}

/**
 * Creates the lock file. Throws if another process holds the lock. The file's text is the id of
 * this process and a random UUID. The library proper-lockfile is not used, because two of its
 * processes that find the same stale lock can both take the lock.
 *
 * @param {string} path
 */
async function takeLock(path) {
  let holder = "";
  for (let tries = 0; tries < LOCK_TRIES; tries += 1) {
    if (created(path, `${process.pid} ${randomUUID()}`)) return;
    const found = readIfThere(path);
    // The other process has released the lock in the meantime, so this process tries again.
    if (found === undefined) continue;
    const [pid, number] = found.split(" ");
    holder = pid;
    if (isRunning(Number(pid))) break;
    // The process that held the lock was killed. Only the process that creates the file `claim` may
    // delete this lock, and only while the lock is unchanged. Otherwise, this process could delete
    // a new lock that a faster process has just taken.
    const claim = `${path}.${number}`;
    if (!created(claim, `${process.pid}`)) {
      await sleep(LOCK_PAUSE_MS);
      continue;
    }
    if (readIfThere(path) === found) rmSync(path, { force: true });
    rmSync(claim, { force: true });
  }
  throw new Advice(
    `another deploy of this folder is running (process ${holder}). Wait for its end. If there is none, delete ${path}*.`,
  );
}

/**
 * Creates the file. Returns false if it exists already.
 *
 * @param {string} path
 * @param {string} text
 */
function created(path, text) {
  try {
    writeFileSync(path, text, { flag: "wx" });
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
    return false;
  }
}

/** @param {string} path */
function readIfThere(path) {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "ENOENT") throw error;
    return undefined;
  }
}

/** @param {number} pid */
function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}

/**
 * What earlier runs have done for an environment. `stores` lists the stores that these runs have
 * begun to make. `rotation` has the last step of the rotation of each secret.
 *
 * @typedef {object} DeployRecord
 * @property {string} [account]
 * @property {string[]} stores
 * @property {{ [name: string]: import("./rotation.js").Done }} [rotation]
 */

/**
 * @param {import("./project.js").Project} project
 * @param {string} [environment]
 * @returns {DeployRecord}
 */
export function readRecord({ inProject }, environment) {
  try {
    return JSON.parse(readFileSync(inProject(recordFile(environment)), "utf8"));
  } catch {
    return { stores: [] };
  }
}

/**
 * @param {import("./project.js").Project} project
 * @param {string | undefined} environment
 * @param {DeployRecord} record
 */
export const writeRecord = (project, environment, record) =>
  writePrivate(project, recordFile(environment), record);

/**
 * A step of a rotation that has begun and is not known to be complete. `value` is the secret after
 * the step. It is unknown whether Cloudflare stores this value already.
 *
 * @typedef {{ name: string, step: string, value: string }} Pending
 */

/** @param {string | undefined} environment */
const pendingFile = (environment) => `${PREPARED}/rotation.${nameOf(environment)}.json`;

/**
 * @param {import("./project.js").Project} project
 * @param {string} [environment]
 * @returns {Pending | undefined}
 */
export function readPending({ inProject }, environment) {
  const path = inProject(pendingFile(environment));
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
}

/**
 * @param {import("./project.js").Project} project
 * @param {string | undefined} environment
 * @param {Pending} pending
 */
export const writePending = (project, environment, pending) =>
  writePrivate(project, pendingFile(environment), pending);

/**
 * @param {import("./project.js").Project} project
 * @param {string} [environment]
 */
export const dropPending = ({ inProject }, environment) =>
  rmSync(inProject(pendingFile(environment)), { force: true });

/** @param {string | undefined} environment */
const recordFile = (environment) => `${PREPARED}/deploy.${nameOf(environment)}.json`;

/**
 * @param {import("./project.js").Project} project
 * @param {string} shown
 * @param {unknown} value
 */
function writePrivate({ inProject }, shown, value) {
  mkdirSync(inProject(PREPARED), { recursive: true });
  // git must ignore the folder even if the project's own .gitignore does not name it.
  const ignore = inProject(PREPARED, ".gitignore");
  if (!existsSync(ignore)) writeFileSync(ignore, "*\n");
  const path = inProject(shown);
  const whole = `${path}.${process.pid}.new`;
  rmSync(whole, { force: true });
  writeFileSync(whole, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  chmodSync(whole, 0o600);
  renameSync(whole, path);
}
