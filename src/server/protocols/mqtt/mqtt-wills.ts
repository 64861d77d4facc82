/**
 * Wills: what a client has asked to be said when it goes without a word. Each is a message of its user,
 * sent by the server that had the connection; it waits there if it is to wait.
 */
import { randomBytes } from 'node:crypto';
import type { PassEntry, Sender, SubmitResult } from '../../../api/route-api.ts';
import { topicOwnerOf } from '../../../auth/topic-access.ts';
import type { Clock, Timer } from '../../../base/clock.ts';
import { errorOfCode } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import { encodeClientMessage } from '../../../codec/message-body.ts';
import { MessageReader } from '../../../codec/message-reader.ts';
import { isPassing } from '../../../codec/mqtt/reasons.ts';
import type { ServerLimits } from '../../../limits/server-limits.ts';
import type { Submissions, Submitter } from '../../sessions/submissions.ts';
import type { Publications } from '../../topics/publications.ts';
import type { MqttWill } from './mqtt-connect.ts';
import { messageOf } from './mqtt-messages.ts';
import { publicationOf } from './mqtt-publications.ts';
import type { Destination } from './mqtt-topics.ts';

export interface WillGateway {
  readonly clock: Clock;
  readonly instance: string;
  readonly submissions: Submissions;
  readonly publications: Publications;
  readonly limits: Pick<ServerLimits, 'holdSends' | 'sends'>;
  pass(entry: PassEntry): void;
}

/** Whose will it is. */
export interface Testator {
  readonly userId: number;
  readonly userName: string;
  readonly device: string;
  readonly epochHex: string;
  readonly sessionId: number;
  readonly address: string;
}

interface Kept {
  readonly will: MqttWill;
  readonly testator: Testator;
  isVoid: boolean;
}

const message = new MessageReader();
/** Half a minute: what no route takes by then is lost. */
const attemptsMax = 60;

export class MqttWills {
  readonly #gateway: WillGateway;
  readonly #kept = new Map<object, Kept>();
  /** Those that wait, by user and device. */
  readonly #waiting = new Map<string, Timer>();

  constructor(gateway: WillGateway) {
    this.#gateway = gateway;
  }

  keep(connection: object, testator: Testator, will: MqttWill): void {
    this.#kept.set(connection, { will, testator, isVoid: false });
  }

  /** The client has said that it goes. */
  forget(connection: object): void {
    this.#kept.delete(connection);
  }

  /** The client is back, before its will was due. */
  onConnected({ userId, device }: Testator): void {
    const name = `${userId} ${device}`;
    this.#waiting.get(name)?.cancel();
    this.#waiting.delete(name);
  }

  /** The client is back elsewhere: only what was not to wait is said. */
  onReplaced(connection: object): void {
    const kept = this.#kept.get(connection);
    if (kept && kept.will.delaySeconds > 0) kept.isVoid = true;
  }

  onEnded(connection: object): void {
    const kept = this.#kept.get(connection);
    this.#kept.delete(connection);
    if (!kept || kept.isVoid) return;
    const { will, testator } = kept;
    if (will.delaySeconds === 0 || this.#waiting.size >= limits.mqttWillsMax)
      return this.#say(testator, will);
    const name = `${testator.userId} ${testator.device}`;
    const delayMs = Math.min(will.delaySeconds * 1_000, limits.mqttWillDelayMsMax);
    const timer = this.#gateway.clock.setTimeout(() => {
      this.#waiting.delete(name);
      this.#say(testator, will);
    }, delayMs);
    this.#waiting.set(name, timer);
  }

  /** It counts as what its user sends does: one too many is not said. */
  #say(testator: Testator, will: MqttWill): void {
    const { limits: rates } = this.#gateway;
    const rate = rates.holdSends(testator.userId, testator.address);
    if (rate) {
      rates.sends.release(rate);
      if (!rate.take(will.payload.length) || !rate.begin()) return;
    }
    if (will.destination) this.#send(testator, will, will.destination);
    else this.#publish(testator, will);
  }

  #publish({ userId }: Testator, will: MqttWill): void {
    const { topic, retain, payload, contentType, clientId } = will;
    const { clock, publications } = this.#gateway;
    const entry = publicationOf({
      ...{ topic, retain, payload, properties: { contentType } },
      ...{ at: clock.now(), owner: topicOwnerOf({ kind: 'account', userId }), clientId },
    });
    let attempts = 0;
    const publish = () => {
      attempts += 1;
      publications.publish(entry, ({ code }) => {
        if (code !== 0 && isPassing(errorOfCode(code)) && attempts < attemptsMax)
          clock.setTimeout(publish, limits.mqttRetryMs);
      });
    };
    publish();
  }

  #send({ userId, userName, sessionId }: Testator, will: MqttWill, destination: Destination): void {
    const { clock, instance, submissions } = this.#gateway;
    const { to, group } = destination;
    const isPassed = will.qos === 0;
    const body = encodeClientMessage({
      ...(group === '' ? { to } : { group }),
      ...messageOf(will.payload, { contentType: will.contentType }),
      sendSeq: isPassed ? 0 : 1,
      transient: isPassed,
    });
    const sender: Sender = {
      ...{ from: userId, fromName: userName, instance, sessionId },
      // Of its own: it comes after all that the connection has sent, and is no part of it.
      epochHex: newEpoch(),
    };
    if (isPassed) return this.#gateway.pass({ ...sender, body });
    let attempts = 0;
    const submitter: Submitter = {
      sender,
      onAnswer: (_run, { code }: SubmitResult) => {
        if (code !== 0 && isPassing(errorOfCode(code)) && attempts < attemptsMax)
          clock.setTimeout(send, limits.mqttRetryMs);
      },
    };
    const send = () => {
      attempts += 1;
      message.read(body, 0, body.length);
      submissions.add(submitter, message, body, 0, body.length);
    };
    send();
  }
}

function newEpoch(): string {
  return randomBytes(8).toString('hex');
}
