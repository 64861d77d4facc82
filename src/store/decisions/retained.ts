/** What is kept of retained values, and what they count: the same for every store. */
import { limits } from '../../base/limits.ts';
import type { Retain, RetainedRoom, RetainedUsage } from '../retained.ts';

export interface CountedValue {
  readonly owner: string;
  readonly counted: number;
}

export function countedBytes({ topic, body }: Pick<Retain, 'topic' | 'body'>): number {
  return Buffer.byteLength(topic) + body.length + limits.retainedOverheadBytes;
}

/** Of what there is no room, undefined: there is. `standing`: what the topic has now. */
export function fullRoom(
  value: CountedValue,
  standing: CountedValue | undefined,
  { own, all }: { readonly own: RetainedUsage; readonly all: RetainedUsage },
  room: RetainedRoom,
): 'owner' | 'all' | undefined {
  const isOwn = standing?.owner === value.owner;
  const exceeds = (usage: RetainedUsage, isReplaced: boolean, values: number, bytes: number) =>
    usage.values + (isReplaced ? 0 : 1) > values ||
    usage.bytes + value.counted - (isReplaced ? (standing?.counted ?? 0) : 0) > bytes;
  if (exceeds(own, isOwn, room.ownerValuesMax, room.ownerBytesMax)) return 'owner';
  if (exceeds(all, standing !== undefined, room.allValuesMax, room.allBytesMax)) return 'all';
  return undefined;
}
