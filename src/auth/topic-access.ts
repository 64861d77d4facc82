/**
 * Who may publish to a topic of the free space, and subscribe to a filter of it: the one place that
 * decides. Who is not named here may do neither. Topics of people and groups (`cim/…`) are another matter:
 * nobody gets at them by this.
 */
import { isFreeTopic, parseTopicFilter } from '../base/topics/topic.ts';
import { allows, type TopicAction, type TopicRight } from '../base/topics/topic-right.ts';

export type TopicIdentity =
  /** Somebody who bears a device key. Its rights are all that it has, also where topics are open. */
  | { readonly kind: 'device'; readonly name: string; readonly rights: readonly TopicRight[] }
  /** An account that has proven who it is; with `--auth open`, also one that has not. */
  | { readonly kind: 'account'; readonly userId: number }
  /** With `--auth open`: a client that has said no name. */
  | { readonly kind: 'nobody' };

export interface TopicQuestion {
  readonly action: TopicAction;
  /** What is published to, or subscribed to (also `$share/NAME/FILTER`); valid. */
  readonly topic: string;
  readonly identity: TopicIdentity;
  /** As the client has given it; undefined: the server has drawn it, or it is no client. */
  readonly clientId: string | undefined;
  /** `--topics-open`. */
  readonly isOpen: boolean;
}

export function mayUseTopic({ action, topic, identity, clientId, isOpen }: TopicQuestion): boolean {
  const plain = action === 'subscribe' ? parseTopicFilter(topic).filter : topic;
  if (!isFreeTopic(plain)) return false;
  if (identity.kind !== 'device') return isOpen;
  return allows(identity.rights, action, plain, { user: identity.name, clientId });
}

/** Whose a session or a retained value is, in one word: for quotas, and as a part of the key of a session. */
export function topicOwnerOf(identity: TopicIdentity): string {
  if (identity.kind === 'device') return `d:${identity.name}`;
  return identity.kind === 'account' ? `u:${identity.userId}` : 'nobody';
}
