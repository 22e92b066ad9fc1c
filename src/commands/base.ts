import { Args, Command, Errors, Flags } from '@oclif/core';
import type { Device, Place } from '../fpga/device/connect.js';
import type { Deployment } from '../fpga/device/deployment.js';
import type { RunOutcome, RunRequest } from '../pipeline/executor.js';
import type { Range } from '../pipeline/steps.js';
import { openStore } from '../pipeline/store.js';
import { bugExitCode, Failure } from '../util/failure.js';
import { interruptible } from '../util/interrupt.js';

/** `--set`, of every command that takes a spec. */
export const setFlag = {
  set: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'key=value',
    summary: 'Replace a field of the spec, such as train.epochs=8; may be repeated.',
  }),
};

/** Where the accelerator is, of every command that talks to one. */
export const placeFlags = {
  port: Flags.string({
    helpValue: '/dev/ttyUSB1',
    exactlyOne: ['port', 'simulated'],
    summary: "The board's serial port.",
  }),
  simulated: Flags.boolean({
    summary: 'A simulation of the whole board instead, by Verilator.',
  }),
};

/** Of every command that talks to an accelerator. */
export const deploymentArg = {
  deployment: Args.string({
    description: 'a deployment folder, or its name under deploy/; default: the newest there',
  }),
};

/** Which stages a run is asked for. */
export const rangeFlags = {
  from: Flags.string({
    helpValue: 'stage',
    summary: 'Begin at this stage; the ones before it must be cached.',
  }),
  until: Flags.string({ helpValue: 'stage', summary: 'Stop behind this stage.' }),
  force: Flags.boolean({ summary: 'Run the stages even if they are cached.' }),
};

/** An error as the person at the keyboard, or the program that called, is told it. */
interface Told {
  /** Whose turn it is: see {@link Failure}; `bug`: ours. */
  readonly kind: Failure['kind'] | 'bug';
  readonly message: string;
  /** What to do about it, one suggestion each. */
  readonly next: readonly string[];
  readonly exitCode: number;
}

/**
 * What all commands share: `--json`, `--debug`, and errors as `error:` and `next:` lines on stderr (a
 * JSON document on stdout with `--json`) with the exit code of their kind.
 */
export abstract class BaseCommand extends Command {
  static override enableJsonFlag = true;
  static override baseFlags = {
    debug: Flags.boolean({ summary: 'Show the stack of an error.', helpGroup: 'GLOBAL' }),
  };

  /** What the JSON document tells besides the error, if there is one. */
  protected document: object = {};

  /** Runs a spec's stages on the store in use, in view of the user; Ctrl-C stops it. */
  protected async runStages(
    request: Pick<RunRequest, 'spec' | 'specFile'> & Range,
  ): Promise<RunOutcome> {
    const { executeRun } = await import('../pipeline/executor.js');
    const { progressMode, startProgress } = await import('../report/progress.js');
    const { stages } = await import('../stages/index.js');
    const { listen, close } = await startProgress(progressMode(this.jsonEnabled()));
    const tool = this.config.version;
    const store = openStore();
    return interruptible((signal) =>
      executeRun({ ...request, stages, store, tool, listen, signal }),
    ).finally(close);
  }

  /** Works with the accelerator that the flags name, for a deployment; Ctrl-C stops it. */
  protected async onDevice<Value>(
    flags: { readonly port?: string | undefined },
    wanted: string | undefined,
    work: (device: Device, deployment: Deployment) => Promise<Value>,
  ): Promise<Value> {
    const { withDevice } = await import('../fpga/device/connect.js');
    const { findDeployment, readDeployment } = await import('../fpga/device/deployment.js');
    const deployment = await readDeployment(await findDeployment(wanted));
    const place: Place =
      flags.port === undefined
        ? { kind: 'simulated', store: openStore() }
        : { kind: 'port', path: flags.port };
    const note = (text: string) => this.logToStderr(text);
    return interruptible((signal) =>
      withDevice(place, deployment, { note, signal }, (device) => work(device, deployment)),
    );
  }

  protected override catch(error: Error): Promise<never> {
    if (error instanceof Errors.ExitError) throw error;
    const told = tell(error, `${this.config.bin} ${this.id}`);
    if (this.jsonEnabled()) {
      this.logJson({ ...this.document, error: told });
    } else {
      const [first = '', ...more] = told.message.split('\n');
      this.logToStderr([`error: ${first}`, ...more].join('\n'));
      for (const next of told.next) this.logToStderr(`next: ${next}`);
    }
    if (this.argv.includes('--debug')) this.logToStderr(stackOf(error));
    this.exit(told.exitCode);
  }
}

function tell(error: Error, command: string): Told {
  if (error instanceof Failure) {
    const { kind, message, next, exitCode } = error;
    return { kind, message, next, exitCode };
  }
  if (error instanceof Errors.CLIError) {
    const message = error.message.replace(/\s*See more help with --help$/, '');
    return { kind: 'input', message, next: [`see ${command} --help`], exitCode: 2 };
  }
  return {
    kind: 'bug',
    message: `${error.message || error.name} (a bug of ours)`,
    next: ['run with --debug for the stack'],
    exitCode: bugExitCode,
  };
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
