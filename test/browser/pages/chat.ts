/** One tab of a person, called by test/browser/tabs.test.ts. */
import { ignore } from '../../../src/base/ignore.ts';
import { type TabClient, tabClient } from '../../../src/client/sdk/browser/index.ts';
import type { CimError, ClientEventName, Target } from '../../../src/client/sdk/index.ts';

interface Person {
  readonly userId: number;
  readonly userName: string;
  readonly secret: string;
  readonly route: string;
}

let client: TabClient;
const events: unknown[] = [];
const shown: string[] = [];
/** What became of the sends of sendAll(), as far as that is known. */
const outcomes: string[] = [];
const told = [
  'state',
  'edited',
  'retracted',
  'reactions',
  'typing',
  'presence',
  'closed',
  'refused',
] as const;

const page = {
  async open({ userId, userName, secret, route }: Person) {
    client = tabClient({
      ...{ name: userName, userId, userName, routes: [route], credentials: { secret } },
      onBehind: () => events.push({ name: 'behind' }),
    });
    for (const name of [...told, 'warning'] satisfies ClientEventName[])
      client.on(name, (event) => void events.push({ name, event }));
    client.on('message', ({ text }) => void shown.push(text));
    await client.start();
  },
  /** Where no route answers. */
  openInVain(person: Person) {
    page.open({ ...person, route: `${location.origin}/nowhere` }).catch(ignore('it is left'));
  },
  call: (name: keyof TabClient, ...given: unknown[]) =>
    (client[name] as (...given: unknown[]) => unknown).apply(client, given),
  state: () => client.state,
  groups: () => client.followedGroups,
  shown: () => shown,
  events: (name: string) => events.filter((event) => (event as { name: string }).name === name),
  /** At once; does not wait for any. */
  sendAll(target: Target, texts: readonly string[]) {
    for (const text of texts)
      client.send(target, text).then(
        () => outcomes.push(text),
        (error: CimError) => outcomes.push(`${text}: ${error.kind}`),
      );
  },
  outcomes: () => outcomes,
  async sendFile(target: Target, name: string, text: string) {
    const progress: unknown[] = [];
    const onProgress = (value: unknown) => progress.push(value);
    const { file } = await client.sendFile(target, new Blob([text]), { name, onProgress });
    let read = '';
    for await (const bytes of client.openFile(file)) read += String.fromCharCode(...bytes);
    return { read, hasProgress: progress.length > 0 };
  },
  /** Says so on the console, and stands still until the test closes the page, or for so long. */
  standStill(ms: number) {
    // biome-ignore lint/suspicious/noConsole: what the page says is what the test waits for
    console.info('standing still');
    const end = performance.now() + ms;
    while (performance.now() < end);
  },
};

Object.assign(globalThis, { page });
