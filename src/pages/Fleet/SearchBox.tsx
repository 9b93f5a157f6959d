import { FilterInput } from '@grafana/ui';
import { useEffect, useState } from 'react';
import { t } from '../../i18n.ts';

/** How long typing must pause before it is looked for. Milliseconds. */
const SEARCH_DELAY_MS = 300;

interface Props {
  /** What is looked for now. */
  readonly value: string;
  readonly onSearch: (text: string) => void;
}

/** Looks for a part of an id or name, once typing pauses. */
export function SearchBox({ value, onSearch }: Props) {
  const [text, setText] = useState(value);
  // What this box asked for last: only another value comes from elsewhere, such as a link or "Clear filters".
  const [asked, setAsked] = useState(value);
  if (value !== asked && text === asked) {
    setText(value);
    setAsked(value);
  }
  useEffect(() => {
    if (text === asked) return;
    const timer = setTimeout(() => {
      setAsked(text);
      onSearch(text);
    }, SEARCH_DELAY_MS);
    return () => clearTimeout(timer);
  }, [text, asked, onSearch]);
  return (
    <FilterInput
      value={text}
      onChange={setText}
      escapeRegex={false}
      placeholder={t('fleet.filter.search', 'Search by id or name')}
      aria-label={t('fleet.filter.search', 'Search by id or name')}
    />
  );
}
