/** undici's connections, with certificates checked as the process was told. */
import type { Socket } from 'node:net';
import { Agent, buildConnector } from 'undici';
import type { TlsDialling } from '../base/network/tls.ts';

/** A certificate that was read anew is for connections that are made from then on. */
export function tlsAgent(tls: TlsDialling, refusalOf?: RefusalOf): Agent {
  return new Agent({
    connect(options, callback) {
      const isTls = options.protocol === 'https:';
      const refusal = isTls ? undefined : tls.refusalOfPlain(options.host ?? options.hostname);
      if (refusal) {
        callback(refusal, null);
        return;
      }
      const dialOptions = isTls ? tls.dialOptions : {};
      const isLookedAt = refusalOf !== undefined && !isTls;
      buildConnector({ allowH2: false, ...dialOptions })(
        options,
        isLookedAt ? lookedAt(callback, refusalOf) : callback,
      );
    },
  });
}

/** Why nothing is to be sent on a connection without TLS that has just been made. */
export type RefusalOf = (socket: Socket) => Error | undefined;

function lookedAt(
  callback: buildConnector.Callback,
  refusalOf: RefusalOf,
): buildConnector.Callback {
  return (...[error, socket]) => {
    const refusal = socket ? refusalOf(socket) : undefined;
    if (refusal) {
      socket?.destroy();
      callback(refusal, null);
    } else if (socket) callback(null, socket);
    else callback(error as Error, null);
  };
}
