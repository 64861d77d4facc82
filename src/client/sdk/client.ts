/**
 * CimClient: one device of one user. Logs in, keeps the connection, sends, and delivers what comes, each message once and in order.
 */
import { CimError } from '../../base/errors.ts';
import type {
  ClientEventListener,
  ClientEventName,
  ClientState,
  HistoryQuery,
  Message,
  OnlineUser,
  SentMessage,
  Target,
} from './client-events.ts';
import type { Platform, Storage } from './platform.ts';

export interface CimClientOptions {
  readonly userId: number;
  readonly userName: string;
  /** Base URLs of routes (`http://127.0.0.1:8083`), tried in turn; or how to find them. */
  readonly routes: readonly string[] | (() => Promise<readonly string[]>);
  readonly platform: Platform;
  /** Where the device keeps its state. Without one it is ephemeral: a new device each time, that leaves nothing behind. */
  readonly storage?: Storage;
}

export class CimClient {
  constructor(_options: CimClientOptions) {}

  get state(): ClientState {
    return 'idle';
  }

  /** Returns how to stop listening. */
  on<Name extends ClientEventName>(_event: Name, _listener: ClientEventListener<Name>): () => void {
    throw new CimError('internal');
  }

  /** Logs in, and tries until it works: resolves when it did, rejects with a CimError if the client is closed before (refused, or by close()). */
  start(): Promise<void> {
    throw new CimError('internal');
  }

  /**
   * Resolves when the message is stored. May be called in any state but `closed`: what cannot be sent now waits. Rejects with a CimError: `too-long`,
   * `invalid-argument`, `busy` (too much is waiting), what the route refused it with (`unknown-receiver`, …), `unconfirmed` (written, not answered,
   * and the client was closed), `unavailable` (the client was closed before it was written).
   */
  send(_target: Target, _text: string): Promise<SentMessage> {
    throw new CimError('internal');
  }

  /** Rejects with a CimError, as the following do: `unavailable` when no route answers. */
  onlineUsers(): Promise<OnlineUser[]> {
    throw new CimError('internal');
  }

  /** The newest `limit` that match, oldest first. */
  history(_query: HistoryQuery): Promise<Message[]> {
    throw new CimError('internal');
  }

  /** Has the routes send this text later, whether the client is there or not. Resolves with the schedule's id when it is stored. */
  schedule(
    _target: Target,
    _text: string,
    _delaySeconds: number,
  ): Promise<{ readonly id: string }> {
    throw new CimError('internal');
  }

  /**
   * Waits up to `timeoutMs` (default 5 000) for outstanding acknowledgements, also through a reconnect, and closes. Idempotent; never rejects. What is
   * unanswered then is rejected, see send().
   */
  close(_options?: { readonly timeoutMs?: number }): Promise<void> {
    throw new CimError('internal');
  }
}
