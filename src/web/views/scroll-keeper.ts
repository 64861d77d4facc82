/**
 * Keeps what is read where it is. Whatever changes its height above (older messages that are put in,
 * pictures that come, pages that are drawn or left out), the message at the upper edge stays; and at the
 * end it stays at the end.
 */
import { type ReadonlySignal, signal } from '@preact/signals';

/** Pixels within which the end counts as reached. */
const endTolerance = 24;

export class ScrollKeeper {
  readonly #scroller: HTMLElement;
  readonly #isAtEnd = signal(true);
  readonly #observer: ResizeObserver;
  #anchor: { readonly element: Element; readonly below: number } | undefined;

  constructor(scroller: HTMLElement, content: HTMLElement) {
    this.#scroller = scroller;
    this.#observer = new ResizeObserver(() => this.#restore());
    this.#observer.observe(content);
    this.#observer.observe(scroller);
    scroller.addEventListener('scroll', this.#remember, { passive: true });
    this.toEnd();
  }

  get isAtEnd(): ReadonlySignal<boolean> {
    return this.#isAtEnd;
  }

  toEnd(): void {
    this.#isAtEnd.value = true;
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  /** The message in the middle, as a place to read on from. */
  show(element: Element): void {
    this.#isAtEnd.value = false;
    element.scrollIntoView({ block: 'center' });
    this.#remember();
  }

  stop(): void {
    this.#observer.disconnect();
    this.#scroller.removeEventListener('scroll', this.#remember);
  }

  readonly #remember = () => {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    this.#isAtEnd.value = scrollHeight - scrollTop - clientHeight <= endTolerance;
    const edge = this.#scroller.getBoundingClientRect().top;
    const element = firstBelow(this.#scroller, edge);
    this.#anchor = element && { element, below: placeOf(element) - edge };
  };

  #restore(): void {
    if (this.#isAtEnd.peek()) {
      this.#scroller.scrollTop = this.#scroller.scrollHeight;
      return;
    }
    if (!this.#anchor?.element.isConnected) return;
    const { element, below } = this.#anchor;
    const edge = this.#scroller.getBoundingClientRect().top;
    const moved = placeOf(element) - edge - below;
    if (Math.abs(moved) >= 1) this.#scroller.scrollTop += moved;
  }
}

/** Of a page that is left out the end: its height is about what it was when it was drawn. */
function placeOf(element: Element): number {
  const { top, bottom } = element.getBoundingClientRect();
  return element.matches('.page') ? bottom : top;
}

/** The first message whose end is below the edge: first its page, then itself. */
function firstBelow(scroller: HTMLElement, edge: number): Element | undefined {
  const isBelow = (each: Element) => each.getBoundingClientRect().bottom > edge;
  const page = [...scroller.querySelectorAll('.page')].find(isBelow);
  return [...(page?.querySelectorAll('[data-message]') ?? [])].find(isBelow) ?? page;
}
