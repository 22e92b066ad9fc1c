import type { ImportSummary } from '../import/import-model.js';

/** What was imported and where it lies, for people. */
export function importText(summary: ImportSummary, output: string): string {
  const { network, stages, tau, image, classes, bytes } = summary;
  const { height, width, channels } = image;
  return [
    `${network}: blocks [${stages.join(', ')}] of tau ${tau.join(', ')}, images ${height}x${width}x${channels}, ` +
      `${classes} classes`,
    `${output}: ${bytes} bytes (snn inspect ${output})`,
  ].join('\n');
}
