/** What `cim top` shows of a cluster: a line for each role, and below it what is the matter, refused, and who talks most. */
import { safeLine } from '../../base/text/safe-text.ts';
import { displayWidth, truncate } from '../../client/terminal/view/display-width.ts';
import type { RoleStatus } from '../../http/status.ts';
import type { Told } from '../../route/cluster/cluster-roles.ts';

export type TopRole = Told<RoleStatus>;

/** By what roles are sorted, in the order in which a key goes through them. */
export const sortings = ['role', 'connections', 'messages', 'memory', 'cpu', 'lag'] as const;
export type Sorting = (typeof sortings)[number];

export interface TopLayout {
  readonly columns: number;
  /** Infinity where it is no screen. */
  readonly rows: number;
  readonly sorting: Sorting;
  /** Only roles and lines that have this; empty: all. */
  readonly filter: string;
}

const absent = '-';
const mebibyte = 1024 ** 2;

/** By sorting: what is compared; more comes first. */
const weights: Readonly<Record<Exclude<Sorting, 'role'>, (role: RoleStatus) => number>> = {
  connections: ({ now }) => now.connections ?? 0,
  messages: ({ now }) => now.takenPerSecond ?? now.storedPerSecond ?? 0,
  memory: ({ now }) => now.memoryBytes ?? 0,
  cpu: ({ now }) => now.cpuPercent ?? 0,
  lag: ({ now }) => now.lagP99Ms ?? 0,
};

const columns = [
  // What matters most comes first: a narrow screen shows the beginning.
  ...['ROLE', 'ADDRESS', 'STATE', 'CONNECTIONS', 'MSG/S', 'P50 MS', 'P99 MS'],
  ...['MEMORY', 'CPU', 'LAG MS', 'REDIS', 'VERSION'],
];
/** The others stand to the right. */
const leftColumns = new Set(['ROLE', 'ADDRESS', 'VERSION', 'REDIS', 'STATE']);

/** Lines as they fit on the screen. */
export function topLines(roles: readonly TopRole[], layout: TopLayout): string[] {
  const shown = sorted(roles, layout.sorting).filter((role) => matches(role, layout.filter));
  const lines = [
    ...table(shown.map(rowOf)),
    ...sectionOf('What is the matter', shown.flatMap(problemLines)),
    ...sectionOf('Refused in the last minute', refusedLines(shown)),
    ...sectionOf('Who sends most, messages a minute', talkerLines(shown)),
  ];
  return lines.slice(0, layout.rows).map((line) => truncate(line, layout.columns));
}

function sorted(roles: readonly TopRole[], sorting: Sorting): readonly TopRole[] {
  if (sorting === 'role') return roles;
  const weigh = (role: TopRole) => ('silent' in role ? -1 : weights[sorting](role));
  return roles.toSorted((one, other) => weigh(other) - weigh(one));
}

function matches(role: TopRole, filter: string): boolean {
  return [...rowOf(role), ...problemLines(role)].some((text) => text.includes(filter));
}

function rowOf(role: TopRole): string[] {
  const { role: kind, address, version } = role;
  if ('silent' in role) return [kind, address, 'silent', ...Array<string>(8).fill(absent), version];
  const { now, problems } = role;
  const redis = now.redisUp === undefined ? absent : now.redisUp === 1 ? 'up' : 'down';
  return [
    kind,
    address,
    problems.length === 0 ? 'well' : problems.map(({ condition }) => condition).join(' '),
    whole(now.connections),
    whole(now.takenPerSecond ?? now.storedPerSecond),
    short(now.shownP50Ms ?? now.storeP50Ms),
    short(now.shownP99Ms ?? now.storeP99Ms),
    typeof now.memoryBytes === 'number' ? `${Math.round(now.memoryBytes / mebibyte)}M` : absent,
    typeof now.cpuPercent === 'number' ? `${Math.round(now.cpuPercent)}%` : absent,
    short(now.lagP99Ms),
    redis,
    version,
  ];
}

function whole(value: number | null | undefined): string {
  return typeof value === 'number' ? String(Math.round(value)) : absent;
}

function short(value: number | null | undefined): string {
  if (typeof value !== 'number') return absent;
  return value < 10 ? value.toFixed(1) : String(Math.round(value));
}

function table(rows: readonly (readonly string[])[]): string[] {
  const all = [columns, ...rows.map((row) => row.map(safeLine))];
  const widths = columns.map((_, place) =>
    Math.max(...all.map((row) => displayWidth(row[place] ?? ''))),
  );
  return all.map((row) =>
    row
      .map((cell, place) => {
        const space = ' '.repeat((widths[place] ?? 0) - displayWidth(cell));
        return leftColumns.has(columns[place] ?? '') ? cell + space : space + cell;
      })
      .join('  ')
      .trimEnd(),
  );
}

function sectionOf(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${safeLine(line)}`)];
}

function problemLines(role: TopRole): string[] {
  const name = `${role.role} ${role.address}`;
  if ('silent' in role) return [`${name}: ${role.silent}`];
  return role.problems.map(({ reason, remedy }) => `${name}: ${reason} → ${remedy}`);
}

/** The same of several roles, added up. */
function refusedLines(roles: readonly TopRole[]): string[] {
  const sums = new Map<string, { description: string; count: number }>();
  for (const role of roles) {
    if ('silent' in role) continue;
    for (const { what, description, perMinute } of role.refused) {
      const known = sums.get(what);
      sums.set(what, { description, count: (known?.count ?? 0) + perMinute });
    }
  }
  return [...sums]
    .sort(([, one], [, other]) => other.count - one.count)
    .map(([what, { description, count }]) => `${count}  ${what} (${description})`);
}

const talkersShown = 10;

function talkerLines(roles: readonly TopRole[]): string[] {
  const sums = new Map<number, number>();
  for (const role of roles) {
    if ('silent' in role) continue;
    for (const { userId, perMinute } of role.talkers)
      sums.set(userId, (sums.get(userId) ?? 0) + perMinute);
  }
  return [...sums]
    .sort(([, one], [, other]) => other - one)
    .slice(0, talkersShown)
    .map(([userId, perMinute]) => `${perMinute}  user ${userId}`);
}
