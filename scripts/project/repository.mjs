// Finds the address at which the sources of the npm packages are published. This is the git remote
// `origin` of this clone, if it is on a public host. The address is not written in package.json,
// because it would be wrong in every fork. Addresses on other hosts are left out, so that nobody
// publishes a private address by accident.
import { output } from "./run.mjs";

const PUBLIC_HOSTS = "github\\.com|gitlab\\.com|codeberg\\.org";
// Matches addresses such as `https://host/owner/name.git`, `ssh://git@host/owner/name` and
// `git@host:owner/name.git`. The part before the host can contain a password, so it is not
// captured.
const REMOTE = new RegExp(
  `^(?:(?:https|ssh|git)://(?:[^/]*@)?|[^/:]+@)(${PUBLIC_HOSTS})[/:]([\\w.-]+/[\\w.-]+?)(?:\\.git)?/?$`,
);

/**
 * The members of package.json that name the repository. Empty if `remote` is not on a public host.
 *
 * @param {string} remote the address of the git remote `origin`
 * @param {string} directory the folder of the package in the repository
 */
export function repositoryFields(remote, directory) {
  const [, host, path] = REMOTE.exec(remote.trim()) ?? [];
  if (host === undefined || path === undefined) return {};
  const url = `https://${host}/${path}`;
  return {
    repository: { type: "git", url: `git+${url}.git`, directory },
    homepage: `${url}#readme`,
    bugs: `${url}/issues`,
  };
}

/** The address of the git remote `origin`; empty if this clone has no such remote. */
export const originUrl = async () =>
  (await output("git", ["config", "--get", "remote.origin.url"])) ?? "";
