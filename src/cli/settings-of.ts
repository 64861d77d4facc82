/** From one use of a command to its settings, and from settings to the command of a worker. */
import { formatRemark } from '../client/terminal/view/layout.ts';
import { loadSettings } from '../config/load.ts';
import { environmentName, type Role } from '../config/option.ts';
import { optionsOf } from '../config/options.ts';
import { holdsSecret } from '../config/secret-options.ts';
import { camelCase, type SettingsOf } from '../config/settings.ts';
import type { Call } from './command.ts';
import type { WorkerSecrets } from './workers/run-workers.ts';

/**
 * Warnings are told as errors are: plainly, on stderr. There is no log before there are settings.
 */
export async function settingsOf<R extends Role>(
  role: R,
  { flags, host }: Call,
): Promise<SettingsOf<R>> {
  // What was typed is shown to all users of the machine until now.
  if (optionsOf(role).some(([name, option]) => holdsSecret(option) && flags[name]))
    host.title = `cim ${role}`;
  const { settings, warnings } = await loadSettings(role, { flags, env: host.env });
  for (const warning of warnings)
    host.stderr.write(formatRemark(`cim ${role}: warning`, warning, host.stderr.columns));
  return settings;
}

/** The secrets of a role as its workers get them: by variables, not by flags that all users see. */
export function secretsOf<R extends 'server' | 'route'>(
  role: R,
  settings: SettingsOf<R>,
): WorkerSecrets {
  const values = new Map<string, unknown>(Object.entries(settings));
  const secrets: Record<string, string | undefined> = {};
  const names: string[] = [];
  for (const [name, option] of optionsOf(role)) {
    const isSecret = holdsSecret(option);
    if (!isSecret && option.fileOf === undefined) continue;
    const value = isSecret ? values.get(camelCase(name)) : undefined;
    secrets[environmentName(name)] = typeof value === 'string' ? value : undefined;
    names.push(name);
  }
  return { secrets, names };
}
