// `edgegate prepare`: puts the pages and the migrations of this package where wrangler finds them.
// wrangler runs it before every build (`build.command` in wrangler.jsonc).
import { requireBuilt } from "./lib/package.js";
import { prepareProject } from "./lib/prepare.js";
import { localCommand, tell } from "./lib/program.js";
import { PREPARED, projectOf } from "./lib/project.js";

/** @type {import("./lib/program.js").Register} */
export const prepare = (program) =>
  void localCommand(
    program,
    "prepare",
    `Copies the pages and migrations of edgegate-worker to ${PREPARED}/ and lays public/ over the pages.`,
    { isForAll: true },
  ).action((options) => {
    requireBuilt();
    const { pages, migrations, changed } = prepareProject(projectOf());
    tell(
      options,
      { pages, migrations, changed },
      `▸ ${PREPARED}: ${pages} files of the pages and ${migrations} migrations, ${changed} changed`,
    );
  });
