/** Parameters of the accelerator's RTL: one bitstream each. See docs/hardware.md. */
export interface Design {
  /** Neighbouring output pixels of a binary layer computed at once, 1..7. */
  readonly pixels: number;
  /** Output channels of a binary layer computed at once. */
  readonly outputs: number;
  /** Input channels of a binary layer added up at once. */
  readonly inputs: number;
  /** Most bits of a kernel's index, 1..9; at 9 the index is the kernel. */
  readonly tau: number;
  /** Width of a match count: holds 9 * Cin of the widest binary layer. */
  readonly countBits: number;
  /** Words of the activation memory. */
  readonly activationDepth: number;
  /** Words of 32 bits of the weight memory. */
  readonly weightDepth: number;
  /** Words of 16 bits of each of the two map memories. */
  readonly mapDepth: number;
  /** Whether weights and maps lie in the part's large single-port memories (SPRAM). */
  readonly huge: boolean;
}

/** What the RTL's counters and small memories hold, whatever the parameters. */
export const engineLimits = {
  /** Columns and rows of a map, with room for a tile that reaches over its edge. */
  side: 248,
  channels: 256,
  /** Values of a vector that a dense layer multiplies. */
  taps: 256,
  imageChannels: 4,
  steps: 256,
} as const;

/** Words of a layer's registers. */
export const layerWords = 14;

/** Columns of a row of a segment that are its own: two tiles of outputs at stride 1. */
export function segmentPixels({ pixels }: Pick<Design, 'pixels'>): number {
  return 2 * pixels;
}

/** Kernels that one step decodes. */
export function lanes(design: Pick<Design, 'outputs' | 'inputs'>): number {
  return design.outputs * design.inputs;
}

/** Members of a layer's subset that lie in the weight memory. */
export function subsetWords(tau: number): number {
  return tau === 9 ? 0 : 2 ** tau;
}

/** The RTL's parameters by name, as Yosys and Verilator take them. */
export function rtlParameters(design: Design): Readonly<Record<string, number>> {
  return {
    PIXELS: design.pixels,
    OUTPUTS: design.outputs,
    INPUTS: design.inputs,
    TAU: design.tau,
    COUNT_BITS: design.countBits,
    ACT_DEPTH: design.activationDepth,
    WEIGHT_DEPTH: design.weightDepth,
    MAP_DEPTH: design.mapDepth,
    HUGE: design.huge ? 1 : 0,
  };
}
