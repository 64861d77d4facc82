/** Somebody at the web chat of a running cim, in a browser of their own. */
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { BrowserUser, type OpenPageOptions } from './chromium.ts';
import { hopelessMs } from './wait-until.ts';

export interface WebPersonOptions extends OpenPageOptions {
  readonly context?: BrowserContextOptions;
}

export class WebPerson {
  readonly user: BrowserUser;
  readonly page: Page;
  readonly name: string;
  readonly userId: number;
  /** What another device is signed in by. */
  readonly code: string;

  private constructor(
    user: BrowserUser,
    page: Page,
    { name, userId, code }: Pick<WebPerson, 'name' | 'userId' | 'code'>,
  ) {
    this.user = user;
    this.page = page;
    this.name = name;
    this.userId = userId;
    this.code = code;
  }

  /** Signs up under this name. */
  static async signUp(
    browser: Browser,
    origin: string,
    name: string,
    options: WebPersonOptions = {},
  ): Promise<WebPerson> {
    const { user, page } = await newBrowser(browser, origin, options);
    await page.getByLabel('Your name').fill(name);
    await page.getByRole('button', { name: 'Start chatting' }).click();
    const code = (await page.locator('.code').textContent()) ?? '';
    await page.getByRole('button', { name: 'I have kept it' }).click();
    const number = await page.locator('.sidebar-header small').textContent();
    const userId = Number(number?.replace(/\D/g, ''));
    return new WebPerson(user, page, { name, userId, code });
  }

  /** One more browser of somebody: a new device. */
  async signInElsewhere(browser: Browser, options: WebPersonOptions = {}): Promise<WebPerson> {
    const { origin } = new URL(this.page.url());
    const { user, page } = await newBrowser(browser, origin, options);
    await page.getByRole('button', { name: 'I have an account' }).click();
    await page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(this.code)})`);
    await page.getByLabel('Secret').press('Control+v');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.locator('.sidebar-header').waitFor();
    return new WebPerson(user, page, this);
  }

  /** One more tab of the same browser: signed in already. */
  async openTab(options: OpenPageOptions = {}): Promise<WebPerson> {
    const page = await openTab(this.user, new URL(this.page.url()).origin, options);
    await page.locator('.sidebar-header').waitFor();
    return new WebPerson(this.user, page, this);
  }

  /** Begins to write to somebody, by their number. */
  async chatWith({ userId }: { readonly userId: number }): Promise<void> {
    await this.page.keyboard.press('Alt+n');
    const dialog = this.page.getByRole('dialog');
    await dialog.getByLabel('Number of the person').fill(String(userId));
    await dialog.getByRole('button', { name: 'Start chat' }).click();
    await this.field.waitFor();
  }

  async openConversation(title: string): Promise<void> {
    await this.row(title).click();
    await this.page.getByRole('main', { name: title }).waitFor();
  }

  row(title: string): Locator {
    return this.page.locator('.list .row').filter({ hasText: title });
  }

  get field(): Locator {
    return this.page.getByRole('textbox', { name: /^Message / });
  }

  async say(text: string): Promise<void> {
    await this.field.fill(text);
    await this.field.press('Enter');
  }

  /** Those that are shown, stored ones alone. */
  message(text: string | RegExp): Locator {
    return this.page.locator('[data-message]').filter({ hasText: text });
  }

  sees(text: string | RegExp): Promise<void> {
    return this.message(text).last().waitFor();
  }

  /** What can be done with a message. */
  async choose(text: string, action: string): Promise<void> {
    const message = this.message(text).last();
    await message.hover();
    await message.getByRole('button', { name: 'More' }).click();
    await this.page.getByRole('menuitem', { name: action }).click();
  }

  /** Picks an emoji; `name`: what it is called as soon as the names are loaded. */
  async react(text: string, emoji: string, name: string): Promise<void> {
    const message = this.message(text).last();
    await message.hover();
    await message.getByRole('button', { name: 'React' }).click();
    const shown = this.page.getByRole('button', { name: emoji });
    await shown.or(this.page.getByTitle(name)).first().click();
  }

  /** The panel beside the conversation. */
  async details(): Promise<Locator> {
    await this.page.getByRole('button', { name: 'Details' }).last().click();
    const panel = this.page.locator('.panel');
    await panel.waitFor();
    return panel;
  }

  /** `Sent`, `Delivered` or `Read`. */
  tick(text: string, name: string): Promise<void> {
    return this.message(text).last().getByRole('img', { name }).waitFor();
  }
}

async function newBrowser(
  browser: Browser,
  origin: string,
  { context = {}, ...options }: WebPersonOptions,
) {
  const user = await BrowserUser.of(browser, {
    viewport: { width: 1_200, height: 760 },
    locale: 'en-GB',
    permissions: ['clipboard-read', 'clipboard-write'],
    ...context,
  });
  return { user, page: await openTab(user, origin, options) };
}

async function openTab(user: BrowserUser, origin: string, options: OpenPageOptions): Promise<Page> {
  const page = await user.open(`${origin}/`, options);
  page.setDefaultTimeout(hopelessMs);
  return page;
}
