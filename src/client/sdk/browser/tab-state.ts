/** How the connection of a device stands, as one of its tabs tells it to the application. */
import { CimError } from '../../../base/errors.ts';
import type { ClientEvents } from '../client-events.ts';
import type { EventEmitter } from '../event-emitter.ts';
import type { Standing } from './tab-channel.ts';

export class TabState {
  readonly #events: Pick<EventEmitter, 'emit'>;
  #standing: Standing = { state: 'idle', groups: [] };
  #hasBeenReady = false;
  #firstReady: PromiseWithResolvers<void> | undefined;

  constructor(events: Pick<EventEmitter, 'emit'>) {
    this.#events = events;
  }

  get standing(): Standing {
    return this.#standing;
  }

  get isStarted(): boolean {
    return this.#firstReady !== undefined;
  }

  get isClosed(): boolean {
    return this.#standing.state === 'closed';
  }

  /** Resolves when the device is ready first. Rejects with a CimError if it is closed before. */
  whenReady(begin: () => void): Promise<void> {
    if (this.#firstReady) return this.#firstReady.promise;
    this.#firstReady = Promise.withResolvers();
    if (this.isClosed) this.#firstReady.reject(closedError());
    else begin();
    return this.#firstReady.promise;
  }

  /** A change of who leads is one of the connection. */
  become(standing: Standing): void {
    const { state: previous } = this.#standing;
    if (previous === 'closed') return;
    const isOnTheWay = standing.state !== 'ready';
    const state = isOnTheWay ? (this.#hasBeenReady ? 'reconnecting' : 'connecting') : 'ready';
    this.#standing = { ...standing, state };
    this.#hasBeenReady ||= state === 'ready';
    if (state === previous) return;
    this.#events.emit('state', { state, previous });
    if (state !== 'ready') return;
    if (standing.ready) this.#events.emit('ready', standing.ready);
    this.#firstReady?.resolve();
  }

  /** Idempotent: the first reason counts. `release`: before anybody is told. */
  close(event: ClientEvents['closed'], release: () => void): void {
    if (this.isClosed) return;
    const { state: previous } = this.#standing;
    this.#standing = { state: 'closed', groups: [] };
    release();
    this.#events.emit('state', { state: 'closed', previous });
    this.#firstReady?.reject(event.error ?? new CimError('unavailable', event.reason));
    this.#events.emit('closed', event);
  }
}

export function closedError(): CimError {
  return new CimError('unavailable', 'the client is closed');
}
