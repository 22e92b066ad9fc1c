import { closeSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Bytes of one image: three planes of 32 x 32. */
const imageBytes = 3 * 32 * 32;

/** Label and first bytes of a data set's records, by file. */
type Written = Readonly<Record<string, readonly (readonly number[])[]>>;

function writeRecords(
  folder: string,
  name: string,
  records: number,
  recordSize: number,
  first: readonly (readonly number[])[],
): void {
  const file = openSync(join(folder, name), 'w');
  ftruncateSync(file, records * recordSize);
  first.forEach((bytes, i) => {
    writeSync(file, Uint8Array.from(bytes), 0, bytes.length, i * recordSize);
  });
  closeSync(file);
}

/** CIFAR-10's binary version at its real size; every byte that `written` leaves out is 0. */
export function writeCifar10(folder: string, written: Written = {}): string {
  mkdirSync(folder, { recursive: true });
  for (const name of [...[1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`), 'test_batch.bin']) {
    writeRecords(folder, name, 10_000, 1 + imageBytes, written[name] ?? []);
  }
  return folder;
}

/** CIFAR-100's binary version at its real size; every byte that `written` leaves out is 0. */
export function writeCifar100(folder: string, written: Written = {}): string {
  mkdirSync(folder, { recursive: true });
  writeRecords(folder, 'train.bin', 50_000, 2 + imageBytes, written['train.bin'] ?? []);
  writeRecords(folder, 'test.bin', 10_000, 2 + imageBytes, written['test.bin'] ?? []);
  return folder;
}

/** The bytes of an image whose pixel p of channel c is (p + 80 c + shift) mod 256. */
export function planes(shift: number): number[] {
  return Array.from(
    { length: imageBytes },
    (_, i) => ((i % 1024) + 80 * Math.floor(i / 1024) + shift) % 256,
  );
}
