/**
 * Who has subscribed to a topic, among very many filters: a tree of their levels. One level of the topic
 * goes down at most two branches, the one of its name and the one of `+`, so what a match costs depends
 * on the filters that begin as the topic does, not on how many there are. bench/topics.ts measures it.
 */

interface Branch<Value> {
  /** Undefined while it has none: most branches are leaves. */
  children: Map<string, Branch<Value>> | undefined;
  /** Of `+`. */
  any: Branch<Value> | undefined;
  /** Of the filter that ends here. */
  values: Set<Value> | undefined;
  /** Of the filter that has `#` behind this. */
  below: Set<Value> | undefined;
}

export class TopicMatcher<Value> {
  readonly #root = emptyBranch<Value>();
  #size = 0;

  /** Pairs of a filter and a value. */
  get size(): number {
    return this.#size;
  }

  /** Of a valid filter, without `$share`. False: it was there. */
  add(filter: string, value: Value): boolean {
    const levels = filter.split('/');
    const isWide = levels.at(-1) === '#';
    if (isWide) levels.pop();
    let branch = this.#root;
    for (const level of levels) branch = childOf(branch, level);
    const end = isWide ? 'below' : 'values';
    branch[end] ??= new Set();
    const values = branch[end];
    if (values.has(value)) return false;
    values.add(value);
    this.#size += 1;
    return true;
  }

  /** False: it was not there. */
  remove(filter: string, value: Value): boolean {
    const isRemoved = removeFrom(this.#root, filter.split('/'), 0, value);
    if (isRemoved) this.#size -= 1;
    return isRemoved;
  }

  /** Hears each value once for each of its filters that match. */
  match(topic: string, found: (value: Value) => void): void {
    const levels = topic.split('/');
    // A wildcard as the first level does not match what a server says of itself.
    if (topic.startsWith('$')) {
      const child = this.#root.children?.get(levels[0] ?? '');
      if (child) collect(child, levels, 1, found);
    } else collect(this.#root, levels, 0, found);
  }
}

function collect<Value>(
  branch: Branch<Value>,
  levels: readonly string[],
  place: number,
  found: (value: Value) => void,
): void {
  branch.below?.forEach(found);
  const level = levels[place];
  if (level === undefined) {
    branch.values?.forEach(found);
    return;
  }
  const child = branch.children?.get(level);
  if (child) collect(child, levels, place + 1, found);
  if (branch.any) collect(branch.any, levels, place + 1, found);
}

function childOf<Value>(branch: Branch<Value>, level: string): Branch<Value> {
  if (level === '+') {
    branch.any ??= emptyBranch();
    return branch.any;
  }
  branch.children ??= new Map();
  let child = branch.children.get(level);
  if (!child) {
    child = emptyBranch();
    branch.children.set(level, child);
  }
  return child;
}

/** Branches that nothing is left of are removed: filters come and go for ever. */
function removeFrom<Value>(
  branch: Branch<Value>,
  levels: readonly string[],
  place: number,
  value: Value,
): boolean {
  const level = levels[place];
  if (level === undefined) {
    const isRemoved = branch.values?.delete(value) ?? false;
    if (branch.values?.size === 0) branch.values = undefined;
    return isRemoved;
  }
  if (level === '#') {
    const isRemoved = branch.below?.delete(value) ?? false;
    if (branch.below?.size === 0) branch.below = undefined;
    return isRemoved;
  }
  const child = level === '+' ? branch.any : branch.children?.get(level);
  if (!child || !removeFrom(child, levels, place + 1, value)) return false;
  if (isEmpty(child)) {
    if (level === '+') branch.any = undefined;
    else branch.children?.delete(level);
    if (branch.children?.size === 0) branch.children = undefined;
  }
  return true;
}

function emptyBranch<Value>(): Branch<Value> {
  return { children: undefined, any: undefined, values: undefined, below: undefined };
}

function isEmpty<Value>({ children, any, values, below }: Branch<Value>): boolean {
  return !children && !any && !values && !below;
}
