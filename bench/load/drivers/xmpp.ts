/**
 * XMPP as ejabberd speaks it, as little of it as messages need: the account is made on the
 * connection itself (XEP-0077), messages count as taken when the server says how many stanzas it
 * has handled (XEP-0198).
 */

import { repeat } from '../../../src/load/turn.ts';
import { type Driver, type DriverOptions, openSocket, peerOf, rejoined } from '../driver.ts';

const domain = 'localhost';
const password = 'bench';
const messageEnd = Buffer.from('</message>');
const handled = Buffer.from("<a h='");
const asked = Buffer.from('<r');

export function xmppDriver(options: DriverOptions): Driver {
  const { pattern, bytes, events } = options;
  return {
    async open(index) {
      let expected: { readonly text: string; readonly resolve: () => void } | undefined;
      // Stanzas that the server has sent, and that it has said to have handled: one is the presence.
      let received = 1;
      let acknowledged = 1;
      const parse = (chunk: Buffer): number => {
        if (expected) {
          const text = chunk.toString();
          if (/<(stream:error|failure)/.test(text)) events.failed(text);
          if (!text.includes(expected.text)) return 0;
          expected.resolve();
          expected = undefined;
          return chunk.length;
        }
        let offset = 0;
        const count = countOf(chunk, messageEnd, (end) => {
          offset = end;
        });
        received += count;
        if (count > 0) events.delivered(index, count);
        countOf(chunk, handled, (at) => {
          const end = chunk.indexOf("'", at);
          if (end === -1) return;
          const number = Number(chunk.toString('latin1', at, end));
          if (number > acknowledged) events.acknowledged(index, number - acknowledged);
          acknowledged = Math.max(number, acknowledged);
          offset = Math.max(offset, chunk.indexOf('>', end) + 1);
        });
        if (
          countOf(chunk, asked, (at) => {
            offset = Math.max(offset, chunk.indexOf('>', at) + 1);
          }) > 0
        )
          socket.queue(handledFrame(received));
        return offset;
      };
      const socket = await openSocket(options, rejoined(parse));
      const ask = (request: string, answer: string): Promise<void> =>
        new Promise((resolve) => {
          expected = { text: answer, resolve };
          socket.queue(Buffer.from(request));
        });
      await logIn(ask, `u${index}`);
      socket.queue(handledFrame(received));
      const to = `u${peerOf(pattern, index)}@${domain}/b`;
      const body = 'x'.repeat(bytes);
      const frame = Buffer.from(`<message to='${to}' type='chat'><body>${body}</body></message>`);
      const request = Buffer.from("<r xmlns='urn:xmpp:sm:3'/>");
      return {
        send: (count) => socket.queue(Buffer.concat([repeat(frame, count), request])),
        keepAlive: () => socket.queue(Buffer.from(' ')),
      };
    },
  };
}

function handledFrame(count: number): Buffer {
  return Buffer.from(`<a xmlns='urn:xmpp:sm:3' h='${count}'/>`);
}

type Ask = (request: string, answer: string) => Promise<void>;

async function logIn(ask: Ask, user: string): Promise<void> {
  const stream = `<stream:stream to='${domain}' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`;
  const credentials = Buffer.from(`\0${user}\0${password}`).toString('base64');
  await ask(stream, '</stream:features>');
  await ask(
    `<iq type='set' id='r'><query xmlns='jabber:iq:register'><username>${user}</username><password>${password}</password></query></iq>`,
    "id='r'",
  );
  await ask(
    `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${credentials}</auth>`,
    '<success',
  );
  await ask(stream, '</stream:features>');
  await ask(
    "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>b</resource></bind></iq>",
    "id='b'",
  );
  await ask("<enable xmlns='urn:xmpp:sm:3'/>", '<enabled');
  await ask('<presence/>', '<presence');
}

/** Calls back with the place behind each occurrence. */
function countOf(bytes: Buffer, pattern: Buffer, found: (end: number) => void): number {
  let count = 0;
  for (let at = bytes.indexOf(pattern); at !== -1; at = bytes.indexOf(pattern, at)) {
    at += pattern.length;
    count += 1;
    found(at);
  }
  return count;
}
