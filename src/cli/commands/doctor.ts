/** `cim doctor`: checks a machine and a cluster. */
import type { Command } from '../command.ts';
import { settingsOf } from '../settings-of.ts';

export const doctorCommand: Command = {
  name: 'doctor',
  group: 'Look after it',
  summary: 'checks this machine and a cluster, and says what to do about what is not well',
  role: 'doctor',
  examples: [
    'cim doctor',
    'cim doctor --zk 10.0.0.1 --redis 10.0.0.2',
    'cim doctor --route http://10.0.0.1:8083 --json',
  ],
  async run(call) {
    const settings = await settingsOf('doctor', call);
    const { runDoctor } = await import('../doctor/run-doctor.ts');
    return runDoctor(settings, call.host.stdout);
  },
};
