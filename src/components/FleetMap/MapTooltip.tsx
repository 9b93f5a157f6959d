import { Portal, useStyles2 } from '@grafana/ui';
import { useEffect, useState } from 'react';
import type { RefObject } from 'react';
import { getStyles } from './styles.ts';

interface Shown {
  readonly text: string;
  readonly left: number;
  readonly top: number;
}

/** One tooltip for all cells of a map, so that pointing at one renders nothing but this. */
export function MapTooltip({ map }: { readonly map: RefObject<HTMLElement | null> }) {
  const styles = useStyles2(getStyles);
  const [shown, setShown] = useState<Shown | null>(null);
  useEffect(() => {
    const root = map.current;
    if (root === null) return;
    const show = ({ target }: Event): void => {
      const cell = target instanceof Element ? target.closest('[data-target]') : null;
      const text = cell?.getAttribute('aria-label') ?? null;
      if (cell === null || text === null) {
        setShown(null);
        return;
      }
      const { left, bottom } = cell.getBoundingClientRect();
      setShown({ text, left: Math.min(left, window.innerWidth - 320), top: bottom + 6 });
    };
    const hide = (): void => setShown(null);
    const hiding = ['pointerleave', 'focusout', 'scroll'] as const;
    root.addEventListener('pointerover', show);
    root.addEventListener('focusin', show);
    for (const each of hiding) root.addEventListener(each, hide);
    return () => {
      root.removeEventListener('pointerover', show);
      root.removeEventListener('focusin', show);
      for (const each of hiding) root.removeEventListener(each, hide);
    };
  }, [map]);
  if (shown === null) return null;
  // Screen readers have the same words as the cell's name.
  return (
    <Portal>
      <div role="presentation" aria-hidden className={styles.tooltip} style={{ left: shown.left, top: shown.top }}>
        {shown.text}
      </div>
    </Portal>
  );
}
