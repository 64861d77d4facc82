import { expect, test } from '@jest/globals';
import { callOne } from '../../../../src/api/batch-call.ts';
import { errorTable } from '../../../../src/base/errors.ts';
import { type Publication, TopicTable } from '../../../../src/server/topics/topic-table.ts';
import { GatewayHarness } from '../support/gateway-harness.ts';

function publicationOf(topic: string): Publication {
  return { topic, owner: 'u:7', clientId: 'c', body: Buffer.from('x'), number: 0, retain: 0 };
}

test('a subscription hears what its filters match, once for each, and all hear of one object', () => {
  const table = new TopicTable();
  const heard: [string, Publication][] = [];
  const subscriptionOf = (name: string) => ({
    published: (publication: Publication) => heard.push([name, publication]),
  });
  const [one, other] = [subscriptionOf('one'), subscriptionOf('other')];
  for (const filter of ['a/+', 'a/b', 'b']) table.add(filter, one);
  table.add('#', other);
  expect(table.size).toBe(4);
  const publication = publicationOf('a/b');
  table.publish(publication);
  expect(heard.map(([name]) => name).toSorted()).toEqual(['one', 'one', 'other']);
  for (const [, told] of heard) expect(told).toBe(publication);
  table.remove('a/+', one);
  table.remove('#', other);
  heard.length = 0;
  table.publish(publication);
  table.publish(publicationOf('c'));
  expect(heard.map(([name]) => name)).toEqual(['one']);
});

test('what a route hands on is for this very process', async () => {
  const { gateway } = new GatewayHarness();
  const heard: Publication[] = [];
  gateway.topics.add('#', { published: (publication) => heard.push(publication) });
  const published = (instance: string) =>
    callOne(gateway.api.published, { instance, ...publicationOf('a') });
  expect(await published('me')).toEqual({ code: 0 });
  expect(heard).toEqual([publicationOf('a')]);
  expect(await published('before')).toEqual({ code: Number(errorTable['not-found'].code) });
  expect(heard).toHaveLength(1);
});
