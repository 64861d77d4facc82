/**
 * A process with one plain session with ZooKeeper, which does what its parent asks for: run as
 * `node zookeeper-shell.ts ADDRESS`. A process of its own, since two native clients in one get in
 * each other's way: one that has lost its connection keeps a poll handle on the file descriptor that
 * the other one is given next, which then hears nothing.
 */
import Library from 'zookeeper';

export interface ShellCall {
  readonly call: number;
  readonly what:
    | readonly ['create', path: string, data: string, kind: 'persistent' | 'ephemeral']
    | readonly ['write', path: string, data: string]
    | readonly ['children' | 'read' | 'remove', path: string];
}

/** `error`: why it could not be done. */
export type ShellMessage =
  | 'connected'
  | { readonly call: number; readonly error?: string; readonly result?: unknown };

const anyVersion = -1;
const client = new Library({ connect: process.argv[2] ?? '', timeout: 10_000, debug_level: 0 });

async function run(what: ShellCall['what']): Promise<unknown> {
  const [kind, path] = what;
  switch (kind) {
    case 'create':
      return client.create(path, what[2], what[3] === 'ephemeral' ? 1 : 0);
    case 'write':
      return client.set(path, what[2], anyVersion);
    case 'children':
      return client.get_children(path, false);
    case 'remove':
      return client.delete_(path, anyVersion);
    case 'read': {
      const [stat, data] = (await client.get(path, false)) as unknown as [
        { ephemeralOwner: string },
        Buffer | null,
      ];
      return { data: data?.toString() ?? '', owner: stat.ephemeralOwner };
    }
  }
}

const tell = (message: ShellMessage) => process.send?.(message);
process.on('message', ({ call, what }: ShellCall) => {
  run(what).then(
    (result) => tell({ call, result }),
    (error: unknown) => tell({ call, error: String(error) }),
  );
});
process.once('disconnect', () => process.exit());
client.once('connect', () => tell('connected'));
client.init({});
