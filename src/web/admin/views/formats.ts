/** Figures and times as operators read them. */
import { computed } from '@preact/signals';
import { language } from '../../model/settings.ts';

const formats = computed(() => {
  const locale = language.value === 'zh' ? 'zh-CN' : 'en-GB';
  return {
    number: new Intl.NumberFormat(locale, { maximumSignificantDigits: 3, notation: 'compact' }),
    whole: new Intl.NumberFormat(locale),
    time: new Intl.DateTimeFormat(locale, { dateStyle: 'short', timeStyle: 'medium' }),
  };
});

export function figureOf(value: number): string {
  return formats.value.number.format(value);
}

export function wholeOf(value: number): string {
  return formats.value.whole.format(value);
}

/** `12 ms`. */
export function delayOf(ms: number): string {
  return ms < 1_000 ? `${figureOf(ms)} ms` : `${figureOf(ms / 1_000)} s`;
}

export function percentOf(percent: number): string {
  return `${figureOf(percent)} %`;
}

export function bytesOf(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'] as const;
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${figureOf(bytes / 1000 ** power)} ${units[power]}`;
}

export function timeOf(at: number): string {
  return formats.value.time.format(at);
}

/** `3 d 4 h`, in units that every language reads. */
export function durationOf(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  const [days, hours] = [Math.floor(minutes / 1_440), Math.floor(minutes / 60) % 24];
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes % 60} min`;
  return minutes > 0 ? `${minutes} min` : `${Math.max(0, Math.floor(ms / 1_000))} s`;
}
