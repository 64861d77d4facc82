/** What is spoken on the port for clients: cim or Java, as the login tells. */
import { commandOf, decodeLogin } from '../../codec/client-frame.ts';
import { command, protocolVersion } from '../../codec/commands.ts';
import { FrameDecoder } from '../../codec/frame-decoder.ts';
import { ProtocolError } from '../../codec/protocol-error.ts';
import { assertDevice } from '../sessions/client-rules.ts';
import { FrameReaders } from '../sessions/frame-readers.ts';
import { assertShortestLength, CimProtocol } from './cim/cim-protocol.ts';
import { type JavaGateway, JavaPeers, sendMessageEndpoint } from './java/java-peers.ts';
import { JavaProtocol } from './java/java-protocol.ts';
import type { Wire } from './protocol.ts';

export function cimOrJava(gateway: JavaGateway): Wire {
  const javaPeers = new JavaPeers(gateway);
  return {
    frames: new FrameReaders(() => new FrameDecoder(0)),
    endpoints: [sendMessageEndpoint((message) => javaPeers.send(message))],
    logIn(session, frame, isPadded) {
      if (commandOf(frame) !== command.login)
        throw new ProtocolError('the first frame must be a login');
      const login = decodeLogin(frame);
      if (login.protocolVersion === 0) {
        session.speak(new JavaProtocol(session, javaPeers));
      } else {
        session.speak(new CimProtocol(session, gateway.groups));
        assertShortestLength(isPadded);
        if (login.protocolVersion > protocolVersion + 1) return session.close('wrong-version');
        assertDevice(login);
      }
      session.logIn(login);
    },
  };
}
