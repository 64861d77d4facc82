/** In which language the page speaks, and how it looks. */
import { language, languages, theme, themes } from '../../model/settings.ts';
import { words } from '../i18n/words.ts';

export function Choices() {
  const { language: languageName, theme: themeName, themes: names } = words.value;
  return (
    <>
      <select
        aria-label={languageName}
        value={language.value}
        onChange={({ currentTarget }) => {
          const chosen = languages.find((each) => each === currentTarget.value);
          if (chosen) language.value = chosen;
        }}
      >
        <option value="en">English</option>
        <option value="zh">中文</option>
      </select>
      <select
        aria-label={themeName}
        value={theme.value}
        onChange={({ currentTarget }) => {
          const chosen = themes.find((each) => each === currentTarget.value);
          if (chosen) theme.value = chosen;
        }}
      >
        {themes.map((each) => (
          <option key={each} value={each}>
            {names[each]}
          </option>
        ))}
      </select>
    </>
  );
}
