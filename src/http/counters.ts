import type { Counters } from '../base/process/counters.ts';
import { type Endpoint, endpoint } from './endpoint.ts';

/** GET /counters: for operators, what the role has counted since its start. */
export function countersEndpoint(counters: Counters): Endpoint {
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
      counters.list().map(({ name, value, description }) => ({ name, value, description })),
  });
}
