/** The Java clients of this server: what they share, and `/sendMsg`, by which Java routes write to one. */
import type { Clock } from '../../../base/clock.ts';
import { CimError } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import { command } from '../../../codec/commands.ts';
import { encodeJavaPush } from '../../../codec/java-frame.ts';
import { type Endpoint, endpoint } from '../../../http/endpoint.ts';
import type { GroupPushes } from '../../groups/group-pushes.ts';
import type { GroupTable } from '../../groups/group-table.ts';
import type { ServerCounters } from '../../server-counters.ts';
import type { Session } from '../protocol.ts';
import { JavaReads, type JavaReadsOptions } from './java-reads.ts';

/** What is needed of the gateway. */
export interface JavaGateway {
  readonly clock: Clock;
  readonly counters: Pick<ServerCounters, 'unreadable'>;
  readonly groups: Pick<GroupTable, 'lobby'>;
  readonly groupPushes: Pick<GroupPushes, 'hold' | 'release'>;
  readonly read: JavaReadsOptions['read'];
}

/** What a Java route hands to a Java server. */
export interface DirectMessage {
  readonly userId: number;
  readonly cmd: 'MESSAGE' | 'OFFLINE';
  readonly msg?: string;
  /** In order; wins over `msg` if not empty. */
  readonly batchMsg?: readonly string[];
  readonly properties: Readonly<Record<string, string>>;
}

export class JavaPeers {
  readonly reads: JavaReads;
  readonly #gateway: JavaGateway;
  /** The newest of each user. */
  readonly #sessions = new Map<number, Session>();

  constructor(gateway: JavaGateway) {
    this.#gateway = gateway;
    const { clock, counters, groups, groupPushes } = gateway;
    this.reads = new JavaReads({
      clock,
      counters,
      read: (userId, request, settle) => gateway.read(userId, request, settle),
      onLate: (isLate) => {
        if (isLate) groupPushes.hold(groups.lobby);
        else groupPushes.release(groups.lobby);
      },
    });
  }

  get lobbyHead(): number {
    return this.#gateway.groups.lobby.newest;
  }

  add(session: Session): void {
    this.#sessions.set(session.userId, session);
  }

  remove(session: Session): void {
    if (this.#sessions.get(session.userId) === session) this.#sessions.delete(session.userId);
  }

  /**
   * As the Java server does: to the user's connection if there is one, outside of every timeline. A
   * cim device has no place for a message without a number.
   */
  send({ userId, cmd, msg, batchMsg, properties }: DirectMessage): void {
    const session = this.#sessions.get(userId);
    if (!session?.ready) return;
    const kind = cmd === 'OFFLINE' ? command.offline : command.message;
    session.write(encodeJavaPush(userId, kind, properties, msg ?? '', batchMsg ?? []));
  }
}

const text = { type: 'string', maxLength: limits.textBytesMax } as const;
const property = { type: 'string', maxLength: limits.propertyCharactersMax } as const;

export function sendMessageEndpoint(send: (message: DirectMessage) => void): Endpoint {
  return endpoint({
    method: 'POST',
    path: '/sendMsg',
    summary: "Writes to a Java client's connection, if there is one; nothing is stored",
    access: { who: 'operators' },
    body: {
      type: 'object',
      required: ['userId', 'cmd', 'properties'],
      properties: {
        userId: { type: 'integer', minimum: 1, maximum: limits.userIdMax },
        cmd: { type: 'string', enum: ['MESSAGE', 'OFFLINE'] },
        msg: text,
        batchMsg: { type: 'array', items: text, maxItems: limits.batchTextsMax },
        properties: {
          type: 'object',
          propertyNames: property,
          additionalProperties: property,
          maxProperties: limits.propertiesMax,
        },
      },
    },
    answer: { type: 'object', properties: { msg: { type: 'string' } } },
    handle: (message) => {
      if (message.msg === undefined && !message.batchMsg?.length) {
        throw new CimError('invalid-argument', 'msg: must be given, or batchMsg');
      }
      send(message);
      return { msg: 'OK' };
    },
  });
}
