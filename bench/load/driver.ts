/** What the load generator needs of a protocol, and what it tells it. */
import { connect, type Socket } from 'node:net';
import { type Turn, TurnSocket } from '../../src/load/turn.ts';

export type Pattern = 'pairs' | 'scattered' | 'group';

export interface DriverOptions {
  readonly port: number;
  /** Where cim's route is; the other systems have one port. */
  readonly route?: string;
  /** 'pairs' and 'scattered': index ^ 1 is the peer; 'group': 0 sends, all others receive. */
  readonly pattern: Pattern;
  /** Stored and acknowledged, or to whoever is connected. */
  readonly durable: boolean;
  readonly bytes: number;
  readonly events: LoadEvents;
  readonly turn: Turn;
}

export interface LoadEvents {
  /** So many messages have arrived at the connection with this index. */
  delivered(index: number, count: number): void;
  /** So many messages that it has sent are stored, by the word of the system. Durable ones only. */
  acknowledged(index: number, count: number): void;
  /** The run is worthless. */
  failed(reason: string): void;
}

export interface LoadConnection {
  /** Queues so many messages to the peer or the group. */
  send(count: number): void;
  /** What the protocol wants to hear from an idle client now and then. */
  keepAlive(): void;
}

export interface Driver {
  /** What is made once, before any connection. */
  prepare?(): Promise<void>;
  /** Resolves when the system has taken the connection, and all that it subscribes to. */
  open(index: number): Promise<LoadConnection>;
}

/** Connections that are being opened at a time. */
export const openingMax = 16;

/** Who is written to, in the protocol's own terms; the group as undefined. */
export function peerOf(pattern: Pattern, index: number): number | undefined {
  return pattern === 'group' ? undefined : index ^ 1;
}

/** Opens a socket, whose end is a failure unless it was closed here. */
export function openSocket(
  { port, turn, events }: Pick<DriverOptions, 'port' | 'turn' | 'events'>,
  onData: (bytes: Buffer) => void,
): Promise<TurnSocket> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ host: '127.0.0.1', port, noDelay: true });
    socket.once('error', reject);
    socket.on('data', onData);
    socket.once('connect', () => {
      socket.off('error', reject);
      socket.on('error', (error) => events.failed(error.message));
      socket.on('end', () => events.failed('the system has ended a connection'));
      resolve(new TurnSocket({ stream: socket, socket: socket, openEvent: 'connect' }, turn));
    });
  });
}

/**
 * Bytes of a stream, of which a parser takes as much as it understands; what is left comes again
 * with what follows it.
 */
export function rejoined(parse: (bytes: Buffer) => number): (chunk: Buffer) => void {
  let rest: Buffer | undefined;
  return (chunk) => {
    const bytes = rest ? Buffer.concat([rest, chunk]) : chunk;
    const taken = parse(bytes);
    rest = taken < bytes.length ? bytes.subarray(taken) : undefined;
  };
}
