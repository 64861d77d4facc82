/** cim's own protocol: numbers, acknowledgements, pages (docs/how-it-works/messages.md). */
import type { OpenResult, ReadResult, SubmitResult } from '../../../api/route-api.ts';
import type { MembershipChange } from '../../../api/server-api.ts';
import { limits } from '../../../base/limits.ts';
import { decodeAcknowledgement } from '../../../codec/acknowledgement.ts';
import {
  assertClientFields,
  decodeRead,
  decodeWatch,
  type ReadFrame,
} from '../../../codec/client-frame.ts';
import { commandOf } from '../../../codec/command-of.ts';
import { command, lobby } from '../../../codec/commands.ts';
import type { PresenceNews } from '../../../codec/presence.ts';
import { ProtocolError } from '../../../codec/protocol-error.ts';
import type { Run } from '../../../codec/run.ts';
import {
  encodeAcks,
  encodeCloseCode,
  encodeGroupFacts,
  encodeHint,
  encodeInvited,
  encodeJoined,
  encodeLeft,
  encodeMarks,
  encodePageEnd,
  encodePresence,
  encodePush,
  encodeWelcome,
  type GroupFacts,
  type MarkPush,
  pong,
  watchRefused,
  writeSeq,
} from '../../../codec/server-frame.ts';
import { VarintReader } from '../../../codec/varint.ts';
import type { GroupDelivery } from '../../groups/group-message.ts';
import type { GroupTable } from '../../groups/group-table.ts';
import type { Asker } from '../../sessions/requests.ts';
import type { SubmittedRun } from '../../sessions/submissions.ts';
import { encodedOnce, type Protocol, type Session } from '../protocol.ts';

/** For all connections: a run is written in one go. */
const run = new VarintReader(new Uint8Array());
const seqField = new Uint8Array(10);
const encodeGroupMessage = encodedOnce(({ body, seq }: GroupDelivery) => encodePush(body, seq));
const encodeFacts = encodedOnce(encodeGroupFacts);
/** The last one: a hint of a group is for all of its members. */
let hint = { timeline: '', head: 0, bytes: encodeHint('', 0) };

/** No cim client sends such a length. */
export function assertShortestLength(isPadded: boolean): void {
  if (isPadded) throw new ProtocolError("a frame's length has more bytes than it needs");
}

export class CimProtocol implements Protocol, Asker {
  readonly name = 'cim';
  readonly #session: Session;
  readonly #groups: Pick<GroupTable, 'lobby'>;
  /** Groups joined or left before the login was answered; told after that. */
  #memberships: MembershipChange[] | null = null;

  constructor(session: Session, groups: Pick<GroupTable, 'lobby'>) {
    this.#session = session;
    this.#groups = groups;
  }

  get isToldWhy(): boolean {
    return true;
  }

  // ---- what the client sends --------------------------------------------------------------------

  receive(bytes: Uint8Array, start: number, end: number, isPadded: boolean): void {
    const received = commandOf(bytes, start, end);
    assertShortestLength(isPadded);
    if (received === command.ping) {
      assertClientFields(bytes.subarray(start, end));
      return this.#session.write(pong);
    }
    if (!this.#session.ready) throw new ProtocolError('the login is not done yet');
    const requests = this.#session.requests(this);
    switch (received) {
      case command.message:
        return requests.submit(bytes, start, end);
      case command.ack:
        return requests.acknowledge(decodeAcknowledgement(bytes.subarray(start, end)));
      case command.read:
        return requests.read(decodeRead(bytes.subarray(start, end)));
      case command.presence:
        return requests.watch(decodeWatch(bytes.subarray(start, end)));
      default:
        throw new ProtocolError(`command ${received} is not a client's to send`);
    }
  }

  onAnswer(submitted: Omit<SubmittedRun, 'weight'>, result: SubmitResult): void {
    this.#session.write(encodeAcks(submitted, result));
  }

  /**
   * In one piece: right before its end the client has had a page's messages and nothing between, and
   * so knows which numbers have come, in whatever form (src/client/sdk/receiving/trail.ts).
   */
  onPage({ group, after }: ReadFrame, result: ReadResult): void {
    const { seqs, bodies, head, first, rewound, code } = result;
    for (let index = 0; index < seqs.length; index++) {
      this.#session.write(encodePush(bodies[index] as Uint8Array, seqs[index] as number));
    }
    this.#session.write(encodePageEnd({ group, after, head, first, rewound, code }));
  }

  onPresence(news: readonly PresenceNews[]): void {
    this.#session.write(encodePresence(news));
  }

  onWatchRefused(): void {
    this.#session.write(watchRefused);
  }

  // ---- what is delivered to it ------------------------------------------------------------------

  onOpened({ cursor, groupHead: lobbyHead, groups, storeId, marksVersion }: OpenResult): void {
    const { device, newest: head } = this.#session;
    const welcome = { device, cursor, head, lobbyHead, groups, storeId, marksVersion };
    this.#session.write(encodeWelcome(welcome));
    const { newest } = this.#groups.lobby;
    if (newest > lobbyHead) this.hint(lobby, newest);
    for (const entry of this.#memberships ?? []) this.membership(entry);
    this.#memberships = null;
  }

  hint(timeline: string, head: number): void {
    if (!this.#session.takesLive(timeline, head)) return;
    if (hint.timeline !== timeline || hint.head !== head)
      hint = { timeline, head, bytes: encodeHint(timeline, head) };
    this.#session.writeLive(hint.bytes);
  }

  push(seq: number, { bodies }: Run, last: number): void {
    run.over(bodies, 0, bodies.length);
    for (let number = seq; !run.done; number++) {
      if (!this.#session.takesLive('', last)) return;
      const length = run.next();
      const start = run.skip(length);
      this.#session.writeFrame(bodies, start, start + length, seqField, writeSeq(seqField, number));
    }
  }

  groupMessage(message: GroupDelivery): void {
    const { fields } = message;
    const { userId, epochHex } = this.#session;
    if (userId === fields?.from && epochHex === fields.epochHex) return;
    if (this.#session.takes(message)) this.#session.writeLive(encodeGroupMessage(message));
  }

  transient(bytes: Uint8Array, start: number, end: number, tail: Uint8Array): void {
    this.#session.writeFrame(bytes, start, end, tail);
  }

  marks(push: MarkPush, version: number): void {
    this.#session.writeLive(encodeMarks(push, version));
  }

  groupFacts(facts: GroupFacts): void {
    this.#session.write(encodeFacts(facts));
  }

  membership(entry: MembershipChange): void {
    if (!this.#session.ready) {
      this.#memberships ??= [];
      if (this.#memberships.length < limits.groupsPerUserMax) this.#memberships.push(entry);
      return;
    }
    const { group, code, joined, head, keyEpoch, invitedBy } = entry;
    if (invitedBy) this.#session.write(encodeInvited(group, invitedBy));
    else if (code === 0) this.#session.write(encodeJoined(group, joined, head, keyEpoch));
    else this.#session.write(encodeLeft(group, code));
  }

  writeClose(code: number, reason: string): void {
    this.#session.writeLive(encodeCloseCode(code, reason));
  }

  end(): void {
    // It keeps nothing that outlives the connection.
  }
}
