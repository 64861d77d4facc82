/** The cluster as it was told last, asked again every few seconds; its last hour, less often. */
import { computed, signal } from '@preact/signals';
import { CallFailure, call, me } from './session.ts';
import type { ClusterRole, RoleHour, RoleStatus } from './shapes.ts';

const everyMs = 5_000;
/** An hour of all roles is some hundred kilobytes. */
const hourEveryMs = 30_000;

/** Undefined: nothing is known yet. */
export const roles = signal<readonly ClusterRole[] | undefined>(undefined);
export const hours = signal<readonly RoleHour[]>([]);
/** When it was told, ms since 1970; what is shown is as old as that. */
export const toldAt = signal(0);
/** That the route does not answer now. */
export const isStale = signal(false);

/** Of all routes, newest first. */
export const failedPushes = computed(() =>
  (roles.value ?? [])
    .flatMap((role) => statusOf(role)?.failedPushes ?? [])
    .sort((one, other) => other.at - one.at),
);

/** Of servers, by their instances: `host:port`. */
export const serverNames = computed<ReadonlyMap<string, string>>(
  () =>
    new Map(
      (roles.value ?? []).flatMap(({ role, instance, address }) =>
        role === 'server' ? [[instance, address] as const] : [],
      ),
    ),
);

let following: ReturnType<typeof setTimeout> | undefined;
let hourToldAt = 0;

export function statusOf(role: ClusterRole): RoleStatus | undefined {
  return 'silent' in role ? undefined : role;
}

/** Asks now, and again and again while somebody is signed in. */
export async function follow(): Promise<void> {
  clearTimeout(following);
  if (!me.peek()) return;
  try {
    roles.value = await call<readonly ClusterRole[]>('cluster');
    toldAt.value = Date.now();
    isStale.value = false;
    if (Date.now() - hourToldAt >= hourEveryMs) {
      hours.value = await call<readonly RoleHour[]>('clusterVitals');
      hourToldAt = Date.now();
    }
  } catch (error) {
    if (!(error instanceof CallFailure)) throw error;
    isStale.value = true;
  }
  if (me.peek()) following = setTimeout(follow, everyMs);
}

export function stopFollowing(): void {
  clearTimeout(following);
  roles.value = undefined;
  hours.value = [];
  hourToldAt = 0;
}
