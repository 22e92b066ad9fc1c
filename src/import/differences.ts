import { printable } from '../spec/problem.js';
import { Failure } from '../util/failure.js';
import { type Expectation, type ExpectedTensor, misfit, shapeText } from './expected.js';
import { isIgnored } from './key-map.js';
import type { StoredTensor } from './tensor.js';

/** In what a checkpoint differs from the network that it should hold. */
export interface Differences {
  readonly missing: readonly ExpectedTensor[];
  readonly unexpected: readonly { readonly key: string; readonly shape: readonly number[] }[];
  /** Tensors of another shape or type, and what is wrong with each. */
  readonly misfits: readonly { readonly key: string; readonly what: string }[];
}

/** Everything in which a checkpoint differs from what is expected of it. */
export function differencesOf(
  { tensors: expected }: Pick<Expectation, 'tensors'>,
  tensors: ReadonlyMap<string, StoredTensor>,
  ignore: readonly string[],
): Differences {
  const keys = new Set(expected.map(({ key }) => key));
  return {
    missing: expected.filter(({ key }) => !tensors.has(key)),
    unexpected: [...tensors]
      .filter(([key]) => !keys.has(key) && !isIgnored(key, ignore))
      .map(([key, { shape }]) => ({ key, shape })),
    misfits: expected.flatMap((wanted) => {
      const found = tensors.get(wanted.key);
      const what = found && misfit(wanted, found);
      return what ? [{ key: wanted.key, what }] : [];
    }),
  };
}

/** One line for each missing tensor; a block that is missing as a whole takes one line. */
function missingLines(
  missing: readonly ExpectedTensor[],
  expected: readonly ExpectedTensor[],
): string[] {
  const count = (tensors: readonly ExpectedTensor[], part: string) =>
    tensors.filter((tensor) => tensor.part === part).length;
  const whole = new Set(
    missing
      .map(({ part }) => part)
      .filter((part) => count(missing, part) === count(expected, part)),
  );
  const lines = [...whole].map((part) => {
    const [first] = missing.filter((tensor) => tensor.part === part);
    return `${part}: all of its ${count(expected, part)} tensors (${first.key}, ...)`;
  });
  const single = missing.filter(({ part }) => !whole.has(part));
  return [...lines, ...single.map(({ key, shape }) => `${key} ${shapeText(shape)}`)];
}

/**
 * Lets a checkpoint pass that holds what is expected, no more and no less.
 *
 * @param file what to call the checkpoint
 * @param network what to call the network
 * @throws Failure that lists all differences
 */
export function requireSame(
  { missing, unexpected, misfits }: Differences,
  { stages, tensors }: Pick<Expectation, 'stages' | 'tensors'>,
  file: string,
  network: string,
): void {
  const lines = [
    ...missingLines(missing, tensors).map((line) => `  missing     ${line}`),
    ...misfits.map(({ key, what }) => `  wrong       ${key} ${what}`),
    ...unexpected.map(({ key, shape }) => `  unexpected  ${key} ${shapeText(shape)}`),
  ];
  if (lines.length === 0) return;
  throw new Failure(
    'input',
    [
      `${file}: does not fit ${network} of [${stages.join(', ')}] blocks`,
      ...lines.map(printable),
    ].join('\n'),
    [
      'name the network that it is: --as birealnet takes any number of blocks',
      'or tell how its tensors are named: --map map.yaml (docs/import.md)',
    ],
  );
}
