/**
 * Typed events. An error that a listener throws is the listener's own: it is thrown again where
 * nobody catches it, and does not disturb the emitter.
 */
import type { ClientEventListener, ClientEventName, ClientEvents } from './client-events.ts';

/** What is acknowledged when those who listen have taken it: handed, not emitted. */
type AwaitedName = 'message' | 'edited' | 'retracted' | 'reactions';

type Listeners = { [Name in ClientEventName]?: Set<ClientEventListener<Name>> };

export class EventEmitter {
  readonly #listeners: Listeners = {};

  /** Returns how to stop listening. */
  on<Name extends ClientEventName>(event: Name, listener: ClientEventListener<Name>): () => void {
    const listeners = this.of(event);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  of<Name extends ClientEventName>(event: Name): Set<ClientEventListener<Name>> {
    const listeners = this.#listeners[event] ?? (new Set() as NonNullable<Listeners[Name]>);
    this.#listeners[event] = listeners;
    return listeners;
  }

  /**
   * Gives something to everybody who listens; undefined if nobody needs to be waited for. Throws, or
   * rejects with, what a listener did.
   */
  hand<Name extends ClientEventName>(
    event: Name,
    payload: ClientEvents[Name],
  ): Promise<void> | undefined {
    let taking: Promise<unknown> | undefined;
    for (const listener of this.of(event)) {
      const result = listener(payload);
      if (result) taking = taking ? Promise.all([taking, result]) : result;
    }
    return taking?.then(() => undefined);
  }

  emit<Name extends Exclude<ClientEventName, AwaitedName>>(
    event: Name,
    payload: ClientEvents[Name],
  ): void {
    for (const listener of this.of(event)) void notify(listener, payload);
  }
}

async function notify<Payload>(
  listener: (payload: Payload) => void | Promise<void>,
  payload: Payload,
): Promise<void> {
  await listener(payload);
}
