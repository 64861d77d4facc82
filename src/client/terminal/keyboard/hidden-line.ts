/** A line that is typed and not shown. */
import { systemClock } from '../../../base/clock.ts';
import { lineBytesMax } from '../input/pipe-input.ts';
import { type JobControl, Keyboard, type Press } from './keyboard.ts';
import { LineEditor } from './line-editor.ts';

export class HiddenLine {
  readonly #editor = new LineEditor(lineBytesMax);
  readonly #read = Promise.withResolvers<string | undefined>();

  /** Undefined: the person gave up. */
  get read(): Promise<string | undefined> {
    return this.#read.promise;
  }

  giveUp(): void {
    this.#read.resolve(undefined);
  }

  press(press: Press): void {
    if (press.kind === 'paste') this.#editor.insert(firstLine(press.text), 'p');
    else if (press.name === 'escape') this.giveUp();
    else if (press.name === 'return' || press.name === 'enter')
      this.#read.resolve(this.#editor.text);
    else this.#editor.press(press);
  }
}

/** What was selected too much of is left out. */
function firstLine(text: string): string {
  return text.trimStart().split('\n', 1)[0] ?? '';
}

/** On a terminal that nobody else reads from. Undefined: the person gave up. */
export async function askHiddenLine(
  question: string,
  host: JobControl & { readonly stdin: NodeJS.ReadStream; readonly stderr: NodeJS.WriteStream },
): Promise<string | undefined> {
  const { stdin, stderr } = host;
  const line = new HiddenLine();
  const ask = () => stderr.write(`${question} `);
  const keyboard: Keyboard = new Keyboard({
    stdin,
    stdout: stderr,
    job: host,
    clock: systemClock,
    pasteMax: lineBytesMax,
    onPress: (press) => {
      if (press.kind === 'key' && press.ctrl && press.name === 'z') keyboard.suspend();
      else if (press.kind === 'key' && press.ctrl && (press.name === 'c' || press.name === 'd'))
        line.giveUp();
      else line.press(press);
    },
    onLongPaste: () => {},
    onSuspend: () => stderr.write('\n'),
    onContinue: ask,
    onEnd: () => line.giveUp(),
  });
  ask();
  try {
    return await line.read;
  } finally {
    keyboard.close();
    stderr.write('\n');
  }
}
