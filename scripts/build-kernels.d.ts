export declare const kernelModules: readonly { readonly source: string; readonly output: string }[];
export declare function compileKernels(source: string): Promise<Uint8Array>;
