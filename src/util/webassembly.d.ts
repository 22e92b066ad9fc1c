/** The part of Node's WebAssembly that this project uses; otherwise typed only for browsers. */
declare namespace WebAssembly {
  /** Whether `bytes` are a module that this engine understands. */
  function validate(bytes: Uint8Array): boolean;
  class Memory {
    /** @param descriptor `initial` pages of 64 KiB */
    constructor(descriptor: { readonly initial: number });
    readonly buffer: ArrayBuffer;
  }
  interface Global {
    value: number;
  }
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, unknown>>);
    readonly exports: Record<string, unknown>;
  }
}
