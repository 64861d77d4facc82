/**
 * Messages that come without a device: over HTTP, or from the schedule. The route gives them an
 * epoch of their own, so that they have an identity before the first attempt.
 */
import { createHash } from 'node:crypto';
import { CimError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { appendOrigin, encodeClientMessage } from '../codec/message-body.ts';
import type { Account } from '../store/accounts.ts';
import type { Watcher } from '../store/timelines.ts';
import type { Delivery, Outcome, Submission } from './delivery.ts';
import type { Transients } from './transients.ts';

export interface Texts {
  readonly sender: Account;
  readonly to?: number;
  readonly group?: string;
  /** Texts; or, in place of one, what only the devices of both sides can open. */
  readonly texts: readonly (string | Uint8Array)[];
  readonly at: number;
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
  const submissions = message.texts.map((text, index) => submissionOf(message, text, index + 1));
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

/**
 * Passes all texts on to whoever is there, in order, and stores nothing; those who were told of the
 * last. Throws the CimError of the first that was not passed on.
 */
export async function passTexts(
  transients: Transients,
  message: Texts,
): Promise<readonly Watcher[]> {
  const fates = await Promise.all(
    message.texts.map((text) => transients.pass(submissionOf(message, text, 0))),
  );
  for (const fate of fates) if (typeof fate === 'string') throw new CimError(fate);
  return fates.at(-1) as readonly Watcher[];
}

/** `sendSeq`: 0 for one that is not stored. */
function submissionOf(
  { sender, to, group, at, epochHex }: Texts,
  content: string | Uint8Array,
  sendSeq: number,
): Submission {
  const frame = encodeClientMessage({
    ...(to === undefined ? {} : { to }),
    ...(group === undefined ? {} : { group }),
    sendSeq,
    content,
    transient: sendSeq === 0,
  });
  const from = sender.userId;
  return {
    from,
    epochHex,
    to: to ?? 0,
    group: group ?? '',
    sendSeq,
    restart: false,
    ...(typeof content === 'string'
      ? { textBytes: Buffer.byteLength(content), sealedBytes: 0 }
      : { textBytes: 0, sealedBytes: content.length }),
    body: appendOrigin(frame, { from, fromName: sender.name, epochHex, at }),
  };
}
