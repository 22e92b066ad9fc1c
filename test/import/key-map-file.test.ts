import { expect, test } from 'vitest';
import { birealnet, isIgnored } from '../../src/import/key-map.js';
import { readKeyMap } from '../../src/import/key-map-file.js';
import { failureOf } from '../support/failure.js';

const authors = `
stem: { weight: conv1.weight, norm: bn1 }
block:
  weight: layer{stage+1}.{block}.binary_conv.weight
  subset: layer{stage+1}.{block}.binary_conv.binarize.patterns
  norm: layer{stage+1}.{block}.bn1
  shiftIn: layer{stage+1}.{block}.move0.bias
  shiftMid: layer{stage+1}.{block}.move1.bias
  slope: layer{stage+1}.{block}.prelu.weight
  shiftOut: layer{stage+1}.{block}.move2.bias
  shortcut:
    weight: layer{stage+1}.{block}.downsample.1.weight
    norm: layer{stage+1}.{block}.downsample.2
classifier: { weight: fc.weight, bias: fc.bias }
`;

test('a key map in YAML, its defaults those of the authors’ networks', () => {
  expect(readKeyMap(authors, 'map.yaml')).toEqual(birealnet);
});

test('a key map of what is not usual', () => {
  const text = `
family: vgg
padding: minus-one
input: { mean: [0.5], std: [0.25] }
stem: { weight: features.0.weight, norm: features.1, stride: 1, pool: false }
block: { weight: 'features.{index+2}.weight', norm: 'norms.{index}' }
classifier: { weight: head.weight }
ignore: [teacher.*]
`;
  expect(readKeyMap(text, 'map.yaml')).toEqual({
    family: 'vgg',
    padding: 'minus-one',
    input: { mean: [0.5], std: [0.25] },
    stem: { weight: 'features.0.weight', norm: 'features.1', stride: 1, pool: false },
    block: {
      weight: 'features.{index+2}.weight',
      norm: 'norms.{index}',
      subset: null,
      shiftIn: null,
      shiftMid: null,
      slope: null,
      shiftOut: null,
      shortcut: null,
    },
    classifier: { weight: 'head.weight', bias: null },
    ignore: ['teacher.*'],
  });
});

test('everything that is wrong with a key map is told with its line', async () => {
  const text = authors
    .replace('conv1.weight', "'{layer}.weight'")
    .replace('slope:', 'slopes:')
    .replace('norm: bn1', 'norm: bn1, stride: 3')
    .replace('classifier: { weight: fc.weight, bias: fc.bias }', 'input: { std: [1, 0, 1] }');
  const { message, kind } = await failureOf(() => readKeyMap(text, 'map.yaml'));
  expect(kind).toBe('input');
  expect(message).toContain('map.yaml has 5 problems');
  expect(message).toContain(
    'map.yaml:2:9: stem.weight must be a key: only {stage}, {block} and {index}',
  );
  expect(message).toContain('map.yaml:2:46: stem.stride must be 1 or 2');
  expect(message).toContain('map.yaml:9:3: a key map has no "block.slopes"');
  expect(message).toContain('did you mean "block.slope"?');
  expect(message).toContain('the map lacks classifier.weight');
  expect(message).toContain('input.std must be positive');
});

test.each([
  ['a list', '[1]', 'lacks stem.weight'],
  ['nothing', '', 'lacks block.weight'],
  ['no YAML', 'a: [', 'map.yaml has'],
  ['a division by nothing', authors.replace('{block}', '{block/0}'), 'divides by 0'],
  [
    'a Bi-Real network without shortcuts',
    authors.replace('shortcut:', 'other:'),
    'lacks block.shortcut.weight',
  ],
])('%s', async (_, text, expected) => {
  expect((await failureOf(() => readKeyMap(text, 'map.yaml'))).message).toContain(expected);
});

test.each([
  ['a.b', 'a.b', true],
  ['a.b', 'a.bc', false],
  ['*.b', 'a.b', true],
  ['*.b', 'b', false],
  ['a.*', 'a.b.c', true],
  ['a*c*e', 'abcde', true],
  ['a*c*e', 'abde', false],
  ['ab*ba', 'aba', false],
  ['*', '', true],
])('the pattern %s and the key %s: %s', (pattern, key, expected) => {
  expect(isIgnored(key, [pattern])).toBe(expected);
});
