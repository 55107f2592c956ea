// Programs that tests need beside Rust and Node: found, or installed where that can be done without asking.
import { Advice } from "../project/advice.mjs";
import { withLock } from "../project/lock.mjs";
import { output, run } from "../project/run.mjs";

/** The path of the first of `names` that is there and `suits`. As root on a Debian its package is installed if none is. */
export async function program(names, debianPackage, advice, suits = () => true) {
  const search = () => find(names, suits);
  // Test files run beside each other, and apt-get does not.
  return (
    (await search()) ??
    withLock(
      "apt-get",
      async () => (await search()) ?? (await install(search, debianPackage, advice)),
    )
  );
}

async function find(names, suits) {
  for (const name of names) {
    const path = await output("/bin/sh", ["-c", 'command -v "$1"', "sh", name]);
    if (path && (await suits(path))) return path;
  }
  return null;
}

async function install(search, debianPackage, advice) {
  if (process.getuid?.() === 0 && (await output("apt-get", ["--version"])) !== null) {
    console.log(`\n▸ Set-up: ${debianPackage}, from the system's packages`);
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    await run("apt-get", ["update", "-qq"], { env });
    await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", debianPackage], {
      env,
    });
    const path = await search();
    if (path) return path;
  }
  throw new Advice(advice);
}
