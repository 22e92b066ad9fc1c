import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Design, rtlParameters } from '../../src/fpga/design.js';
import { memoryNeeds, totalBlockRams } from '../../src/fpga/memory.js';
import { rtlFiles } from '../../src/fpga/rtl.js';
import { placeAndRoute, synthesizeNetlist } from '../../src/fpga/synthesis.js';
import { fpgaTargets } from '../../src/fpga/targets.js';
import { programBoard } from '../../src/fpga/tools/loader.js';
import { withoutTimes } from '../../src/fpga/tools/log-times.js';
import { runNpmTool } from '../../src/fpga/tools/npm.js';
import { runProcess } from '../../src/fpga/tools/process.js';
import {
  parseNetlistReport,
  parseRoutingReport,
  parseUtilisationLog,
} from '../../src/fpga/tools/reports.js';
import { toolbox } from '../../src/fpga/tools/toolbox.js';
import type { StageEvent } from '../../src/pipeline/events.js';
import { packageFile } from '../../src/util/paths.js';
import { failureOf } from '../support/failure.js';
import { quiet, temporaryFolder } from './support.js';

const folder = temporaryFolder();
const npm = toolbox('npm', join(folder, 'work'));
const up5k = fpgaTargets['ice40-up5k'];

const small: Design = {
  pixels: 1,
  outputs: 1,
  inputs: 1,
  tau: 6,
  countBits: 6,
  activationDepth: 256,
  weightDepth: 16384,
  mapDepth: 16384,
  huge: true,
};

function yosys(script: string, files: Readonly<Record<string, string | Uint8Array>>) {
  return { package: '@yowasp/yosys', command: 'yosys', args: ['-p', script], files } as const;
}

describe('Yosys from npm', () => {
  it('elaborates every engine that may be chosen, at every tau, on its board', async () => {
    const taus = Array.from({ length: 9 }, (_, i) => i + 1);
    const sets = Object.values(fpgaTargets).flatMap(({ top, engines, resources }) =>
      engines.flatMap((engine) =>
        taus
          .filter((tau) => engine.outputs * engine.inputs * tau <= 32)
          .map((tau) => ({
            top,
            design: { ...small, ...engine, tau, huge: resources.sprams > 0 },
          })),
      ),
    );
    const sources = [...(await rtlFiles()), packageFile('hw/boards/hx8k_b_evn.sv')];
    const files: Record<string, Uint8Array> = {};
    for (const path of [...sources, packageFile('hw/boards/icebreaker.sv')]) {
      files[basename(path)] = await readFile(path);
    }
    const scripts = sets.map(({ top, design }) => {
      const sized = { ...design, countBits: 13, weightDepth: 2048, mapDepth: 1024 };
      const parameters = Object.entries(rtlParameters(sized)).map(
        ([name, value]) => `-chparam ${name} ${value}`,
      );
      return `design -load rtl; hierarchy -check -top ${top} ${parameters.join(' ')}; check -assert`;
    });
    const names = Object.keys(files).join(' ');
    const script = `read_verilog -sv -defer ${names}; design -save rtl; ${scripts.join('; ')}`;
    const events: StageEvent[] = [];
    const context = { ...quiet(folder), emit: (event: StageEvent) => events.push(event) };
    await runNpmTool(yosys(script, files), context);
    const built = events.filter((event) => 'text' in event && /HIERARCHY pass/.test(event.text));
    expect(built).toHaveLength(sets.length);
  }, 120_000);

  it('tells a parameter that makes no sense by the assertion in the RTL', async () => {
    const wrong = synthesizeNetlist({ ...small, pixels: 8 }, up5k, npm, quiet(folder));
    const failure = await failureOf(() => wrong);
    expect(failure.message).toMatch(/yosys failed.*PIXELS must be at most 7/);
  });

  it('shows its own message, its command and a log that is kept', async () => {
    const files = { 'broken.v': 'module top(input a, output b); assign b = ; endmodule' };
    const failure = await failureOf(() =>
      runNpmTool(yosys('read_verilog broken.v', files), quiet(folder)),
    );
    expect(failure.kind).toBe('tool');
    expect(failure.message).toMatch(
      /^yosys failed with exit code 1: broken\.v:1: ERROR: syntax error/,
    );
    expect(failure.next[0]).toBe("its command: yosys -p 'read_verilog broken.v'");
    const log = failure.next[1].replace('its whole log: ', '');
    expect(await readFile(log, 'utf8')).toContain('Parsing Verilog input');
  });

  it('ends at once when it is aborted', async () => {
    const abort = new AbortController();
    const context = { ...quiet(folder), signal: abort.signal };
    const run = synthesizeNetlist({ ...small, pixels: 7, outputs: 2 }, up5k, npm, context);
    const started = performance.now();
    setTimeout(() => abort.abort(new Error('enough')), 1500);
    await expect(run).rejects.toThrow('enough');
    expect(performance.now() - started).toBeLessThan(4000);
  });
});

describe('a small engine, synthesised and routed for the UP5K', () => {
  it('takes the memories that the model says, and is a bitstream with an fmax', async () => {
    const netlist = await synthesizeNetlist(small, up5k, npm, quiet(folder));
    const needs = memoryNeeds(small);
    expect(netlist.report.blockRams).toBe(totalBlockRams(needs));
    expect(netlist.report.sprams).toBe(needs.sprams);

    const routed = await placeAndRoute(netlist, up5k, 1, npm, quiet(folder));
    const { utilisation, fmax } = routed.report;
    expect(utilisation.ICESTORM_RAM).toEqual({ used: totalBlockRams(needs), available: 30 });
    expect(utilisation.ICESTORM_LC.available).toBe(up5k.resources.logicCells);
    expect(utilisation.ICESTORM_LC.used).toBeGreaterThan(netlist.report.luts / 2);
    expect(fmax).toBeGreaterThan(up5k.clock);
    // An iCE40 bitstream begins with a comment and has the synchronisation word 7E AA 99 7E.
    expect(Buffer.from(routed.bitstream).indexOf(Buffer.from('7eaa997e', 'hex'))).toBeGreaterThan(
      0,
    );
  }, 400_000);

  it('takes the block RAMs that the model says where weights and maps lie in them too', async () => {
    const design = { ...small, inputs: 2, tau: 4, huge: false, weightDepth: 1280, mapDepth: 768 };
    const { report } = await synthesizeNetlist(design, up5k, npm, quiet(folder));
    expect(report.blockRams).toBe(totalBlockRams(memoryNeeds(design)));
    expect(report.sprams).toBe(0);
  }, 300_000);

  it('that does not fit is told in cells of the part, by how many', async () => {
    const source = `module top(input CLK, input RX, output TX, output LEDG_N);
      wire [35:0] out;
      genvar i;
      generate for (i = 0; i < 36; i = i + 1) begin : rams
        reg [15:0] words [0:255]; reg [15:0] word; reg [7:0] address = i;
        always @(posedge CLK) begin
          address <= {address, RX}; if (RX) words[address] <= {16{RX}} ^ address; word <= words[~address];
        end
        assign out[i] = ^word;
      end endgenerate
      assign TX = ^out; assign LEDG_N = RX;
    endmodule`;
    const script = 'read_verilog top.v; synth_ice40 -top top -json netlist.json';
    const { 'netlist.json': json } = await runNpmTool(
      yosys(script, { 'top.v': source }),
      quiet(folder),
    );
    const report = { luts: 0, flipFlops: 0, carries: 0, blockRams: 36, sprams: 0, dsps: 0 };
    const netlist = { json, statistics: new Uint8Array(), report };
    const failure = await failureOf(() => placeAndRoute(netlist, up5k, 1, npm, quiet(folder)));
    expect(failure.kind).toBe('input');
    expect(failure.message).toContain('does not fit iCE40 UP5K-SG48');
    expect(failure.message).toContain('ICESTORM_RAM 36 of 30 (6 too many)');
  }, 120_000);
});

describe('reports', () => {
  it('of Yosys count cells by kind', () => {
    const cells = { SB_LUT4: 12, SB_DFF: 2, SB_DFFESR: 3, SB_RAM40_4K: 4, SB_RAM40_4KNR: 1 };
    const text = JSON.stringify({ design: { num_cells_by_type: { ...cells, $scopeinfo: 9 } } });
    expect(parseNetlistReport(text)).toEqual({
      luts: 12,
      flipFlops: 5,
      carries: 0,
      blockRams: 5,
      sprams: 0,
      dsps: 0,
    });
  });

  it('of nextpnr give the slowest clock', () => {
    const text = JSON.stringify({
      utilization: { ICESTORM_LC: { used: 3, available: 5280 } },
      fmax: { a: { achieved: 33.5, constraint: 12 }, b: { achieved: 28.25, constraint: 12 } },
    });
    expect(parseRoutingReport(text)).toEqual({
      utilisation: { ICESTORM_LC: { used: 3, available: 5280 } },
      fmax: 28.25e6,
    });
  });

  it('that lack what is looked for are refused, not read as zero', () => {
    expect(() => parseNetlistReport('{}')).toThrow(/counts no cells/);
    expect(() => parseRoutingReport('{"utilization":{},"fmax":{}}')).toThrow(/no clock/);
  });

  it('keep their lines but not the times that the tools took', () => {
    const log = [
      'Info:     at iteration #1, type ALL: wirelen solved = 268; time = 0.22s',
      'Info:       1000 |       36        963 |   36   963 |      8563|       0.89       0.89|',
      'ABC: elapse: 1.23 seconds, total: 1.23 seconds',
      'End of script. Logfile hash: b69196cac1, CPU: user 13.76s system 0.00s',
      'Time spent: 12% 38x read_verilog (1 sec), 11% 32x opt_clean (1 sec), ...',
      'Info: Max frequency for clock: 31.34 MHz (PASS at 12.00 MHz)',
      '',
    ];
    expect(withoutTimes(log.join('\n')).split('\n')).toEqual([
      'Info:     at iteration #1, type ALL: wirelen solved = 268; time = - s',
      'Info:       1000 |       36        963 |   36   963 |      8563|',
      'ABC: elapse: - s, total: - s',
      'Info: Max frequency for clock: 31.34 MHz (PASS at 12.00 MHz)',
      '',
    ]);
  });

  it('in a log are read line by line', () => {
    const log = 'Info: \t         ICESTORM_LC:    6001/   5280   113%\nInfo: \t  SB_IO: 4/ 96 4%\n';
    expect(parseUtilisationLog(log)).toEqual({
      ICESTORM_LC: { used: 6001, available: 5280 },
      SB_IO: { used: 4, available: 96 },
    });
  });
});

describe('native tools', () => {
  it('that are missing are told by name', async () => {
    const { PATH } = process.env;
    process.env.PATH = '/nowhere';
    try {
      const failure = await failureOf(() => toolbox('native', folder).versions());
      expect(failure.message).toContain('yosys, nextpnr-ice40, icepack is not on PATH');
      const loading = await failureOf(() => programBoard('ice40-up5k', 'b.bin', quiet(folder)));
      expect(loading.kind).toBe('tool');
      expect(loading.message).toContain('openFPGALoader is not on PATH');
    } finally {
      process.env.PATH = PATH;
    }
  });

  it('that fail show their own message', async () => {
    const script = 'console.error("Error: no such part"); console.log("bye"); process.exit(4)';
    const call = { tool: 'node', program: process.execPath, args: ['-e', script] };
    const failure = await failureOf(() => runProcess(call, quiet(folder)));
    expect(failure.message).toBe('node failed with exit code 4: Error: no such part');
  });

  it('end when they are aborted', async () => {
    const abort = new AbortController();
    const context = { ...quiet(folder), signal: abort.signal };
    const call = {
      tool: 'node',
      program: process.execPath,
      args: ['-e', 'setInterval(() => {}, 9)'],
    };
    setTimeout(() => abort.abort(new Error('enough')), 200);
    await expect(runProcess(call, context)).rejects.toThrow('enough');
  });
});
