export declare const kernelModules: readonly { readonly folder: string; readonly output: string }[];
export declare function compileKernels(folder: string): Promise<Uint8Array>;
