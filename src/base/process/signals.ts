/** Being told to stop, politely at first, then at once; and to read files again. */

export interface SignalSource {
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
}

export interface Signals {
  readonly first: Promise<'signal'>;
  readonly second: Promise<'signal'>;
  close(): void;
}

/**
 * Calls back at every SIGHUP, which ends nothing meanwhile: Node.js takes back that `nohup` has it
 * ignored. Returns how to stop that.
 */
export function onHangUp(source: SignalSource, listener: () => void): () => void {
  source.on('SIGHUP', listener);
  return () => source.off('SIGHUP', listener);
}

export function listenForSignals(source: SignalSource): Signals {
  const first = Promise.withResolvers<'signal'>();
  const second = Promise.withResolvers<'signal'>();
  let next = first;
  const listener = (): void => {
    next.resolve('signal');
    next = second;
  };
  const names = ['SIGTERM', 'SIGINT'] as const;
  for (const name of names) source.on(name, listener);
  return {
    first: first.promise,
    second: second.promise,
    close() {
      for (const name of names) source.off(name, listener);
    },
  };
}
