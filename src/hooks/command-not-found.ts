import type { Hook } from '@oclif/core';
import { nearest } from '../util/nearest.js';

/** Answers a command that there is none of with the nearest one that there is. Exit code 2. */
const commandNotFound: Hook.CommandNotFound = async function ({ id, argv, config }) {
  const message = `there is no command ${id}`;
  const meant = nearest(id, config.commandIDs);
  const next = [
    ...(meant === null ? [] : [`did you mean ${config.bin} ${meant}?`]),
    `see ${config.bin} --help`,
  ];
  if (argv?.includes('--json')) {
    const error = { kind: 'input', message, next, exitCode: 2 };
    process.stdout.write(`${JSON.stringify({ error }, null, 2)}\n`);
  } else {
    process.stderr.write(
      [`error: ${message}`, ...next.map((text) => `next: ${text}`), ''].join('\n'),
    );
  }
  this.exit(2);
};

export default commandNotFound;
