// Measures the memory of the wasm. Import this module before the built Worker, because the Worker
// creates its wasm instance when its module is loaded.
const memories = [];

const RealInstance = WebAssembly.Instance;
WebAssembly.Instance = class extends RealInstance {
  constructor(/** @type {ConstructorParameters<typeof RealInstance>} */ ...given) {
    super(...given);
    memories.push(Object.values(this.exports).find((value) => value instanceof WebAssembly.Memory));
  }
};

/**
 * Returns the size of the newest instance's memory in bytes, and how many instances have been
 * created.
 */
export const wasmMemory = () => ({
  bytes: memories.at(-1)?.buffer.byteLength,
  instances: memories.length,
});
