export interface KernelModule {
  readonly folder: string;
  readonly output: string;
  readonly flags: readonly string[];
}
export declare const kernelModules: readonly KernelModule[];
export declare function compileKernels(module: KernelModule): Promise<Uint8Array>;
