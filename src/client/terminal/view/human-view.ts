/** The view for people: a transcript. render.ts says how it looks, the screen where it goes. */
import type { Clock } from '../../../base/clock.ts';
import { ignore } from '../../../base/ignore.ts';
import { Keyword } from '../../../base/text/keyword.ts';
import { safeLine } from '../../../base/text/safe-text.ts';
import type { CimClient, ClientEvents, Mark, Message, SentMessage } from '../../sdk/index.ts';
import { meet, type People } from '../people.ts';
import type { RecentMessages } from '../recent-messages.ts';
import type { Screen } from '../screen/screen.ts';
import { type Tick, Ticks } from '../ticks.ts';
import {
  groupMembersText,
  groupNewsText,
  groupText,
  invitationText,
  leavingText,
} from './group-texts.ts';
import { dayOf, namesFor, personText, type Reader } from './heads.ts';
import { type Block, layOut } from './layout.ts';
import { noticeBlock, problemBlock } from './remarks.ts';
import * as render from './render.ts';
import * as content from './render-content.ts';
import { transferText } from './render-data.ts';
import { keyChangeText } from './render-keys.ts';
import { tickBlock } from './render-marks.ts';
import { presenceText } from './render-presence.ts';
import { Typists } from './typists.ts';
import type { Inbox, InputLine, Outgoing, Result, Transfer, View } from './view.ts';

export interface HumanViewOptions {
  readonly screen: Screen;
  readonly people: People;
  readonly recent: RecentMessages;
  readonly userId: number;
  readonly clock: Pick<Clock, 'now' | 'setTimeout'>;
  /** Is asked who of a group has read what, and who somebody is. */
  readonly client: Pick<CimClient, 'marksOfGroup' | 'users'>;
}

export class HumanView implements View, Inbox {
  readonly #screen: Screen;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #recent: RecentMessages;
  readonly #reader: Reader;
  readonly #typists: Typists;
  readonly #meet: (userId: number) => Promise<void>;
  readonly #ticks: Ticks;
  /** What is on its way, by line. */
  readonly #transfers = new Map<number, string>();
  /** The day of the last message that was shown. */
  #day: string;

  constructor({ screen, people, recent, userId, clock, client }: HumanViewOptions) {
    this.#recent = recent;
    this.#screen = screen;
    this.#clock = clock;
    this.#reader = { userId, nameOf: (id) => people.nameOf(id) };
    this.#typists = new Typists(this.#reader);
    this.#meet = (id) => meet(people, client, [id]);
    this.#ticks = new Ticks({ userId, recent, client, clock, show: (tick) => this.#tick(tick) });
    this.#day = dayOf(clock.now());
  }

  ready({ userId, userName, server }: ClientEvents['ready']): void {
    this.#screen.showConnected(true);
    this.notice(`connected to ${server} as ${personText(userId, userName)}`);
  }

  offline(reason: string): void {
    this.#screen.showConnected(false);
    this.notice(`connection lost: ${reason}; what you write now is sent when it is back`);
  }

  waiting({ reason }: ClientEvents['waiting']): void {
    this.notice(
      `still waiting: ${reason}; what you have written is sent as soon as it can be stored`,
    );
  }

  message(message: Message): Promise<void> {
    return this.#print([
      ...this.#dayBefore(message.at),
      ...this.#quote(message.replyTo),
      render.messageBlock(message, this.#reader),
    ]);
  }

  edited(event: ClientEvents['edited']): Promise<void> {
    return this.#about(event, content.editedBlock(event, this.#reader));
  }

  retracted(event: ClientEvents['retracted']): Promise<void> {
    const block = content.retractedBlock(event, this.#recent.get(event.id), this.#reader);
    return this.#print([...this.#dayBefore(event.at), block]);
  }

  reactions(event: ClientEvents['reactions']): Promise<void> {
    return this.#about(event, content.reactionsBlock(event, this.#reader));
  }

  #about({ id, at }: ClientEvents['retracted'], block: Block): Promise<void> {
    return this.#print([...this.#dayBefore(at), ...this.#quote(id), block]);
  }

  #quote(id: string | undefined): Block[] {
    return id === undefined ? [] : content.quoteBlocks(this.#recent.get(id), this.#reader);
  }

  keyChanged(change: ClientEvents['keyChanged']): void {
    this.#print([problemBlock(keyChangeText(change, this.#reader))]).catch(
      ignore('whoever waits for the output hears it'),
    );
  }

  typing(typing: ClientEvents['typing']): void {
    this.#typists.heard(typing);
    this.#showStatus();
    if (!typing.ended) void this.#meet(typing.from).then(() => this.#showStatus());
  }

  transferring({ number }: InputLine, transfer: Transfer): void {
    this.#transfers.set(number, transferText(transfer));
    this.#showStatus();
  }

  transferred({ number }: InputLine): void {
    if (this.#transfers.delete(number)) this.#showStatus();
  }

  #showStatus(): void {
    const parts = [...this.#transfers.values(), this.#typists.text].filter((part) => part !== '');
    this.#screen.showStatus(safeLine(parts.join(' · ')));
  }

  presence(presence: ClientEvents['presence']): void {
    this.notice(presenceText(presence, this.#reader));
  }

  marked(kind: 'delivered' | 'read', mark: Mark): void {
    this.#ticks.marked(kind, mark);
  }

  #tick(tick: Tick): void {
    this.#print([tickBlock(tick, this.#reader)]).catch(
      ignore('whoever waits for the output hears it'),
    );
  }

  joined({ group }: ClientEvents['joined']): void {
    this.notice(`you are in #${group} now: joined on another device`);
  }

  left(event: ClientEvents['left']): void {
    this.notice(leavingText(event));
  }

  groupChanged(facts: ClientEvents['groupChanged']): void {
    this.notice(groupText(facts, namesFor(this.#reader)));
  }

  invited(invitation: ClientEvents['invited']): void {
    this.notice(invitationText(invitation, namesFor(this.#reader)));
  }

  groupNews(news: ClientEvents['groupNews']): void {
    this.notice(groupNewsText(news, namesFor(this.#reader)));
  }

  groupMembers(members: ClientEvents['groupMembers']): void {
    this.notice(groupMembersText(members, namesFor(this.#reader)));
  }

  gap({ group, first, last }: ClientEvents['gap']): void {
    const whose = group === undefined ? '' : ` of #${group}`;
    this.notice(
      `you were away for long: messages ${first} to ${last}${whose} are not kept any more`,
    );
  }

  unreadable({ group, seq }: ClientEvents['unreadable']): void {
    const whose = group === undefined ? '' : ` of #${group}`;
    this.notice(`a message that cannot be read: number ${seq}${whose}`);
  }

  result(line: InputLine, result: Result): Promise<void> {
    const blocks =
      result.kind === 'history'
        ? this.#transcript(result)
        : render.resultBlocks(result, this.#reader);
    // Of which message that is may not be what was said last: one may have been refused since.
    const about = result.kind === 'trace' ? this.#quote(result.trace.id) : [];
    return this.#settle(line.number, [render.echoBlock(line.text), ...about, ...blocks]);
  }

  sent({ number }: InputLine, outgoing: Outgoing, sent: SentMessage): Promise<void> {
    return this.#settle(number, this.#outgoing(outgoing, render.outcomeOf(sent)));
  }

  scheduled(
    { number }: InputLine,
    outgoing: Outgoing,
    delaySeconds: number,
    id: string,
  ): Promise<void> {
    return this.#settle(number, this.#outgoing(outgoing, render.later(delaySeconds, id)));
  }

  refused(line: InputLine, _code: string, message: string, outgoing?: Outgoing): Promise<void> {
    const blocks = outgoing
      ? this.#outgoing(outgoing, render.failed(message))
      : [render.echoBlock(line.text), problemBlock(message)];
    return this.#settle(line.number, blocks);
  }

  unsent({ number }: InputLine, outgoing: Outgoing): Promise<void> {
    return this.#settle(number, this.#outgoing(outgoing, render.failed('not sent')));
  }

  notice(text: string): void {
    this.#print([noticeBlock(text)]).catch(ignore('whoever waits for the output hears it'));
  }

  quitting({ number, text }: InputLine): void {
    this.#settle(number, [render.echoBlock(text)]).catch(ignore('the end is told in other ways'));
  }

  leaving(outstandingCount: number): void {
    const what = outstandingCount === 1 ? 'one message is' : `${outstandingCount} messages are`;
    this.notice(`${what} not stored yet: waiting (Ctrl-C leaves at once)`);
  }

  closed(reason: string, isWanted: boolean): Promise<void> {
    this.#ticks.stop();
    return this.#print([isWanted ? noticeBlock('bye') : problemBlock(reason)]);
  }

  #outgoing(outgoing: Outgoing, outcome: Parameters<typeof render.outgoingBlock>[2]): Block[] {
    const now = this.#clock.now();
    const { about } = outgoing;
    const before = this.#recent.get(about?.id ?? '');
    return [
      ...this.#dayBefore(now),
      ...(about?.kind === 'retract' ? [] : this.#quote(about?.id)),
      render.outgoingBlock(outgoing, now, outcome, this.#reader, before),
    ];
  }

  #dayBefore(at: number): Block[] {
    const day = dayOf(at);
    if (day === this.#day) return [];
    this.#day = day;
    return [render.dayBlock(at)];
  }

  /** Old messages; the day of the conversation itself does not change by them. */
  #transcript(result: Extract<Result, { kind: 'history' }>): Block[] {
    const { messages, keyword } = result;
    const sought = keyword === undefined ? undefined : new Keyword(keyword);
    const today = this.#day;
    const blocks = messages.flatMap((message) => [
      ...this.#dayBefore(message.at),
      ...this.#quote(message.replyTo),
      render.messageBlock(message, this.#reader, sought),
    ]);
    this.#day = today;
    return [...render.historyHead(result), ...blocks, ...render.historyFoot(result)];
  }

  #print(blocks: readonly Block[]): Promise<void> {
    return this.#screen.print(this.#rows(blocks));
  }

  #settle(lineNumber: number, blocks: readonly Block[]): Promise<void> {
    return this.#screen.settle(lineNumber, this.#rows(blocks));
  }

  #rows(blocks: readonly Block[]): string[] {
    return blocks.flatMap((block) => layOut(block, this.#screen));
  }
}
