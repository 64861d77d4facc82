/**
 * Questions between processes: one that asks, and one that it has started to answer them, one after
 * the other, over the channel that Node.js opens between the two.
 */
import { CimError, describeError, type ErrorName } from '../base/errors.ts';
import { ignore } from '../base/ignore.ts';
import { LocalProcess, type ProcessOptions } from './local-process.ts';

/** What comes over the channel from the one that answers. */
interface Told<Answer, Notice> {
  readonly answer?: Answer;
  readonly failed?: { readonly kind: ErrorName; readonly message: string };
  /** While it works on an answer. */
  readonly notice?: Notice;
}

/** How long it may take to end when its channel is closed. */
const endMsMax = 2_000;

export class AskedProcess<Question extends object, Answer, Notice = never> extends LocalProcess {
  #answer: PromiseWithResolvers<Answer> | undefined;

  constructor(options: ProcessOptions, onNotice: (notice: Notice) => void = () => {}) {
    super({ ...options, hasChannel: true });
    this.child.on('message', ({ answer, failed, notice }: Told<Answer, Notice>) => {
      if (notice !== undefined) return onNotice(notice);
      if (failed) this.#answer?.reject(new CimError(failed.kind, failed.message));
      else this.#answer?.resolve(answer as Answer);
    });
    void this.whenEnded().then((how) => this.#answer?.reject(new CimError('unavailable', how)));
  }

  /** Rejects with the CimError that the other process has met, or `unavailable` when it has ended. */
  async ask(question: Question): Promise<Answer> {
    if (this.hasExited) throw new CimError('unavailable', await this.whenEnded());
    this.#answer = Promise.withResolvers();
    this.child.send(question, ignore('whether it has ended, `whenEnded` tells'));
    return this.#answer.promise;
  }

  /** Nothing more is asked of it. Resolves when it has ended. */
  async dismiss(): Promise<void> {
    if (this.child.connected) this.child.disconnect();
    const overdue = setTimeout(() => this.signal('SIGKILL'), endMsMax);
    await this.exited;
    clearTimeout(overdue);
  }
}

/** Of the one that answers: tells the other one something beside the answer. */
export function notifyAsker<Notice>(notice: Notice): void {
  if (process.connected) process.send?.({ notice });
}

/** Answers what this process is asked. Resolves when nobody asks any more. */
export function answerQuestions<Question, Answer>(
  answer: (question: Question) => Promise<Answer>,
): Promise<void> {
  const tell = (told: Told<Answer, never>): void => {
    if (process.connected) process.send?.(told);
  };
  process.on('message', async (question: Question) => {
    try {
      tell({ answer: await answer(question) });
    } catch (error) {
      if (!(error instanceof CimError)) throw error;
      tell({ failed: { kind: error.kind, message: describeError(error) } });
    }
  });
  return new Promise((resolve) => process.once('disconnect', () => resolve()));
}
