// Measures the memory of the wasm. Import this before the built Worker, which creates its instance
// when it is loaded.
const memories = [];

const RealInstance = WebAssembly.Instance;
WebAssembly.Instance = class extends RealInstance {
  constructor(/** @type {ConstructorParameters<typeof RealInstance>} */ ...given) {
    super(...given);
    memories.push(Object.values(this.exports).find((value) => value instanceof WebAssembly.Memory));
  }
};

/** Bytes of the newest instance's memory, and how many instances there were. */
export const wasmMemory = () => ({
  bytes: memories.at(-1)?.buffer.byteLength,
  instances: memories.length,
});
