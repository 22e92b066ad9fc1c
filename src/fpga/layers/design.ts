/** Parameters of hw/rtl/subbit_engine.sv, a binary 3x3 convolution by itself. See docs/hardware.md. */
export interface EngineDesign {
  /** Neighbouring output pixels computed at once, 1..7. */
  readonly pixels: number;
  /** Output channels computed at once. */
  readonly outputs: number;
  /** Input channels added up at once, 1..5. */
  readonly inputs: number;
  /** Bits of a kernel's index, 1..9; at 9 the index is the kernel. */
  readonly tau: number;
  /** Width of a match count: holds 9 * Cin of the widest layer. */
  readonly countBits: number;
  /** Words of the activation memory. */
  readonly activationDepth: number;
  /** Words of the weight memory. */
  readonly weightDepth: number;
  /** Whether the weight memory lies in the part's large single-port memories (SPRAM). */
  readonly weightHuge: boolean;
  /** Words of results that are taken from it in one pass. */
  readonly resultDepth: number;
}

/** Columns of a row of a segment: two tiles of outputs at stride 1 and a neighbour on each side. */
export function segmentColumns(design: Pick<EngineDesign, 'pixels'>): number {
  return 2 * design.pixels + 2;
}

/** Kernels that one step decodes. */
export function lanes(design: Pick<EngineDesign, 'outputs' | 'inputs'>): number {
  return design.outputs * design.inputs;
}

/** Bits of a word of the weight memory: one index a lane, but never less than a member. */
export function weightWidth(design: Pick<EngineDesign, 'outputs' | 'inputs' | 'tau'>): number {
  return Math.max(9, lanes(design) * design.tau);
}

/** 16-bit halves of a word of each memory that is written from outside. */
export function halvesPerWord(design: EngineDesign): { activations: number; weights: number } {
  return { activations: 3 * design.inputs, weights: Math.ceil(weightWidth(design) / 16) };
}

/** Words that a layer's subset takes at the head of its weights. */
export function subsetWords(tau: number): number {
  return tau === 9 ? 0 : 2 ** tau;
}

/** The RTL's parameters by name, as Yosys and Verilator take them. */
export function engineParameters(design: EngineDesign): Readonly<Record<string, number>> {
  return {
    PIXELS: design.pixels,
    OUTPUTS: design.outputs,
    INPUTS: design.inputs,
    TAU: design.tau,
    COUNT_BITS: design.countBits,
    ACT_DEPTH: design.activationDepth,
    WEIGHT_DEPTH: design.weightDepth,
    WEIGHT_HUGE: design.weightHuge ? 1 : 0,
  };
}
