/** undici's connections, with certificates checked as the process was told. */
import { Agent, buildConnector } from 'undici';
import type { TlsDialling } from '../base/tls.ts';

/** A certificate that was read anew is for connections that are made from then on. */
export function tlsAgent(tls: TlsDialling): Agent {
  return new Agent({
    connect(options, callback) {
      const dialOptions = options.protocol === 'https:' ? tls.dialOptions : {};
      buildConnector({ allowH2: false, ...dialOptions })(options, callback);
    },
  });
}
