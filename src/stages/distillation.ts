import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Distillation } from '../engine/engine.js';
import type { NetworkShape } from '../model/network.js';
import { decodeTrained } from '../model/trained-file.js';
import type { Inputs, StageOf } from '../pipeline/stage.js';
import type { DistillSpec, Spec } from '../spec/types.js';
import { Failure } from '../util/failure.js';

/** What a stage reads of `train.distill`: of the teacher it is given the trained network. */
export type DistillSlice = Omit<DistillSpec, 'teacher'> | null;

export function distillSlice({ train: { distill } }: Pick<Spec, 'train'>): DistillSlice {
  return distill && { weight: distill.weight, temperature: distill.temperature };
}

/** The teacher's trained network, as a stage that learns from it borrows it. */
export function borrowTeacher({ train: { distill } }: Spec): Record<string, StageOf> {
  return distill ? { teacher: { spec: distill.teacher, stage: 'refine' } } : {};
}

/**
 * The teacher of a network of `shape`, ready for the engine; null: it learns from the labels alone.
 *
 * @throws Failure where the teacher's images or classes are others
 */
export async function distillationOf(
  distill: DistillSlice,
  { teacher: input }: Inputs,
  shape: NetworkShape,
  classes: readonly string[],
): Promise<Distillation | null> {
  if (distill === null) return null;
  if (!input) throw new Error('the teacher was not borrowed');
  const teacher = decodeTrained(await readFile(join(input.path, 'trained.safetensors')));
  const seen = [teacher.shape.input, teacher.classes];
  if (JSON.stringify(seen) !== JSON.stringify([shape.input, classes])) {
    throw new Failure('input', 'the teacher was trained on other images or other classes', [
      'name a teacher of the same data set in train.distill.teacher',
    ]);
  }
  return { teacher, ...distill };
}
