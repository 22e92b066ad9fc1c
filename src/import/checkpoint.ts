import { refuser } from './allowance.js';
import { readSafetensors } from './safetensors.js';
import type { Checkpoint } from './tensor.js';
import { isLegacyTorch, readLegacyTorch, readTorchZip } from './torch.js';
import { isZip } from './zip.js';

/** What {@link withoutPrefix} takes off. */
const parallelPrefix = 'module.';

/** Names as the network has them: PyTorch's DataParallel puts `module.` in front of every one. */
function withoutPrefix({ format, tensors }: Checkpoint): Checkpoint {
  const entries = [...tensors];
  if (!entries.every(([name]) => name.startsWith(parallelPrefix))) return { format, tensors };
  const named = entries.map(
    ([name, tensor]) => [name.slice(parallelPrefix.length), tensor] as const,
  );
  return { format, tensors: new Map(named) };
}

/** Whether the file starts as a safetensors file: a length of 64 bits, then a JSON object. */
function isSafetensors(bytes: Uint8Array): boolean {
  return bytes[6] === 0 && bytes[7] === 0 && bytes[8] === 0x7b;
}

/**
 * Reads the tensors of a checkpoint: of PyTorch, in either of its formats, or in safetensors. Nothing
 * of the file is executed, and beside the file reading takes at most twice its bytes and 1 MiB.
 *
 * @param file what to call it in errors
 * @throws Failure that names the byte at which the file cannot be followed
 */
export function readCheckpoint(bytes: Uint8Array, file: string): Checkpoint {
  const refuse = refuser(file);
  if (isZip(bytes)) return withoutPrefix(readTorchZip(bytes, refuse));
  if (isLegacyTorch(bytes)) return withoutPrefix(readLegacyTorch(bytes, refuse));
  if (isSafetensors(bytes)) return withoutPrefix(readSafetensors(bytes, refuse));
  return refuse(0, 'is no checkpoint of PyTorch and no safetensors file');
}
