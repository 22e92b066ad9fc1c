/** Whose turn it is to act: the user's input, an external tool, or nobody (the run was interrupted). */
export type FailureKind = 'input' | 'tool' | 'interrupted';

const exitCodes = { input: 2, tool: 3, interrupted: 130 } as const satisfies Record<
  FailureKind,
  number
>;

/** Exit code of anything thrown that is not a {@link Failure}: a bug of ours. */
export const bugExitCode = 1;

/**
 * An expected failure, told to the person at the keyboard: what went wrong, and in `next` what to do
 * about it, one suggestion a line. Shown without a stack trace.
 */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly kind: FailureKind;
  readonly next: readonly string[];

  constructor(
    kind: FailureKind,
    message: string,
    next: readonly string[] = [],
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.kind = kind;
    this.next = next;
  }

  get exitCode(): number {
    return exitCodes[this.kind];
  }
}
