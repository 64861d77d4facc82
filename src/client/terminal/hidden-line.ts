/** Reads a line from a terminal in raw mode that is not shown. */

import { emitKeypressEvents } from 'node:readline';

interface Key {
  readonly name?: string;
  readonly ctrl?: boolean;
  readonly meta?: boolean;
}

/**
 * Undefined: the person gave up, by Ctrl-C (which is told as well), Ctrl-D or Escape. Whoever else
 * listens for keys hears nothing meanwhile. `over`: nobody wants to know any more.
 */
export async function readHiddenLine(
  stdin: NodeJS.ReadStream,
  onInterrupt: () => void,
  over?: Promise<void>,
): Promise<string | undefined> {
  const others = stdin.listeners('keypress') as ((...key: unknown[]) => void)[];
  const read = Promise.withResolvers<string | undefined>();
  const typed: string[] = [];
  const take = (text: string | undefined, { name, ctrl, meta }: Key = {}) => {
    if (name === 'return' || name === 'enter') read.resolve(typed.join(''));
    else if (ctrl && name === 'c') {
      onInterrupt();
      read.resolve(undefined);
    } else if ((ctrl && name === 'd') || name === 'escape') read.resolve(undefined);
    else if (ctrl && name === 'u') typed.length = 0;
    else if (name === 'backspace') typed.pop();
    else if (text && !ctrl && !meta && !/\p{Cc}/u.test(text)) typed.push(text);
  };
  stdin.on('keypress', take);
  for (const other of others) stdin.off('keypress', other);
  try {
    return await Promise.race([read.promise, ...(over ? [over.then(() => undefined)] : [])]);
  } finally {
    for (const other of others) stdin.on('keypress', other);
    stdin.off('keypress', take);
  }
}

/** On a terminal that nobody else reads from. */
export async function askHiddenLine(
  question: string,
  { stdin, stderr }: { readonly stdin: NodeJS.ReadStream; readonly stderr: NodeJS.WriteStream },
): Promise<string | undefined> {
  emitKeypressEvents(stdin);
  stdin.setRawMode(true);
  stdin.resume();
  stderr.write(`${question} `);
  try {
    return await readHiddenLine(stdin, () => {});
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write('\n');
  }
}
