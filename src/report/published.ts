import { birealNetwork, type NetworkShape } from '../model/network.js';

/** A published row: what its authors printed, to the digits that they printed. */
export interface PublishedCost {
  readonly tau: number;
  readonly parameters: string;
  readonly bitOps: string;
  /** Top-1 accuracy on ImageNet in percent, trained in two stages. */
  readonly top1: string;
}

/** Where the published rows stand. */
export const publishedSource =
  'Wang et al., Sub-bit Neural Networks, ICCV 2021: README of their code';

/** What was published, in words: {@link publishedCosts} finds it. */
export const publishedNetwork = 'ResNet-18 on 224x224 images with free subsets of one tau, 1W/1A';

/**
 * Costs printed by the authors of "Sub-bit Neural Networks" (ICCV 2021) in the README of their code,
 * for ResNet-18 on 224x224 images.
 */
const resnet18: readonly PublishedCost[] = [
  { tau: 9, parameters: '10.99 Mbit', bitOps: '1.677 G', top1: '65.7' },
  { tau: 6, parameters: '7.324 Mbit', bitOps: '0.883 G', top1: '63.4' },
  { tau: 5, parameters: '6.103 Mbit', bitOps: '0.501 G', top1: '62.1' },
  { tau: 4, parameters: '4.882 Mbit', bitOps: '0.297 G', top1: '60.7' },
];

const resnet18Shape = birealNetwork(
  { stages: [4, 4, 4, 4], width: 64, stem: { kernel: 7, stride: 2, pool: true } },
  { height: 224, width: 224, channels: 3 },
  1000,
);

/** What was published for free subsets of exactly this network; null where nothing was. */
export function publishedCosts(shape: NetworkShape): readonly PublishedCost[] | null {
  const same = JSON.stringify(shape.blocks) === JSON.stringify(resnet18Shape.blocks);
  return same ? resnet18 : null;
}
