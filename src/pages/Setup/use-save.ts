import { useRef, useState } from 'react';
import { reloadPage, saveSettings } from '../../api/setup.ts';
import type { SettingsUpdate } from './form.ts';

interface Save {
  readonly save: (update: SettingsUpdate, query?: Readonly<Record<string, string>>) => Promise<void>;
  readonly busy: boolean;
  readonly error: string | null;
}

/** Saves once, however often it is asked while that is under way; then the page is loaded anew. */
export function useSave(): Save {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const under = useRef(false);
  const save: Save['save'] = async (update, query = {}) => {
    if (under.current) return;
    under.current = true;
    setBusy(true);
    setError(null);
    try {
      await saveSettings(update);
      reloadPage(query);
    } catch (failure) {
      setError(failure instanceof Error ? failure.message : String(failure));
      under.current = false;
      setBusy(false);
    }
  };
  return { save, busy, error };
}
