import { openStore } from '../pipeline/store.js';
import { examineMachine } from '../util/machine.js';
import { BaseCommand } from './base.js';

export default class Doctor extends BaseCommand {
  static override summary = 'Say what this machine has, what is missing and how to get it.';
  static override description =
    'Exit code 0 if everything that is needed is there, 3 if not; what is optional never matters.';
  static override examples = [
    '<%= config.bin %> doctor',
    { description: 'For a program', command: '<%= config.bin %> doctor --json' },
  ];

  async run(): Promise<object> {
    await this.parse(Doctor);
    const { examineRequirements, examineStore } = await import('../doctor/examine.js');
    const { doctorText } = await import('../doctor/text.js');
    const findings = await examineRequirements();
    const machine = examineMachine();
    const store = await examineStore(openStore().root);
    const ready = store.writable && findings.every(({ needed, found }) => !needed || found);
    if (!ready) process.exitCode = 3;
    this.log(doctorText(findings, machine, store));
    return { ready, machine, store, findings };
  }
}
