import { bytesField, intField, intsField, message, repeated, stringField } from './protobuf.js';

/*
 * An ONNX model from plain data. Numbers of fields and types: onnx/onnx.proto of ONNX 1.12 (IR version 8,
 * operator set 17).
 */

/** A constant of a graph, float32. */
export interface OnnxTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** As many as `shape` has, the last dimension varying fastest. */
  readonly values: Float32Array;
}

/** An operation: its type in the operator set, and the values that it takes and gives by their names. */
export interface OnnxNode {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Integers of 0 or more, or lists of them. */
  readonly attributes: Readonly<Record<string, number | readonly number[]>>;
}

/** What goes into a graph or comes out of it, float32; a dimension by a name is open. */
export interface OnnxValue {
  readonly name: string;
  readonly shape: readonly (number | string)[];
}

export interface OnnxGraph {
  readonly name: string;
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly constants: readonly OnnxTensor[];
  /** Each behind those whose outputs it takes. */
  readonly nodes: readonly OnnxNode[];
}

const irVersion = 8;
const operatorSet = 17;
const float = 1;
const attributeTypes = { int: 2, ints: 7 } as const;

/** TensorProto; the values lie in it as little-endian bytes. */
function tensor({ name, shape, values }: OnnxTensor): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    view.setFloat32(4 * i, value, true);
  });
  return message(
    intsField(1, shape),
    intField(2, float),
    stringField(8, name),
    bytesField(9, bytes),
  );
}

/** AttributeProto. */
function attribute([name, value]: [string, number | readonly number[]]): Uint8Array {
  return typeof value === 'number'
    ? message(stringField(1, name), intField(3, value), intField(20, attributeTypes.int))
    : message(stringField(1, name), intsField(8, value), intField(20, attributeTypes.ints));
}

/** NodeProto. */
function node({ type, inputs, outputs, attributes }: OnnxNode): Uint8Array {
  return message(
    repeated((name) => stringField(1, name), inputs),
    repeated((name) => stringField(2, name), outputs),
    stringField(3, outputs.join(' ')),
    stringField(4, type),
    repeated((each) => bytesField(5, attribute(each)), Object.entries(attributes)),
  );
}

/** ValueInfoProto, its type a TensorTypeProto. */
function value({ name, shape }: OnnxValue): Uint8Array {
  const dimension = (size: number | string) =>
    typeof size === 'number' ? intField(1, size) : stringField(2, size);
  const dimensions = repeated((size) => bytesField(1, dimension(size)), shape);
  const tensorType = message(intField(1, float), bytesField(2, dimensions));
  return message(stringField(1, name), bytesField(2, bytesField(1, tensorType)));
}

/** GraphProto. */
function graph({ name, inputs, outputs, constants, nodes }: OnnxGraph): Uint8Array {
  return message(
    repeated((each) => bytesField(1, node(each)), nodes),
    stringField(2, name),
    repeated((each) => bytesField(5, tensor(each)), constants),
    repeated((each) => bytesField(11, value(each)), inputs),
    repeated((each) => bytesField(12, value(each)), outputs),
  );
}

/** The bytes of an ONNX file (ModelProto). @param producer name of the program that writes it */
export function encodeOnnx(content: OnnxGraph, producer: string): Uint8Array {
  return message(
    intField(1, irVersion),
    stringField(2, producer),
    bytesField(7, graph(content)),
    bytesField(8, message(stringField(1, ''), intField(2, operatorSet))),
  );
}
