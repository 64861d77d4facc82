/** Users and devices for tests that share a store: never the same twice. */
import type { SessionOpen } from '../../../src/store/sessions.ts';

let lastUserId = 1_000_000 + Math.floor(Math.random() * 1_000_000_000) * 1_000;

export function nextUserId(): number {
  lastUserId += 1;
  return lastUserId;
}

/** The name of a group, never the same twice; and one that keys and tables must cope with. */
export function nextGroup(): string {
  return `Chess {club} ♜ %7D:${nextUserId()}`;
}

let lastSessionId = 0;

/** An open report; session ids grow, as within a server. */
export function opening(userId: number, fields: Partial<SessionOpen> = {}): SessionOpen {
  lastSessionId += 1;
  return {
    userId,
    device: 'phone',
    connectionNumber: 1,
    instance: 'instance-a',
    address: '10.0.0.1:9000:8081',
    sessionId: lastSessionId,
    ephemeral: false,
    generation: 0,
    ...fields,
  };
}
