/** Messages as servers send them to a route, made into what the route stores or hands on. */
import type { PassEntry, SubmitEntry } from '../../api/route-api.ts';
import { errorOfCode, errorTable } from '../../base/errors.ts';
import type { Bugs } from '../../base/process/bugs.ts';
import { appendOrigin, appendOriginToAll } from '../../codec/message-body.ts';
import { scanIfReadable } from '../../codec/message-scan.ts';
import { skipOf } from '../../codec/run.ts';
import type { Submission } from './delivery.ts';
import type { Transient } from './transients.ts';

const internal = Number(errorTable.internal.code);

/** `at`: ms since 1970. What cannot be made of it is a mistake of ours: it takes its numbers, and is answered for good. */
export function submissionOf(
  entry: SubmitEntry,
  at: number,
  bugs: Pick<Bugs, 'caught'>,
): Submission {
  try {
    return readSubmission(entry, at);
  } catch (error) {
    bugs.caught(error, 'taking a message');
    return readSubmission({ ...ofSubmit(entry), refusal: internal, bodies: nothing }, at);
  }
}

const nothing = new Uint8Array();

function ofSubmit(entry: SubmitEntry): SubmitEntry {
  const { from, fromName, epochHex, instance, sessionId } = entry;
  const { to, group, sendSeq, restart, silent, keyEpoch, refusal, count, bodies } = entry;
  const sender = { from, fromName, epochHex, instance, sessionId };
  const place = { to, group, sendSeq, restart, silent, keyEpoch };
  return { ...sender, ...place, refusal, count, bodies };
}

function readSubmission(entry: SubmitEntry, at: number): Submission {
  const { from, fromName, epochHex, to, group, sendSeq, restart, silent } = entry;
  const { keyEpoch, refusal, count, instance, sessionId } = entry;
  const { bodies } =
    refusal === 0 ? appendOriginToAll(entry, { from, fromName, epochHex, at }) : skipOf(count);
  return {
    from,
    epochHex,
    to,
    group,
    sendSeq,
    restart,
    silent,
    keyEpoch,
    refusal: refusal === 0 ? null : errorOfCode(refusal),
    count,
    bodies,
    origin: { instance, sessionId },
  };
}

/** `at`: ms since 1970. Undefined: it cannot be read. */
export function transientOf(
  { from, fromName, epochHex, instance, sessionId, body }: PassEntry,
  at: number,
): Transient | undefined {
  const fields = scanIfReadable(body);
  if (!fields) return undefined;
  const { to, group, textStart, textEnd, sealedStart, sealedEnd } = fields;
  return {
    from,
    to,
    group,
    textBytes: textEnd - textStart,
    sealedBytes: sealedEnd - sealedStart,
    contentBytes: fields.contentEnd - fields.contentStart,
    keyEpoch: fields.keyEpoch,
    body: appendOrigin(body, { from, fromName, epochHex, at }),
    origin: { instance, sessionId },
  };
}
