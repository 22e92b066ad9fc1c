import { isBinaryNetwork, type TrainedBinaryNetwork } from '../../src/model/trained.js';
import { decodeTrained } from '../../src/model/trained-file.js';

/** Reads a trained network whose weights and activations are binary. */
export function decodeBinary(bytes: Uint8Array): TrainedBinaryNetwork {
  const network = decodeTrained(bytes);
  if (!isBinaryNetwork(network)) throw new Error('the network is not binary');
  return network;
}
