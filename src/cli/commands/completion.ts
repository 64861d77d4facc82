/** `cim completion`: a script that makes a shell complete commands, flags and their choices. */
import { CimError } from '../../base/errors.ts';
import { exitCodes } from '../../base/exit-codes.ts';
import { optionEntries, optionsOf } from '../../config/options.ts';
import type { Call, Command } from '../command.ts';

const shells = ['bash', 'zsh'];

/** Takes the other commands, which it completes. */
export function completionCommand(others: readonly Command[]): Command {
  const command: Command = {
    name: 'completion',
    group: 'Look after it',
    summary: 'prints a script for your shell that completes what you type',
    positionals: `<${shells.join('|')}>`,
    examples: ['source <(cim completion bash)', 'source <(cim completion zsh)'],
    async run({ positionals: [shell = ''], host }: Call): Promise<number> {
      if (!shells.includes(shell))
        throw new CimError('usage', `${shell}: must be one of ${shells.join(', ')}`);
      // zsh understands bash's way after this.
      if (shell === 'zsh') host.stdout.write('autoload -U +X bashcompinit && bashcompinit\n');
      host.stdout.write(script([...others, command]));
      return exitCodes.ok;
    },
  };
  return command;
}

function script(commands: readonly Command[]): string {
  const flags = commands.map(({ name, role }) => {
    const options = role ? optionsOf(role) : [];
    return `    ${name}) words="${[...options.map(([option]) => `--${option}`), '--help'].join(' ')}" ;;`;
  });
  const choices = optionEntries.flatMap(([name, option]) =>
    option.type === 'choice' ? [`    --${name}) words="${option.choices.join(' ')}" ;;`] : [],
  );
  return `_cim() {
  local words=
  case "\${COMP_WORDS[1]}" in
${flags.join('\n')}
  esac
  case "\${COMP_WORDS[COMP_CWORD-1]}" in
    cim) words="${commands.map(({ name }) => name).join(' ')} --help --version" ;;
${choices.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _cim cim
`;
}
