import { complement, kernelCount, kernelElements, signCode } from './kernels.js';
import { representativeCount, type Subset } from './subset.js';

const lowElements = 5;
const lowCodes = 2 ** lowElements;
const highCodes = kernelCount / lowCodes;

/**
 * Inner products of `values[from .. from + n)` with all 2^n sign patterns, by code. Each doubles the
 * pattern by one element: 2^n additions in all instead of n 2^n.
 */
function patternSums(values: Float32Array, from: number, n: number, sums: Float64Array): void {
  let total = 0;
  for (let j = 0; j < n; j++) total -= values[from + j];
  sums[0] = total;
  for (let j = 0; j < n; j++) {
    const bit = 1 << j;
    const twice = 2 * values[from + j];
    for (let code = 0; code < bit; code++) sums[bit + code] = sums[code] + twice;
  }
}

/**
 * For each latent kernel the index of the nearest member. All members have the same norm, so the
 * nearest in L2 is the one of largest inner product; the lowest index wins a tie. Of all 512 kernels
 * the nearest is the latents' signs, zero counting as positive.
 *
 * @param latents [kernels, 9]
 * @param indices [kernels], overwritten
 * @returns how many kernels changed their index
 */
export function chooseMembers(
  latents: Float32Array,
  subset: Pick<Subset, 'structure' | 'representatives'>,
  indices: Uint16Array,
): number {
  const { structure, representatives } = subset;
  const antipodal = structure === 'antipodal';
  const count = representatives.length;
  const indexOfCode =
    count === representativeCount(kernelElements, structure) ? wholeSpaceIndices(subset) : null;
  const low = new Float64Array(lowCodes);
  const high = new Float64Array(highCodes);
  let changed = 0;

  for (let kernel = 0; kernel < indices.length; kernel++) {
    const from = kernel * kernelElements;
    let best = 0;
    if (indexOfCode) {
      best = indexOfCode[signCode(latents, from)];
    } else {
      patternSums(latents, from, lowElements, low);
      patternSums(latents, from + lowElements, kernelElements - lowElements, high);
      let most = Number.NEGATIVE_INFINITY;
      let least = 0;
      let leastAt = 0;
      for (let i = 0; i < count; i++) {
        const code = representatives[i];
        const product = low[code & (lowCodes - 1)] + high[code >> lowElements];
        if (product > most) {
          most = product;
          best = i;
        }
        if (product < least) {
          least = product;
          leastAt = i;
        }
      }
      if (antipodal && -least > most) best = leastAt + count;
    }
    if (indices[kernel] !== best) changed++;
    indices[kernel] = best;
  }
  return changed;
}

function wholeSpaceIndices(subset: Pick<Subset, 'structure' | 'representatives'>): Uint16Array {
  const byCode = new Uint16Array(kernelCount);
  const { structure, representatives } = subset;
  representatives.forEach((code, i) => {
    byCode[code] = i;
    if (structure === 'antipodal') byCode[complement(code)] = i + representatives.length;
  });
  return byCode;
}

/**
 * Scale of each output channel: the mean magnitude of its latents.
 *
 * @param latents [Cout, Cin, 3, 3]
 */
export function channelScales(latents: Float32Array, outChannels: number): Float32Array {
  const perChannel = latents.length / outChannels;
  return Float32Array.from({ length: outChannels }, (_, o) => {
    let sum = 0;
    for (let i = o * perChannel; i < (o + 1) * perChannel; i++) sum += Math.abs(latents[i]);
    return sum / perChannel;
  });
}

/**
 * The weights that the forward pass uses: alpha[o] times the chosen member's signs.
 *
 * @param indices [Cout, Cin]
 * @param weights [3, 3, Cin, Cout], overwritten
 */
export function writeQuantizedWeights(
  members: Uint16Array,
  indices: Uint16Array,
  alpha: Float32Array,
  weights: Float32Array,
): void {
  const outChannels = alpha.length;
  const inChannels = indices.length / outChannels;
  const plane = inChannels * outChannels;
  for (let j = 0; j < kernelElements; j++) {
    let at = j * plane;
    for (let c = 0; c < inChannels; c++) {
      for (let o = 0; o < outChannels; o++) {
        const code = members[indices[o * inChannels + c]];
        weights[at++] = (2 * ((code >> j) & 1) - 1) * alpha[o];
      }
    }
  }
}

/**
 * The straight-through estimator: the gradient of a quantised weight passes to its latent where
 * |latent| <= 1 and is zero elsewhere.
 *
 * @param weightGradient [3, 3, Cin, Cout]
 * @param latents [Cout, Cin, 3, 3]
 * @param latentGradient [Cout, Cin, 3, 3], overwritten
 */
export function writeLatentGradient(
  weightGradient: Float32Array,
  latents: Float32Array,
  outChannels: number,
  latentGradient: Float32Array,
): void {
  const plane = latents.length / kernelElements;
  let to = 0;
  for (let o = 0; o < outChannels; o++) {
    for (let from = o; from < plane; from += outChannels) {
      for (let at = from; at < latents.length; at += plane, to++) {
        latentGradient[to] = Math.abs(latents[to]) <= 1 ? weightGradient[at] : 0;
      }
    }
  }
}
