/** `cim verify`: loaded when asked for, as the roles are. */
import { CimError } from '../../base/errors.ts';
import { createLogger } from '../../base/log.ts';
import type { Command } from '../command.ts';
import { settingsOf } from '../settings-of.ts';

export const verifyCommand: Command = {
  name: 'verify',
  group: 'Look after it',
  summary: 'checks that a cluster loses, doubles and disorders nothing, while things go wrong',
  role: 'verify',
  examples: ['cim verify --route http://10.0.0.1:8083', 'cim verify --zk 10.0.0.1 --minutes 5'],
  async run(call) {
    const settings = await settingsOf('verify', call);
    if (settings.route === undefined && settings.zk === undefined)
      throw new CimError('usage', '--route or --zk must be given');
    const { runVerify } = await import('../../verify/main.ts');
    return runVerify(settings, createLogger('verify', settings.logLevel), call.host);
  },
};
