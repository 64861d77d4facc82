/** Which options hold secrets, and the twins by which those are given as files (secret-files.ts). */
import { type Option, optional, type Role, roles } from './option.ts';

/** Whether others must not see its value, on a command line for example. */
export function holdsSecret({ secret, type }: Option): boolean {
  return secret === true || type === 'redis';
}

/** The option itself, and behind it its twin if it has one: no setting of its own. */
export function withSecretFile<Name extends string>([name, option]: readonly [
  Name,
  Option,
]): readonly (readonly [Name, Option])[] {
  if (!holdsSecret(option)) return [[name, option]];
  const members = roles.filter((role) => role in option.defaults);
  const defaults = Object.fromEntries(
    members.map((role): [Role, typeof optional] => [role, optional]),
  );
  const twin: Option = {
    type: 'path',
    topic: option.topic,
    placeholder: 'FILE',
    description: `as --${name}, from a file that is for its owner alone`,
    defaults,
    fileOf: name,
  };
  // To those who read the table it is one option more.
  return [
    [name, option],
    [`${name}-file` as Name, twin],
  ];
}
