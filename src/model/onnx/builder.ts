import type { OnnxGraph, OnnxNode } from './graph.js';

/** A graph while it is built; values are known by their names. */
export interface Builder extends Pick<OnnxGraph, 'nodes' | 'constants'> {
  /** Adds an operation and gives the name of what comes out of it, its own. */
  run(
    name: string,
    type: string,
    inputs: readonly string[],
    attributes?: OnnxNode['attributes'],
  ): string;
  /** Adds a constant and gives its name. */
  constant(name: string, shape: readonly number[], values: Float32Array): string;
}

export function newBuilder(): Builder {
  const nodes: OnnxGraph['nodes'][number][] = [];
  const constants: OnnxGraph['constants'][number][] = [];
  return {
    nodes,
    constants,
    run: (name, type, inputs, attributes = {}) => {
      nodes.push({ type, inputs, outputs: [name], attributes });
      return name;
    },
    constant: (name, shape, values) => {
      constants.push({ name, shape, values });
      return name;
    },
  };
}
