import { Failure } from '../../src/util/failure.js';

/** The failure that `act` ends with; anything else that it does fails the test. */
export async function failureOf(act: () => unknown): Promise<Failure> {
  try {
    await act();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('expected a Failure, but nothing was thrown');
}
