import type { Counters } from '../base/process/counters.ts';
import { type Endpoint, endpoint } from './endpoint.ts';

/** GET /counters: for operators, what the role has counted since its start. */
/** `all`: what is told, one after the other. */
export function countersEndpoint(all: readonly Counters[]): Endpoint {
  const item = {
    type: 'object',
    properties: {
      name: { type: 'string' },
      value: { type: 'integer' },
      description: { type: 'string' },
    },
  };
  return endpoint({
    method: 'GET',
    path: '/counters',
    summary: 'What was done, refused and dropped since the start',
    access: { who: 'operators' },
    answer: { type: 'array', items: item },
    handle: () =>
      all
        .flatMap((counters) => counters.list())
        .map(({ name, value, description }) => ({ name, value, description })),
  });
}
