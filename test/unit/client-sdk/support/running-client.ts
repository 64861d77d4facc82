/** A CimClient against a scripted server, in the state in which most tests want it. */
import type { CimError } from '../../../../src/base/errors.ts';
import type {
  CimClient,
  ClientEventName,
  ClientEvents,
  Message,
} from '../../../../src/client/sdk/index.ts';
import type { MemoryStorage } from './memory-storage.ts';
import { type ServerConnection, World } from './scripted-server.ts';

export function record<Name extends ClientEventName>(
  client: CimClient,
  event: Name,
): ClientEvents[Name][] {
  const events: ClientEvents[Name][] = [];
  client.on(event, (payload) => void events.push(payload));
  return events;
}

/** The outcome of a promise so far. */
export function watch<T>(promise: Promise<T>): { value?: T; error?: CimError } {
  const outcome: { value?: T; error?: CimError } = {};
  promise.then(
    (value) => {
      outcome.value = value;
    },
    (error) => {
      outcome.error = error;
    },
  );
  return outcome;
}

/** A client that is logged in; its texts are recorded as they are shown. */
export async function online({
  storage = undefined as MemoryStorage | undefined,
  world = new World(),
  welcome = {},
} = {}) {
  const client = world.client(storage ? { storage } : {});
  const messages: Message[] = [];
  client.on('message', (message) => void messages.push(message));
  const server = await world.ready(client, welcome);
  return {
    world,
    client,
    server,
    messages,
    clock: world.clock,
    texts: () => messages.map(({ text }) => text),
  };
}

/** Lets the first reconnect happen. */
export async function reconnect(world: World, welcome = {}): Promise<ServerConnection> {
  await world.clock.advance(1_000);
  return world.welcomeNext(welcome);
}
