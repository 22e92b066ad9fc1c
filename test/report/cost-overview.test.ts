import { describe, expect, it } from 'vitest';
import type { NetworkShape } from '../../src/model/network.js';
import type { Activations } from '../../src/model/trained.js';
import { costOverview, overviewTable } from '../../src/report/cost-overview.js';
import { loadSpec } from '../../src/spec/load.js';
import { networkShape } from '../../src/spec/shape.js';
import type { SubsetStructure } from '../../src/spec/types.js';

async function shapeOf(file: string) {
  const { spec } = await loadSpec(file);
  return networkShape(spec);
}

describe('overviewTable', () => {
  it('prints ResNet-18 on ImageNet beside the published figures', async () => {
    const shape = await shapeOf('configs/imagenet/resnet18-0.56bit.yaml');
    const text = overviewTable(costOverview(shape, { structure: 'free', activations: 'binary' }));
    for (const figure of ['10.99 Mbit', '7.324 Mbit', '6.103 Mbit', '4.882 Mbit']) {
      expect(text.split(figure)).toHaveLength(3);
    }
    for (const figure of ['1.677 G', '0.883 G', '0.501 G', '0.297 G']) {
      expect(text).toContain(figure);
    }
  });

  it('names nothing as published for another network or structure', async () => {
    const resnet = await shapeOf('configs/imagenet/resnet18-0.56bit.yaml');
    const small = await shapeOf('configs/quickstart.yaml');
    const text = (shape: NetworkShape, structure: SubsetStructure, activations: Activations) =>
      overviewTable(costOverview(shape, { structure, activations }));
    expect(text(resnet, 'antipodal', 'binary')).not.toContain('published');
    expect(text(resnet, 'free', 'real')).not.toMatch(/published|Bit-OPs/);
    expect(text(small, 'free', 'binary')).not.toContain('published');
  });
});
