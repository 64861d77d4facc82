/**
 * What somebody may publish to, or subscribe to, as text: `pub telemetry/%u/#`, `sub cmd/%u/+`. `%u` stands
 * for the name of who does it, `%c` for the id of the client.
 */
import { CimError } from '../errors.ts';
import { limits } from '../limits.ts';
import { covers, isFreeTopic, parseTopicFilter } from './topic.ts';

export type TopicAction = 'publish' | 'subscribe';

export interface TopicRight {
  readonly action: TopicAction;
  /** A filter in which `%u` and `%c` stand for names. */
  readonly pattern: string;
}

export interface TopicNames {
  /** Undefined: nobody is known by a name. */
  readonly user: string | undefined;
  /** Undefined: it is no client, or has no id of its own. */
  readonly clientId: string | undefined;
}

const words = { pub: 'publish', sub: 'subscribe' } as const;

/** Throws `invalid-argument` or `too-long`. */
export function parseTopicRight(text: string): TopicRight {
  const [, word, pattern = ''] = /^(pub|sub) +(.*)$/s.exec(text) ?? [];
  if (word === undefined)
    throw new CimError('invalid-argument', 'allow: must be pub PATTERN or sub PATTERN');
  const filter = pattern.replaceAll(/%[uc]/g, 'x');
  if (parseTopicFilter(filter).share !== undefined || !isFreeTopic(filter))
    throw new CimError('invalid-argument', 'allow: must be of topics that are not below cim/ or $');
  return { action: words[word as keyof typeof words], pattern };
}

export function formatTopicRight({ action, pattern }: TopicRight): string {
  return `${action === 'publish' ? 'pub' : 'sub'} ${pattern}`;
}

/** Of a topic, or of a filter without `$share`, that is valid. */
export function allows(
  rights: readonly TopicRight[],
  action: TopicAction,
  topicOrFilter: string,
  names: TopicNames,
): boolean {
  return rights.some((right) => {
    if (right.action !== action) return false;
    const filter = filledIn(right.pattern, names);
    return filter !== undefined && covers(filter, topicOrFilter);
  });
}

/**
 * Undefined where a name is missing, or is more than a part of one level: nobody gets the rights of
 * others by what they call themselves.
 */
function filledIn(pattern: string, { user, clientId }: TopicNames): string | undefined {
  const names: Readonly<Record<string, string | undefined>> = { '%u': user, '%c': clientId };
  let isWhole = true;
  const filter = pattern.replaceAll(/%[uc]/g, (place) => {
    const name = names[place];
    if (name === undefined || !isPartOfLevel(name)) isWhole = false;
    return name ?? '';
  });
  return isWhole ? filter : undefined;
}

function isPartOfLevel(name: string): boolean {
  return name !== '' && name.length <= limits.topicBytesMax && !/[/+#$]/.test(name);
}
