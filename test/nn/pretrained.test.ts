import { expect, test } from 'vitest';
import { birealNetwork } from '../../src/model/network.js';
import { layoutOf, view } from '../../src/nn/layout.js';
import { decodePretrained, encodePretrained } from '../../src/nn/pretrained.js';
import { failureOf } from '../support/failure.js';
import { normals } from '../support/numbers.js';

const stem = { kernel: 3, stride: 1, pool: false } as const;
const image = { height: 8, width: 8, channels: 1 };
const shape = birealNetwork({ stages: [1, 1], width: 4, stem }, image, 3);
const layout = layoutOf(shape);

test('real filters become latents, everything else stays', () => {
  const parameters = normals(layout.size, 1);
  const decoded = decodePretrained(encodePretrained(shape, { parameters }), shape);
  for (const { name, role } of layout.parameters.values()) {
    if (role !== 'latent') {
      expect(view(layout, decoded, name), name).toEqual(view(layout, parameters, name));
    }
  }
  for (const { name, conv } of shape.blocks) {
    const [inputs, outputs] = [conv.input.channels, conv.output.channels];
    const filters = view(layout, parameters, `${name}.latent`);
    const latents = view(layout, decoded, `${name}.latent`);
    for (let row = 0; row < 3; row++) {
      for (let column = 0; column < 3; column++) {
        for (let c = 0; c < inputs; c++) {
          for (let o = 0; o < outputs; o++) {
            const filter = filters[((row * 3 + column) * inputs + c) * outputs + o];
            expect(latents[((o * inputs + c) * 3 + row) * 3 + column]).toBe(filter);
          }
        }
      }
    }
  }
});

test('a network of another shape refuses it', async () => {
  const bytes = encodePretrained(shape, { parameters: normals(layout.size, 1) });
  const wider = birealNetwork({ stages: [1, 1], width: 5, stem }, image, 3);
  const failure = await failureOf(() => decodePretrained(bytes, wider));
  expect(failure.message).toContain('stem.weight');
});
