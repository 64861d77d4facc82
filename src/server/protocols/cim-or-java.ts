/** What is spoken on the port for clients: cim or Java, as the login tells. */
import { FrameDecoder } from '../../codec/frame-decoder.ts';
import { FrameReaders } from '../sessions/frame-readers.ts';
import { logInWithCim, readLogin } from './cim/cim-wire.ts';
import { type JavaGateway, JavaPeers, sendMessageEndpoint } from './java/java-peers.ts';
import { JavaProtocol } from './java/java-protocol.ts';
import type { Wire } from './protocol.ts';

export function cimOrJava(gateway: JavaGateway): Wire {
  const javaPeers = new JavaPeers(gateway);
  return {
    frames: new FrameReaders(() => new FrameDecoder(0)),
    endpoints: [sendMessageEndpoint((message) => javaPeers.send(message))],
    logIn(session, frame, isPadded) {
      const login = readLogin(frame);
      if (login.protocolVersion > 0) return logInWithCim(gateway, session, login, isPadded);
      session.speak(new JavaProtocol(session, javaPeers));
      session.logIn(login);
    },
  };
}
