/**
 * Which connection of a device is the newest, whether one more device fits in, and where it starts
 * reading. Pure; open-session.lua, close-session.lua and acknowledge.lua say the same in Redis.
 */
import { limits } from '../../base/limits.ts';
import {
  javaDevice,
  type Session,
  type SessionClose,
  type SessionOpen,
  type SessionOpenResult,
} from '../sessions.ts';

/** What is kept of a device: its newest connection, and what it has acknowledged. */
export interface Device extends Session {
  /** As when it was first seen: the two kinds are counted apart. */
  readonly ephemeral: boolean;
  readonly cursor: number;
  readonly openedAt: number;
  /** Null while the connection is open; grows from one close to the next. */
  readonly closedAt: number | null;
}

export interface OpenFacts {
  readonly known: Device | undefined;
  /** The newest number of the user's timeline, and the newest that any device has acknowledged. */
  readonly head: number;
  readonly acknowledged: number;
  /** Whether the user was deleted. This and the others are asked when they matter. */
  isDeleted(): boolean;
  /** Of the account, undefined if there is none. */
  generation(): number | undefined;
  /** Where the user's Java peer was told to connect. */
  javaAddress(): string | undefined;
  /** All of the user. */
  devices(): readonly Device[];
}

export interface OpenEffect {
  readonly result: SessionOpenResult;
  /** What is kept of the device from now on; null: nothing changes. */
  readonly opened: Device | null;
  /** Another device that is forgotten to make room. */
  readonly evicted: string | null;
}

const anyGeneration = 0;

export function decideOpen(report: SessionOpen, facts: OpenFacts, now: number): OpenEffect {
  const { generation, ...connection } = report;
  const { known, head } = facts;
  if (generation === anyGeneration ? facts.isDeleted() : facts.generation() !== generation)
    return refused('revoked');
  // A cursor beyond the head is one of a lost tail.
  const cursor = Math.min(known?.cursor ?? facts.acknowledged, head);
  const isJava = report.device === javaDevice;
  const isSame = known && isSameConnection(known, report);
  if (isSame && known.closedAt === null) {
    const { connectionNumber } = known;
    const result = { status: 'opened', connectionNumber, replaced: null, cursor, head } as const;
    return { result, opened: null, evicted: null };
  }
  const newest = known?.connectionNumber ?? 0;
  if (isJava ? isStaleJava(report, facts) : report.connectionNumber <= newest) {
    const isEnded = !isJava && known?.closedAt !== null && report.connectionNumber === newest;
    return refused(isEnded ? 'ended' : 'stale');
  }
  const evicted = known ? null : placeIn(facts.devices(), report.ephemeral);
  if (evicted === undefined) return refused('too-many-devices');
  // Java peers bring no numbers of their own.
  const connectionNumber = isJava ? newest + 1 : report.connectionNumber;
  const ephemeral = known?.ephemeral ?? report.ephemeral;
  const state = { connectionNumber, ephemeral, cursor, openedAt: now, closedAt: null };
  const replaced = known?.closedAt === null ? sessionOf(known) : null;
  const result = { status: 'opened', connectionNumber, replaced, cursor, head } as const;
  return { result, opened: { ...connection, ...state }, evicted };
}

/**
 * What is kept of a device when this connection of it ends: null if it is forgotten, undefined if
 * nothing changes, as another one is open or none.
 */
export function decideClose(
  known: Device | undefined,
  { connectionNumber }: Pick<SessionClose, 'connectionNumber'>,
  now: number,
): Device | null | undefined {
  if (known?.closedAt !== null || known.connectionNumber !== connectionNumber) return undefined;
  return known.ephemeral ? null : { ...known, closedAt: now };
}

/** Whether `/offLine` ends what is known of the user's Java peer. */
export function endsJava(known: Device | undefined, openedBefore: number): known is Device {
  return known?.closedAt === null && known.openedAt < openedBefore;
}

/**
 * Where a cursor is after an acknowledgement, of a device, a user or a member: forward, never beyond
 * the head. From beyond it (a failover lost a tail) it moves back.
 */
export function movedCursor(cursor: number, seq: number, head: number): number {
  const reached = Math.min(seq, head);
  return cursor > head ? reached : Math.max(cursor, reached);
}

export function sessionOf(device: Device): Session {
  const { userId, connectionNumber, instance, address, sessionId } = device;
  return { userId, device: device.device, connectionNumber, instance, address, sessionId };
}

function refused(status: 'revoked' | 'stale' | 'ended' | 'too-many-devices'): OpenEffect {
  return { result: { status }, opened: null, evicted: null };
}

function isSameConnection(known: Device, report: SessionOpen): boolean {
  return (
    known.instance === report.instance &&
    known.sessionId === report.sessionId &&
    (report.device === javaDevice || known.connectionNumber === report.connectionNumber)
  );
}

/** A login of a Java peer came too late, or to another server than it was given. */
function isStaleJava(report: SessionOpen, { known, javaAddress }: OpenFacts): boolean {
  const given = javaAddress();
  if (given !== undefined && given !== report.address) return true;
  return known?.instance === report.instance && report.sessionId <= known.sessionId;
}

/**
 * The device whose place a new one takes: the one that closed longest ago. Null: there is room
 * besides; undefined: there is none.
 */
function placeIn(devices: readonly Device[], ephemeral: boolean): string | null | undefined {
  const alike = devices.filter((device) => device.ephemeral === ephemeral);
  if (alike.length < limits.devicesPerUserMax) return null;
  // Not the Java peers' device: its numbers would start anew.
  const [oldest] = alike
    .filter(({ device, closedAt }) => device !== javaDevice && closedAt !== null)
    .toSorted((one, other) => Number(one.closedAt) - Number(other.closedAt));
  return oldest?.device;
}
