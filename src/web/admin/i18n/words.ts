/** The words of the dashboard in the language that is chosen. */
import { computed } from '@preact/signals';
import { language } from '../../model/settings.ts';
import { en } from './en.ts';
import { zh } from './zh.ts';

export const words = computed(() => (language.value === 'zh' ? zh : en));
