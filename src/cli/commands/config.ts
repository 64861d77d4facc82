/**
 * `cim config`: what each role's settings are and where they come from, or what is wrong with them.
 */

import { CimError } from '../../base/errors.ts';
import { exitCodes } from '../../base/exit-codes.ts';
import { align } from '../../base/text/align.ts';
import { formatRemark } from '../../client/terminal/view/layout.ts';
import {
  formatProblem,
  type Inspection,
  inspectSettings,
  loadSettings,
  type Setting,
} from '../../config/load.ts';
import { type Role, roles } from '../../config/option.ts';
import { didYouMean } from '../../config/suggest.ts';
import { showValue } from '../../config/value.ts';
import type { Call, Command } from '../command.ts';

const inspectable = roles.filter((role) => role !== 'config');

export const configCommand: Command = {
  name: 'config',
  group: 'Look after it',
  summary: 'shows the settings of a role, where each comes from, and what is wrong',
  positionals: '[role]',
  role: 'config',
  examples: ['cim config server', 'cim config --config cim.yaml --check'],
  run: showConfig,
};

async function showConfig({ flags, positionals, host }: Call): Promise<number> {
  const { config = [], ...own } = flags;
  const { settings } = await loadSettings('config', { flags: own, env: {} });
  const found = new Map<Role, Inspection>();
  for (const role of rolesNamed(positionals[0])) {
    found.set(
      role,
      await inspectSettings(role, { flags: config.length > 0 ? { config } : {}, env: host.env }),
    );
  }
  if (!settings.check) {
    for (const [role, inspection] of found) host.stdout.write(formatSettings(role, inspection));
  }
  // Several roles see the same wrong variable: it is told once.
  const warnings = new Set([...found.values()].flatMap((inspection) => inspection.warnings));
  const { columns } = host.stderr;
  for (const warning of warnings)
    host.stderr.write(formatRemark('cim config: warning', warning, columns));
  const problems = new Set(
    [...found.values()].flatMap((inspection) => inspection.problems.map(formatProblem)),
  );
  for (const problem of problems) host.stderr.write(formatRemark('cim config', problem, columns));
  return settings.check && problems.size > 0 ? exitCodes.badConfig : exitCodes.ok;
}

function rolesNamed(name: string | undefined): readonly Role[] {
  if (name === undefined) return inspectable;
  const role = inspectable.find((candidate) => candidate === name);
  if (!role) throw new CimError('usage', `${name}: is not a role${didYouMean(name, inspectable)}`);
  return [role];
}

function formatSettings(role: Role, { settings, missing }: Inspection): string {
  const rows = settings.map((setting) => {
    const isMissing = missing.includes(setting.name);
    return [setting.name, isMissing ? '(must be given)' : valueText(setting), setting.from];
  });
  return [role, ...align(rows).map((line) => `  ${line}`), ''].join('\n');
}

function valueText({ option, value, from: origin }: Setting): string {
  if (value !== undefined) return showValue(option, value);
  return origin === 'default' ? '-' : '(wrong)';
}
