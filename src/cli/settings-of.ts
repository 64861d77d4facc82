/** From one use of a command to its settings. */
import { loadSettings } from '../config/load.ts';
import type { Role } from '../config/option.ts';
import type { SettingsOf } from '../config/settings.ts';
import type { Call } from './command.ts';

/**
 * Warnings are told as errors are: plainly, on stderr. There is no log before there are settings.
 */
export async function settingsOf<R extends Role>(
  role: R,
  { flags, host }: Call,
): Promise<SettingsOf<R>> {
  const { settings, warnings } = await loadSettings(role, { flags, env: host.env });
  for (const warning of warnings) host.stderr.write(`cim ${role}: warning: ${warning}\n`);
  return settings;
}
