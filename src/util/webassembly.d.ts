/** The part of Node's WebAssembly that this project uses; otherwise typed only for browsers. */
declare namespace WebAssembly {
  /** Whether `bytes` are a module that this engine understands. */
  function validate(bytes: Uint8Array): boolean;
  /** Compiles a module and starts it. */
  function instantiate(bytes: Uint8Array): Promise<{ readonly instance: Instance }>;
  class Memory {
    /** @param descriptor `initial` and `maximum` in pages of 64 KiB; threads can share `shared` memory */
    constructor(
      descriptor:
        | { readonly initial: number }
        | { readonly initial: number; readonly maximum: number; readonly shared: true },
    );
    readonly buffer: ArrayBuffer;
    /** Adds pages; what was `buffer` is empty afterwards. */
    grow(pages: number): number;
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
