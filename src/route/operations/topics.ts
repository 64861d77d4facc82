/** Topics, for applications. */
import { retaining } from '../../api/route-api.ts';
import { decodePublication, encodePublication } from '../../codec/publication.ts';
import type { RouteOperations } from '../operations.ts';
import { readRetained } from '../topics/retained-page.ts';
import type { OperationsContext } from './context.ts';

/** Whose it is what applications publish: of all of them together. */
const owner = 'applications';
const nothing = new Uint8Array();

export function topicOperations({
  store,
  publisher,
  clock,
}: OperationsContext): Pick<RouteOperations, 'publish' | 'retained'> {
  return {
    publish({ topic, text, isRetained, contentType = '', lifeMs = 0 }) {
      const payload = Buffer.from(text);
      const said = { payload, contentType, isText: true, responseTopic: '', correlation: nothing };
      const body = encodePublication({ ...said, properties: [], at: clock.now() });
      const kept = payload.length === 0 ? retaining.remove : retaining.keep;
      const retain = isRetained ? kept : retaining.not;
      return publisher.take({ topic, owner, clientId: '', body, retain, lifeMs });
    },

    async retained(filter, after = '') {
      const page = await readRetained(store, filter, after);
      const values = page.values.map(({ topic, number, body, expiresAt }) => {
        const { payload = nothing, contentType = '', at = 0 } = decodePublication(body) ?? {};
        return { topic, number, payload, contentType, at, expiresAt };
      });
      return { values, next: page.next };
    },
  };
}
