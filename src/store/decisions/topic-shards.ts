/** In which shard a filter is, and which shards hold what matches a topic: the same for every store. */
import { firstLevelOf, parseTopicFilter } from '../../base/topics/topic.ts';

/** Of filters that begin with a level; changing it loses track of those that are kept. */
const levelShards = 64;
/** Of those that begin with a wildcard. */
const wildcardShard = levelShards;
export const topicShards = levelShards + 1;

/** Of a valid filter. */
export function shardOfFilter(written: string): number {
  const level = firstLevelOf(parseTopicFilter(written).filter);
  return level === '+' || level === '#' ? wildcardShard : shardOfLevel(level);
}

export function shardsOfTopic(topic: string): readonly [number, number] {
  return [shardOfLevel(firstLevelOf(topic)), wildcardShard];
}

/** FNV-1a: it must never be another one. */
function shardOfLevel(level: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(level)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0) % levelShards;
}
