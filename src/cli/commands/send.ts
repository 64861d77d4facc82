/** `cim send` */
import { CimError } from '../../base/errors.ts';
import { createLogger } from '../../base/log.ts';
import type { Command } from '../command.ts';
import { settingsOf } from '../settings-of.ts';

export const sendCommand: Command = {
  name: 'send',
  group: 'Use it',
  summary: 'sends one message, or each line of its input, and ends',
  positionals: '[...text]',
  role: 'send',
  examples: [
    'cim send --user-id 1 --name amy --to 2 hello bob',
    'cim send --user-id 1 --name amy --to 2 --file report.pdf',
    'make 2>&1 | cim send --user-id 1 --name amy --group builds',
  ],
  async run(call) {
    const settings = await settingsOf('send', call);
    if (settings.to === undefined && settings.group === undefined) {
      throw new CimError('usage', '--to or --group must be given');
    }
    const text = call.positionals.length > 0 ? call.positionals.join(' ') : undefined;
    // Of a script whose variable is empty. No input at all is none, as of a command that found nothing.
    if (text?.trim() === '') throw new CimError('usage', 'the text is empty: nothing is sent');
    if (settings.file !== undefined && (text !== undefined || settings.transient))
      throw new CimError('usage', '--file goes without a text, and is always stored');
    const { runSend } = await import('../../client/terminal/send.ts');
    return runSend(settings, text, createLogger('send', settings.logLevel), call.host);
  },
};
