/**
 * Messages on their way to a route, gathered to runs: consecutive messages of one conversation that
 * came in one turn of the event loop are one entry, mostly a view of what a socket gave. All of one
 * turn leave as one batch at its end.
 */
import type { RouteApi, Sender, SubmitEntry, SubmitResult } from '../../api/route-api.ts';
import { errorTable } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { contentRefusal } from '../../codec/content.ts';
import type { MessageReader } from '../../codec/message-reader.ts';
import { hasLengthBefore, runOf } from '../../codec/run.ts';
import { varintLength } from '../../codec/varint.ts';

const nothing = new Uint8Array();

/** The session that messages come from. */
export interface Submitter {
  readonly sender: Sender;
  /** The fate of messages of one conversation, the first of which has this number. */
  onAnswer(run: SubmittedRun, result: SubmitResult): void;
}

export interface SubmittedRun {
  readonly to: number;
  readonly group: string;
  /** Of the first message. */
  readonly sendSeq: number;
  readonly count: number;
  /** Of all messages, each with `limits.inFlightOverheadBytes`. */
  readonly weight: number;
}

/** A run that more may be added to. Of what lies in one piece only a view is kept. */
class OpenRun implements SubmittedRun {
  readonly submitter: Submitter;
  readonly to: number;
  readonly group: string;
  readonly sendSeq: number;
  count = 0;
  weight = 0;
  readonly #restart: boolean;
  readonly #silent: boolean;
  readonly #keyEpoch: number;
  readonly #refusal: number;
  /** Whole messages with their lengths, that lie elsewhere than those after them. */
  #pieces: Uint8Array[] | null = null;
  /** The last piece lies here, from `#start` to `#end`. */
  #bytes: Uint8Array = nothing;
  #start = 0;
  #end = 0;
  #bytesBefore = 0;

  /** For a message as it was read, which is then to be added. */
  constructor(submitter: Submitter, message: MessageReader) {
    const { to, group, sendSeq, restart, silent, keyEpoch } = message;
    const refusal = contentRefusal(message);
    this.submitter = submitter;
    this.to = to;
    this.group = group;
    this.sendSeq = sendSeq;
    this.#restart = restart;
    this.#silent = silent;
    this.#keyEpoch = keyEpoch;
    this.#refusal = refusal === null ? 0 : Number(errorTable[refusal].code);
  }

  /** Whether the message is the next one of this run, and may be added. */
  continuesWith(submitter: Submitter, message: MessageReader, bytes: number): boolean {
    return (
      submitter === this.submitter &&
      message.sendSeq === this.sendSeq + this.count &&
      message.to === this.to &&
      message.group === this.group &&
      !message.restart &&
      message.silent === this.#silent &&
      message.keyEpoch === this.#keyEpoch &&
      this.#refusal === 0 &&
      contentRefusal(message) === null &&
      this.count < limits.runMessagesMax &&
      this.#bytesBefore + this.#end - this.#start + bytes <= limits.runBytesMax
    );
  }

  /** Adds the message that lies in `bytes` from `start` to `end`. */
  add(bytes: Uint8Array, start: number, end: number): void {
    this.count += 1;
    this.weight += end - start + limits.inFlightOverheadBytes;
    const from = start - varintLength(end - start);
    if (bytes === this.#bytes && from === this.#end) {
      this.#end = end;
      return;
    }
    if (this.count > 1) {
      this.#pieces ??= [];
      this.#pieces.push(this.#piece());
      this.#bytesBefore += this.#end - this.#start;
    }
    if (hasLengthBefore(bytes, start, end)) {
      this.#bytes = bytes;
      this.#start = from;
      this.#end = end;
    } else {
      this.#bytes = runOf([bytes.subarray(start, end)]).bodies;
      this.#start = 0;
      this.#end = this.#bytes.length;
    }
  }

  #piece(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  #takeBodies(): Uint8Array {
    const piece = this.#piece();
    const pieces = this.#pieces;
    this.#bytes = nothing;
    this.#pieces = null;
    if (this.#refusal !== 0) return nothing;
    if (pieces !== null) return Buffer.concat([...pieces, piece]);
    return isSmallPart(piece) ? Buffer.from(piece) : piece;
  }

  /** To be called once: what it holds of the socket's bytes goes with the entry. */
  entry(): SubmitEntry {
    const { from, fromName, epochHex, instance, sessionId } = this.submitter.sender;
    const { to, group, sendSeq, count } = this;
    return {
      from,
      fromName,
      epochHex,
      instance,
      sessionId,
      to,
      group,
      sendSeq,
      restart: this.#restart,
      silent: this.#silent,
      keyEpoch: this.#keyEpoch,
      refusal: this.#refusal,
      count,
      bodies: this.#takeBodies(),
    };
  }
}

/** Whether keeping a view keeps much more than is seen: what else a socket gave with it. */
function isSmallPart({ length, buffer }: Uint8Array): boolean {
  return buffer.byteLength > smallBytes && buffer.byteLength > 4 * length;
}

/** As much as a message costs anyway. */
const smallBytes = 2 * 1024;

/** A user has sent so many messages. */
type OnTaken = (userId: number, count: number) => void;

export class Submissions {
  readonly #submit: RouteApi['submit'];
  readonly #onTaken: OnTaken;
  /** Those of this turn; more may be added to the last one. */
  #runs: OpenRun[] = [];
  #last: OpenRun | null = null;

  constructor(submit: RouteApi['submit'], onTaken: OnTaken) {
    this.#submit = submit;
    this.#onTaken = onTaken;
  }

  /** A message as it was read, which lies in `bytes` from `start` to `end`. */
  add(
    submitter: Submitter,
    message: MessageReader,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    let run = this.#last;
    if (run === null) setImmediate(() => this.#flush());
    if (run === null || !run.continuesWith(submitter, message, end - start)) {
      run = new OpenRun(submitter, message);
      this.#last = run;
      this.#runs.push(run);
    }
    run.add(bytes, start, end);
  }

  #flush(): void {
    const runs = this.#runs;
    this.#runs = [];
    this.#last = null;
    for (const { submitter, count } of runs) this.#onTaken(submitter.sender.from, count);
    this.#submit(
      runs.map((run) => run.entry()),
      (index, result) => {
        const run = runs[index] as OpenRun;
        run.submitter.onAnswer(run, result);
      },
    );
  }
}
