// The machine that a run was made on, by its kind.
import { cpus } from "node:os";

export function machine() {
  const [{ model }] = cpus();
  return `${cpus().length} cores, ${model.trim()}`;
}
