import { startBackend } from './backends.js';
import { type ProbeAnswer, probeMark } from './registry.js';

/**
 * Starts the engine that is named on the command line, in this process of its own: a native library
 * that crashes takes nothing with it. Prints the mark and what was found, as JSON.
 */
const name = process.argv[2] as Parameters<typeof startBackend>[0];
const { library, device, isGpu } = await startBackend(name);
const answer: ProbeAnswer = { library, device, isGpu };
console.log(probeMark + JSON.stringify(answer));
process.exit(0);
