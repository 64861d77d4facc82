/** What a route answers below /admin (src/http/status.ts, src/route/endpoints/dashboard.ts). */
import type { FailedPush } from '../../../base/process/failed-pushes.ts';
import type { Problem } from '../../../base/process/health.ts';
import type { LastHour, Latest, Refused } from '../../../base/process/vitals.ts';

/** A role, and how it is; or why it does not say. */
export type ClusterRole = KnownRole & (RoleStatus | { readonly silent: string });

export interface KnownRole {
  readonly role: 'server' | 'route';
  readonly instance: string;
  /** `host:port` by which people call it. */
  readonly address: string;
  readonly version: string;
}

export interface RoleStatus {
  readonly at: number;
  readonly startedAt: number;
  readonly problems: readonly Problem[];
  readonly now: Latest;
  readonly refused: readonly Refused[];
  readonly talkers: readonly { readonly userId: number; readonly perMinute: number }[];
  readonly settings: readonly (readonly [name: string, value: string])[];
  readonly failedPushes: readonly FailedPush[];
  readonly warnings: readonly string[];
}

export type RoleHour = KnownRole & (LastHour | { readonly silent: string });

export interface Account {
  readonly userId: number;
  readonly name: string;
}

export interface Person extends Account {
  readonly sessions: readonly { readonly device: string; readonly instance: string }[];
  readonly groups: readonly {
    readonly group: string;
    readonly title: string;
    readonly owner: number;
    readonly keyEpoch: number;
  }[];
  readonly hasKey: boolean;
  readonly isBlocked: boolean;
  readonly schedules: readonly {
    readonly id: string;
    readonly dueAt: number;
    readonly to?: number;
    readonly group?: string;
  }[];
}

export interface Group {
  readonly group: string;
  readonly title: string;
  readonly owner: number;
  readonly admins: readonly number[];
  readonly entry: string;
  readonly isEncrypted: boolean;
  readonly members: readonly Account[];
}

/** What would become of a message now. */
export interface Outlook {
  readonly sessions: readonly { readonly device: string; readonly server: string }[];
  readonly obstacles: readonly string[];
}

/** Where a message is. */
export interface Trace extends Outlook {
  readonly copies: readonly {
    readonly timeline: string;
    readonly seq: number | null;
    readonly at: number | null;
    readonly searched: number;
  }[];
  readonly pushes: readonly {
    readonly at: number;
    readonly instance: string;
    readonly sessions: number;
    readonly outcome: 'handed over' | 'no answer' | 'not there';
  }[];
  readonly delivered: number;
  readonly read: number;
}

export interface ApiKey {
  readonly id: string;
  readonly label: string;
  readonly scope: string;
  readonly createdAt: number;
}

export interface Operator {
  readonly name: string;
  readonly role: 'view' | 'manage';
  readonly createdAt: number;
}

export interface AuditEntry {
  readonly place: string;
  readonly at: number;
  readonly by: string;
  readonly address: string;
  readonly action: string;
  readonly target: string;
  readonly outcome: string;
}
