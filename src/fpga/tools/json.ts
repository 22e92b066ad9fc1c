import { readFile } from 'node:fs/promises';
import { isRecord } from '../../util/json.js';

type JsonRecord = Readonly<Record<string, unknown>>;

/** Parses a JSON object; throws where the text is none. `what` names it in the error. */
export function parseJsonRecord(text: string | Uint8Array, what: string): JsonRecord {
  const value: unknown = JSON.parse(
    typeof text === 'string' ? text : new TextDecoder().decode(text),
  );
  if (!isRecord(value)) throw new TypeError(`${what} is no JSON object`);
  return value;
}

/** Reads a file that holds a JSON object. */
export async function readJson(path: string): Promise<JsonRecord> {
  return parseJsonRecord(await readFile(path), path);
}
