import type { Design } from '../design.js';
import { type Description, protocolVersion } from './accelerator.js';

/**
 * Why an accelerator cannot run a network that was laid out for `design`: it speaks another version of
 * the protocol, or its bitstream was made for another network; null: it can.
 */
export function whyNotFor(design: Design, { protocol, ...found }: Description): string | null {
  if (protocol !== protocolVersion) {
    return `the accelerator speaks version ${protocol} of the protocol, this program ${protocolVersion}`;
  }
  const differences = Object.entries(found).flatMap(([name, value]) => {
    const wanted = design[name as keyof typeof found];
    return value === wanted ? [] : [`${name} ${value} instead of ${wanted}`];
  });
  if (differences.length === 0) return null;
  return `the bitstream was made for another network: it has ${differences.join(', ')}`;
}
