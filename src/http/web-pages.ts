/**
 * What web pages may ask of an HTTP port. A browser sends what a page asks for to any address that
 * the page names, ports of this machine among them, and says in the header Origin whose page it is:
 * pages of others get nothing. A page can also give its own name an address of this machine (DNS
 * rebinding); what it asks for then names it in Host alone, so where that matters only names that
 * are known to be ours are taken. Other programs send no Origin, and are not affected.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { CimError } from '../base/errors.ts';
import { isLoopback } from '../base/network/loopback.ts';

export interface WebPageRules {
  /** Origins whose pages may call, as browsers write them: `https://chat.example.org`. */
  readonly allowOrigin: readonly string[];
  /**
   * The names under which the port is called, in lower case, beside localhost and every address.
   * Null: names are not looked at.
   */
  readonly hosts: readonly string[] | null;
}

/** No page but the port's own. */
export const noWebPages: WebPageRules = { allowOrigin: [], hosts: null };

export interface WebPageSettings {
  readonly host: string;
  readonly advertise?: string | undefined;
  readonly allowOrigin?: readonly string[] | undefined;
  readonly allowHost?: readonly string[] | undefined;
}

/**
 * Names are looked at where whoever reaches the port is let in, and where only this machine does:
 * a browser on it must not lend its place to a page.
 */
export function webPageRulesOf(
  { host, advertise, allowOrigin = [], allowHost = [] }: WebPageSettings,
  { isOpen }: { readonly isOpen: boolean },
): WebPageRules {
  if (!isOpen && !isLoopback(host)) return { allowOrigin, hosts: null };
  const own = advertise === undefined ? [host] : [host, advertise];
  return { allowOrigin, hosts: [...allowHost, ...own].map((name) => name.toLowerCase()) };
}

/** What is shown of a header that somebody else has chosen. */
const shownCharactersMax = 100;

type PageHeaders = Pick<IncomingHttpHeaders, 'origin' | 'host'>;

/** Before anything else of a request is looked at. Throws `not-allowed`. */
export function assertNoForeignPage(headers: PageHeaders, rules: WebPageRules): void {
  const refusal = refusalOfPage(headers, rules, isOwnOrigin);
  if (refusal !== undefined) throw new CimError('not-allowed', refusal);
}

/**
 * Why a WebSocket is not opened to a page, if it is not. It has a port of its own, so a page of any port
 * of its host is no stranger: what lets anybody in is a token, which only the port that gave it tells.
 * `isFromHere`: the browser runs on this machine, so what it calls localhost is this machine, too, by
 * whatever address it connects. (A name that was rebound is not called localhost in Origin.)
 */
export function refusalOfWebSocket(
  headers: PageHeaders,
  rules: WebPageRules,
  isFromHere: boolean,
): string | undefined {
  return refusalOfPage(headers, rules, (origin, host) => isOfOwnHost(origin, host, isFromHere));
}

function refusalOfPage(
  { origin, host }: PageHeaders,
  { allowOrigin, hosts }: WebPageRules,
  isOwn: (origin: string, host: string) => boolean,
): string | undefined {
  if (hosts !== null && host !== undefined && !isKnownHost(host, hosts))
    return `Host: ${shown(host)} is no name of this port: call it by its address, or allow the name with --allow-host`;
  if (origin === undefined || allowOrigin.includes(origin)) return undefined;
  if (host !== undefined && isOwn(origin, host)) return undefined;
  return `Origin: ${shown(origin)} is the page of somebody else: --allow-origin lets its pages in`;
}

/** A proxy in front may speak TLS for us, so the scheme is not compared. */
function isOwnOrigin(origin: string, host: string): boolean {
  return hostIn(origin) === host.toLowerCase();
}

/** Of whatever port; all names of this machine are one. */
function isOfOwnHost(origin: string, host: string, isFromHere: boolean): boolean {
  const [page, own] = [nameOf(hostIn(origin) ?? ''), nameOf(host)];
  if (page === undefined || own === undefined) return false;
  return page === own || (isLoopback(page) && (isFromHere || isLoopback(own)));
}

function hostIn(origin: string): string | undefined {
  return /^https?:\/\/(.+)$/.exec(origin)?.[1];
}

function isKnownHost(host: string, hosts: readonly string[]): boolean {
  const name = nameOf(host);
  if (name === undefined) return false;
  return isIP(name) !== 0 || name === 'localhost' || hosts.includes(name);
}

/** Without its port, brackets and the dot of the root; undefined: it is no host. */
function nameOf(host: string): string | undefined {
  const [, ipv6, name] = /^(?:\[([\da-fA-F:.]+)\]|([\w.-]+?)\.?)(?::\d{1,5})?$/.exec(host) ?? [];
  return (ipv6 ?? name)?.toLowerCase();
}

function shown(header: string): string {
  return JSON.stringify(header.slice(0, shownCharactersMax));
}
