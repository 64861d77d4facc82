/**
 * The syntax of values: from the text that a flag, a variable or a file gives to what the program
 * uses, and back to something safe to show.
 */
import { isIP, isIPv4, isIPv6 } from 'node:net';
import type { Option, Value } from './option.ts';

/** Undefined if the text is not a value of this option; `expectation` then says what would be. */
export function parseValue(option: Option, text: string): Value | undefined {
  switch (option.type) {
    case 'text':
      return text !== '' && [...text].length <= option.charactersMax ? text : undefined;
    case 'integer':
      return parseInteger(text, option.min, option.max);
    case 'decimal':
      return parseDecimal(text, option.min, option.max);
    case 'port':
      return parseInteger(text, 0, 65_535);
    case 'boolean':
      return { true: true, 1: true, false: false, 0: false }[text];
    case 'choice':
      return option.choices.find((choice) => choice === text);
    case 'host':
      return isHost(text) ? text : undefined;
    case 'address':
      return isHost(text) && !text.includes(':') ? text : undefined;
    case 'zookeeper':
      return parseZookeeper(text);
    case 'redis':
      return isRedisAddress(text) ? text : undefined;
    case 'urls':
      return parseUrls(text);
    case 'path':
      return text === '' ? undefined : text;
    case 'networks':
      return parseNetworks(text);
  }
}

/** Completes "must be …". */
export function expectation(option: Option): string {
  switch (option.type) {
    case 'text':
      return `1 to ${option.charactersMax} characters`;
    case 'integer':
      return `a whole number from ${option.min} to ${option.max}`;
    case 'decimal':
      return `a number from ${option.min} to ${option.max}`;
    case 'port':
      return 'a whole number from 0 to 65535';
    case 'boolean':
      return 'true or false';
    case 'choice':
      return option.choices.length === 1
        ? `${option.choices[0]}`
        : `one of ${option.choices.join(', ')}`;
    case 'host':
      return 'a host name or IP address';
    case 'address':
      return 'a host name or IPv4 address';
    case 'zookeeper':
      return 'host[:port], or several with commas between them, and /chroot if any';
    case 'redis':
      return 'host[:port], redis://…, rediss://…, sentinel://… or sentinels://…';
    case 'urls':
      return 'an http:// or https:// URL';
    case 'path':
      return 'a path';
    case 'networks':
      return 'IP addresses or networks like 10.0.0.0/8, with commas between them';
  }
}

/** For people: secrets, and what may be one inside an address, are `***`. */
export function showValue(option: Option, value: Value): string {
  if (option.secret) return '***';
  if (typeof value === 'object') return value.map(maskCredentials).join(',');
  return mayHoldCredentials(option) ? maskCredentials(String(value)) : String(value);
}

/** A wrong text, for an error message. */
export function showText(option: Option, text: string): string {
  if (option.secret) return '***';
  return JSON.stringify(mayHoldCredentials(option) ? maskCredentials(text) : text);
}

function mayHoldCredentials({ type }: Option): boolean {
  return (
    type === 'redis' ||
    type === 'urls' ||
    type === 'zookeeper' ||
    type === 'host' ||
    type === 'address'
  );
}

/**
 * Up to the last @, because a password that was not escaped may hold one; and the parameters that
 * ioredis takes one from.
 */
function maskCredentials(text: string): string {
  return text
    .replace(/^(\w+:\/\/)?.*@/s, '$1***@')
    .replace(/([?&][^=&]*(?:pass|auth|secret)[^=&]*=)[^&]*/gi, '$1***');
}

function parseInteger(text: string, min: number, max: number): number | undefined {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : undefined;
}

function parseDecimal(text: string, min: number, max: number): number | undefined {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : undefined;
}

function isHost(text: string): boolean {
  // What looks like an IPv4 address has to be one, or it would go to the name server.
  if (/^[\d.]+$/.test(text)) return isIPv4(text);
  return isIP(text) !== 0 || (text.length <= 253 && /^\w([\w.-]*\w)?$/.test(text));
}

/** Without brackets around an IPv6 address. */
function splitHostPort(text: string): { host: string; port: string | undefined } | undefined {
  const [, ipv6, name, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(text) ?? [];
  const host = ipv6 ?? name ?? '';
  if (!isHost(host) || (port !== undefined && parseInteger(port, 1, 65_535) === undefined))
    return undefined;
  return { host, port };
}

function parseZookeeper(text: string): string | undefined {
  const slash = text.indexOf('/');
  const chroot = slash < 0 ? '' : text.slice(slash);
  if (!/^(\/[^/\s]+)*$/.test(chroot)) return undefined;
  const hosts: string[] = [];
  for (const each of text.slice(0, slash < 0 ? undefined : slash).split(',')) {
    const address = splitHostPort(each);
    if (!address) return undefined;
    hosts.push(`${each}${address.port === undefined ? ':2181' : ''}`);
  }
  return hosts.join(',') + chroot;
}

/** The form only: what the parts mean is the store's. */
function isRedisAddress(text: string): boolean {
  const [, scheme, rest = ''] = /^(?:(rediss?|sentinels?):\/\/)?(.*)$/s.exec(text) ?? [];
  if (!scheme) return splitHostPort(rest) !== undefined;
  const [authority = ''] = rest.slice(rest.lastIndexOf('@') + 1).split(/[/?#]/);
  const hosts = authority.split(',');
  // A URL has one host; only the list of sentinels is longer.
  const mayBeMany = scheme.startsWith('sentinel');
  if (!mayBeMany && !URL.canParse(text)) return false;
  return (
    (hosts.length === 1 || mayBeMany) && hosts.every((host) => splitHostPort(host) !== undefined)
  );
}

function parseNetworks(text: string): readonly string[] | undefined {
  const networks = text.split(',').map((network) => network.trim());
  return networks.every(isNetwork) ? networks : undefined;
}

function isNetwork(text: string): boolean {
  const [, address = '', prefix] = /^([^/%]+)(?:\/(\d+))?$/.exec(text) ?? [];
  if (!isIPv4(address) && !isIPv6(address)) return false;
  return prefix === undefined || parseInteger(prefix, 0, isIPv4(address) ? 32 : 128) !== undefined;
}

function parseUrls(text: string): readonly string[] | undefined {
  const urls = text.split(',').map((url) => url.trim().replace(/\/+$/, ''));
  return urls.every((url) => /^https?:\/\/./.test(url) && URL.canParse(url)) ? urls : undefined;
}
