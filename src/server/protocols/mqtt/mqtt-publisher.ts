/**
 * What an MQTT client publishes: numbers it, as the SDK does for its own messages, sends again what no
 * route took, and tells the client once a message is stored, or never will be.
 */
import type { SubmitResult } from '../../../api/route-api.ts';
import type { Clock, Timer } from '../../../base/clock.ts';
import { errorOfCode } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import { type ClientMessage, encodeClientMessage } from '../../../codec/message-body.ts';
import { isPassing, MqttError, reason, reasonOfRefusal } from '../../../codec/mqtt/reasons.ts';
import type { Requests } from '../../sessions/requests.ts';
import type { SubmittedRun } from '../../sessions/submissions.ts';
import type { Destination } from './mqtt-topics.ts';

type Content = Pick<ClientMessage, 'text' | 'content'>;

/** Is told what became of a message. */
export interface PublisherOwner {
  /** `reasonCode` 0: it is stored; else why it never will be. */
  onPublished(packetId: number, qos: 1 | 2, reasonCode: number): void;
  /** There may be room again for what the client sends. */
  onRoom(): void;
}

interface Pending extends Content {
  readonly sendSeq: number;
  readonly packetId: number;
  readonly qos: 1 | 2;
  readonly bytes: number;
}

interface Conversation extends Destination {
  /** Of the message that comes next. */
  sendSeq: number;
  readonly pending: Pending[];
  /** Set while it waits to send all of these again. */
  retry: Timer | null;
  /** The store has lost what came before the first of them. */
  isRestarted: boolean;
}

export class MqttPublisher {
  readonly #owner: PublisherOwner;
  readonly #requests: Requests;
  readonly #clock: Clock;
  readonly #conversations = new Map<string, Conversation>();
  /** Messages that are neither stored nor refused, and their bytes. */
  #count = 0;
  #bytes = 0;

  constructor(owner: PublisherOwner, requests: Requests, clock: Clock) {
    this.#owner = owner;
    this.#requests = requests;
    this.#clock = clock;
  }

  get heldBytes(): number {
    return this.#bytes;
  }

  /** QoS 0: to whoever is there. */
  pass(destination: Destination, content: Content): void {
    this.#submit({ ...addressOf(destination), ...content, sendSeq: 0, transient: true });
  }

  /** `onPublished` follows, while the connection lasts. */
  publish(destination: Destination, content: Content, packetId: number, qos: 1 | 2): void {
    const conversation = this.#conversation(destination);
    const bytes = content.text.length + (content.content?.length ?? 0);
    const pending = { ...content, sendSeq: conversation.sendSeq, packetId, qos, bytes };
    conversation.sendSeq += 1;
    conversation.pending.push(pending);
    this.#count += 1;
    this.#bytes += bytes + limits.inFlightOverheadBytes;
    if (this.#isFull) this.#requests.pause();
    if (conversation.retry === null) this.#send(conversation, pending);
  }

  onAnswer(run: Omit<SubmittedRun, 'weight'>, result: SubmitResult): void {
    const conversation = this.#conversations.get(nameOf(run));
    if (!conversation) return;
    const { sendSeq, count } = run;
    const { code, duplicates, stored = 0, refused = 0, expected } = result;
    if (code === 0) return this.#settle(conversation, sendSeq, count, reason.success);
    const taken = duplicates + stored;
    this.#settle(conversation, sendSeq, taken, reason.success);
    const error = errorOfCode(code);
    if (error === 'out-of-order') {
      const first = conversation.pending[0]?.sendSeq ?? 0;
      conversation.isRestarted = expected > 0 && expected < first;
    } else if (!isPassing(error)) {
      const refusedCount = refused || count - taken;
      this.#settle(conversation, sendSeq + taken, refusedCount, reasonOfRefusal(error));
    }
    if (conversation.pending.length > 0) this.#retry(conversation);
  }

  end(): void {
    for (const { retry } of this.#conversations.values()) retry?.cancel();
  }

  /** The client is not to be read from. */
  get isHolding(): boolean {
    for (const { retry } of this.#conversations.values()) if (retry !== null) return true;
    return this.#isFull;
  }

  get #isFull(): boolean {
    return (
      this.#count >= limits.mqttInFlightMax || this.#bytes >= limits.inFlightBytesPerConnectionMax
    );
  }

  #conversation(destination: Destination): Conversation {
    const name = nameOf(destination);
    let conversation = this.#conversations.get(name);
    if (!conversation) {
      // To forget one is no way out: its numbers would begin anew, and be taken for known ones.
      if (this.#conversations.size >= limits.mqttConversationsMax)
        throw new MqttError(reason.quotaExceeded, 'one connection has written to too many');
      const { to, group } = destination;
      conversation = { to, group, sendSeq: 1, pending: [], retry: null, isRestarted: false };
      this.#conversations.set(name, conversation);
    }
    return conversation;
  }

  #send(conversation: Conversation, pending: Pending, restart = false): void {
    const { text, content, sendSeq } = pending;
    this.#submit({
      ...addressOf(conversation),
      text,
      ...(content && { content }),
      sendSeq,
      restart,
    });
  }

  #submit(message: ClientMessage): void {
    const bytes = encodeClientMessage(message);
    this.#requests.submit(bytes, 0, bytes.length);
  }

  #retry(conversation: Conversation): void {
    if (conversation.retry !== null) return;
    this.#requests.pause();
    conversation.retry = this.#clock.setTimeout(() => {
      conversation.retry = null;
      const { isRestarted } = conversation;
      conversation.isRestarted = false;
      // What is refused at once, as it is too fast, waits again, with all behind it.
      for (const [index, pending] of [...conversation.pending].entries()) {
        if (conversation.retry !== null) return;
        this.#send(conversation, pending, isRestarted && index === 0);
      }
    }, limits.mqttRetryMs);
  }

  #settle(conversation: Conversation, sendSeq: number, count: number, reasonCode: number): void {
    if (count === 0) return;
    const { pending } = conversation;
    const isSettled = (each: Pending) => each.sendSeq >= sendSeq && each.sendSeq < sendSeq + count;
    const settled = pending.filter(isSettled);
    if (settled.length === 0) return;
    pending.splice(0, pending.length, ...pending.filter((each) => !isSettled(each)));
    for (const { packetId, qos, bytes } of settled) {
      this.#count -= 1;
      this.#bytes -= bytes + limits.inFlightOverheadBytes;
      this.#owner.onPublished(packetId, qos, reasonCode);
    }
    this.#owner.onRoom();
  }
}

function addressOf({ to, group }: Destination): { to: number } | { group: string } {
  return group === '' ? { to } : { group };
}

function nameOf({ to, group }: Destination): string {
  return group === '' ? String(to) : `#${group}`;
}
