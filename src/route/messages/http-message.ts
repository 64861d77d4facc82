/**
 * Messages that come without a device: over HTTP, or from the schedule. The route gives them an
 * epoch of their own, so that they have an identity before the first attempt.
 */
import { createHash } from 'node:crypto';
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { type ContentSize, contentRefusal } from '../../codec/content.ts';
import { appendOrigin, encodeClientMessage } from '../../codec/message-body.ts';
import { runOf } from '../../codec/run.ts';
import type { Account } from '../../store/accounts.ts';
import type { Watcher } from '../../store/timelines.ts';
import type { Delivery, Outcome, Submission } from './delivery.ts';
import type { Transients } from './transients.ts';

type Text = string | Uint8Array;

export interface Texts {
  readonly sender: Account;
  readonly to?: number;
  readonly group?: string;
  /** Texts; or, in place of one, what only the devices of both sides can open. */
  readonly texts: readonly Text[];
  /** Of a single text: what it is beside that. */
  readonly content?: Uint8Array;
  readonly silent?: boolean;
  readonly at: number;
  /** No share of a group is counted. */
  readonly isExempt?: boolean;
  /** The same for every attempt. */
  readonly epochHex: string;
}

/** The epoch of something that has a name already: the same name gives the same identity. */
export function epochOfName(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 16);
}

export function assertText(text: string): void {
  const bytes = Buffer.byteLength(text);
  if (bytes > limits.textBytesMax) {
    throw new CimError(
      'too-long',
      `msg: a text may have ${limits.textBytesMax} bytes, this one has ${bytes}`,
    );
  }
}

/**
 * Stores all texts in order, as consecutive messages; the outcome of the last. Throws the CimError
 * of the first that was not stored.
 */
export async function deliverTexts(delivery: Delivery, message: Texts): Promise<Outcome> {
  const submissions = submissionsOf(message);
  const outcomes: Outcome[] = [];
  await new Promise<void>((resolve) => {
    let waiting = submissions.length;
    delivery.submit(submissions, (index, outcome) => {
      outcomes[index] = outcome;
      waiting -= 1;
      if (waiting === 0) resolve();
    });
  });
  for (const { error } of outcomes) if (error !== null) throw new CimError(error);
  return outcomes.at(-1) as Outcome;
}

/** As few runs as may be. */
function submissionsOf(message: Texts): Submission[] {
  const { sender, to = 0, group = '', texts, epochHex, isExempt = false } = message;
  const fields = {
    from: sender.userId,
    epochHex,
    to,
    group,
    restart: false,
    silent: false,
    // What only members can open is sent by their clients.
    keyEpoch: 0,
    isExempt,
  };
  const submissions: Submission[] = [];
  let sendSeq = 1;
  for (const part of divide(texts)) {
    const bodies = part.map((text, index) => bodyOf(message, text, sendSeq + index));
    const refusal = part.map((text) => contentRefusal(sizeOf(message, text))).find(isThere);
    submissions.push({ ...fields, sendSeq, refusal: refusal ?? null, ...runOf(bodies) });
    sendSeq += part.length;
  }
  return submissions;
}

function divide(texts: Texts['texts']): Text[][] {
  const parts: Text[][] = [];
  let last: Text[] = [];
  let bytes = 0;
  for (const text of texts) {
    const length = Buffer.byteLength(text);
    const isFull = last.length === limits.runMessagesMax || bytes + length > limits.runBytesMax;
    if (parts.length === 0 || isFull) {
      last = [];
      bytes = 0;
      parts.push(last);
    }
    last.push(text);
    bytes += length;
  }
  return parts;
}

/**
 * Passes all texts on to whoever is there, in order, and stores nothing; those who were told of the
 * last. Throws the CimError of the first that was not passed on.
 */
export async function passTexts(
  transients: Transients,
  message: Texts,
): Promise<readonly Watcher[]> {
  const { sender, to = 0, texts } = message;
  const fates = await Promise.all(
    texts.map((text) =>
      transients.pass({
        from: sender.userId,
        to,
        ...sizeOf(message, text),
        body: bodyOf(message, text, 0),
      }),
    ),
  );
  for (const fate of fates) if (typeof fate === 'string') throw new CimError(fate);
  return fates.at(-1) as readonly Watcher[];
}

/** As it is stored and pushed; `sendSeq` 0 for one that is not stored. */
function bodyOf(message: Texts, text: Text, sendSeq: number): Uint8Array {
  const { sender, to, group, content, silent, at, epochHex } = message;
  const frame = encodeClientMessage({
    ...(to === undefined ? {} : { to }),
    ...(group === undefined ? {} : { group }),
    sendSeq,
    text,
    ...(content && { content }),
    ...(silent && { silent }),
    transient: sendSeq === 0,
  });
  return appendOrigin(frame, { from: sender.userId, fromName: sender.name, epochHex, at });
}

function sizeOf({ group = '', content }: Texts, text: Text): ContentSize {
  const [textBytes, sealedBytes] =
    typeof text === 'string' ? [Buffer.byteLength(text), 0] : [0, text.length];
  return { group, textBytes, sealedBytes, contentBytes: content?.length ?? 0, keyEpoch: 0 };
}

function isThere<T>(value: T | null): value is T {
  return value !== null;
}
