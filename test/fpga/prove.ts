import { runNpmTool } from '../../src/fpga/tools/npm.js';
import { quiet, temporaryFolder } from './support.js';

const context = quiet(temporaryFolder());

/**
 * Asks Yosys to prove, by SAT over every input, the assertions of `property` about a module: of every
 * state that `steps` clocks reach from one in which only the property's registers are known.
 */
export async function prove(source: string, property: string, steps = 0): Promise<void> {
  const files = { 'module.sv': source, 'claim.sv': property };
  const clocked =
    steps === 0 ? '' : ` -maxsteps ${steps} -tempinduct -tempinduct-baseonly -set-init-undef`;
  const script =
    'read_verilog -sv -formal module.sv claim.sv; hierarchy -check -top claim; proc; flatten; memory -nomap; ' +
    `memory_map; chformal -lower; opt; sat -verify -prove-asserts -set-def-inputs${clocked}`;
  const args = ['-p', script];
  await runNpmTool({ package: '@yowasp/yosys', command: 'yosys', args, files }, context);
}
