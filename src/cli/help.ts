/** What `--help` prints, from the table of commands and the table of options. */

import { version } from '../base/process/version.ts';
import { align } from '../base/text/align.ts';
import { choicesText, defaultText, flagForm } from '../config/describe.ts';
import { alternativeTo, type Option, type Role, required } from '../config/option.ts';
import { type OptionName, optionsOf } from '../config/options.ts';
import type { Command } from './command.ts';

const sourcesNote = `Every option can also be a variable (--http-port 8081: CIM_HTTP_PORT=8081) or a key of the YAML or JSON
file that --config names (http-port: 8081). A flag wins over a variable, a variable over the file.`;

export function programHelp(commands: readonly Command[]): string {
  const lines = align(commands.map(({ name, summary }) => [name, summary]));
  return page([
    `cim ${version}: instant messaging, app push and messages of things, in one executable`,
    'Usage: cim <command> [options]',
    ...sections(lines, (index) => commands[index]?.group),
    section('To begin with', ['cim dev', 'cim client --user-id 1 --name amy']),
    `cim <command> --help tells the options of a command.\n${sourcesNote}`,
  ]);
}

export function commandHelp(command: Command): string {
  const { name, summary, positionals, actions, role, examples } = command;
  const takesOtherSources = role && optionsOf(role).some(([, { sources }]) => !sources);
  const usage = ['cim', name, role && '[options]', positionals].filter(
    (word) => word !== undefined,
  );
  return page([
    `cim ${name}: ${summary}`,
    `Usage: ${usage.join(' ')}`,
    ...(actions ? [section('Actions', align(actions))] : []),
    ...(role ? optionSections(role) : []),
    section('Examples', examples),
    ...(takesOtherSources ? [sourcesNote] : []),
  ]);
}

function optionSections(role: Role): string[] {
  const rows = optionsOf(role).flatMap(([name, option]) => {
    return optionRows(role, name, option).map((cells) => ({ topic: option.topic, cells }));
  });
  return sections(align(rows.map(({ cells }) => cells)), (index) => rows[index]?.topic);
}

function optionRows(role: Role, name: OptionName, option: Option): string[][] {
  const otherwise = defaultText(option, role);
  const value = option.defaults[role];
  const isRequired = value === required || alternativeTo(value) !== undefined;
  const prefix = isRequired ? '' : 'default ';
  const note = otherwise === undefined ? '' : ` (${prefix}${otherwise})`;
  const choices = choicesText(option);
  return [
    [flagForm(name, option), option.description + note],
    ...(choices === undefined ? [] : [['', choices]]),
  ];
}

/** Lines that were aligned together, under the titles that they belong to. */
function sections(
  lines: readonly string[],
  titleOf: (index: number) => string | undefined,
): string[] {
  const byTitle = Map.groupBy(lines, (_, index) => titleOf(index) ?? '');
  return [...byTitle].map(([title, members]) => section(title, members));
}

function section(title: string, lines: readonly string[]): string {
  return [title, ...lines.map((line) => `  ${line}`)].join('\n');
}

function page(parts: readonly string[]): string {
  return `${parts.join('\n\n')}\n`;
}
