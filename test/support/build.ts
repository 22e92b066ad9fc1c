import { execFileSync } from 'node:child_process';

/** Compiles `src` to `dist` once: the command line and every worker thread under test run compiled code. */
export default function build(): void {
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
}
