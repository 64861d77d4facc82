/** `cim verify`: loaded when asked for, as the roles are. */
import { createLogger } from '../../base/log.ts';
import type { Command } from '../command.ts';
import { settingsOf } from '../settings-of.ts';

export const verifyCommand: Command = {
  name: 'verify',
  group: 'Look after it',
  summary: 'checks that a cluster loses, doubles and disorders nothing, while things go wrong',
  role: 'verify',
  examples: [
    'cim verify --zk 10.0.0.1 --minutes 5',
    'cim verify --route http://10.0.0.1:8083 --users 50 --rate 500',
    'cim verify --minutes 5 --faults',
  ],
  async run(call) {
    const settings = await settingsOf('verify', call);
    const { runVerify } = await import('../../verify/main.ts');
    return runVerify(settings, createLogger('verify', settings.logLevel), call.host);
  },
};
