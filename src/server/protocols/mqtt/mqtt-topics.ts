/** The topics below `cim/`: to whom a message goes, and where messages come from. */

import { limits } from '../../../base/limits.ts';
import { isGroupName } from '../../../base/text/names.ts';
import { lobby } from '../../../codec/commands.ts';

/** What is sent to a client's user alone. */
const inboxTopic = 'cim/inbox';
const lobbyTopic = 'cim/lobby';
const userPrefix = 'cim/u/';
const groupPrefix = 'cim/g/';

/** Of a message: a user, or a group. */
export interface Destination {
  readonly to: number;
  readonly group: string;
}

/** Where what is published to this topic goes. Undefined: nobody may publish there. */
export function destinationOf(topic: string): Destination | undefined {
  if (topic.startsWith(userPrefix)) {
    const id = topic.slice(userPrefix.length);
    const to = /^[1-9]\d{0,15}$/.test(id) ? Number(id) : 0;
    return to > 0 && to <= limits.userIdMax ? { to, group: '' } : undefined;
  }
  const group = groupOfTopic(topic);
  return group === undefined ? undefined : { to: 0, group };
}

/** Which timeline a filter asks for: empty, the user's own; else that of a group. Undefined: none. */
export function timelineOfFilter(filter: string): string | undefined {
  return filter === inboxTopic ? '' : groupOfTopic(filter);
}

/** On which topic the messages of a timeline are told. */
export function topicOfTimeline(timeline: string): string {
  if (timeline === '') return inboxTopic;
  return timeline === lobby ? lobbyTopic : groupPrefix + timeline;
}

/** What nobody can publish to: a wildcard, nothing, or more than a topic may be. */
export function isTopicName(topic: string): boolean {
  return topic !== '' && !/[+#]/.test(topic) && isShort(topic);
}

/** Wildcards stand for whole levels, and # for the last one. */
export function isFilter(filter: string): boolean {
  if (filter === '' || !isShort(filter)) return false;
  const levels = filter.split('/');
  return levels.every(
    (level, index) =>
      level === '+' || (level === '#' ? index === levels.length - 1 : !/[+#]/.test(level)),
  );
}

export function hasWildcard(filter: string): boolean {
  return /[+#]/.test(filter);
}

function groupOfTopic(topic: string): string | undefined {
  if (topic === lobbyTopic) return lobby;
  if (!topic.startsWith(groupPrefix)) return undefined;
  const group = topic.slice(groupPrefix.length);
  return group !== lobby && isGroupName(group) ? group : undefined;
}

function isShort(topic: string): boolean {
  return Buffer.byteLength(topic) <= limits.topicBytesMax;
}
