import type { Stage } from '../pipeline/stage.js';
import { refine } from './refine.js';
import { sample } from './sample.js';

/** Every stage, in the order in which they run. */
export const stages: readonly Stage[] = [sample, refine];
