// Builds the Worker with the conformance tests. `npm test` does so before its end-to-end tests,
// because several files of these tests need this Worker. Without this script, the first of these
// files would build the Worker, and the others would wait.
import { main } from "./project/advice.mjs";
import { conformanceWorker } from "./project/conformance-worker.mjs";
import { setUp } from "./setup/index.mjs";

await main(async () => {
  await setUp();
  await conformanceWorker();
});
