/**
 * Typed events. An error that a listener throws is the listener's own: it is thrown again where
 * nobody catches it, and does not disturb the emitter.
 */
import type { ClientEventListener, ClientEventName, ClientEvents } from './client-events.ts';

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

  emit<Name extends Exclude<ClientEventName, 'message'>>(
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
