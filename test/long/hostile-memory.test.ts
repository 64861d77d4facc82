// Goal: whoever makes a process hold bytes for him (half-sent frames, answers that he does not read,
// requests that do not end) or work for him (names, searches) takes its memory to no more than its
// budget and what it is itself, and two people who chat meanwhile are served. Method: a table of
// attacks on the packaged executable, each on a process of its own; figures are printed, memory and
// the arrival of every honest message are asserted. Those that need a cluster are in hostile-cluster.test.ts.
import { expect, test } from '@jest/globals';
import { limits } from '../../src/base/limits.ts';
import {
  attackers,
  messageFrame,
  postText,
  residentMiBMax,
  statusOf,
  whenWritten,
} from '../support/hostile-clients.ts';
import { javaRegister } from '../support/java-peer.ts';
import { connections, type RawConnection } from '../support/raw-connection.ts';
import { type Role, startDevelopment } from '../support/roles.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitUntil } from '../support/wait-until.ts';
import { Witness } from '../support/witness.ts';

interface Ports {
  readonly tcp: string;
  readonly route: string;
  readonly http: string;
}

interface Attack {
  readonly what: string;
  /** Done before anybody is watched: what is there to be read. */
  readonly prepare?: (ports: Ports) => Promise<unknown>;
  /** `let go` what it returns when the honest have been watched for long enough. */
  readonly run: (ports: Ports) => Promise<readonly RawConnection[] | undefined>;
}

const attacks: readonly Attack[] = [
  {
    what: 'nobody attacks: what the machine itself costs just now',
    run: async () => undefined,
  },
  {
    what: '320 frames of 1 MiB of which all but a byte has come',
    async run({ tcp, route }) {
      const all = await attackers(tcp, route, 320, limits.devicesPerUserMax / 2);
      const peers = all.map(({ peer }) => peer);
      const most = Buffer.concat([Buffer.from('808040', 'hex'), Buffer.alloc(1_000_000, 1)]);
      for (const peer of peers) {
        peer.send(most);
        await whenWritten([peer]);
      }
      const ended = () => peers.filter(({ isClosed }) => isClosed).length;
      await waitUntil('those that hold most are ended', () => ended() >= 250);
      return peers;
    },
  },
  {
    what: '20 connections that ask 200 times and read nothing',
    async run({ route }) {
      const peers = await connections(route, 20);
      const ask = 'GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(200);
      for (const peer of peers) {
        peer.socket.pause();
        peer.send(ask);
      }
      const honest = (await connections(route, 1))[0] as RawConnection;
      honest.send('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
      expect(await honest.whenAnswered()).toEqual([200]);
      return peers;
    },
  },
  {
    what: 'requests that do not end, on more sockets than there are',
    async run({ route }) {
      const head =
        'POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{';
      const peers = await connections(route, limits.httpConnectionsMax + 100);
      for (const peer of peers) peer.send(head + ' '.repeat(10_000));
      const honest = (await connections(route, 1))[0] as RawConnection;
      honest.send('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
      expect(await honest.whenAnswered()).toEqual([200]);
      return peers;
    },
  },
  {
    what: 'connections that never speak, beside one that is kept',
    async run({ route }) {
      const kept = (await connections(route, 1))[0] as RawConnection;
      kept.send('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
      await kept.whenAnswered();
      const silent = await connections(route, 2 * limits.httpConnectionsMax);
      expect(kept.isClosed).toBe(false);
      kept.send('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
      expect(await kept.whenAnswered(2)).toEqual([200, 200]);
      return silent;
    },
  },
  {
    what: 'names of combining marks at every endpoint that takes one',
    async run({ route, http, tcp }) {
      // Marks in the order that none may have; more than a name may have, and as many as are looked at.
      const names = ['\u0315\u0300'.repeat(95_000), '\u0315\u0300'.repeat(100)];
      const userId = await writerAt(route, 0);
      for (const address of [route, http])
        for (const [path, fields] of await textFieldsOf(address))
          for (const name of names)
            await Promise.all(
              fields.map((field) =>
                statusOf(address, path, {
                  userId,
                  from: userId,
                  userName: 'mallory',
                  msg: 'x',
                  [field]: name,
                }),
              ),
            );
      const all = await attackers(tcp, route, 20);
      for (const { peer } of all)
        for (const name of names) peer.send(messageFrame({ group: name, reqMsg: 'x', sendSeq: 1 }));
      await Promise.all(all.map(({ peer }) => peer.whenClosed()));
      return undefined;
    },
  },
  {
    what: 'searches of long texts by 32 KB and by 256 characters, 20 at a time',
    async prepare({ route }) {
      const longest = 'a'.repeat(limits.textBytesMax);
      for (let count = 0; count < 80; count++)
        await statusOf(route, '/groupRoute', {
          userId: await writerAt(route, count),
          msg: longest,
        });
    },
    async run({ route }) {
      const keywords = [`${'a'.repeat(32_000)}b`, `${'a'.repeat(255)}b`, `b${'a'.repeat(255)}`];
      const searchers = Array.from({ length: 20 }, async (_, index) => {
        const userId = await javaRegister(`http://${route}`, `searcher-${index}`);
        for (let round = 0; round < 2; round++)
          for (const keyword of keywords) await statusOf(route, '/history', { userId, keyword });
      });
      await Promise.all(searchers);
      return undefined;
    },
  },
  {
    what: 'pages of delayed messages and of history, asked for by hundreds and not read',
    async prepare({ route }) {
      const longest = 'x'.repeat(limits.textBytesMax);
      for (let user = 0; user < 10; user++) {
        const from = await writerAt(route, 8 * user);
        const delayed = { from, to: 1, text: longest, delaySeconds: 86_400 };
        for (let count = 0; count < 80; count++)
          await statusOf(route, '/delay', { ...delayed, id: `later-${count}` });
        for (let count = 0; count < 8; count++)
          await statusOf(route, '/groupRoute', { userId: from, msg: longest });
      }
    },
    async run({ route }) {
      const peers = await connections(route, 40);
      for (const [index, peer] of peers.entries()) {
        const userId = await writerAt(route, 8 * (index % 10));
        const page = index % 2 === 0 ? '/delayed' : '/history';
        peer.socket.pause();
        peer.send(postText(page, { userId }).repeat(200));
      }
      await whenWritten(peers);
      return peers;
    },
  },
  {
    what: 'messages to nobody, and to groups that do not exist',
    async run({ tcp, route }) {
      const all = await attackers(tcp, route, 30);
      const count = 2_000;
      for (const { peer } of all) {
        const messages = Array.from({ length: count }, (_, index) =>
          messageFrame({
            ...(index % 2 === 0 ? { to: 1_000_000 + index } : { group: `nothing-${index}` }),
            reqMsg: 'is anybody there?',
            sendSeq: 1,
          }),
        );
        peer.send(Buffer.concat(messages));
      }
      const peers = all.map(({ peer }) => peer);
      await whenWritten(peers);
      return peers;
    },
  },
];

test.each(attacks)(
  '$what',
  async ({ what, prepare, run }) => {
    // Each has a process of its own: what one attack leaves to be collected is not another's. Nor is
    // what it took to write what is there to be read.
    const args = ['--data', temporaryFolder('attacked'), '--auth', 'open'];
    if (prepare) {
      const before = await startDevelopment(args);
      await prepare(portsOf(before));
      await before.process.stop();
    }
    const dev = await startDevelopment(args);
    const ports = portsOf(dev);
    const witness = await Witness.start(dev, `http://${ports.route}`);
    let peers: readonly RawConnection[] = [];
    await witness.within(what, residentMiBMax, async () => {
      peers = (await run(ports)) ?? [];
    });
    for (const peer of peers) peer.socket.destroy();
  },
  180_000,
);

function portsOf({ addresses }: Role): Ports {
  const [tcp = '', route = '', http = ''] = ['tcp', 'route', 'http'].map((name) => addresses[name]);
  return { tcp, route, http };
}

/** Who writes the message of that number: none sends more than a few, as rates are not what is tried. */
function writerAt(route: string, count: number): Promise<number> {
  return javaRegister(`http://${route}`, `writer-${Math.floor(count / 8)}`);
}

/** Each endpoint of a port with the texts that it takes, by its own documentation. */
async function textFieldsOf(address: string): Promise<[path: string, fields: string[]][]> {
  const answer = await fetch(`http://${address}/openapi.json`);
  const { paths } = (await answer.json()) as { paths: Record<string, { post?: Documented }> };
  return Object.entries(paths).map(([path, { post }]) => {
    const properties = post?.requestBody?.content['application/json'].schema.properties ?? {};
    const texts = Object.entries(properties).filter(([, { type }]) => type === 'string');
    return [path, texts.map(([name]) => name)];
  });
}

interface Documented {
  readonly requestBody?: {
    readonly content: {
      readonly 'application/json': {
        readonly schema: { readonly properties?: Record<string, { readonly type?: string }> };
      };
    };
  };
}
