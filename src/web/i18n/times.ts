/** Times and amounts as people of the language write them. */
import { computed } from '@preact/signals';
import { type Language, language } from '../model/settings.ts';
import { words } from './words.ts';

const formats = computed(() => {
  const locale = localeOf(language.value);
  const of = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, options);
  return {
    time: of({ hour: '2-digit', minute: '2-digit' }),
    weekday: of({ weekday: 'long' }),
    day: of({ day: 'numeric', month: 'long' }),
    fullDay: of({ day: 'numeric', month: 'long', year: 'numeric' }),
    shortDay: of({ day: 'numeric', month: 'short' }),
    whole: of({ dateStyle: 'long', timeStyle: 'short' }),
    number: new Intl.NumberFormat(locale, { maximumFractionDigits: 1 }),
    percent: new Intl.NumberFormat(locale, { style: 'percent' }),
    list: new Intl.ListFormat(locale, { type: 'conjunction' }),
  };
});

/** As the browser is set up, if that is a variety of the language: hours are written in many ways. */
function localeOf(chosen: Language): string {
  const own = navigator.languages.find((each) => each.toLowerCase().startsWith(chosen));
  return own ?? (chosen === 'zh' ? 'zh-CN' : 'en');
}

const dayMs = 86_400_000;

/** Whole days since then, by the calendar. */
function daysSince(at: number): number {
  const midnight = (time: number) => new Date(time).setHours(0, 0, 0, 0);
  return Math.round((midnight(Date.now()) - midnight(at)) / dayMs);
}

export function isSameDay(one: number, other: number): boolean {
  return new Date(one).toDateString() === new Date(other).toDateString();
}

export function timeOf(at: number): string {
  return formats.value.time.format(at);
}

export function wholeTimeOf(at: number): string {
  return formats.value.whole.format(at);
}

/** Of a line between messages. */
export function dayOf(at: number): string {
  const days = daysSince(at);
  const { weekday, day, fullDay } = formats.value;
  if (days === 0) return words.value.today;
  if (days === 1) return words.value.yesterday;
  if (days < 7) return weekday.format(at);
  return (isThisYear(at) ? day : fullDay).format(at);
}

/** In a list: the time today, else the day. */
export function shortTimeOf(at: number): string {
  if (at === 0) return '';
  const days = daysSince(at);
  if (days === 0) return timeOf(at);
  if (days === 1) return words.value.yesterday;
  return formats.value.shortDay.format(at);
}

export function bytesOf(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'] as const;
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${formats.value.number.format(bytes / 1000 ** power)} ${units[power]}`;
}

export function percentOf(share: number): string {
  return formats.value.percent.format(share);
}

export function listOf(texts: readonly string[]): string {
  return formats.value.list.format(texts);
}

function isThisYear(at: number): boolean {
  return new Date(at).getFullYear() === new Date().getFullYear();
}
