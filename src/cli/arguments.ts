/**
 * Splits the command line, with cac, into a command, its flags and other words. It judges only the
 * command and the number of its words. src/config checks the values, together with those from other
 * sources.
 */
import { type CAC, cac } from 'cac';
import { optionsOf } from '../config/options.ts';
import type { FlagValues } from '../config/sources/flags.ts';
import { didYouMean } from '../config/suggest.ts';
import type { Command } from './command.ts';

export interface Arguments {
  /** Undefined if there is none on the command line. */
  readonly command: Command | undefined;
  readonly flags: FlagValues;
  readonly positionals: readonly string[];
  readonly help: boolean;
  readonly version: boolean;
  /** What is wrong with the command and the number of its arguments. */
  readonly problem: string | undefined;
}

const globalFlags = new Set(['h', 'help', 'v', 'version', '--']);

export function parseArguments(commands: readonly Command[], argv: readonly string[]): Arguments {
  const [first, ...rest] = argv;
  // As people ask other programs: `cim help send` is `cim send --help`.
  if (first === 'help') return parseArguments(commands, [...rest, '--help']);
  if (first === 'version') return parseArguments(commands, [...rest, '--version']);
  const cli = describe(commands);
  const { args, options } = cli.parse(['', '', ...argv.map(protect)], { run: false });
  const flags: Record<string, (string | boolean)[]> = {};
  for (const [key, value] of Object.entries<unknown>(options)) {
    if (!globalFlags.has(key)) flags[flagName(key, value)] = [value].flat().map(reveal);
  }
  const positionals: string[] = [];
  for (const word of [...args, ...(options['--'] as string[])]) {
    // A switch has no value for cac: it leaves the `yes` of `--json=yes` among the words.
    if (word.startsWith(afterEquals)) flags[flagBefore(argv, word)] = [reveal(word)];
    else positionals.push(reveal(word));
  }
  const command = commands.find(({ name }) => name === cli.matchedCommand?.name);
  return {
    command,
    flags,
    positionals,
    help: options.help === true,
    version: options.version === true,
    problem: checkWords(cli, positionals, Object.keys(flags).length > 0),
  };
}

function describe(commands: readonly Command[]): CAC {
  const cli = cac('cim');
  cli.option('-h, --help', 'Explain').option('-v, --version', 'Tell the version');
  for (const { name, summary, positionals, role } of commands) {
    const command = cli.command([name, positionals].join(' ').trim(), summary);
    for (const [flag, { type, description }] of role ? optionsOf(role) : []) {
      command.option(type === 'boolean' ? `--${flag}` : `--${flag} <value>`, description);
    }
  }
  return cli;
}

function checkWords(
  { commands, matchedCommand }: CAC,
  positionals: readonly string[],
  hasFlags: boolean,
): string | undefined {
  const [first] = positionals;
  if (!matchedCommand) {
    if (first === undefined) return hasFlags ? 'a command comes first' : undefined;
    const names = commands.map(({ name }) => name);
    return `${first}: is not a command${didYouMean(first, names)}`;
  }
  const { args } = matchedCommand;
  const absent = args.slice(positionals.length).find(({ required }) => required);
  if (absent) return `<${absent.value}> must be given`;
  const surplus = args.some(({ variadic }) => variadic) ? undefined : positionals[args.length];
  return surplus === undefined ? undefined : `${surplus}: is one argument too many`;
}

/*
 * cac's parser (mri) makes a number of all that looks like one (`--name 007` is 7, 2^53 + 1 is 2^53), takes the next word for the
 * value of `--name=`, and the word `true` after a switch for its value; cac has no way to ask for text. So whatever it would take
 * for more than text goes through it behind a NUL, which no real argument can hold. (A flag never looks like a number: `-5` is a
 * word.)
 */
const mark = '\0';
const afterEquals = `${mark}=`;

function protect(argument: string): string {
  const [, flag, value = ''] = /^(-[^=]*=)(.*)$/s.exec(argument) ?? [];
  if (flag !== undefined) return flag + afterEquals + value;
  const special = ['-', 'true', 'false'].includes(argument) || Number.isFinite(Number(argument));
  return special ? mark + argument : argument;
}

function reveal(value: string): string;
function reveal(value: unknown): string | boolean;
function reveal(value: unknown): string | boolean {
  return typeof value === 'string' ? value.replace(/^\0=?/, '') : value !== false;
}

/** cac has turned `http-port` into `httpPort`, and `a.b` into an object with the key `b`. */
function flagName(key: string, value: unknown): string {
  const isDotted = typeof value === 'object' && value !== null && !Array.isArray(value);
  const name = isDotted ? `${key}.${Object.keys(value)[0]}` : key;
  return name.replace(/=.*/s, '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function flagBefore(argv: readonly string[], word: string): string {
  const argument = argv.find((each) => protect(each).endsWith(word)) ?? '';
  return argument.replace(/^-+/, '').replace(/=.*/s, '');
}
