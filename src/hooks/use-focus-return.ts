import { useEffect, useState } from 'react';

/**
 * Gives the focus back to what had it before a dialog opened. Grafana 13's modal remembers what has the focus once it is
 * there, which is a field of its own when that takes the focus by itself.
 */
export function useFocusReturn(): void {
  const [opener] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      if (!(opener instanceof HTMLElement) || opener === document.body) return;
      // After the modal has looked for a place for it.
      setTimeout(() => {
        const { activeElement } = document;
        if (opener.isConnected && (activeElement === null || activeElement === document.body)) opener.focus();
      });
    },
    [opener]
  );
}
