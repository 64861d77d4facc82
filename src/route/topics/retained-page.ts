/** Retained values whose topics a filter matches. */
import { limits } from '../../base/limits.ts';
import { covers, literalPrefixOf, parseTopicFilter } from '../../base/topics/topic.ts';
import type { RetainedPage } from '../../store/retained.ts';
import type { Store } from '../../store/store.ts';

/**
 * A page of them, which may be empty, and not the last. `after`: the `next` of the page before, or empty.
 * Throws `invalid-argument` and `too-long` for what is no filter.
 */
export async function readRetained(
  { retained }: Pick<Store, 'retained'>,
  written: string,
  after: string,
): Promise<RetainedPage> {
  const { filter } = parseTopicFilter(written);
  const { values, next } = await retained.page({
    prefix: literalPrefixOf(filter),
    ...(after !== '' && { after }),
    limit: limits.retainedPageMax,
  });
  return { values: values.filter(({ topic }) => covers(filter, topic)), next };
}
