/**
 * Every key in Redis. `<prefix>:<kind>:{<tag>}`: all keys of a user, group, name or schedule shard carry the same hash tag, so a Redis
 * Cluster keeps them on one node and a script may touch them together. No script touches keys of two tags for one item.
 *
 *   log:{u:7}          stream   entries `<number of the last message>-<mark>` (scripts/append.lua), one field `b`: the bodies, each
 *                               preceded by its length
 *   head:{u:7}         number   the newest number given out; never expires
 *   watch:{u:7}        JSON     open sessions of the user, interested servers of a group: [[device, number, instance, address, sessionId]];
 *                               of a user who was deleted `[]`, for ever: every append reads it, and none is made then
 *   from:{u:7}:<src>   string   "last:seq:refreshed[:refusals]" of one source of appends (scripts/append.lua); expires
 *   talk:{u:7}         hash     what the user has decided about others, what is counted of them and listed (scripts/block.lua) and of the
 *                               timeline (append.lua); of a group: what its owner has set
 *   counts:{u:7}       hash     places of strangers in a user's timeline, of accounts in a group's (scripts/append.lua); expires
 *   marks:{u:7}        hash     how far others have got with what the user has sent (scripts/move-marks.lua)
 *   observers:{u:7}    JSON     servers that want to hear when the user comes or goes (scripts/look-presence.lua); expires
 *   dev:{u:7}          hash     known devices, their numbers and cursors (scripts/open-session.lua)
 *   group:{g:chess}    hash     the group's title, owner, admins (scripts/parts/admins.lua), who may join, 'all' if members may read
 *                               what was said before, its version, and how many joins and removals there were
 *   members:{g:chess}  hash     its members and their places (scripts/join-group.lua)
 *   delivered:{g:chess} zset the ids of its members by how far others know that they have got; read:{g:chess} the same of what they have read
 *   roll:{g:chess}     zset     the ids of its members by number: pages of them
 *   standing:{g:chess} zset     the same ids by the order in which they joined: who is the next owner
 *   invited:{g:chess}  zset     the ids of who was invited and has not joined, by number
 *   removed:{g:chess}  zset     the ids of who was removed, and not invited since, by the order of that
 *   draws:{g:chess}    hash     of an encrypted group: the draws of its key; draw:{g:chess}:<epoch>, staged:{g:chess}:<user> and
 *                               given:{g:chess}:<user> hash: what is sealed for members (scripts/parts/group-keys.lua)
 *   since:{g:chess}    zset     of an encrypted group: the ids of its members by the epoch with which they joined; keyless:{g:chess} the
 *                               same of those who have no key since
 *   changes:{g:chess}  stream   of an encrypted group: what has changed of members and keys
 *   groups:{u:7}       hash     where to look for the user: names of groups and when each was listed (scripts/list-group.lua)
 *   invitations:{u:7}  hash     where to look for invitations (scripts/list-invitation.lua)
 *   acct:{u:7}         hash     the account: its name, what proves its holder, its keys (scripts/create-account.lua)
 *   deletions:{accounts} zset   deletions that have not settled, by the time when they do (scripts/note-deletion.lua)
 *   name:{n:bob}       string   "<user id>:<claimed at>"
 *   last-id:{accounts} number   the last user id drawn
 *   probe:{p:3}        string   written to find out whether that can be; expires at once
 *   id:{store}        string   which store this is (src/store/identity.ts)
 *   salt:{store}      string   what chosen secrets are stretched with (src/store/identity.ts)
 *   api-keys:{applications} hash the keys of applications, as JSON, by id
 *   operators:{operators} hash the accounts of operators, as JSON, by name
 *   audit:{operators}  stream   what they have done, field `r`: a record as JSON
 *   request:{u:7}:<k>  string   "epoch:fingerprint" of the first request that a caller made under this key; expires
 *   due:{s:3}          zset     schedules ("<owner>.<id>") by the time at which they may be leased
 *   later:{s:3}        hash     their payloads
 *   plan:{s:3}:<user>  zset     the ids of one owner's, by the time at which they are due
 *   sent:{s:3}:<sch>   string   of a schedule that was sent, or cancelled: which of both; expires
 *   file:{files}:<id>  hash     what is known of a file (scripts/begin-file.lua)
 *   files-of:{files}:<user> zset the ids of one owner's, by the time at which they were begun
 *   file-owners:{files} zset    owners by the bytes that they have
 *   file-bytes:{files} number   bytes of all files
 *   file-unfinished:{files} zset owners, and `all`, by the bytes of their unfinished files
 *   file-expiry:{files} zset    files ("<owner>.<id>") by the time at which their bytes may be removed
 *   device-keys:{devices} hash  keys of devices, as JSON, by id; device-key-order:{devices} zset their ids: pages of them
 *   retained:{retained} hash    the retained value of each topic (scripts/parts/retained.lua)
 *   retained-order:{retained} zset its topics in the order of their bytes
 *   retained-counts:{retained} hash how many values an owner and all have, and their bytes; the last number
 *   retained-expiry:{retained} zset topics by the time at which their values expire
 *   topic-sessions:{u:7} hash   sessions with filters, by client id: how many (scripts/add-topic-filters.lua)
 *   topic-filters:{u:7}:<client id> hash the filters of a session, and what it has said of each
 *   topic-shard:{t:3}  hash     the filters of a shard: [owner, client id, filter] as JSON, and what was said of it
 *   topic-order:{t:3}  zset     the same in the order of their bytes: pages of them
 *   topic-changes:{t:3} stream  its last changes, under their numbers (scripts/change-topic-shard.lua)
 *   topic-version:{t:3} number  of the last one
 */
import { nameKey } from '../../base/text/names.ts';
import { groupTimeline, type TimelineId, userTimeline } from '../timelines.ts';
import type { TopicSession } from '../topic-filters.ts';

/** Schedules are spread, by owner, over this many hash tags; changing it loses track of what is pending. */
export const scheduleShards = 16;

/**
 * What deleting an account does with the keys of each kind. A user's own: `deleted`, `last` (when the
 * deletion has settled), `forEver`, `expires` by itself, or `freed` and `forgotten` by a step of its
 * own (RedisDeletions). `others`: of groups and of the cluster; a group's forget the user who leaves it.
 */
export const onDeletion = {
  acct: 'deleted',
  watch: 'forEver',
  log: 'deleted',
  head: 'deleted',
  talk: 'deleted',
  counts: 'deleted',
  dev: 'deleted',
  marks: 'deleted',
  groups: 'last',
  invitations: 'last',
  from: 'expires',
  observers: 'expires',
  request: 'expires',
  sent: 'expires',
  name: 'freed',
  due: 'forgotten',
  later: 'forgotten',
  plan: 'forgotten',
  deletions: 'forgotten',
  group: 'others',
  members: 'others',
  delivered: 'others',
  read: 'others',
  roll: 'others',
  standing: 'others',
  invited: 'others',
  removed: 'others',
  draws: 'others',
  draw: 'others',
  staged: 'others',
  given: 'others',
  since: 'others',
  keyless: 'others',
  changes: 'others',
  'last-id': 'others',
  probe: 'others',
  id: 'others',
  salt: 'others',
  'api-keys': 'others',
  operators: 'others',
  audit: 'others',
  // They expire (Files.expireOf), and are forgotten when their bytes are gone.
  file: 'forgotten',
  'files-of': 'forgotten',
  'file-owners': 'forgotten',
  'file-unfinished': 'forgotten',
  'file-bytes': 'others',
  'file-expiry': 'others',
  // They are of topics, and stay until they are replaced.
  retained: 'others',
  'retained-order': 'others',
  'retained-counts': 'others',
  'retained-expiry': 'others',
  'device-keys': 'others',
  'device-key-order': 'others',
  'topic-sessions': 'forgotten',
  'topic-filters': 'forgotten',
  'topic-shard': 'forgotten',
  // TopicFilters.endAllOf empties those of the shards where the user had filters.
  'topic-changes': 'others',
  'topic-version': 'others',
  'topic-order': 'forgotten',
} as const;

type Kind = keyof typeof onDeletion;

const allKinds = Object.keys(onDeletion) as Kind[];

export class Keys {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** What an append to a timeline needs, whatever its source: in the order of scripts/append.lua. */
  forAppend(timeline: TimelineId): string[] {
    const tag = escapeTag(timeline);
    return (['log', 'head', 'watch', 'talk'] as const).map((kind) => this.#tagged(kind, tag));
  }

  log(timeline: TimelineId): string {
    return this.#key('log', timeline);
  }

  head(timeline: TimelineId): string {
    return this.#key('head', timeline);
  }

  watchers(timeline: TimelineId): string {
    return this.#key('watch', timeline);
  }

  source(timeline: TimelineId, source: string): string {
    return `${this.#key('from', timeline)}:${source}`;
  }

  talk(timeline: TimelineId): string {
    return this.#key('talk', timeline);
  }

  marks(userId: number): string {
    return this.#key('marks', userTimeline(userId));
  }

  devices(userId: number): string {
    return this.#key('dev', userTimeline(userId));
  }

  observers(userId: number): string {
    return this.#key('observers', userTimeline(userId));
  }

  group(name: string): string {
    return this.#key('group', groupTimeline(name));
  }

  members(group: TimelineId): string {
    return this.#key('members', group);
  }

  delivered(group: string): string {
    return this.#key('delivered', groupTimeline(group));
  }

  read(group: string): string {
    return this.#key('read', groupTimeline(group));
  }

  roll(name: string): string {
    return this.#key('roll', groupTimeline(name));
  }

  standing(name: string): string {
    return this.#key('standing', groupTimeline(name));
  }

  invited(name: string): string {
    return this.#key('invited', groupTimeline(name));
  }

  removed(name: string): string {
    return this.#key('removed', groupTimeline(name));
  }

  groupsOf(userId: number): string {
    return this.#key('groups', userTimeline(userId));
  }

  invitationsOf(userId: number): string {
    return this.#key('invitations', userTimeline(userId));
  }

  account(userId: number): string {
    return this.#key('acct', userTimeline(userId));
  }

  /** The account, its watchers, and what is deleted with them (scripts/delete-account.lua). */
  forDeletion(userId: number, isLast: boolean): string[] {
    const isOwn = (kind: Kind) =>
      onDeletion[kind] === 'deleted' || (isLast && onDeletion[kind] === 'last');
    const kinds: Kind[] = [
      'acct',
      'watch',
      ...allKinds.filter((kind) => kind !== 'acct' && isOwn(kind)),
    ];
    return kinds.map((kind) => this.#key(kind, userTimeline(userId)));
  }

  deletions(): string {
    return this.#key('deletions', 'accounts');
  }

  name(name: string): string {
    return this.#key('name', `n:${nameKey(name)}`);
  }

  lastUserId(): string {
    return this.#key('last-id', 'accounts');
  }

  /** For what is written to find out whether that can be. */
  probe(place: number): string {
    return this.#key('probe', `p:${place}`);
  }

  storeId(): string {
    return this.#key('id', 'store');
  }

  salt(): string {
    return this.#key('salt', 'store');
  }

  apiKeys(): string {
    return this.#key('api-keys', 'applications');
  }

  operators(): string {
    return this.#key('operators', 'operators');
  }

  audit(): string {
    return this.#key('audit', 'operators');
  }

  request(userId: number, key: string): string {
    return `${this.#key('request', userTimeline(userId))}:${key}`;
  }

  due(shard: number): string {
    return this.#key('due', `s:${shard}`);
  }

  payloads(shard: number): string {
    return this.#key('later', `s:${shard}`);
  }

  plan(owner: number): string {
    return `${this.#key('plan', `s:${scheduleShard(owner)}`)}:${owner}`;
  }

  sent(shard: number, member: string): string {
    return `${this.#key('sent', `s:${shard}`)}:${member}`;
  }

  file(id: string): string {
    return `${this.#key('file', 'files')}:${id}`;
  }

  filesOf(owner: number): string {
    return `${this.#key('files-of', 'files')}:${owner}`;
  }

  fileOwners(): string {
    return this.#key('file-owners', 'files');
  }

  fileBytes(): string {
    return this.#key('file-bytes', 'files');
  }

  fileUnfinished(): string {
    return this.#key('file-unfinished', 'files');
  }

  fileExpiry(): string {
    return this.#key('file-expiry', 'files');
  }

  /** And their ids in order. */
  deviceKeys(): string[] {
    return [this.#key('device-keys', 'devices'), this.#key('device-key-order', 'devices')];
  }

  /** In the order of scripts/parts/retained.lua. */
  retained(): string[] {
    const kinds = ['retained', 'retained-order', 'retained-counts', 'retained-expiry'] as const;
    return kinds.map((kind) => this.#key(kind, 'retained'));
  }

  retainedCounts(): string {
    return this.#key('retained-counts', 'retained');
  }

  /** The sessions of its owner, and its filters. */
  topicSession({ owner, clientId }: TopicSession): string[] {
    const filters = `${this.#key('topic-filters', owner)}:${clientId}`;
    return [this.#key('topic-sessions', owner), filters];
  }

  /** Its filters, changes, version and order. */
  topicShard(shard: number): string[] {
    const kinds = ['topic-shard', 'topic-changes', 'topic-version', 'topic-order'] as const;
    return kinds.map((kind) => this.#key(kind, `t:${shard}`));
  }

  #key(kind: Kind, tag: string): string {
    return this.#tagged(kind, escapeTag(tag));
  }

  #tagged(kind: Kind, tag: string): string {
    return `${this.#prefix}:${kind}:{${tag}}`;
  }
}

/** A hash tag ends at the first closing brace: names that hold one are escaped, so that no two names give one key. */
function escapeTag(tag: string): string {
  return tag.replaceAll(/[{}%]/g, encodeURIComponent);
}

export function scheduleShard(owner: number): number {
  return owner % scheduleShards;
}
