/**
 * GET /status and GET /vitals: how a role is now, and how it fared in the last hour. For operators,
 * and for a route that asks all roles on their behalf (src/route/cluster/).
 */
import type { FailedPush } from '../base/process/failed-pushes.ts';
import type { Health, Problem } from '../base/process/health.ts';
import type { LastHour, Latest, Refused, Vitals } from '../base/process/vitals.ts';
import { type Endpoint, endpoint } from './endpoint.ts';

/** A user who has sent much in the last minute or two. */
export interface Talker {
  readonly userId: number;
  readonly perMinute: number;
}

/** Who a role is, and what of it no other part knows. */
export interface RoleAbout {
  readonly role: 'route' | 'server';
  /** Empty until it is announced. */
  readonly instance: string;
  /** `host:port` by which people call it. */
  readonly address: string;
  readonly version: string;
  readonly talkers: readonly Talker[];
  /** Doors that its settings leave open. */
  readonly warnings: readonly string[];
}

/** As they are in effect; of secrets only that there is one. */
export type ShownSettings = readonly (readonly [name: string, value: string])[];

export interface RoleStatus extends RoleAbout {
  readonly node: string;
  /** By its own clock, in ms since 1970, as is when its process was started. */
  readonly at: number;
  readonly startedAt: number;
  readonly problems: readonly Problem[];
  readonly now: Latest;
  readonly refused: readonly Refused[];
  readonly settings: ShownSettings;
  /** Of a route: the newest. */
  readonly failedPushes: readonly FailedPush[];
}

export interface RoleIdentity {
  readonly about: () => RoleAbout;
  readonly health: Pick<Health, 'problems'>;
  readonly settings?: ShownSettings;
  readonly failedPushes?: () => readonly FailedPush[];
}

export interface RoleSource extends RoleIdentity {
  readonly vitals: Pick<Vitals, 'latest' | 'lastHour' | 'refused'>;
}

export const statusPath = '/status';
export const vitalsPath = '/vitals';

export function statusOf({
  about,
  health,
  vitals,
  settings = [],
  failedPushes,
}: RoleSource): RoleStatus {
  const at = Date.now();
  return {
    ...about(),
    node: process.versions.node,
    at,
    startedAt: Math.round(at - process.uptime() * 1_000),
    problems: health.problems(),
    now: vitals.latest(),
    refused: vitals.refused(),
    settings,
    failedPushes: failedPushes?.() ?? [],
  };
}

export function hourOf({ vitals }: RoleSource): LastHour {
  return vitals.lastHour();
}

export function statusEndpoints(source: RoleSource): readonly Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: statusPath,
      access: { who: 'operators' },
      summary:
        'How the role is now: what is the matter, its figures, what it refuses, who talks most',
      answer: { type: 'object' },
      handle: () => statusOf(source),
    }),
    endpoint({
      method: 'GET',
      path: vitalsPath,
      access: { who: 'operators' },
      summary: 'Its figures of the last hour, as series of numbers',
      answer: { type: 'object' },
      handle: () => hourOf(source),
    }),
  ];
}
