// Measures the memory of the wasm. Import this module before the built Worker, which creates its
// wasm instance when it is loaded.
const memories = [];

const RealInstance = WebAssembly.Instance;
WebAssembly.Instance = class extends RealInstance {
  constructor(/** @type {ConstructorParameters<typeof RealInstance>} */ ...given) {
    super(...given);
    memories.push(Object.values(this.exports).find((value) => value instanceof WebAssembly.Memory));
  }
};

/** The bytes of the newest instance's memory, and how many instances have been created. */
export const wasmMemory = () => ({
  bytes: memories.at(-1)?.buffer.byteLength,
  instances: memories.length,
});
