/**
 * The syntax of values: from the text that a flag, a variable or a file gives to what the program
 * uses, and back to something safe to show.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { limits } from '../base/limits.ts';
import {
  canonicalHost,
  formatHostPort,
  mayBeTold,
  parseHostPort,
} from '../base/network/host-port.ts';
import { webSocketPath } from '../base/network/role-address.ts';
import { formatTopicRight, parseTopicRight } from '../base/topics/topic-right.ts';
import type { Option, Value } from './option.ts';

/** What ZooKeeper listens on where nothing else is said. */
const zookeeperPort = 2_181;
/** The form alone is looked at: which port is meant is the store's business. */
const anyPort = 1;

/** Undefined if the text is not a value of this option; `expectation` then says what would be. */
export function parseValue(option: Option, text: string): Value | undefined {
  if (text.length > limits.settingCharactersMax) return undefined;
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
      return canonicalHost(text);
    case 'address':
      return parseToldHost(text);
    case 'zookeeper':
      return parseZookeeper(text);
    case 'redis':
      return isRedisAddress(text) ? text : undefined;
    case 'urls':
      return parseUrls(text);
    case 'socket-url':
      return parseSocketUrl(text);
    case 'path':
      return text === '' ? undefined : text;
    case 'networks':
      return parseNetworks(text);
    case 'hosts':
      return parseHosts(text);
    case 'origins':
      return parseOrigins(text);
    case 'rights':
      return parseRights(text);
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
      return 'a host name or IP address that others can connect to, which :: and addresses of one link (fe80::…) are not';
    case 'zookeeper':
      return 'host[:port], or several with commas between them, and /chroot if any';
    case 'redis':
      return 'host[:port], redis://…, rediss://…, sentinel://… or sentinels://…';
    case 'urls':
      return 'an http:// or https:// URL';
    case 'socket-url':
      return 'a ws:// or wss:// URL without a password, a ? or a #';
    case 'path':
      return 'a path';
    case 'networks':
      return 'IP addresses or networks like 10.0.0.0/8, with commas between them';
    case 'hosts':
      return 'host names or IP addresses without a port, with commas between them';
    case 'rights':
      return "what may be done, like 'pub telemetry/%u/#' or 'sub cmd/%u/#', with commas between them";
    case 'origins':
      return 'origins like https://chat.example.org, without a path, with commas between them';
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
  const { settingCharactersMax } = limits;
  if (text.length > settingCharactersMax)
    return `a text of ${text.length} characters (no value has more than ${settingCharactersMax})`;
  return JSON.stringify(mayHoldCredentials(option) ? maskCredentials(text) : text);
}

function mayHoldCredentials({ type }: Option): boolean {
  return (
    type === 'redis' ||
    type === 'urls' ||
    type === 'socket-url' ||
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

function parseToldHost(text: string): string | undefined {
  const host = canonicalHost(text);
  return host !== undefined && mayBeTold(host) ? host : undefined;
}

function parseZookeeper(text: string): string | undefined {
  const slash = text.indexOf('/');
  const chroot = slash < 0 ? '' : text.slice(slash);
  if (!/^(\/[^/\s]+)*$/.test(chroot)) return undefined;
  const hosts: string[] = [];
  for (const each of text.slice(0, slash < 0 ? undefined : slash).split(',')) {
    const address = parseHostPort(each, zookeeperPort);
    if (!address) return undefined;
    hosts.push(formatHostPort(address));
  }
  return hosts.join(',') + chroot;
}

/** The form only: what the parts mean is the store's. */
function isRedisAddress(text: string): boolean {
  const [, scheme, rest = ''] = /^(?:(rediss?|sentinels?):\/\/)?(.*)$/s.exec(text) ?? [];
  if (!scheme) return parseHostPort(rest, anyPort) !== undefined;
  const [authority = ''] = rest.slice(rest.lastIndexOf('@') + 1).split(/[/?#]/);
  const hosts = authority.split(',');
  // A URL has one host; only the list of sentinels is longer.
  const mayBeMany = scheme.startsWith('sentinel');
  if (!mayBeMany && !URL.canParse(text)) return false;
  return (
    (hosts.length === 1 || mayBeMany) &&
    hosts.every((host) => parseHostPort(host, anyPort) !== undefined)
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

function parseRights(text: string): readonly string[] | undefined {
  try {
    return text.split(',').map((right) => formatTopicRight(parseTopicRight(right.trim())));
  } catch {
    // What is wrong with it is said by `expectation`.
    return undefined;
  }
}

function parseUrls(text: string): readonly string[] | undefined {
  const urls = text.split(',').map((url) => url.trim().replace(/\/+$/, ''));
  return urls.every((url) => /^https?:\/\/./.test(url) && URL.canParse(url)) ? urls : undefined;
}

function parseSocketUrl(text: string): string | undefined {
  const url = URL.parse(text);
  if (!url || text.length > limits.publicUrlCharactersMax || !/^wss?:$/.test(url.protocol))
    return undefined;
  if (url.pathname === '/') url.pathname = webSocketPath;
  // What may be a secret is not told to everybody who logs in.
  const isPlain =
    url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  return isPlain ? url.href : undefined;
}

function parseHosts(text: string): readonly string[] | undefined {
  const given = text.split(',').map((host) => canonicalHost(host.trim().toLowerCase()));
  const hosts = given.filter((host) => host !== undefined);
  return hosts.length === given.length ? hosts : undefined;
}

function parseOrigins(text: string): readonly string[] | undefined {
  const origins = text.split(',').map((origin) => origin.trim().toLowerCase().replace(/\/$/, ''));
  return origins.every(isOrigin) ? origins : undefined;
}

function isOrigin(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).origin === text;
}
