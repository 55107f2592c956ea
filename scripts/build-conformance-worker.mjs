// Builds the Worker with the conformance tests. `npm test` does so before its end-to-end tests,
// because several of their files need this Worker: otherwise the first of them builds it, and the
// others wait.
import { main } from "./project/advice.mjs";
import { conformanceWorker } from "./project/conformance-worker.mjs";

await main(async () => {
  await conformanceWorker();
});
