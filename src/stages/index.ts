import type { Stage } from '../pipeline/stage.js';
import { deploy } from './deploy.js';
import { evaluate } from './evaluate.js';
import { pack } from './pack.js';
import { pretrain } from './pretrain.js';
import { refine } from './refine.js';
import { sample } from './sample.js';
import { synthesize } from './synthesize.js';

/** Every stage, in the order in which they run. */
export const stages: readonly Stage[] = [
  pretrain,
  sample,
  refine,
  pack,
  evaluate,
  synthesize,
  deploy,
];
