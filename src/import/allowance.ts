import { printable } from '../spec/problem.js';
import { Failure } from '../util/failure.js';

/** Ends the reading of a file that is damaged or is not what it should be. */
export type Refuse = (at: number, what: string, next?: readonly string[]) => never;

/**
 * Tells what is wrong with a checkpoint and at which byte.
 *
 * @param file what to call it
 * @returns a function that throws a Failure
 */
export function refuser(file: string): Refuse {
  return (at, what, next = []) => {
    throw new Failure('input', `${file}: ${printable(what)} (byte ${at})`, next);
  };
}

/** Memory that reading a file may still take. */
export interface Allowance {
  /** Takes `bytes` away; refuses the file at byte `at` where they are not left. */
  charge(bytes: number, at: number): void;
}

/** Memory that even the smallest file may take. */
const least = 2 ** 20;

/**
 * Lets reading take twice the bytes of the file beside the file itself, for all that it describes
 * (nominal sizes) and all of its tensors as float32.
 */
export function allowanceOf(fileBytes: number, refuse: Refuse): Allowance {
  let left = least + 2 * fileBytes;
  return {
    charge(bytes, at) {
      left -= bytes;
      if (!(left >= 0)) refuse(at, 'describes more than a file of its size can hold');
    },
  };
}
