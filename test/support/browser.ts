import { existsSync } from 'node:fs';

/** The Chromium of this machine, or none. */
export const chromiumPath =
  ['/usr/bin/chromium', '/usr/bin/google-chrome'].find(existsSync) ?? null;

/** Says in a test's name why it is skipped. */
export const inChromium = chromiumPath
  ? 'in Chromium'
  : 'in Chromium: skipped, it is not installed';
