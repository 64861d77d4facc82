/**
 * Settings from the environment: `CIM_HTTP_PORT` for `--http-port`. An empty variable counts as not
 * set.
 */
import { environmentName, type Option, type Role } from '../option.ts';
import { optionEntries } from '../options.ts';
import { didYouMean } from '../suggest.ts';
import type { Given, Reading } from './reading.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const prefix = 'CIM_';

export function readEnvironment(role: Role, environment: Environment): Reading {
  const options = optionEntries.filter(([, option]) => option.sources?.includes('env') ?? true);
  const byVariable = new Map(options.map((entry) => [environmentName(entry[0]), entry]));
  const given: Given[] = [];
  const warnings: string[] = [];
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith(prefix) || !text) continue;
    const [name, option] = byVariable.get(variable) ?? [];
    if (!name || !option) {
      warnings.push(`${variable}: is not a setting${suggestion(variable, [...byVariable.keys()])}`);
    } else if (isServiceLink(option, text)) {
      warnings.push(`${variable}: ignored: Kubernetes has set it for a service of that name`);
    } else if (role in option.defaults) {
      given.push({ name, text, source: 'env', where: variable });
    }
  }
  return { given, problems: [], warnings };
}

function suggestion(variable: string, known: readonly string[]): string {
  const bare = (name: string) => name.slice(prefix.length);
  return didYouMean(bare(variable), known.map(bare), prefix);
}

/** Kubernetes gives every pod CIM_PORT=tcp://10.0.0.1:9000 when there is a service named cim. */
function isServiceLink(option: Option, text: string): boolean {
  return option.type === 'port' && /^(tcp|udp|sctp):\/\//.test(text);
}
